from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.case import Device
from rnnbench.model.turn_plan import turn_plan
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
