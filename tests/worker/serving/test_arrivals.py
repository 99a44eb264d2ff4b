"""An open load on a clock that the test moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.worker.serving.arrivals import Arrivals, serve


class FakeTimer:
    """Time passes in `sleep`, and where a call takes it."""

    def __init__(self):
        self.time = 1000.0

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds

    def call_of(self, *seconds):
        """A call that takes the next of `seconds`, and then the last again."""
        left = list(seconds)

        def call():
            self.time += left.pop(0) if len(left) > 1 else left[0]

        return call


ALL = 10**9


def load(streams, period=0.010, periods=100):
    return Arrivals(streams=streams, period=period, periods=periods)


def test_a_step_that_is_done_within_its_period_is_not_late():
    timer = FakeTimer()

    found = serve(load(9), timer.call_of(0.001), timer, ALL)

    assert (found.calls, found.late) == (900, 0)


def test_more_work_than_time_makes_a_queue_in_which_nearly_all_are_late():
    timer = FakeTimer()

    found = serve(load(12), timer.call_of(0.001), timer, ALL)

    assert found.late > 0.9 * found.calls - 12 * 5


def test_a_stall_is_charged_to_every_step_that_waits_meanwhile():
    timer = FakeTimer()

    # 20 periods pass in one call. A load that waits for its answer would see one late.
    found = serve(load(1), timer.call_of(0.200, 0.0001), timer, ALL)

    assert 18 <= found.late <= 20


def test_a_trial_ends_once_too_many_are_late():
    timer = FakeTimer()

    found = serve(load(1), timer.call_of(0.020), timer, most_late=3)

    assert found.late == 4
    assert found.calls < 100


@given(st.integers(1, 20), st.integers(1, 10), st.integers(0, 5))
def test_each_stream_has_one_step_in_each_period(streams, periods, seed):
    arrivals = Arrivals(streams=streams, period=0.5, periods=periods, seed=seed)

    times = list(arrivals.times())

    assert times == sorted(times)
    assert len(times) == arrivals.count == streams * periods
    counts = [sum(n <= time / 0.5 < n + 1 for time in times) for n in range(periods)]
    assert counts == [streams] * periods


def test_streams_begin_at_different_moments_and_the_same_for_a_seed():
    first = list(load(5).times())

    assert len(set(first[:5])) == 5
    assert first == list(load(5).times())
    assert first != list(Arrivals(streams=5, period=0.01, periods=100, seed=1).times())


def test_a_server_that_is_idle_sleeps_until_the_next_step_is_due():
    timer = FakeTimer()

    serve(load(1, periods=10), timer.call_of(0.0), timer, ALL)

    due = list(load(1, periods=10).times())
    assert timer.time - 1000 == pytest.approx(due[-1])
