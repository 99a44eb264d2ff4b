"""A cluster compared with this machine, from runs made by hand."""

import json
from dataclasses import replace

import pytest

from studies.fleet.against_local import (
    CLUSTER,
    LOCAL,
    Measured,
    compared,
    measure_here,
    report,
    save,
    ways_in_turns,
    workloads,
)

RUN = Measured(
    seconds=60.0,
    logs={"gru / lstm": [0.5, 0.52], "gru-no_onednn / gru": [0.0, 0.01]},
    calls={"gru": 1e-3},
)
OTHER = replace(RUN, logs=RUN.logs | {"gru / lstm": [0.51, 0.53]})


def test_equal_runs_miss_no_goal():
    found = compared({LOCAL: [RUN, OTHER], CLUSTER: [OTHER, RUN]})

    assert found.missed() == []
    assert found.spread == found.wall == 1
    for interval in found.differences.values():
        assert interval.low <= 1 <= interval.high


def test_a_cluster_that_shifts_spreads_and_takes_longer_misses_each_goal():
    bad = Measured(
        seconds=66.0,
        logs={"gru / lstm": [0.51, 0.53], "gru-no_onednn / gru": [0.0, 0.012]},
        calls=RUN.calls,
    )

    found = compared({LOCAL: [RUN, RUN], CLUSTER: [bad, bad]})

    assert found.missed() == ["gru / lstm: +1.01%", "spread: 1.200", "wall: 1.100"]


def test_ways_take_turns_until_the_time_is_over():
    assert list(ways_in_turns(4, 60)) == [LOCAL, CLUSTER, LOCAL, CLUSTER]
    assert list(ways_in_turns(4, -1)) == []


def test_an_unfinished_study_keeps_its_runs_and_compares_nothing(tmp_path):
    save({LOCAL: [RUN], CLUSTER: []}, tmp_path, "python -m x")

    document = json.loads((tmp_path / "runs.json").read_text("utf-8"))
    assert document["runs"][LOCAL][0]["seconds"] == 60.0
    assert document["machine"]["python"]
    assert not (tmp_path / "tables.md").exists()


def test_every_pair_is_in_the_table(tmp_path):
    found = {LOCAL: [RUN, RUN], CLUSTER: [RUN, OTHER]}

    save(found, tmp_path, "python -m x")

    text = (tmp_path / "tables.md").read_text("utf-8")
    assert text == "\n".join(report(found)) + "\n"
    assert "| gru / lstm | 1.6653 | 1.6736 | +0.50% |" in text


def test_workloads_have_a_ratio_each_and_two_are_of_a_case_with_itself():
    pairs = [workload.pairs() for workload in workloads()]

    assert [len(each) for each in pairs] == [1] * 5
    axes = [pair.axis for (pair,) in pairs]
    assert axes == ["layer", "layer", "seq_len", "onednn", "onednn"]


@pytest.mark.slow_study
@pytest.mark.parametrize("way", [LOCAL, CLUSTER])
def test_both_ways_measure_the_same_ratios(way):
    found = measure_here(way, launches=2)

    assert len(found.logs) == 5
    assert all(len(logs) == 2 for logs in found.logs.values())
