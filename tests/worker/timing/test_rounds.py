"""Settle calls, timed calls, rounds; with a clock and steps that are made up."""

import gc
from contextlib import nullcontext

import pytest

from rnnbench.model.case import Device
from rnnbench.model.status import Status
from rnnbench.worker.protocol import Outcome, Rounds, TakeTurn
from rnnbench.worker.timing.rounds import (
    PreparedWorkload,
    take_one,
    take_rounds,
)
from rnnbench.worker.timing.turn import Warm, plan, take_turn, warm_up


class FakeStep:
    """Counts what happens to it, and fails at call number `fails_at`."""

    def __init__(self, name="step", log=None, fails_at=None):
        self.name = name
        self.log = [] if log is None else log
        self.fails_at = fails_at
        self.calls = 0

    def call(self):
        self.calls += 1
        self.log.append((self.name, gc.isenabled()))
        if self.calls == self.fails_at:
            raise ValueError("too late")

    def enter(self):
        self.log.append((self.name, "enter"))

    def context(self):
        return nullcontext()


class FakeClock:
    """Each call takes the next of `seconds`, over and over."""

    def __init__(self, *seconds, queued=0):
        self.seconds = seconds
        self.read = 0
        self.queued = queued

    def time(self, call):
        call()
        self.read += 1
        return self.seconds[(self.read - 1) % len(self.seconds)]

    def queue_length(self, call, seconds):
        return self.queued

    def back_to_back(self, call, calls):
        for _ in range(calls):
            call()
        return 0.25


class FakeWatch:
    """Says of each batch whether it was disturbed, as told, over and over."""

    calm = 1e-6

    def __init__(self, *disturbed, patience=0.0, wait=0.0):
        self.disturbed = disturbed or (False,)
        self.batches = []
        self.patience = patience
        self.each = wait
        self.waited = 0.0
        self.waits = 0

    def adopt(self, calm, seconds):
        self.known = calm

    def allow(self, seconds):
        self.allowed = seconds

    def wait(self):
        self.waits += 1
        self.patience = max(self.patience - self.each, 0.0)
        self.waited += self.each

    def time(self, clock, call, count):
        self.batches.append(count)
        seconds = [clock.time(call) for _ in range(count)]
        place = (len(self.batches) - 1) % len(self.disturbed)
        return seconds, not self.disturbed[place]


def field(*steps, call=0.001, clock=None, device=Device.CPU, watch=None):
    members = [
        step if isinstance(step, Outcome) else Warm(step, 0.1, call, 0)
        for step in steps
    ]
    yardstick = Warm(FakeStep("yardstick", steps[0].log if steps else None), 0, call, 0)
    watch = watch or FakeWatch()
    return PreparedWorkload(members, yardstick, clock or FakeClock(call), device, watch)


def turn_of(step, clock, watch=None, call=0.001):
    warm = Warm(step, 0.1, call, 0)
    return take_turn(warm, clock, Device.CPU, watch or FakeWatch())


def rounds(seed=1, seconds=0.0, least=4, most=12):
    return Rounds(seed=seed, seconds=seconds, least=least, most=most)


def silent(member):
    pass


@pytest.mark.parametrize(
    ("call", "device", "expected"),
    [
        (0.0001, Device.CPU, (16, 7)),
        (0.00025, Device.CPU, (10, 5)),
        (0.00199, Device.CPU, (7, 5)),
        (0.002, Device.CPU, (6, 3)),
        (0.005, Device.CPU, (3, 3)),
        (0.02, Device.CPU, (1, 3)),
        (0.99, Device.CPU, (1, 3)),
        (1.0, Device.CPU, (1, 1)),
        (60.0, Device.CUDA, (1, 1)),
        (0.0001, Device.CUDA, (50, 7)),
        (0.003, Device.CUDA, (6, 3)),
    ],
)
def test_settling_depends_on_the_time_of_a_call(call, device, expected):
    assert plan(call, device) == expected


def test_a_turn_is_the_fastest_of_its_timed_calls():
    step = FakeStep()

    turn = take_turn(
        Warm(step, 0.1, 0.001, 0), FakeClock(0.5, 0.1, 0.2), Device.CPU, FakeWatch()
    )

    assert turn.seconds == 0.1
    assert turn.back_to_back is None
    assert turn.faults >= 0
    assert step.calls == 7 + 5


def test_the_switches_are_set_before_a_turn_not_within_it():
    step = FakeStep()

    turn_of(step, FakeClock(0.1))

    assert [event for _, event in step.log].count("enter") == 1
    assert step.log[0] == ("step", "enter")


def test_on_a_gpu_a_turn_queues_calls_too():
    step = FakeStep()

    turn = take_turn(Warm(step, 0.1, 0.01, 7), FakeClock(0.1), Device.CUDA, FakeWatch())

    assert turn.back_to_back == 0.25
    assert step.calls == 3 + 3 + 7


def test_warming_ends_after_eight_calls():
    step = FakeStep()

    warm = warm_up(step, FakeClock(0.0001))

    assert step.calls == 8
    assert warm.call == 0.0001


def test_warming_ends_after_its_time():
    step = FakeStep()

    warm_up(step, FakeClock(0.005))

    assert step.calls == 1 + 2


def test_a_long_call_is_warmed_by_two():
    step = FakeStep()

    warm = warm_up(step, FakeClock(70.0, 3.0))

    assert step.calls == 2
    assert (warm.first_call, warm.call) == (70.0, 3.0)


def test_a_first_call_that_was_read_is_not_repeated():
    step = FakeStep()

    warm = warm_up(step, FakeClock(3.0), first_call=70.0)

    assert step.calls == 1
    assert warm.first_call == 70.0


def test_each_member_has_a_turn_in_each_round_and_so_has_the_yardstick():
    log = []
    steps = [FakeStep(name, log) for name in "ab"]

    measured = take_rounds(field(*steps), rounds(least=5, most=5), silent)

    assert [len(turns.seconds) for turns in measured.turns] == [5, 5]
    assert len(measured.yardstick.seconds) == 5
    order = [name for name, event in log if event == "enter"]
    for start in range(0, 15, 3):
        assert sorted(order[start : start + 3]) == ["a", "b", "yardstick"]


def test_the_order_is_shuffled_anew_in_each_round_and_by_the_seed():
    def order(seed):
        log = []
        steps = [FakeStep(name, log) for name in "abcd"]
        take_rounds(field(*steps), rounds(seed, least=6, most=6), silent)
        names = [name for name, event in log if event == "enter"]
        return [tuple(names[start : start + 5]) for start in range(0, 30, 5)]

    assert len(set(order(1))) > 1
    assert order(1) == order(1)
    assert order(1) != order(2)


def test_each_member_comes_first_equally_often():
    """In a fixed order half of the pairs of equal layers differed."""
    first = []
    for seed in range(400):
        log = []
        steps = [FakeStep(name, log) for name in "ab"]
        take_rounds(field(*steps), rounds(seed, least=1, most=1), silent)
        first.append(log[0][0])

    assert {first.count(name) for name in ("a", "b", "yardstick")} <= set(
        range(100, 167)
    )


def test_the_garbage_collector_rests_in_turns_alone():
    log = []

    take_rounds(field(FakeStep("a", log)), rounds(least=1, most=1), silent)

    assert {event for _, event in log if event != "enter"} == {False}
    assert gc.isenabled()


def test_a_member_that_fails_on_the_way_has_its_reason_and_no_turns():
    log = []
    steps = [FakeStep("a", log), FakeStep("b", log, fails_at=9)]

    measured = take_rounds(field(*steps), rounds(least=4, most=4), silent)

    right, wrong = measured.outcomes
    assert right.status is Status.OK
    assert (wrong.status, wrong.reason) == (Status.ERROR, "ValueError: too late")
    assert len(measured.turns[0].seconds) == 4
    assert measured.turns[1].seconds == ()
    assert gc.isenabled()


def test_rounds_end_when_nobody_is_left():
    step = FakeStep("a", [], fails_at=1)

    measured = take_rounds(field(step), rounds(least=9, most=9), silent)

    assert measured.outcomes[0].status is Status.ERROR
    assert len(measured.yardstick.seconds) == 1


def test_a_member_that_was_not_prepared_keeps_its_reason():
    failed = Outcome(status=Status.ERROR, reason="check: no")
    step = FakeStep("a", [])

    measured = take_rounds(field(step, failed), rounds(least=2, most=2), silent)

    assert measured.outcomes[1] == failed
    assert measured.turns[1].seconds == ()
    assert len(measured.turns[0].seconds) == 2


def test_each_turn_is_announced():
    said = []
    steps = [FakeStep("a", []), FakeStep("b", [])]

    take_rounds(field(*steps), rounds(least=3, most=3), said.append)

    assert sorted(said) == [0, 0, 0, 1, 1, 1]


def test_one_turn_is_of_one_member_alone():
    steps = [FakeStep("a", []), FakeStep("b", [])]
    said = []

    measured = take_one(field(*steps), TakeTurn(member=1), said.append)

    assert [turns.seconds for turns in measured.turns] == [(), (0.001,)]
    assert measured.yardstick.seconds == ()
    assert said == [1]
    assert steps[0].calls == 0


def test_time_inside_turns_is_counted():
    measured = take_rounds(field(FakeStep("a", [])), rounds(), silent)

    assert measured.inside_turns > 0


def test_disturbed_calls_are_taken_again():
    watch = FakeWatch(True, False)

    turn = turn_of(FakeStep(), FakeClock(*[0.01] * 5, *[0.2] * 4, 0.1), watch)

    assert turn.seconds == 0.1
    assert (turn.rough, turn.retaken) == (False, 5)


def test_a_turn_that_stays_disturbed_is_rough_and_keeps_all_of_its_calls():
    step = FakeStep()

    turn = turn_of(step, FakeClock(*[0.2] * 9, 0.1), FakeWatch(True))

    assert step.calls == 7 + 2 * 5
    assert (turn.seconds, turn.rough, turn.retaken) == (0.1, True, 0)


def test_a_turn_begins_when_the_core_is_calm():
    watch = FakeWatch()

    turn_of(FakeStep(), FakeClock(0.1), watch)

    assert watch.waits == 1


def test_a_turn_that_stayed_disturbed_settles_and_is_taken_again():
    step, watch = FakeStep(), FakeWatch(True, True, False, patience=1.0)
    rough, calm = [0.01] * 10, [0.2] * 4 + [0.1]

    turn = turn_of(step, FakeClock(*rough, *calm), watch)

    assert step.calls == 2 * 7 + 3 * 5
    assert (turn.seconds, turn.rough, turn.retaken) == (0.1, False, 10)


def test_a_turn_is_not_taken_again_without_patience():
    watch = FakeWatch(True, patience=1.0, wait=1.0)

    turn = turn_of(FakeStep(), FakeClock(0.1), watch)

    assert len(watch.batches) == 2
    assert turn.rough


def test_what_is_never_calm_ends():
    watch = FakeWatch(True, patience=1e9)

    turn = turn_of(FakeStep(), FakeClock(0.1), watch)

    assert len(watch.batches) == 4 * 2
    assert (turn.rough, turn.retaken) == (True, 3 * 10)


def test_a_long_call_that_was_disturbed_waits_before_the_next():
    watch = FakeWatch(True, False, False, False)

    turn_of(FakeStep(), FakeClock(0.1), watch, call=0.01)

    assert watch.waits == 1 + 3


def test_waiting_is_not_inside_turns_and_depends_on_what_turns_take():
    watch = FakeWatch(wait=1e6)

    measured = take_rounds(
        field(FakeStep(), watch=watch),
        rounds(seconds=0.5, least=1, most=1),
        silent,
    )

    assert watch.allowed == 0.5
    assert measured.waited == 2e6
    assert measured.inside_turns < 0


def test_one_turn_alone_waits_as_long_as_it_is_told():
    watch = FakeWatch(wait=0.25)

    measured = take_one(
        field(FakeStep(), watch=watch), TakeTurn(member=0, patience=1.5), silent
    )

    assert watch.patience == 1.25
    assert measured.waited == 0.25


def test_longer_calls_are_watched_one_by_one():
    short, long = FakeWatch(), FakeWatch(True, False)

    turn_of(FakeStep(), FakeClock(0.1), short, call=0.001)
    turn = turn_of(FakeStep(), FakeClock(0.1), long, call=0.01)

    assert short.batches == [5]
    assert long.batches == [1] * 6
    assert (turn.rough, turn.retaken) == (False, 3)


def test_a_call_of_a_second_is_not_taken_again():
    watch = FakeWatch(True)

    turn = turn_of(FakeStep(), FakeClock(1.0), watch, call=1.0)

    assert watch.batches == [1]
    assert turn.rough


def test_rounds_with_a_rough_turn_make_room_for_others():
    # Two players and two tries: the first five rounds hold a rough turn each.
    watch = FakeWatch(*[True] * 20, *[False] * 10)

    measured = take_rounds(
        field(FakeStep(), watch=watch), rounds(least=5, most=5), silent
    )

    assert len(measured.turns[0].seconds) == 5
    assert measured.turns[0].rough == 0
    assert measured.yardstick.rough == 0


def test_where_all_is_rough_there_is_an_answer_that_says_so():
    watch = FakeWatch(True)

    measured = take_rounds(
        field(FakeStep(), watch=watch), rounds(least=3, most=3), silent
    )

    assert len(measured.turns[0].seconds) == 3
    assert measured.turns[0].rough == 3


def test_what_is_calm_comes_from_the_campaign_and_goes_back_to_it():
    watch = FakeWatch()
    job = Rounds(seed=1, seconds=0.0, least=1, most=1, calm=7e-6)

    measured = take_rounds(field(FakeStep(), watch=watch), job, silent)

    assert watch.known == 7e-6
    assert measured.calm == 1e-6
