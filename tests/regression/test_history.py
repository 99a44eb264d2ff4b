import json
from dataclasses import replace
from math import log1p

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.cli.main import main
from rnnbench.model.errors import ResultsError
from rnnbench.model.run import TurnValue
from rnnbench.model.status import Status
from rnnbench.regression.changes import find_changes
from rnnbench.regression.changes_table import changes_table
from rnnbench.regression.compare import compare
from rnnbench.regression.compare_table import compare_table
from rnnbench.regression.history import Quantity, add, nights, rows, series_text
from rnnbench.regression.history_store import load
from rnnbench.regression.verdict_table import as_json, as_markdown, as_text
from rnnbench.storage.results_file import attach, empty_document, write_document

HOSTILE = [
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "a|b\n# c\r\x1b[31m",
    "\"'`[x](http://example.org) @someone",
]


@pytest.fixture(scope="session")
def cases(make_sweep):
    return make_sweep(layer=["lstm", "gru"])


@pytest.fixture(scope="session")
def night(cases, simulate):
    """The run of a night: a GRU takes `factor` times as long as an LSTM."""

    def make(number=1, factor=1.0, **values):
        run = simulate(
            cases,
            lambda case: 1e-3 * (factor if case.layer == "gru" else 1),
            memory=lambda case: 4096,
            seed=1000 * number,
            noise=0.01,
        )
        created = f"2026-10-{number:02d}T02:00:00+00:00"
        return replace(run, created=created, commit=f"c{number}", **values)

    return make


@pytest.fixture
def stored(tmp_path, night):
    """Sixteen nights; from the ninth on a GRU is a tenth slower, by a new torch."""
    for number in range(1, 17):
        run = night(number, 1.1 if number >= 9 else 1.0)
        torch = "2.14.0+cpu" if number >= 9 else "2.13.0+cpu"
        add(replace(run, environment=replace(run.environment, torch=torch)), tmp_path)
    return tmp_path


def run_command(monkeypatch, capsys, *arguments):
    monkeypatch.setattr("sys.argv", ["rnnbench", *map(str, arguments)])
    code = main()
    return code, *capsys.readouterr()


def test_the_history_keeps_times_memory_and_ratios_of_a_run(night, cases):
    found = {(row.case, row.quantity) for row in rows(night())}

    gru = next(case.id for case in cases if case.layer == "gru")
    assert {quantity for case, quantity in found if case == gru} == {*Quantity} - {
        Quantity.STEPS
    }


def test_of_a_failed_case_the_history_keeps_the_status(night):
    run = night()
    first, second = run.results
    failed = replace(first, status=Status.KILLED, reason="x", turns=())

    found = list(rows(replace(run, results=(failed, second))))

    own = [row for row in found if row.case == first.case.id]
    assert [(row.status, row.value) for row in own] == [("killed", None)]


def test_one_launch_has_a_value_and_no_interval(night, make_turns):
    run = night()
    first, second = run.results
    once = replace(first, turns=make_turns(launches=1))

    own = next(iter(rows(replace(run, results=(once, second)))))

    assert own.value > 0
    assert own.low is own.high is None


@pytest.mark.parametrize("created", ["", "yesterday", "../x", "0001-01-01T00:00+23:00"])
def test_a_run_without_a_time_is_refused(tmp_path, night, created):
    with pytest.raises(ResultsError, match="is not a time"):
        add(replace(night(), created=created), tmp_path)


def test_a_run_of_median_calls_is_refused(tmp_path, night):
    with pytest.raises(
        ResultsError, match="a turn is the median of its calls in this file"
    ):
        add(replace(night(), turn=TurnValue.MEDIAN), tmp_path)

    assert not list(tmp_path.iterdir())


def test_the_series_of_a_case_is_in_the_order_of_time(stored, cases):
    series = nights(load(stored, cases[0].id), cases[0].id)

    assert [one.entry.commit for one in series] == [f"c{n}" for n in range(1, 17)]
    assert series_text(series).count("\n") == 18


def test_a_change_is_found_between_its_nights(stored):
    found = [
        one for one in find_changes(load(stored)) if one.series.quantity == "ratio"
    ]

    (change,) = found
    assert (change.before.commit, change.after.commit) == ("c8", "c9")
    assert (change.before.torch, change.after.torch) == ("2.13.0+cpu", "2.14.0+cpu")
    assert change.share == pytest.approx(0.1, abs=0.03)
    assert 0 < change.p <= 0.005


def test_machines_are_searched_apart(tmp_path, night):
    for number in range(1, 17):
        run = night(number, 1.1 if number >= 9 else 1.0)
        cpu = f"CPU {number >= 9}"
        add(replace(run, environment=replace(run.environment, cpu_model=cpu)), tmp_path)

    assert [one for one in find_changes(load(tmp_path)) if one.share > 0.05] == []


def test_a_byte_more_is_a_change(tmp_path, night):
    for number in (1, 2, 3):
        run = night(number)
        first, second = run.results
        more = replace(first, peak_memory=4096 + (number == 3))
        add(replace(run, results=(more, second)), tmp_path)

    (change,) = find_changes(load(tmp_path))

    assert (change.after.commit, change.p) == ("c3", 0.0)


def test_last_nights_that_stand_out_are_a_reason_to_look_again(tmp_path, night):
    for number in range(1, 17):
        add(night(number, 1.5 if number >= 15 else 1.0), tmp_path)

    found = [
        one for one in find_changes(load(tmp_path)) if one.series.quantity == "ratio"
    ]

    assert [(one.p, one.nights) for one in found] == [(None, 2)]


def test_hostile_names_make_no_file_elsewhere_and_no_markup(tmp_path, night):
    store = tmp_path / "a" / "b" / "store"
    for number, name in enumerate(HOSTILE, start=1):
        run = night(number)
        first, second = run.results
        more = replace(first, peak_memory=4096 + number)
        environment = replace(run.environment, torch=name, kernel=name, gpu="<b>/..")
        run = replace(run, commit=name, version=name, environment=environment)
        add(replace(run, results=(more, second)), store)
        history = load(store)
        changed = changes_table(find_changes(history), history)
        same_machine = replace(run, environment=replace(environment, gpu=None))
        compared = compare_table(compare(night(), same_machine))
        markdown = as_markdown(changed) + as_markdown(compared)

        assert "<" not in markdown.replace("<sub>", "")
        assert "@some" not in markdown
        assert "\x1b" not in as_text(changed) + as_text(compared)

    made = {path.parent.parent for path in tmp_path.rglob("*.parquet")}
    assert made == {store}


def test_tables_are_written_as_strict_json(stored, night):
    history = load(stored)

    changed = json.loads(as_json(changes_table(find_changes(history), history)))
    compared = json.loads(as_json(compare_table(compare(night(1), night(2, 1.3)))))

    assert changed["changes"][0]["after"]["commit"] == "c9"
    assert compared["exit_code"] == 1


def test_the_commands_work_together(tmp_path, monkeypatch, capsys, night):
    files, store = [tmp_path / "1.json", tmp_path / "2.json"], tmp_path / "history"
    for path, run in zip(files, (night(1), night(2, 1.5)), strict=True):
        document = empty_document()
        attach(document, run)
        write_document(path, document)

    def run(*arguments):
        return run_command(monkeypatch, capsys, *arguments)

    added = [run("history", "add", path, "--store", store) for path in files]
    again = run("history", "add", files[0], "--store", store)
    case = night().results[0].case.id
    shown = run("history", "show", case, "--store", store)
    found = run("history", "changes", "--store", store, "--format", "json")
    compared = run("compare", *files)
    same = run("compare", files[0], files[0], "--format", "markdown")
    missing = run("history", "show", "none", "--store", store)

    assert [code for code, *_ in (*added, again, shown, found)] == [0] * 5
    assert "already has this run" in again[1]
    assert shown[1].count("2026-10-0") == 2
    assert json.loads(found[1])["changes"] == []
    assert compared[0] == 1
    assert compared[1].startswith("Something is worse.")
    assert same[0] == 0
    assert missing[0] == 2
    assert missing[2].count("\n") == 1


@given(cut=st.integers(0, 2000), byte=st.integers(0, 255), place=st.integers(0, 10**6))
def test_a_damaged_results_file_is_one_line(tmp_path_factory, night, cut, byte, place):
    folder = tmp_path_factory.mktemp("damaged")
    path = folder / "run.json"
    document = empty_document()
    attach(document, night())
    write_document(path, document)
    content = bytearray(path.read_bytes())
    content[place % len(content)] = byte
    path.write_bytes(bytes(content[: len(content) - cut]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["rnnbench", "compare", str(path), str(path)])
        # 3 is an internal error.
        assert main() in ((2,) if cut > 1 else (0, 1, 2))


def test_an_outlier_is_no_change(tmp_path, night):
    for number in range(1, 17):
        add(night(number, 1.5 if number == 7 else 1.0), tmp_path)

    assert np.all([one.share < log1p(0.05) for one in find_changes(load(tmp_path))])
