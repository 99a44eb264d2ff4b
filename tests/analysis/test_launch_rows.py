"""Rows of runs: complete, of the types of their columns, and readable again."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from rnnbench.analysis.launch_rows import COLUMNS, launch_rows
from rnnbench.analysis.ratio import ratios
from rnnbench.model.run import Turns
from rnnbench.model.status import Status
from rnnbench.storage.parquet_file import write_parquet

NAMES = [column.name for column in COLUMNS]

launches = st.builds(
    Turns,
    st.integers(0, 10**6),
    st.lists(st.floats(1e-9, 1e4), min_size=1, max_size=4).map(tuple),
    first_call=st.none() | st.floats(1e-9, 1e4),
    retaken=st.integers(0, 10**6),
    host=st.text(st.characters(codec="utf-8"), max_size=9),
)


@pytest.fixture(scope="module")
def run_of(make_case, make_result, make_run):
    """A run of one case."""

    def make(**values):
        return make_run([make_result(make_case(), **values)], yardsticks=())

    return make


@settings(max_examples=50)
@given(
    turns=st.lists(launches, max_size=3, unique_by=lambda each: each.launch),
    values=st.fixed_dictionaries(
        {
            "status": st.sampled_from(list(Status)),
            "peak_memory": st.none() | st.integers(0, 2**62),
            "reason": st.text(st.characters(codec="utf-8"), max_size=9),
        }
    ),
)
def test_any_run_survives_the_table(tmp_path_factory, run_of, turns, values):
    run = run_of(turns=tuple(turns), **values)
    rows = list(launch_rows(run))
    path = tmp_path_factory.getbasetemp() / "launches.parquet"

    count = write_parquet(path, COLUMNS, rows, {"schema": "1"})

    assert all(row.keys() == set(NAMES) for row in rows)
    assert count == len(rows) == max(len(turns), 1)
    assert parquet.read_table(path).to_pylist() == [
        {name: row[name] for name in NAMES} for row in rows
    ]


def test_ratios_of_the_table_are_those_of_the_report(tmp_path, make_sweep, simulate):
    run = simulate(
        make_sweep(layer=["lstm", "gru"], hidden_size=[16, 32]),
        lambda case: {"lstm": 1e-3, "gru": 2e-3}[case.layer],
    )
    path = tmp_path / "launches.parquet"
    write_parquet(path, COLUMNS, launch_rows(run), {})

    frame = pd.read_parquet(path)
    keys = ["workload", "launch"]
    times = frame.pivot_table(index=keys, columns="layer", values="seconds")

    logs = (times["gru"] / times["lstm"]).map(math.log)
    for ratio in ratios(run):
        mean = math.exp(logs[ratio.workload].mean())
        assert mean == pytest.approx(ratio.interval.estimate)


def test_columns_carry_their_meaning(tmp_path, make_run):
    path = tmp_path / "launches.parquet"

    write_parquet(path, COLUMNS, launch_rows(make_run()), {"rnnbench_schema": "1"})

    schema = parquet.read_schema(path)
    assert schema.metadata[b"rnnbench_schema"] == b"1"
    described = {each.name: each.metadata[b"description"].decode() for each in schema}
    assert described == {each.name: each.meaning for each in COLUMNS}
    assert all(described.values())
