"""The canary and the scheduler's word; with clocks that are made up."""

import time

import pytest

from rnnbench.worker.timing import canary as module
from rnnbench.worker.timing.canary import LIMIT, Watch


class PlainClock:
    def time(self, call):
        call()
        return 0.001


@pytest.fixture
def readings(monkeypatch):
    """The canary's next readings; the last one stays."""
    left = [1e-5]

    def read():
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(module, "_read", read)
    return left


@pytest.fixture
def core(monkeypatch):
    """Nanoseconds that pass on the clock and on the core while calls are timed."""
    passed = {"wall": 1_000_000, "on_core": 1_000_000}
    marks = {"wall": 0, "on_core": 0}

    def reader(name):
        def read():
            marks[name] += passed[name]
            return marks[name]

        return read

    monkeypatch.setattr(time, "perf_counter_ns", reader("wall"))
    monkeypatch.setattr(time, "process_time_ns", reader("on_core"))
    return passed


def is_calm(watch):
    return watch.time(PlainClock(), lambda: None, 3)[1]


def test_each_call_is_timed_by_the_clock(readings, core):
    seconds, undisturbed = Watch().time(PlainClock(), lambda: None, 3)

    assert seconds == [0.001] * 3
    assert undisturbed


def test_a_slow_canary_before_or_after_is_a_disturbance(readings, core):
    slow = 1e-5 * LIMIT * 1.01
    watch = Watch(calm=1e-5)

    readings[:] = [slow, slow, 1e-5]
    before = is_calm(watch)
    readings[:] = [1e-5, 1e-5, slow]
    after = is_calm(watch)
    readings[:] = [1e-5]

    assert not before
    assert not after
    assert is_calm(watch)


def test_one_slow_reading_of_two_is_an_interrupt(readings, core):
    readings[:] = [1.0, 1e-5, 1e-5, 1.0, 1e-5]

    assert is_calm(Watch(calm=1e-5))


def test_time_off_the_core_is_a_disturbance(readings, core):
    core["on_core"] = 970_000

    assert not is_calm(Watch())


def test_little_time_off_the_core_is_the_clocks_own(readings, core):
    core["on_core"] = 976_000

    assert is_calm(Watch())


def test_who_waits_for_a_device_may_be_off_the_core(readings, core):
    core["on_core"] = 0

    assert is_calm(Watch(waits=True))


def test_beside_a_device_a_slow_canary_says_nothing(readings, core):
    watch = Watch(calm=1e-6, waits=True)
    watch.allow(60.0)

    watch.wait()

    assert is_calm(watch)
    assert watch.waited == 0.0


def test_calm_is_the_fastest_reading_of_all(readings, core):
    watch = Watch()

    readings[:] = [3e-5, 2e-5, 1e-5, 9e-5, 5e-5]
    watch.begin()

    assert watch.calm == 1e-5


def test_what_others_know_counts_where_it_is_faster(readings):
    watch = Watch(calm=2e-5)

    watch.adopt(0.0, 0.0)
    watch.adopt(3e-5, 1.0)
    same = watch.calm
    watch.adopt(1e-5, 1.0)

    assert same == 2e-5
    assert watch.calm == 1e-5


def seconds_pass(monkeypatch, each=0.01):
    """Each look at the clock of waiting is so many seconds after the one before."""
    now = [0.0]

    def look():
        now[0] += each
        return now[0]

    monkeypatch.setattr(time, "perf_counter", look)


def test_where_nothing_is_known_a_calm_core_is_looked_for(readings, monkeypatch):
    seconds_pass(monkeypatch)
    watch = Watch(calm=2e-5)

    readings[:] = [*[2e-5] * 20, 1e-5]
    watch.adopt(0.0, 0.05)
    soon = watch.calm
    watch.adopt(0.0, 60.0)

    assert soon == 2e-5
    assert watch.calm == 1e-5


def test_a_calm_core_is_not_waited_for(readings):
    watch = Watch(calm=1e-5)
    watch.allow(1.0)
    before = watch.patience

    watch.wait()

    assert before > 1.0
    assert watch.patience == pytest.approx(before, abs=0.1)
    assert watch.waited < 0.1


def test_a_busy_core_is_waited_for_until_it_is_calm(readings, monkeypatch):
    seconds_pass(monkeypatch)
    watch = Watch(calm=1e-5)
    watch.allow(1.0)

    readings[:] = [*[2e-5] * 8, 1e-5]
    watch.wait()

    assert readings == [1e-5]
    assert watch.waited == pytest.approx(0.05)
    assert watch.patience == pytest.approx(4.0 - 0.05)


def test_patience_has_an_end(readings, monkeypatch):
    seconds_pass(monkeypatch)
    watch = Watch(calm=1e-5)
    watch.allow(1.0)

    readings[:] = [2e-5]
    watch.wait()
    watch.wait()

    assert watch.patience == 0.0
    assert watch.waited == pytest.approx(4.0, abs=0.1)


def test_without_leave_nothing_is_waited_for(readings, monkeypatch):
    seconds_pass(monkeypatch)
    watch = Watch(calm=1e-5)

    readings[:] = [2e-5]
    watch.wait()

    assert watch.waited < 0.05


def test_a_real_canary_takes_some_microseconds_and_not_none():
    watch = Watch()

    watch.begin()

    assert watch.calm > 0
