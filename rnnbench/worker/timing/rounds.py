"""Rounds of members, turn by turn, in shuffled order.

Turns that are milliseconds apart share what else the machine does, so that a ratio of
them is free of it.
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

# Rounds with a turn that stayed disturbed are taken again, up to twice as many in all.
_MOST_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Field:
    """Who takes part: the members in the order of the job, or how they failed."""

    members: Sequence[Warm | Outcome]
    yardstick: Warm
    clock: Clock
    device: Device
    watch: Watch


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
    entrants.watch.know(job.calm, job.seconds)
    entrants.watch.allow(job.seconds)
    limits = (job.least, job.most)
    wanted = rounds_that_fit(job.seconds, limits, sum(map(sheet.cost, players)))
    for taken in range(_MOST_ROUNDS * wanted):
        if players == [None] or taken - sheet.rough_rounds >= wanted:
            break
        shuffle(players)
        for place in players:
            sheet.play(place)
        players = [place for place in players if place not in sheet.failed]
    return sheet.measured(job.least)


def take_one(
    entrants: Field, job: TakeTurn, announce: Callable[[int], None]
) -> Measured:
    """One turn of one member alone."""
    sheet = _Sheet(entrants, announce)
    entrants.watch.patience = job.patience
    if isinstance(entrants.members[job.member], Warm):
        sheet.play(job.member)
    return sheet.measured(1)


@dataclass(slots=True)
class _Sheet:
    """The score as it grows; a player is a member's place, or None: the yardstick."""

    entrants: Field
    announce: Callable[[int], None]
    turns: dict[int | None, list[Turn]] = field(default_factory=dict)
    failed: dict[int | None, Outcome] = field(default_factory=dict)
    inside: float = 0.0
    waited: float = 0.0

    def cost(self, player: int | None) -> float:
        """Seconds that one turn of `player` will take."""
        member = self._warm(player)
        return sum(plan(member.call, self.entrants.device)) * member.call

    def play(self, player: int | None) -> None:
        """Take a turn, free of the garbage collector."""
        member, entrants = self._warm(player), self.entrants
        if player is not None:
            self.announce(player)
        gc.disable()
        started, waited = time.perf_counter(), entrants.watch.waited
        turn = attempt(
            lambda: take_turn(member, entrants.clock, entrants.device, entrants.watch)
        )
        spent, waited = time.perf_counter() - started, entrants.watch.waited - waited
        gc.enable()
        self.inside += spent - waited
        self.waited += waited
        if isinstance(turn, Outcome):
            self.failed[player] = turn
        else:
            self.turns.setdefault(player, []).append(turn)

    @property
    def rough_rounds(self) -> int:
        """How many of the rounds so far hold a turn that was disturbed."""
        return sum(map(bool, self._roughness()))

    def measured(self, least: int) -> Measured:
        """The answer, in the order of the members.

        Of rounds that were not disturbed; where these are fewer than `least`, with as
        many of the others, the least disturbed first.
        """
        roughness = self._roughness()
        count = max(roughness.count(0), min(least, len(roughness)))
        by_roughness = sorted(range(len(roughness)), key=roughness.__getitem__)
        kept = sorted(by_roughness[:count])
        places = range(len(self.entrants.members))
        return Measured(
            outcomes=tuple(map(self._outcome, places)),
            turns=tuple(self._turns(place, kept) for place in places),
            yardstick=self._turns(None, kept),
            inside_turns=self.inside,
            waited=self.waited,
            calm=self.entrants.watch.calm,
        )

    def _roughness(self) -> list[int]:
        """Of each round, how many of its turns were disturbed."""
        whole = [
            turns for player, turns in self.turns.items() if player not in self.failed
        ]
        return [sum(turn.rough for turn in row) for row in zip(*whole, strict=False)]

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

    def _turns(self, player: int | None, kept: Sequence[int]) -> MemberTurns:
        every = [] if player in self.failed else self.turns.get(player, [])
        turns = [every[place] for place in kept] if every else []
        apace = (turn.back_to_back for turn in turns)
        return MemberTurns(
            seconds=tuple(turn.seconds for turn in turns),
            faults=tuple(turn.faults for turn in turns),
            back_to_back=tuple(seconds for seconds in apace if seconds is not None),
            rough=sum(turn.rough for turn in turns),
            retaken=sum(turn.retaken for turn in turns),
        )
