"""Members measured turn by turn: settle calls, timed calls, rounds in shuffled order.

After a switch of models the first calls cost 8 to 51 % more, so they are not timed; and
turns that are milliseconds apart share what else the machine does, so that a ratio of
them is free of it.
"""

import gc
import math
import random
import resource
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol

from rnnbench.case import Device
from rnnbench.protocol import Measured, MemberTurns, Outcome, Rounds
from rnnbench.record import Status
from rnnbench.worker.clock import Call, Clock
from rnnbench.worker.failure import attempt

# Settle calls by the time of a call (measured: with these, the first timed call after a
# switch is within about 1 % of the last).
_SETTLE = ((0.002, 4), (0.005, 3), (0.020, 2))
_TIMED = 3

# From here on a call is a turn: settling is a small share of it, and time is dear.
_LONG_CALL = 1.0

# An idle GPU clocks down; this much work brings it up again.
_SETTLE_CUDA = 0.005

# The first calls allocate, choose kernels and fill caches; the 30th is steady.
_WARM_CALLS = 30
_WARM_SECONDS = 0.05
_LAST_WARM_CALLS = 5

# Where a round takes this long, two of them say what there is to say.
_LONG_ROUND = 2.0
_ROUNDS_IF_LONG = 2


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
    """What one turn read: see `record.Turns`."""

    seconds: float
    faults: int
    back_to_back: float | None


@dataclass(frozen=True, slots=True)
class Field:
    """Who takes part: the members in the order of the job, or how they failed."""

    members: Sequence[Warm | Outcome]
    yardstick: Warm
    clock: Clock
    device: Device


def first_of(step: Timed, clock: Clock) -> float:
    """Seconds of the first call of all: kernels are chosen, a layer is compiled."""
    step.enter()
    with step.context():
        return clock.time(step.call)


def warm_up(step: Timed, clock: Clock, first_call: float | None = None) -> Warm:
    """Call until it is steady: at most 30 calls or 0.05 s, and at least two in all."""
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
    if call >= _LONG_CALL:
        return 1, 1
    settle = next((count for limit, count in _SETTLE if call < limit), 1)
    if device is Device.CUDA:
        settle = max(settle, math.ceil(_SETTLE_CUDA / call))
    return settle, _TIMED


def take_turn(member: Warm, clock: Clock, device: Device) -> Turn:
    """Settle, then time each call by itself; the turn's value is their median."""
    settle, timed = plan(member.call, device)
    step = member.step
    step.enter()
    with step.context():
        for _ in range(settle):
            step.call()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        values = [clock.time(step.call) for _ in range(timed)]
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
        queued = member.queued
        apace = clock.back_to_back(step.call, queued) if queued else None
    return Turn(median(values), faults, apace)


def rounds_that_fit(job: Rounds, round_seconds: float) -> int:
    """As many as fit in the job's seconds, but at least and at most so many."""
    least = job.least
    if round_seconds > _LONG_ROUND:
        least = min(least, _ROUNDS_IF_LONG)
    return min(max(int(job.seconds / round_seconds), least), job.most)


def take_rounds(
    entrants: Field, job: Rounds, announce: Callable[[int], None]
) -> Measured:
    """Rounds of one turn of each member and of the yardstick, shuffled anew each time.

    A fixed order was seen to make half of all pairs of equal layers differ.
    """
    shuffle = random.Random(job.seed).shuffle  # noqa: S311 - an order, not a secret
    sheet = _Sheet(entrants, announce)
    players: list[int | None] = [
        place
        for place, member in enumerate(entrants.members)
        if isinstance(member, Warm)
    ]
    players.append(None)
    rounds = rounds_that_fit(job, sum(map(sheet.cost, players)))
    for _ in range(rounds):
        if players == [None]:
            break
        shuffle(players)
        for place in players:
            sheet.play(place)
        players = [place for place in players if place not in sheet.failed]
    return sheet.measured()


def take_one(entrants: Field, member: int, announce: Callable[[int], None]) -> Measured:
    """One turn of one member alone."""
    sheet = _Sheet(entrants, announce)
    if isinstance(entrants.members[member], Warm):
        sheet.play(member)
    return sheet.measured()


@dataclass(slots=True)
class _Sheet:
    """The score as it grows; a player is a member's place, or None: the yardstick."""

    entrants: Field
    announce: Callable[[int], None]
    turns: dict[int | None, list[Turn]] = field(default_factory=dict)
    failed: dict[int | None, Outcome] = field(default_factory=dict)
    inside: float = 0.0

    def cost(self, player: int | None) -> float:
        """Seconds that one turn of `player` will take."""
        member = self._warm(player)
        return sum(plan(member.call, self.entrants.device)) * member.call

    def play(self, player: int | None) -> None:
        """Take a turn, free of the garbage collector."""
        member = self._warm(player)
        if player is not None:
            self.announce(player)
        gc.disable()
        started = time.perf_counter()
        turn = attempt(
            lambda: take_turn(member, self.entrants.clock, self.entrants.device)
        )
        self.inside += time.perf_counter() - started
        gc.enable()
        if isinstance(turn, Outcome):
            self.failed[player] = turn
        else:
            self.turns.setdefault(player, []).append(turn)

    def measured(self) -> Measured:
        """The answer, in the order of the members."""
        places = range(len(self.entrants.members))
        return Measured(
            outcomes=tuple(map(self._outcome, places)),
            turns=tuple(map(self._turns, places)),
            yardstick=self._turns(None),
            inside_turns=self.inside,
        )

    def _warm(self, player: int | None) -> Warm:
        if player is None:
            return self.entrants.yardstick
        member = self.entrants.members[player]
        if isinstance(member, Warm):
            return member
        raise LookupError(f"member {player} was not prepared")

    def _outcome(self, place: int) -> Outcome:
        member = self.entrants.members[place]
        if isinstance(member, Outcome):
            return member
        return self.failed.get(place, member.outcome())

    def _turns(self, player: int | None) -> MemberTurns:
        turns = [] if player in self.failed else self.turns.get(player, [])
        apace = (turn.back_to_back for turn in turns)
        return MemberTurns(
            seconds=tuple(turn.seconds for turn in turns),
            faults=tuple(turn.faults for turn in turns),
            back_to_back=tuple(seconds for seconds in apace if seconds is not None),
        )
