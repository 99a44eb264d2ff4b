"""What a worker adds for a calibration: slowed steps, blocks, the floor."""

import gc
from contextlib import nullcontext
from itertools import count

import pytest

from rnnbench.model.case import Device
from rnnbench.model.status import Status
from rnnbench.worker.job_handlers import JobHandler
from rnnbench.worker.protocol import Blocks, Floor, Floored, Outcome, Prepare, Rounds
from rnnbench.worker.timing.blocks import BLOCK_CALLS, UNSETTLED, take_blocks
from rnnbench.worker.timing.canary import Watch
from rnnbench.worker.timing.floor import resolution, take_floor
from rnnbench.worker.timing.rounds import PreparedWorkload
from rnnbench.worker.timing.slowdown import Slowed
from rnnbench.worker.timing.turn import Warm


class Time:
    """A clock of nanoseconds that a step moves on; each look takes one of them."""

    def __init__(self):
        self.at = 0

    def now(self):
        self.at += 1
        return self.at


class FakeStep:
    def __init__(self, time=None, cost=0):
        self.time, self.cost = time, cost
        self.calls, self.collected = 0, []
        self.entered = 0

    def call(self):
        self.calls += 1
        self.collected.append(gc.isenabled())
        if self.time:
            self.time.at += self.cost

    def enter(self):
        self.entered += 1

    def context(self):
        return nullcontext("the step's own")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05, 1.0])
@pytest.mark.parametrize("cost", [100_000, 7_000_000])
def test_a_slowed_call_takes_its_share_longer(share, cost):
    time = Time()
    step = Slowed(FakeStep(time, cost), share, time.now)

    step.call()

    assert time.at == pytest.approx(cost * (1 + share), abs=5)


def test_what_reckoning_takes_is_no_part_of_the_spin():
    """Between its looks at the clock, multiplying a share takes 300 of its units."""

    class Share(float):
        def __mul__(self, other):
            time.at += 300
            return float(self) * other

    took = {}
    for share in (0.0, 0.05):
        time = Time()
        Slowed(FakeStep(time, 10_000), Share(share), time.now).call()
        took[share] = time.at

    assert took[0.05] - took[0.0] == pytest.approx(500, abs=5)


def test_the_share_is_of_this_very_call():
    time = Time()
    inner = FakeStep(time, 100_000)
    step = Slowed(inner, 0.5, time.now)
    step.call()
    before = time.at

    inner.cost = 200_000
    step.call()

    assert time.at - before == pytest.approx(300_000, abs=5)


def test_a_slowed_step_runs_under_the_switches_of_its_own():
    inner = FakeStep()
    step = Slowed(inner, 0.5)

    step.enter()

    assert inner.entered == 1
    with step.context() as context:
        assert context == "the step's own"


@pytest.mark.parametrize("share", [-0.1, float("nan"), float("inf")])
def test_no_step_is_slowed_by_what_is_no_share(share):
    with pytest.raises(ValueError, match="slower by"):
        Slowed(FakeStep(), share)


class FakeWatch:
    """Calls of a block take 1 ms, the unsettled ones 5; some looks are disturbed."""

    def __init__(self, *calm):
        self.calm = iter(calm)
        self.allowed = 0.0
        self.waits = 0
        self.looked = 0

    def allow(self, seconds):
        self.allowed = seconds

    def wait(self):
        self.waits += 1

    def time(self, clock, call, number):
        for _ in range(number):
            call()
        places = [
            place % BLOCK_CALLS for place in range(self.looked, self.looked + number)
        ]
        calls = [0.005 if place < UNSETTLED else 0.001 for place in places]
        self.looked += number
        calm = next(self.calm, True)
        return (calls if calm else [2 * each for each in calls]), calm


def blocks(watch, *steps, number=3, call=0.001):
    members = [
        step if isinstance(step, Outcome) else Warm(step, 0.1, call, 0)
        for step in steps
    ]
    prepared = PreparedWorkload(
        members, Warm(FakeStep(), 0.1, 0.1, 0), None, Device.CPU, watch
    )
    announced = []
    measured = take_blocks(prepared, Blocks(seed=1, blocks=number), announced.append)
    return measured, announced


def test_the_first_calls_of_a_block_do_not_count():
    step, other = FakeStep(), FakeStep()

    watch = FakeWatch()

    measured, announced = blocks(watch, step, other)

    assert watch.waits == 2 * 3
    assert watch.allowed == pytest.approx(3 * BLOCK_CALLS * 2 * 0.001)
    assert [each.seconds for each in measured.turns] == [(0.001,) * 3] * 2
    assert step.calls == other.calls == 3 * BLOCK_CALLS
    assert step.collected == [False] * step.calls
    assert gc.isenabled()
    assert sorted(announced) == [0, 0, 0, 1, 1, 1]


def test_rounds_that_were_disturbed_do_not_count_where_others_were_not():
    some, _ = blocks(FakeWatch(True, False, True, True), FakeStep(), FakeStep())
    none, _ = blocks(FakeWatch(*[False] * 6), FakeStep(), FakeStep())

    assert [each.seconds for each in some.turns] == [(0.001,) * 2] * 2
    assert [each.seconds for each in none.turns] == [(0.002,) * 3] * 2
    assert [each.rough for each in none.turns] == [3, 3]


def test_long_calls_of_a_block_are_watched_one_by_one():
    # All but the 10th; then none, so that all of the settled ones count.
    calm = [place != 9 for place in range(BLOCK_CALLS)] + [False] * BLOCK_CALLS

    measured, _ = blocks(FakeWatch(*calm), FakeStep(), number=2, call=0.002)

    (turns,) = measured.turns
    assert turns.seconds == (0.001,)
    assert turns.rough == 0
    assert measured.inside_turns == pytest.approx(
        (5 * UNSETTLED + BLOCK_CALLS - UNSETTLED + 1) * 0.001
        + 2 * (5 * UNSETTLED + BLOCK_CALLS - UNSETTLED) * 0.001
    )


def test_a_block_is_read_as_turns_of_its_settled_calls_would_be():
    class Falling(FakeWatch):
        """The n-th look of a block takes n milliseconds less than 30."""

        def time(self, clock, call, number):
            assert number == 1
            self.looked += 1
            return [(30 - self.looked) * 1e-3], True

    measured, _ = blocks(Falling(), FakeStep(), number=1, call=0.003)

    # 15 settled calls are five turns of three, and end with the 8th, 11th, ... 20th.
    (turns,) = measured.turns
    assert turns.seconds == (pytest.approx(0.030 - 0.014),)


def test_a_member_that_fails_leaves_the_others_their_blocks():
    class Broken(FakeStep):
        def call(self):
            raise ValueError("broken")

    gone = Outcome(status=Status.SKIPPED, reason="not here")

    measured, _ = blocks(FakeWatch(), Broken(), FakeStep(), gone)

    assert [one.status for one in measured.outcomes] == [
        Status.ERROR,
        Status.OK,
        Status.SKIPPED,
    ]
    assert [len(each.seconds) for each in measured.turns] == [0, 3, 0]


def test_the_floor_is_the_clock_and_what_a_call_adds():
    ticks = count(step=40)

    found = take_floor(Floor(calls=11), now=lambda: next(ticks))

    assert found.clock == pytest.approx(40e-9)
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("seconds", "smallest"),
    [([4e-8, 5e-8, 8e-8], 1e-8), ([4e-8, 4.1e-8, 8e-8], 1e-9), ([4e-8, 4e-8], 1e-9)],
)
def test_the_resolution_is_the_smallest_step(seconds, smallest):
    assert resolution(seconds) == pytest.approx(smallest)


def test_the_real_worker_takes_slowed_members_blocks_and_the_floor(make_case):
    watch = Watch()
    watch.begin()
    bench = JobHandler(watch)
    case = make_case(layer="gru")

    prepared = bench.answer(
        Prepare(cases=(case, case), check=True, slowdowns=(0.0, 9.0))
    )
    turned = bench.answer(Rounds(seed=1, seconds=0.01, least=5, most=5))
    blocked = bench.answer(Blocks(seed=1, blocks=2))
    floor = bench.answer(Floor(calls=100))

    assert [one.status for one in prepared.outcomes] == [Status.OK] * 2
    for measured in (turned, blocked):
        plain, slowed = (min(each.seconds) for each in measured.turns)
        # Ten times as long; half of that is beyond any noise.
        assert slowed > 5 * plain
    assert isinstance(floor, Floored)
    assert floor.clock > 0
