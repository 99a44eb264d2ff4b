"""Percentiles of steps: only those that the number of steps allows."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.case import Phase
from rnnbench.model.serving import PERCENTILES, least_steps
from rnnbench.worker.serving.step_times import percentiles, steps_that_fit, time_steps


def test_a_percentile_needs_steps_above_it():
    assert [least_steps(percentile) for percentile in PERCENTILES] == [6, 72, 368, 3688]


@given(st.integers(6, 6000))
def test_a_percentile_is_a_value_that_was_measured(count):
    values = list(range(1, count + 1))
    random.Random(0).shuffle(values)

    found = percentiles(values)

    assert len(found) == sum(count >= least_steps(each) for each in PERCENTILES)
    for percentile, value in zip(PERCENTILES, found, strict=False):
        assert sum(each <= value for each in values) >= percentile * count / 100 - 1e-6
        assert sum(each < value for each in values) < percentile * count / 100 + 1e-6


@pytest.mark.parametrize(("step", "known"), [(1e-4, 4), (1e-3, 3), (1.0, 2)])
def test_slow_steps_are_fewer_and_say_less_of_the_tail(step, known):
    count = steps_that_fit(2.0, step)

    assert len(percentiles([1.0] * count)) == known


def test_steps_of_a_real_layer_stand_beside_empty_ones(make_case):
    case = make_case(layer="gru", phase=Phase.STREAM, seq_len=1, batch_size=1)

    found = time_steps(case, launch=3, seconds=0.02)

    assert found.launch == 3
    assert found.steps >= least_steps(95)
    assert len(found.seconds) == len(found.empty) >= 2
    assert min(*found.seconds, *found.empty) > 0
