"""The cost of a node, from figures made by hand, and of a real one."""

import asyncio
import os
from dataclasses import replace

import pytest

from rnnbench.runner.fleet.parcel import decode_parcel
from studies.fleet.agent_cost import (
    Cost,
    Counters,
    measure_cost,
    parcel,
    report,
    workloads,
)

GOOD = Cost(
    cpu_ms=2.0,
    wakeups=5.0,
    idle_cpu_ms=1.0,
    idle_wakeups=4.0,
    overhead_ms=20.0,
    seconds=30.0,
    passes=48,
)


def test_what_misses_its_goal_is_named():
    assert GOOD.missed() == []
    bad = replace(GOOD, cpu_ms=3.1, overhead_ms=51.0)
    assert bad.missed() == ["cpu_ms", "overhead_ms"]
    assert len(report(GOOD)) == 9


def test_counters_of_a_process_only_grow():
    before = Counters.of(os.getpid())
    sum(range(10**5))

    after = Counters.of(os.getpid())

    assert 0 < before.cpu <= after.cpu
    assert 0 < before.wakeups <= after.wakeups


def test_a_launch_whose_cases_have_ended_leaves_nothing_to_measure():
    members = workloads(3)

    ended = decode_parcel(parcel(0, members, ended=True))
    whole = decode_parcel(parcel(0, members, ended=False))

    assert set(ended.ended) == {case.id for case in ended.errand.launch.cases}
    assert whole.ended == ()
    assert len(whole.errand.launch.workloads) == 3


@pytest.mark.slow_study
def test_a_real_node_is_measured_while_it_works():
    cost = asyncio.run(measure_cost(workload_count=20, launches=1, empty=3, idle=1))

    assert cost.passes == 20
    assert cost.seconds > 1
    assert min(cost.cpu_ms, cost.wakeups, cost.overhead_ms) > 0
