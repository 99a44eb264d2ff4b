import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.errors import ResultsError
from rnnbench.model.learning import (
    Learning,
    LearningCase,
    LearningResult,
    LearningTask,
    Quality,
    SeedRun,
)
from rnnbench.model.profile import Kind, Operator
from rnnbench.model.run import Run, Turns
from rnnbench.model.runtime_facts import RuntimeFacts
from rnnbench.model.serving import (
    DeploymentCard,
    Part,
    ServedBy,
    Serving,
    StepLatency,
    StreamCapacity,
)
from rnnbench.model.status import MEASURED, Status
from rnnbench.report.run_page import render_page
from rnnbench.report.view import view
from rnnbench.storage.compact import OTHERS, lighter
from rnnbench.storage.results_file import (
    SCHEMA,
    attach,
    empty_document,
    load_run,
    write_document,
)

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def run(make_case, make_result, make_run):
    return make_run(
        [
            make_result(make_case()),
            make_result(make_case(layer="gru"), status=Status.IMPRECISE),
            make_result(make_case(layer="rnn_tanh"), status=Status.KILLED),
        ]
    )


def benchmark_entry(result):
    """What pytest-benchmark writes of one item that replayed the turns of `result`."""
    data = [value for turns in result.turns for value in turns.seconds]
    stats = {
        "min": min(data),
        "max": max(data),
        "mean": fmean(data),
        "stddev": 0.0,
        "rounds": len(data),
        "median": median(data),
        "iqr": 0.0,
        "q1": median(data),
        "q3": median(data),
        "iqr_outliers": 0,
        "stddev_outliers": 0,
        "outliers": "0;0",
        "ld15iqr": min(data),
        "hd15iqr": max(data),
        "ops": 1 / fmean(data),
        "total": sum(data),
        "data": data,
        "iterations": 1,
    }
    name = f"test_inference[{result.case.id}]"
    return {
        "group": result.workload,
        "name": name,
        "fullname": f"bench/test_inference.py::{name}",
        "params": {},
        "param": None,
        "extra_info": {"case": result.case.id},
        "options": {},
        "stats": stats,
    }


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def document_of(run, *, replayed=True):
    document = empty_document()
    if replayed:
        document["benchmarks"] = [
            benchmark_entry(result) for result in run.results if result.turns
        ]
    attach(document, run)
    return document


@pytest.mark.parametrize("replayed", [True, False])
def test_what_is_written_is_read_back_equal(tmp_path, run, replayed):
    path = tmp_path / "deep" / "run.json"

    write_document(path, document_of(run, replayed=replayed))

    assert load_run(path) == lighter(run)
    assert names_in(path.parent) == ["run.json"]


def test_turns_that_pytest_benchmark_holds_are_stored_once(run):
    document = document_of(run)

    block = document["rnnbench"]
    assert block["usual"]["turns"]["count"] == 5
    assert block["results"][0]["turns"]["launch"] == [1, 2, 3, 4, 5, 6]
    assert "seconds" not in block["results"][0]["turns"]


def test_turns_that_it_holds_otherwise_are_stored_by_us(tmp_path, run):
    document = empty_document()
    document["benchmarks"] = [benchmark_entry(run.results[0])]
    document["benchmarks"][0]["stats"]["data"].reverse()

    attach(document, run)
    write_document(tmp_path / "run.json", document)

    assert load_run(tmp_path / "run.json") == lighter(run)


def test_the_rounding_of_a_replayed_clock_is_taken_back(tmp_path, run):
    document = empty_document()
    document["benchmarks"] = [benchmark_entry(run.results[0])]
    data = document["benchmarks"][0]["stats"]["data"]
    data[:] = [value * (1 + 1e-12) for value in data]

    attach(document, run)
    write_document(tmp_path / "run.json", document)

    assert "seconds" not in document["rnnbench"]["results"][0]["turns"]
    assert load_run(tmp_path / "run.json") == lighter(run)


def test_pytest_benchmark_compares_our_file(tmp_path, run):
    path = tmp_path / "run.json"
    write_document(path, document_of(run))

    done = subprocess.run(
        [sys.executable, "-m", "pytest_benchmark", "compare", str(path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )

    shown = done.stdout + done.stderr
    for result in run.results[:2]:
        assert result.case.id in shown


def test_text_that_is_not_unicode_is_written_so_that_a_page_can_show_it(
    tmp_path, make_run
):
    path = tmp_path / "run.json"

    write_document(path, document_of(make_run(command="pytest \udcff")))

    assert load_run(path).command == "pytest ?"


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("rnnbench",), None, "holds no block"),
        (
            ("rnnbench", "schema"),
            SCHEMA + 2,
            "rnnbench.schema: this version reads",
        ),
        (("rnnbench", "schema"), True, "rnnbench.schema: this version reads"),
        (("rnnbench", "created"), 3, "rnnbench.created: 3 is not of type str"),
        (("rnnbench", "created"), "\ud800", "surrogates not allowed"),
        (("rnnbench", "surprise"), 3, "rnnbench: no such key: surprise"),
        (("rnnbench", "results"), {}, "rnnbench"),
        (("rnnbench", "results", 1, "status"), "fine", "rnnbench.results[1].status"),
        (("rnnbench", "results", 1, "case", "bias"), 1, "rnnbench.results[1].case"),
        (
            ("rnnbench", "results", 1, "case", "seq_len"),
            2**70,
            "is more than 2147483647",
        ),
        (("rnnbench", "results", 0, "turns", "launch", 1), 1.5, "turns[1].launch"),
        (("rnnbench", "results", 0, "turns", "count"), [4] * 6, "turns are counted"),
        (("rnnbench", "results", 0, "turns", "rough"), [0], "turns: 1 of rough, 6 of"),
        (("rnnbench", "usual", "turns", "count"), 4, "turns are counted"),
        (("rnnbench", "usual", "case"), [], "rnnbench: [] is not of type dict"),
        (("rnnbench", "usual"), None, "None is not of type dict"),
        (("rnnbench", "results", 0, "peak_memory"), 10**400, "peak_memory"),
        (("rnnbench", "sweep", "compare"), ["colour"], "no such axis: colour"),
        (("rnnbench", "sweep", "policy", "budget"), 0, "budget"),
        (("rnnbench", "environment", "libc"), None, "rnnbench.environment.libc"),
        (("benchmarks", 0, "stats", "data"), [], "turns are counted"),
        (("benchmarks", 0, "stats", "data", 3), "1", "turns[0].seconds[3]"),
        (("benchmarks", 0, "stats", "data", 3), 1e300, "out of range"),
        (("benchmarks", 0, "stats", "data", 3), 1e30, "no time of a call"),
        (("benchmarks", 0, "stats", "data", 3), -1.0, "positive and finite"),
        (("benchmarks",), 7, "not of type list"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(tmp_path, run, place, value, said):
    document = document_of(run)
    *way, last = place
    spot = document
    for step in way:
        spot = spot[step]
    spot[last] = value
    path = tmp_path / "run.json"
    path.write_text(json.dumps(document), encoding="utf-8")

    with pytest.raises(ResultsError) as caught:
        load_run(path)

    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not valid JSON"),
        (b"\xff\xfe\x00", "codec"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"rnnbench": NaN}', "NaN is not a number"),
        (b'{"rnnbench": ' + b"1" * 5000 + b"}", "digits"),
        (b'{"benchmarks": []}', "not a results file of rnnbench"),
        (b"[]", "not of type dict"),
    ],
)
def test_a_foreign_file_is_refused_in_one_line(tmp_path, content, said):
    path = tmp_path / "run.json"
    path.write_bytes(content)

    with pytest.raises(ResultsError, match=said) as caught:
        load_run(path)

    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_no_file_is_named(tmp_path):
    for path in (tmp_path / "absent.json", tmp_path):
        with pytest.raises(ResultsError, match=str(path)):
            load_run(path)


def test_a_file_too_large_is_not_read(tmp_path, monkeypatch, run):
    path = tmp_path / "run.json"
    write_document(path, document_of(run))
    monkeypatch.setattr("rnnbench.storage.results_file.MAX_BYTES", 1000)

    with pytest.raises(ResultsError, match="larger than 1,000 bytes"):
        load_run(path)


def test_a_case_that_is_there_twice_is_refused(tmp_path, run):
    document = document_of(run, replayed=False)
    rows = document["rnnbench"]["results"]
    rows.append(rows[0])

    with pytest.raises(ResultsError, match="a case is there twice"):
        write_document(tmp_path / "run.json", document)


@pytest.mark.parametrize(
    "broken", ["os.fsync", "os.open", "pathlib.Path.replace", "pathlib.Path.open"]
)
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(
    tmp_path, monkeypatch, run, broken
):
    path = tmp_path / "run.json"
    path.write_text("old", encoding="utf-8")
    document = document_of(run)

    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(broken, fail)
        with pytest.raises(ResultsError, match="not written: No space left") as caught:
            write_document(path, document)

    assert "\n" not in str(caught.value)
    assert names_in(tmp_path) == ["run.json"]
    if broken != "os.open":  # by then it was moved, whole
        assert path.read_text(encoding="utf-8") == "old"


def test_a_folder_that_can_not_be_is_one_line(tmp_path, run):
    (tmp_path / "file").touch()

    with pytest.raises(ResultsError, match=r"Not a directory|File exists"):
        write_document(tmp_path / "file" / "run.json", document_of(run))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_is_no_strict_json_is_not_written(tmp_path, run, value):
    document = document_of(run)
    document["machine_info"]["odd"] = value

    with pytest.raises(ResultsError, match="not written"):
        write_document(tmp_path / "run.json", document)

    assert names_in(tmp_path) == []


def test_what_could_not_be_read_back_is_not_written(tmp_path, run):
    document = document_of(run)
    document["rnnbench"]["results"][0]["status"] = "splendid"

    with pytest.raises(ResultsError, match=r"results\[0\].status"):
        write_document(tmp_path / "run.json", document)

    assert names_in(tmp_path) == []


def every_place(value, place=()):
    yield place
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for step, inner in pairs:
            yield from every_place(inner, (*place, step))


NASTY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=20),
    st.sampled_from([10**400, 2**63, -1, 0, 1e308, 5e-324, [], {}, [[]], "\ud800"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)


@given(data=st.data())
def test_a_damaged_file_is_one_line_or_a_run_with_a_page(
    data, tmp_path_factory, damaged
):
    document = json.loads(damaged)
    for _ in range(data.draw(st.integers(1, 3))):
        way = data.draw(st.sampled_from(list(every_place(document))[1:]))
        spot = document
        for step in way[:-1]:
            spot = spot[step]
        if data.draw(st.booleans()):
            del spot[way[-1]]
        else:
            spot[way[-1]] = data.draw(NASTY)
    text = json.dumps(document)
    if data.draw(st.booleans()):
        text = text[: data.draw(st.integers(0, len(text)))]
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_text(text, encoding="utf-8")

    said = None
    try:
        read = load_run(path)
    except ResultsError as error:
        said = str(error)

    if said is None:
        assert isinstance(read, Run)
        render_page(view(read))
    else:
        assert said.startswith(f"{path}: ")
        assert "\n" not in said


@pytest.fixture(scope="module")
def damaged(make_case, make_result, make_run):
    run = make_run([make_result(make_case()), make_result(make_case(layer="gru"))])
    return json.dumps(document_of(run))


seconds = st.floats(1e-9, 1e4)
rows = st.lists(seconds, min_size=1, max_size=4).map(tuple)
texts = st.text(st.characters(codec="utf-8"), max_size=30)


@given(data=st.data())
def test_any_run_survives_the_file(
    data, tmp_path_factory, make_case, make_result, make_run
):
    sizes = data.draw(st.lists(st.integers(1, 4096), max_size=4, unique=True))
    results = [
        make_result(
            make_case(hidden_size=size),
            status=status,
            reason=data.draw(texts),
            turns=tuple(
                Turns(launch, data.draw(rows), (), data.draw(st.just(())), first_call)
                for launch, first_call in enumerate(
                    data.draw(
                        st.lists(
                            st.none() | seconds, min_size=status in MEASURED, max_size=3
                        )
                    )
                )
            ),
            peak_memory=data.draw(st.none() | st.integers(0, 2**40)),
        )
        for size in sizes
        for status in [data.draw(st.sampled_from(list(Status)))]
    ]
    run = make_run(results, commit=data.draw(st.none() | texts))
    run = replace(run, command=data.draw(texts))
    document = empty_document()
    document["benchmarks"] = [
        benchmark_entry(result)
        for result in results
        if result.turns and data.draw(st.booleans())
    ]
    path = tmp_path_factory.getbasetemp() / "any.json"

    attach(document, run)
    write_document(path, document)

    assert load_run(path) == lighter(run)


def test_a_turn_is_written_with_five_digits(tmp_path, make_case, make_result, make_run):
    turns = (Turns(0, (0.00123456789, 0.5), (), (1.23456789e-7,), 12.3456789),)
    run = make_run([make_result(make_case(), turns=turns)])

    write_document(tmp_path / "run.json", document_of(run))

    read = load_run(tmp_path / "run.json").results[0].turns
    assert read == (Turns(0, (0.0012346, 0.5), (), (1.2346e-7,), 12.3),)


def test_what_is_read_and_written_again_is_the_same(tmp_path, run):
    document = document_of(run)
    write_document(tmp_path / "run.json", document)

    again = document_of(load_run(tmp_path / "run.json"))

    assert again["rnnbench"] == document["rnnbench"]


def test_page_faults_that_differ_are_kept(tmp_path, make_case, make_result, make_run):
    turns = (
        Turns(0, (1e-3, 1e-3), (0, 0)),
        Turns(1, (1e-3, 1e-3), (0, 7)),
        Turns(2, (1e-3, 1e-3), (5, 5)),
        Turns(3, (1e-3, 1e-3), ()),
        Turns(4, (1e-3,), (0, 0)),
    )
    run = make_run([make_result(make_case(), turns=turns)])

    write_document(tmp_path / "run.json", document_of(run))

    assert load_run(tmp_path / "run.json").results[0].turns == turns


def test_what_cases_have_in_common_stands_there_once(run):
    block = document_of(run)["rnnbench"]

    assert block["usual"]["case"]["batch_first"] is False
    assert [row["case"] for row in block["results"]] == [
        {"layer": layer} for layer in ("lstm", "gru", "rnn_tanh")
    ]


def test_a_profile_survives_the_file(
    tmp_path, make_case, make_result, make_run, make_profile
):
    profiled = make_result(make_case(), profile=make_profile())
    run = make_run([profiled, make_result(make_case(layer="gru"))])

    write_document(tmp_path / "run.json", document_of(run))

    assert load_run(tmp_path / "run.json").results[0].profile == profiled.profile


def test_operators_beyond_the_longest_are_summed_up_by_kind(
    tmp_path, make_case, make_result, make_run, make_profile
):
    operators = tuple(
        Operator(
            name=f"aten::op{number}",
            kind=Kind.MATRIX if number % 2 else Kind.POINTWISE,
            calls=2,
            host_seconds=(40 - number) * 1e-6,
            device_seconds=0.0,
            allocated_bytes=100,
        )
        for number in range(30)
    )
    profile = make_profile(operators=operators)
    run = make_run([make_result(make_case(), profile=profile)])

    write_document(tmp_path / "run.json", document_of(run))

    read = load_run(tmp_path / "run.json").results[0].profile.operators
    assert read[:12] == operators[:12]
    assert [(one.name, one.kind, one.calls) for one in read[12:]] == [
        (OTHERS, Kind.MATRIX, 18),
        (OTHERS, Kind.POINTWISE, 18),
    ]
    assert sum(one.allocated_bytes for one in read) == 3000
    assert sum(one.host_seconds for one in read) == pytest.approx(
        sum(one.host_seconds for one in operators)
    )


# A new key has a default that says what a file without it meant, or it raises SCHEMA.
def test_a_file_of_the_first_schema_still_loads():
    run = load_run(DATA / "results-1.json")

    assert [(one.case.id, one.status) for one in run.results] == [
        ("lstm-inference-i8-h16-l1-t4-b2-cpu", Status.OK),
        ("gru-inference-i8-h16-l1-t4-b2-cpu", Status.SKIPPED),
    ]
    turns = run.results[0].turns
    assert [each.launch for each in turns] == [1, 2]
    assert turns[0].seconds == (0.001, 0.0012)
    assert run.results[0].peak_memory == 4096
    assert run.sweep.policy.precision == 0.02


def test_learning_is_read_as_it_was_written(run, tmp_path):
    gru = LearningCase(task="adding", seq_len=50, layer="gru", hidden_size=32)
    task = LearningTask(
        name="adding",
        seq_len=50,
        input_size=2,
        output_size=1,
        batch_size=32,
        question="Which layer adds?",
        source="a paper",
        quality=Quality.SQUARED_ERROR,
        chance=0.167,
        order_free=None,
        linear=0.2,
        target=0.05,
        budget=1000,
        evaluate_every=10,
    )
    seed = SeedRun(
        seed=7,
        rate=0.01,
        values=(0.2, 0.0, 0.01),
        every=10,
        reached=20,
        diverged=False,
        digest="ab",
        longer=((100, 0.04),),
        gradient=(1.0, 0.5),
    )
    result = LearningResult(case=gru, status=Status.OK, parameters=33, seeds=(seed,))
    learned = replace(run, learning=Learning(tasks=(task,), results=(result,)))

    document = empty_document()
    attach(document, learned)
    write_document(tmp_path / "run.json", document)

    assert load_run(tmp_path / "run.json").learning == learned.learning


def test_readings_of_a_service_are_read_as_they_were_written(run, tmp_path):
    serving = Serving(
        latencies=(
            StepLatency(launch=0, steps=80, seconds=(1e-5, 2e-5), empty=(1e-7, 2e-7)),
        ),
        capacities=(
            StreamCapacity(
                launch=1,
                deadline=0.005,
                served_by=ServedBy.THREADS,
                servers=2,
                streams=40,
                misses=0.005,
            ),
        ),
        cards=(
            DeploymentCard(
                launch=2,
                build=0.5,
                load=None,
                first_call=0.1,
                call=0.001,
                whole_call=None,
                artefact=100,
                base_memory=None,
                peak_memory=2**28,
                error=1e-7,
            ),
        ),
        reasons=((Part.DEPLOY, "it hangs"),),
    )
    first, *others = run.results
    served = replace(run, results=(replace(first, serving=serving), *others))

    write_document(tmp_path / "run.json", document_of(served))

    assert load_run(tmp_path / "run.json").results[0].serving == serving


def test_facts_of_a_runtime_are_kept_with_three_digits(tmp_path, run):
    facts = RuntimeFacts(
        build_seconds=31.23456,
        load_seconds=0.0123456,
        artefact_bytes=123456,
        error=1.23456e-7,
        threads=0.98765,
        note="graphs compiled: 1",
    )
    first, *others = run.results
    run = replace(run, results=(replace(first, facts=facts), *others))

    write_document(tmp_path / "run.json", document_of(run))

    found, *without = load_run(tmp_path / "run.json").results
    assert (found.facts.build_seconds, found.facts.error) == (31.2, 1.23e-7)
    assert found.facts.artefact_bytes == 123456
    assert [one.facts for one in without] == [None, None]


@pytest.mark.parametrize(
    ("name", "value"),
    [("build_seconds", -1.0), ("artefact_bytes", -1), ("note", "long " * 1000)],
)
def test_impossible_facts_of_a_runtime_are_refused(tmp_path, run, name, value):
    facts = RuntimeFacts(
        build_seconds=1.0, load_seconds=None, artefact_bytes=1, error=0.0, threads=1.0
    )
    first, *others = run.results
    run = replace(run, results=(replace(first, facts=facts), *others))
    document = document_of(run)
    document["rnnbench"]["results"][0]["facts"][name] = value
    (tmp_path / "run.json").write_text(json.dumps(document))

    with pytest.raises(ResultsError, match="results"):
        load_run(tmp_path / "run.json")
