"""Large runs: the turns are in a Parquet file beside the results file."""

import hashlib
import json
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from rnnbench.model.errors import ResultsError
from rnnbench.model.run import Turns
from rnnbench.regression.night_files import keep
from rnnbench.report.site.build import build
from rnnbench.storage import results_file
from rnnbench.storage.compact import lighter
from rnnbench.storage.results_file import load_run, save_run
from rnnbench.storage.turns_file import with_turns, without_turns, write_turns


@pytest.fixture(autouse=True)
def _few_cases_are_many(monkeypatch):
    monkeypatch.setattr(results_file, "MOST_CASES_IN_JSON", 1)


@pytest.fixture
def run(make_sweep, simulate):
    run = simulate(make_sweep(layer=["lstm", "gru"]), lambda _: 1e-3)
    first, second = run.results
    turns = (replace(first.turns[0], host="h1", first_call=None), *first.turns[1:])
    return replace(run, results=(replace(first, turns=turns), second))


@pytest.fixture
def saved(run, tmp_path):
    """The results file of a large run, and its file of turns."""
    path = tmp_path / "run.json"
    save_run(path, run)
    (turns,) = tmp_path.glob("*.parquet")
    return path, turns


def replaced(saved, content):
    """A file of turns with another content, under the name that belongs to it."""
    path, turns = saved
    digest = hashlib.sha256(content).hexdigest()[:16]
    other = turns.with_name(f"run.turns-{digest}.parquet")
    other.write_bytes(content)
    document = json.loads(path.read_text("utf-8"))
    document["rnnbench"]["turns_file"] = other.name
    path.write_text(json.dumps(document), encoding="utf-8")


def test_a_large_run_is_read_back_equal(run, saved):
    path, _ = saved

    assert load_run(path) == lighter(run)
    assert "seconds" not in path.read_text("utf-8")


def test_pandas_reads_a_row_for_each_pass(run, saved):
    frame = pd.read_parquet(saved[1])

    passes = [turns for result in run.results for turns in result.turns]
    own = frame[frame["case"].notna()]
    assert len(own) == len(passes)
    assert list(own["launch"]) == [turns.launch for turns in passes]
    assert set(frame["workload"]) == {run.yardsticks[0].workload}
    assert len(frame) == len(passes) + len(run.yardsticks[0].turns)


def test_another_run_replaces_the_turns_of_the_first(run, saved, tmp_path):
    path, turns = saved
    kept = tmp_path / "run.parquet"
    kept.write_bytes(b"of someone else")

    save_run(path, replace(run, results=run.results[::-1]))

    assert load_run(path).results[0].case == run.results[1].case
    assert not turns.exists()
    assert kept.exists()


def test_a_small_run_has_one_file(run, tmp_path):
    save_run(tmp_path / "run.json", replace(run, results=run.results[:1]))

    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_turns_that_are_missing_or_changed_are_one_line(saved):
    path, turns = saved
    content = turns.read_bytes()

    turns.write_bytes(content[:-1] + b"?")
    with pytest.raises(ResultsError, match=r"run\.json: .*damaged"):
        load_run(path)
    turns.unlink()
    with pytest.raises(ResultsError, match=r"belongs beside it"):
        load_run(path)


@pytest.mark.parametrize(
    "name",
    [
        "../run.turns-0123456789abcdef.parquet",
        "/etc/passwd",
        "run.parquet",
        "",
        7,
        None,
    ],
)
def test_only_a_file_of_turns_beside_the_results_is_opened(saved, name):
    path, _ = saved
    document = json.loads(path.read_text("utf-8"))
    document["rnnbench"]["turns_file"] = name
    path.write_text(json.dumps(document), encoding="utf-8")

    with pytest.raises(ResultsError) as caught:
        load_run(path)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(64) + b"PAR1"])
def test_other_bytes_are_no_file_of_turns(saved, content):
    replaced(saved, content)

    with pytest.raises(ResultsError) as caught:
        load_run(saved[0])
    assert len(str(caught.value).splitlines()) == 1


def test_columns_and_rows_of_something_else_are_refused(saved):
    table = parquet.read_table(saved[1])
    strange = table.set_column(
        table.column_names.index("case"),
        table.schema.field("case"),
        pa.array(["another-case"] * len(table)),
    )
    for other, words in (
        (table.drop_columns(["rough"]), "columns"),
        (strange, "another-case"),
    ):
        sink = pa.BufferOutputStream()
        parquet.write_table(other, sink)
        replaced(saved, bytes(sink.getvalue()))
        with pytest.raises(ResultsError, match=words):
            load_run(saved[0])


TURNS = st.builds(
    Turns,
    launch=st.integers(0, 2**31),
    seconds=st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=3).map(tuple),
    faults=st.lists(st.integers(0, 2**40), max_size=3).map(tuple),
    back_to_back=st.lists(st.floats(1e-9, 1e3), max_size=3).map(tuple),
    first_call=st.none() | st.floats(1e-9, 1e3),
    rough=st.integers(0, 3),
    retaken=st.integers(0, 3),
    host=st.text(st.characters(codec="utf-8"), max_size=3),
)


@given(st.lists(st.lists(TURNS, max_size=3).map(tuple), min_size=2, max_size=2))
def test_any_turns_are_read_back_as_they_were_written(
    tmp_path_factory, make_sweep, make_result, make_run, turns
):
    cases = make_sweep(layer=["lstm", "gru"])
    run = make_run(
        [make_result(case, turns=own) for case, own in zip(cases, turns, strict=True)]
    )
    folder = tmp_path_factory.mktemp("turns")

    name = write_turns(folder / "run.json", run)

    assert with_turns(without_turns(run), folder, name) == run


def test_a_run_in_two_files_is_neither_kept_nor_copied(saved, tmp_path):
    path, _ = saved

    with pytest.raises(ResultsError, match="too large to keep"):
        keep(path, tmp_path / "history")
    site = build(tmp_path, tmp_path / "reports", lambda _: None)

    assert [run.has_results for run in site.runs] == [False]
    assert site.unread == ()
