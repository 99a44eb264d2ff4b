"""One turn of one member: calls to settle, then calls that are timed.

After a switch of models the first calls cost 8 to 51 % more, so they are not timed.
"""

import math
import resource
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from rnnbench.model.case import Device
from rnnbench.model.run import Status
from rnnbench.model.turn_plan import LONG_CALL, turn_plan
from rnnbench.worker.protocol import Outcome
from rnnbench.worker.timing.canary import Watch
from rnnbench.worker.timing.clock import Call, Clock

# Timed calls that were disturbed are taken again, up to as many as this times over; and
# then the whole turn, once the core is calm, as long as there is patience for it.
_TRIES = 2
_ATTEMPTS = 4
# Shorter calls are watched together: to look in between would unsettle them.
WATCHED_ALONE = 0.002

# An idle GPU clocks down; this much work brings it up again.
_SETTLE_CUDA = 0.005

# The first calls allocate, choose kernels and fill caches. Each turn settles anew, so
# that these need not bring a steady state: with 20 calls in 0.03 s, three times as
# long, a seventh of a sweep went into them.
_WARM_CALLS = 8
_WARM_SECONDS = 0.01
_LAST_WARM_CALLS = 5


class Timed(Protocol):
    """What a turn needs of a step, or of the yardstick."""

    @property
    def call(self) -> Call:
        """What is timed."""

    def enter(self) -> None:
        """Set the process-wide switches."""

    def context(self) -> AbstractContextManager[object]:
        """What the calls of a turn run under."""


@dataclass(frozen=True, slots=True)
class Warm:
    """A step that has been called. Seconds of its first call and of a warm one."""

    step: Timed
    first_call: float
    call: float
    queued: int

    def outcome(self) -> Outcome:
        """What is said of it before, and after, its turns."""
        return Outcome(status=Status.OK, call=self.call, first_call=self.first_call)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn read: see `record.Turns`. `rough`: no timed call was undisturbed.

    `retaken`: timed calls that were thrown away.
    """

    seconds: float
    faults: int
    back_to_back: float | None
    rough: bool = False
    retaken: int = 0


def first_of(step: Timed, clock: Clock) -> float:
    """Seconds of the first call of all: kernels are chosen, a layer is compiled."""
    step.enter()
    with step.context():
        return clock.time(step.call)


def warm_up(step: Timed, clock: Clock, first_call: float | None = None) -> Warm:
    """Call until it is steady: at most 8 calls or 0.01 s, and at least two in all."""
    first = first_of(step, clock) if first_call is None else first_call
    step.enter()
    with step.context():
        calls = [clock.time(step.call)]
        while len(calls) + 1 < _WARM_CALLS and sum(calls) < _WARM_SECONDS:
            calls.append(clock.time(step.call))
        call = median(calls[-_LAST_WARM_CALLS:])
        return Warm(step, first, call, clock.queue_length(step.call, call))


def plan(call: float, device: Device) -> tuple[int, int]:
    """How many settle calls and how many timed ones a turn has."""
    plan = turn_plan(call)
    settle = plan.warm_up
    if device is Device.CUDA and call < LONG_CALL:
        settle = max(settle, math.ceil(_SETTLE_CUDA / call))
    return settle, plan.timed


def take_turn(member: Warm, clock: Clock, device: Device, watch: Watch) -> Turn:
    """Settle, then time each call by itself; the turn's value is the fastest.

    What disturbs a call only adds to it, and not all of it is seen: given a calm core
    before and after, single calls were 40 % slower, and 8 turns of a layer and of its
    equal differed by 1.2 to 2.3 % by their fastest calls and by 2.7 to 4.5 % by their
    medians (Chen & Revels 2016, Robust benchmarking in noisy environments).

    Of calls that the watch calls undisturbed; or of all, where none is. It begins once
    the core is calm, and anew if it did not stay so, as far as the watch's patience
    goes.
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
        apace = clock.back_to_back(step.call, queued) if queued else None
    kept = calm or rough
    return Turn(min(kept), faults, apace, rough=not calm, retaken=taken - len(kept))


def _time(
    member: Warm, timed: int, clock: Clock, watch: Watch
) -> tuple[list[float], list[float]]:
    """Seconds of calls, until `timed` of them were undisturbed; and of the others."""
    calm: list[float] = []
    rough: list[float] = []
    alone = member.call >= WATCHED_ALONE
    at_once = 1 if alone else timed
    most = timed * (_TRIES if member.call < LONG_CALL else 1)
    while len(calm) < timed and len(calm) + len(rough) < most:
        if alone and rough:
            # A short call would have to settle anew.
            watch.wait()
        seconds, undisturbed = watch.time(clock, member.step.call, at_once)
        (calm if undisturbed else rough).extend(seconds)
    return calm, rough
