"""Percentiles, capacities and cards over processes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.analysis.service import latency_of, services
from rnnbench.analysis.stats import median_interval
from rnnbench.model.case import Phase
from rnnbench.model.serving import (
    DeploymentCard,
    ServedBy,
    Serving,
    StepLatency,
    StreamCapacity,
)

CARD = DeploymentCard(
    launch=0,
    build=0.5,
    load=0.1,
    first_call=0.4,
    call=0.001,
    whole_call=None,
    artefact=1000,
    base_memory=100,
    peak_memory=150,
    error=1e-7,
)


@pytest.mark.parametrize(
    ("count", "rank"), [(6, 1), (8, 1), (9, 2), (12, 3), (20, 6), (30, 10)]
)
def test_a_median_lies_between_the_tabulated_order_statistics(count, rank):
    # Conover 1999, table A.3, and Le Boudec 2010, annex A.
    found = median_interval([float(value) for value in range(1, count + 1)])

    assert (found.low, found.high) == (rank, count + 1 - rank)


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=5))
def test_fewer_than_six_values_have_no_interval(values):
    found = median_interval(values)

    assert (found.low, found.high) == (float("-inf"), float("inf"))
    assert min(values) <= found.estimate <= max(values)


def latency(launch, *seconds):
    empty = tuple(value / 100 for value in seconds)
    return StepLatency(launch=launch, steps=400, seconds=seconds, empty=empty)


def test_a_percentile_that_one_process_lacks_is_left_out():
    found = latency_of([latency(0, 1.0, 2.0, 3.0), latency(1, 3.0, 4.0)])

    assert found.step.keys() == {50.0, 95.0}
    assert found.step[50.0].estimate == 2.0
    assert found.empty[95.0].estimate == pytest.approx(0.03)
    assert found.steps == 800


def test_streams_are_counted_for_each_core(make_case, make_run, make_result):
    case = make_case(phase=Phase.STREAM)
    capacities = tuple(
        StreamCapacity(
            launch=launch,
            deadline=0.01,
            served_by=served_by,
            servers=2,
            streams=streams + launch,
            misses=0.0,
        )
        for launch in range(6)
        for served_by, streams in ((ServedBy.PROCESSES, 100), (ServedBy.THREADS, 20))
    )
    run = make_run([make_result(case, serving=Serving(capacities=capacities))])

    ((capacity,),) = (one.capacities for one in services(run))

    assert capacity.per_core[ServedBy.PROCESSES].estimate == 51.25
    assert capacity.per_core[ServedBy.PROCESSES].low == 50
    assert capacity.best is capacity.per_core[ServedBy.PROCESSES]


@pytest.mark.parametrize(("call", "after"), [(0.001, 990), (0.002, None), (0.01, None)])
def test_a_build_pays_after_the_calls_that_make_up_for_it(
    make_case, make_run, make_result, call, after
):
    eager = replace(CARD, build=0.005, load=None, first_call=0.005, call=0.002)
    results = [
        make_result(make_case(), serving=Serving(cards=(eager,))),
        make_result(
            make_case(runtime="cell_loop"),
            serving=Serving(cards=(replace(CARD, call=call),)),
        ),
    ]

    first, second = services(make_run(results))

    assert first.deployment.pays_after is None
    assert second.deployment.pays_after == after
    assert second.deployment.added_memory.estimate == 50
