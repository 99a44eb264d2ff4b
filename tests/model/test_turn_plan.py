import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.case import Device
from rnnbench.model.turn_plan import rounds_that_fit, turn_plan
from rnnbench.worker.timing.turn import plan

SECONDS = st.floats(-6, 1).map(lambda exponent: 10**exponent)


@given(SECONDS)
def test_an_estimate_counts_the_calls_that_a_turn_makes(call):
    assert turn_plan(call).calls == sum(plan(call, Device.CPU))


@given(SECONDS, SECONDS)
def test_a_longer_call_is_made_less_often(first, second):
    short, long = sorted((first, second))

    assert turn_plan(long).calls <= turn_plan(short).calls


@given(SECONDS)
def test_each_turn_warms_up_and_times(call):
    assert turn_plan(call).warm_up >= 1
    assert turn_plan(call).timed >= 1


@pytest.mark.parametrize(
    ("seconds", "round_seconds", "expected"),
    [
        (0.8, 0.1, 8),
        (0.8, 0.3, 4),
        (0.8, 0.001, 12),
        (0.8, 2.5, 2),
        (30.0, 2.5, 12),
        (0.0, 0.1, 4),
    ],
)
def test_as_many_rounds_as_fit(seconds, round_seconds, expected):
    assert rounds_that_fit(seconds, (4, 12), round_seconds) == expected


def test_one_round_is_one_even_where_it_is_long():
    assert rounds_that_fit(0.8, (1, 1), 9.0) == 1
