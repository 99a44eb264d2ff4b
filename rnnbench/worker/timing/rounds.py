"""Rounds: one turn of each member, in shuffled order.

Turns that are milliseconds apart share whatever else the machine does, so that it
cancels in their ratio.
"""

import gc
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rnnbench.model.case import Device
from rnnbench.model.turn_plan import rounds_that_fit
from rnnbench.worker.failure import attempt
from rnnbench.worker.protocol import Measured, MemberTurns, Outcome, Rounds, TakeTurn
from rnnbench.worker.timing.canary import Watch
from rnnbench.worker.timing.clock import Clock
from rnnbench.worker.timing.turn import Turn, Warm, plan, take_turn

# Rounds with a disturbed turn are repeated, up to twice as many rounds in all.
_MOST_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class PreparedWorkload:
    """A workload that is ready for turns; `members` are in the order of the job.

    A member that failed when it was prepared is its outcome.
    """

    members: Sequence[Warm | Outcome]
    yardstick: Warm
    clock: Clock
    device: Device
    watch: Watch


def take_rounds(
    prepared: PreparedWorkload, job: Rounds, announce: Callable[[int], None]
) -> Measured:
    """Take rounds of one turn of each member and of the yardstick, each shuffled.

    With a fixed order, half of all pairs of equal layers were called different.
    """
    shuffle = random.Random(job.seed).shuffle  # noqa: S311 - an order, not a secret
    record = _TurnRecord(prepared, announce)
    places_left: list[int | None] = [
        place
        for place, member in enumerate(prepared.members)
        if isinstance(member, Warm)
    ]
    places_left.append(None)
    prepared.watch.adopt(job.calm, job.seconds)
    prepared.watch.allow(job.seconds)
    limits = (job.least, job.most)
    wanted = rounds_that_fit(job.seconds, limits, sum(map(record.cost, places_left)))
    for taken in range(_MOST_ROUNDS * wanted):
        if places_left == [None] or taken - record.rough_rounds >= wanted:
            break
        shuffle(places_left)
        for place in places_left:
            record.take(place)
        places_left = [place for place in places_left if place not in record.failed]
    return record.measured(job.least)


def take_one(
    prepared: PreparedWorkload, job: TakeTurn, announce: Callable[[int], None]
) -> Measured:
    """Take one turn of one member alone."""
    record = _TurnRecord(prepared, announce)
    prepared.watch.patience = job.patience
    if isinstance(prepared.members[job.member], Warm):
        record.take(job.member)
    return record.measured(1)


@dataclass(slots=True)
class _TurnRecord:
    """The turns so far, by the place of the member; None is the yardstick."""

    prepared: PreparedWorkload
    announce: Callable[[int], None]
    turns: dict[int | None, list[Turn]] = field(default_factory=dict)
    failed: dict[int | None, Outcome] = field(default_factory=dict)
    inside: float = 0.0
    waited: float = 0.0

    def cost(self, place: int | None) -> float:
        """Expected seconds of a turn of the member at `place`."""
        member = self._warm(place)
        return sum(plan(member.call, self.prepared.device)) * member.call

    def take(self, place: int | None) -> None:
        """Take a turn, with the garbage collector off."""
        member, prepared = self._warm(place), self.prepared
        if place is not None:
            self.announce(place)
        gc.disable()
        started, waited = time.perf_counter(), prepared.watch.waited
        turn = attempt(
            lambda: take_turn(member, prepared.clock, prepared.device, prepared.watch)
        )
        spent, waited = time.perf_counter() - started, prepared.watch.waited - waited
        gc.enable()
        self.inside += spent - waited
        self.waited += waited
        if isinstance(turn, Outcome):
            self.failed[place] = turn
        else:
            self.turns.setdefault(place, []).append(turn)

    @property
    def rough_rounds(self) -> int:
        """Number of rounds so far with a disturbed turn."""
        return sum(map(bool, self._roughness()))

    def measured(self, least: int) -> Measured:
        """The answer, in the order of the members.

        It has the turns of undisturbed rounds; where these are fewer than `least`, also
        those of the least disturbed other rounds.
        """
        roughness = self._roughness()
        count = max(roughness.count(0), min(least, len(roughness)))
        by_roughness = sorted(range(len(roughness)), key=roughness.__getitem__)
        kept = sorted(by_roughness[:count])
        places = range(len(self.prepared.members))
        return Measured(
            outcomes=tuple(map(self._outcome, places)),
            turns=tuple(self._turns(place, kept) for place in places),
            yardstick=self._turns(None, kept),
            inside_turns=self.inside,
            waited=self.waited,
            calm=self.prepared.watch.calm,
        )

    def _roughness(self) -> list[int]:
        """Number of disturbed turns of each round."""
        whole = [
            turns for place, turns in self.turns.items() if place not in self.failed
        ]
        return [sum(turn.rough for turn in row) for row in zip(*whole, strict=False)]

    def _warm(self, place: int | None) -> Warm:
        if place is None:
            return self.prepared.yardstick
        member = self.prepared.members[place]
        if isinstance(member, Warm):
            return member
        raise LookupError(f"member {place} was not prepared")

    def _outcome(self, place: int) -> Outcome:
        member = self.prepared.members[place]
        if isinstance(member, Outcome):
            return member
        return self.failed.get(place, member.outcome())

    def _turns(self, place: int | None, kept: Sequence[int]) -> MemberTurns:
        every = [] if place in self.failed else self.turns.get(place, [])
        turns = [every[number] for number in kept] if every else []
        queued = (turn.back_to_back for turn in turns)
        return MemberTurns(
            seconds=tuple(turn.seconds for turn in turns),
            faults=tuple(turn.faults for turn in turns),
            back_to_back=tuple(seconds for seconds in queued if seconds is not None),
            rough=sum(turn.rough for turn in turns),
            retaken=sum(turn.retaken for turn in turns),
        )
