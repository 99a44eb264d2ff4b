"""Counts of a simulated campaign; its times are for the study itself."""

import json
from dataclasses import replace

import pytest

from rnnbench.runner.fleet.fleet_board import CHUNK
from studies.fleet.many_cases import HOSTS, LANES, conduct, main, report


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return conduct(1000, tmp_path_factory.mktemp("many"))


def test_each_launch_of_each_workload_is_measured_once(found):
    assert found.cases == 1000
    assert found.times_measured == {1: found.passes}
    assert 500 * 6 < found.passes < 500 * 10


def test_a_launch_waits_for_the_disk_once_at_most(found):
    assert found.syncs <= found.launches


def test_workloads_share_processes(found):
    memory = HOSTS * LANES
    full = found.passes / CHUNK

    # Each look leaves an errand for each host and number that is not full.
    assert full <= found.launches - memory <= full + HOSTS * 10


def test_there_are_three_looks_without_the_first_launches(found):
    # After 0, 6 and 8 launches: before the first there is nothing to judge.
    assert found.looks == 3


def test_what_misses_its_goal_is_named(found):
    good = replace(
        found,
        seconds=1e-3,
        simulating=0,
        peak_gib=1.0,
        syncs=found.launches,
        longest_look=1.0,
    )
    bad = replace(good, seconds=1e6, peak_gib=1.6)

    assert good.missed() == []
    assert bad.missed() == ["launches_a_second", "peak_gib"]
    assert len(report(found)) == 14


def test_figures_are_written(tmp_path, capsys):
    main(["--cases", "200", "--output", str(tmp_path)])

    written = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert written["cases"] == 200
    assert set(written["times_measured"]) == {"1"}
    assert (tmp_path / "tables.md").read_text("utf-8") in capsys.readouterr().out
