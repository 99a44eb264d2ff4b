"""One turn of one member: warm-up calls, then timed calls.

After a switch of members the first calls take 8 to 51 % longer, so they are not timed.
"""

import math
import resource
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from rnnbench.model.case import Device
from rnnbench.model.status import Status
from rnnbench.model.turn_plan import LONG_CALL, turn_plan
from rnnbench.worker.protocol import Outcome
from rnnbench.worker.timing.canary import Watch
from rnnbench.worker.timing.clock import Call, Clock

# Disturbed timed calls are repeated, up to _TRIES times the calls of a turn in all.
# Then the whole turn is repeated once the core is calm, as long as patience is left.
_TRIES = 2
_ATTEMPTS = 4
# Shorter calls are watched as a group: a reading in between would disturb them.
WATCHED_ALONE = 0.002

# Seconds of work after which an idle GPU has raised its clock again.
_SETTLE_CUDA = 0.005

# The first calls allocate, choose kernels and fill caches. Every turn has warm-up calls
# of its own, so that these need not reach a steady state: 20 calls in 0.03 s, three
# times as long, took a seventh of a sweep.
_WARM_CALLS = 8
_WARM_SECONDS = 0.01
_LAST_WARM_CALLS = 5


class Timed(Protocol):
    """The part of a step, or of the yardstick, that a turn uses."""

    @property
    def call(self) -> Call:
        """The function that is timed."""

    def enter(self) -> None:
        """Set the process-wide switches."""

    def context(self) -> AbstractContextManager[object]:
        """The context of a turn's calls."""


@dataclass(frozen=True, slots=True)
class Warm:
    """A step after its first calls, with the seconds of its first and of a warm call.

    `queued`: calls to queue without waiting on a GPU; 0 on a CPU.
    """

    step: Timed
    first_call: float
    call: float
    queued: int

    def outcome(self) -> Outcome:
        """The outcome of a member that works."""
        return Outcome(status=Status.OK, call=self.call, first_call=self.first_call)


@dataclass(frozen=True, slots=True)
class Turn:
    """The readings of one turn; see `model.run.Turns`.

    `rough`: whether every timed call was disturbed; `retaken`: discarded timed calls.
    """

    seconds: float
    faults: int
    back_to_back: float | None
    rough: bool = False
    retaken: int = 0


def first_of(step: Timed, clock: Clock) -> float:
    """Seconds of the first call of all, in which kernels are chosen and compiled."""
    step.enter()
    with step.context():
        return clock.time(step.call)


def warm_up(step: Timed, clock: Clock, first_call: float | None = None) -> Warm:
    """Call `step` at most 8 times or for 0.01 s, and at least twice in all."""
    first = first_of(step, clock) if first_call is None else first_call
    step.enter()
    with step.context():
        calls = [clock.time(step.call)]
        while len(calls) + 1 < _WARM_CALLS and sum(calls) < _WARM_SECONDS:
            calls.append(clock.time(step.call))
        call = median(calls[-_LAST_WARM_CALLS:])
        return Warm(step, first, call, clock.queue_length(step.call, call))


def plan(call: float, device: Device) -> tuple[int, int]:
    """Number of warm-up calls and of timed calls of a turn."""
    plan = turn_plan(call)
    settle = plan.warm_up
    if device is Device.CUDA and call < LONG_CALL:
        settle = max(settle, math.ceil(_SETTLE_CUDA / call))
    return settle, plan.timed


def take_turn(member: Warm, clock: Clock, device: Device, watch: Watch) -> Turn:
    """Warm up, then time each call by itself; the turn's value is the fastest call.

    Noise only slows calls down, and some of it goes unnoticed: with a calm core before
    and after, single calls were 40 % slower; 8 turns of two equal layers differed by
    1.2 to 2.3 % by their fastest calls, and by 2.7 to 4.5 % by their medians (Chen &
    Revels 2016, Robust benchmarking in noisy environments).

    Only undisturbed calls count, or all calls if none is. The turn begins once the core
    is calm, and begins again if it did not stay calm, as long as the watch has
    patience.
    """
    settle, timed = plan(member.call, device)
    step = member.step
    taken = 0
    step.enter()
    with step.context():
        for _ in range(_ATTEMPTS):
            watch.wait()
            for _ in range(settle):
                step.call()
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            calm, rough = _time(member, timed, clock, watch)
            faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
            taken += len(calm) + len(rough)
            if calm or not watch.patience:
                break
        queued = member.queued
        back_to_back = clock.back_to_back(step.call, queued) if queued else None
    kept = calm or rough
    return Turn(
        min(kept), faults, back_to_back, rough=not calm, retaken=taken - len(kept)
    )


def _time(
    member: Warm, timed: int, clock: Clock, watch: Watch
) -> tuple[list[float], list[float]]:
    """Seconds of undisturbed calls, up to `timed` of them, and of disturbed ones."""
    calm: list[float] = []
    rough: list[float] = []
    alone = member.call >= WATCHED_ALONE
    at_once = 1 if alone else timed
    most = timed * (_TRIES if member.call < LONG_CALL else 1)
    while len(calm) < timed and len(calm) + len(rough) < most:
        if alone and rough:
            # After a wait, short calls would need warm-up calls again.
            watch.wait()
        seconds, undisturbed = watch.time(clock, member.step.call, at_once)
        (calm if undisturbed else rough).extend(seconds)
    return calm, rough
