"""Two versions, turn by turn: whether the candidate is slower, and how sure that is."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from rnnbench.analysis.stats import Interval, excess, holm, ratio_interval
from rnnbench.model.run import FAILED, Environment
from rnnbench.regression.pair import Bout, Fault, Match, Side

# A one-sided 99 % bound is an end of the two-sided 98 % interval.
LEVEL = 0.01
CONFIDENCE = 1 - 2 * LEVEL
# What a slowdown has to be beyond: less than this moves with the layout of memory.
BAND = 0.01
# Launches. With 7 of them, of recorded pairs of equal versions none of 20,000 was
# flagged, and a slowdown of 3 % was in 98 to 99 % of trials.
LOOKS = (7, 14)
# Chance is forgiven once.
MOST_FAULTS = 2
# Of the budget: what a first examination leaves, so that a flag can be confirmed.
CONFIRMING = 1 / 3


class Verdict(StrEnum):
    """What is said of a match, from the worst on."""

    REGRESSION = "regression"  # slower beyond the band, and so again when confirmed
    BROKEN = "broken"  # the base runs it; the candidate failed, twice
    UNCONFIRMED = "unconfirmed"  # flagged, and there was no time to confirm it
    INCONCLUSIVE = "inconclusive"  # too wide to say, after all launches
    UNMEASURED = "unmeasured"  # neither side, or not the base, could run it
    CLEARED = "cleared"  # flagged, and not so again in fresh processes
    IMPROVEMENT = "improvement"
    UNCHANGED = "unchanged"  # not slower by more than the band


WORSE = frozenset({Verdict.REGRESSION, Verdict.BROKEN})
UNJUDGED = frozenset({Verdict.INCONCLUSIVE, Verdict.UNMEASURED, Verdict.UNCONFIRMED})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a match: the ratio of candidate to base, first and confirmed.

    The intervals are of 98 %: each end is a one-sided bound of 99 %.
    """

    match: Match
    verdict: Verdict
    first: Interval | None = None
    confirmed: Interval | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a gate found. `seconds`: wall time of all of it."""

    sweep: str
    environments: Mapping[Side, Environment]
    judgements: tuple[Judgement, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        """0: nothing is worse. 1: something is. 2: nothing could be judged."""
        verdicts = {one.verdict for one in self.judgements}
        if verdicts & WORSE:
            return 1
        return 0 if verdicts - UNJUDGED else 2


class Launcher(Protocol):
    """What a gate needs of a duel."""

    deadline: float

    async def launch(self, matches: Sequence[Match]) -> dict[Match, Bout]:
        """One bout of each match in fresh processes, as far as the time goes."""


@dataclass(slots=True)
class Examination:
    """Launches of some matches, look by look, until each can be judged."""

    matches: tuple[Match, ...]
    looks: tuple[int, ...] = LOOKS
    logs: dict[Match, list[float]] = field(default_factory=dict)
    faults: dict[Match, list[Fault]] = field(default_factory=dict)

    async def run(self, launcher: Launcher) -> None:
        """Look, and go on with what can't be judged yet, if there is time.

        Nothing is decided between two looks: that would be stopping at the first
        launch that happens to suit.
        """
        for look in self.looks:
            matches = self._open()
            while due := [one for one in matches if self._lacks(one, look)]:
                bouts = await launcher.launch(due)
                if not bouts:
                    return
                for match, bout in bouts.items():
                    self._take(match, bout)

    def judgements(self) -> dict[Match, Judgement]:
        """What is to be said of each match by this examination alone."""
        flagged = self._flagged()
        return {match: self._judgement(match, flagged) for match in self.matches}

    def _flagged(self) -> frozenset[Match]:
        """Those that are slower beyond the band, with 1 % for any false one at all."""
        values = [self._judged(match) for match in self.matches]
        found = holm([excess(logs, math.log1p(BAND)) for logs in values], LEVEL)
        pairs = zip(self.matches, found, strict=True)
        return frozenset(match for match, worse in pairs if worse)

    def _judgement(self, match: Match, flagged: frozenset[Match]) -> Judgement:
        if self._ended(match):
            return _failure(match, self.faults[match])
        if not (logs := self._judged(match)):
            done = len(self.logs.get(match, []))
            reason = f"the budget ended after {done} of {self.looks[0]} launches"
            return Judgement(match, Verdict.INCONCLUSIVE, reason=reason)
        interval = ratio_interval(logs, CONFIDENCE)
        verdict = Verdict.REGRESSION if match in flagged else _place(interval)
        return Judgement(match, verdict, interval)

    def _open(self) -> list[Match]:
        """Those of which more is to be learnt."""
        return [
            match
            for match, judgement in self.judgements().items()
            if judgement.verdict is Verdict.INCONCLUSIVE
        ]

    def _lacks(self, match: Match, look: int) -> bool:
        return not self._ended(match) and len(self.logs.get(match, [])) < look

    def _take(self, match: Match, bout: Bout) -> None:
        if isinstance(bout, float):
            self.logs.setdefault(match, []).append(bout)
        else:
            self.faults.setdefault(match, []).extend(bout)

    def _ended(self, match: Match) -> bool:
        sides = [fault.side for fault in self.faults.get(match, ())]
        return any(sides.count(side) >= MOST_FAULTS for side in Side)

    def _judged(self, match: Match) -> list[float]:
        """The values that count: none before the first look."""
        logs = self.logs.get(match, [])
        return logs if len(logs) >= self.looks[0] and not self._ended(match) else []


async def examine(
    matches: Sequence[Match], launcher: Launcher, looks: tuple[int, ...] = LOOKS
) -> tuple[Judgement, ...]:
    """Judge each match; what is flagged is measured anew, and judged by that alone."""
    end, began = launcher.deadline, time.monotonic()
    launcher.deadline = end - CONFIRMING * (end - began)
    examination = Examination(tuple(matches), looks)
    await examination.run(launcher)
    found = examination.judgements()
    launcher.deadline = end
    flagged = [one for one in matches if found[one].verdict is Verdict.REGRESSION]
    confirmation = Examination(tuple(flagged), looks)
    await confirmation.run(launcher)
    for match, again in confirmation.judgements().items():
        found[match] = _confirmed(found[match], again)
    return tuple(found.values())


def _confirmed(first: Judgement, again: Judgement) -> Judgement:
    """What is said of a flag, once there is a second measurement that knows it not."""
    if again.first is None:
        verdict = Verdict.UNCONFIRMED
        if again.verdict in (Verdict.BROKEN, Verdict.UNMEASURED):
            verdict = again.verdict
        return replace(first, verdict=verdict, reason=again.reason)
    cleared = again.verdict in (Verdict.UNCHANGED, Verdict.IMPROVEMENT)
    verdict = Verdict.CLEARED if cleared else again.verdict
    return replace(first, verdict=verdict, confirmed=again.first)


def _place(interval: Interval) -> Verdict:
    """Where the bounds lie, for what is not flagged."""
    if interval.high < 1 / (1 + BAND):
        return Verdict.IMPROVEMENT
    return Verdict.UNCHANGED if interval.high < 1 + BAND else Verdict.INCONCLUSIVE


def _failure(match: Match, faults: Sequence[Fault]) -> Judgement:
    """Broken, where the candidate alone failed; what this machine lacks breaks none."""
    last = {fault.side: fault for fault in faults}
    ours = last.get(Side.CANDIDATE)
    broken = Side.BASE not in last and ours is not None and ours.status in FAILED
    reason = "; ".join(
        f"{side}: {fault.status}: {fault.reason}" for side, fault in last.items()
    )
    verdict = Verdict.BROKEN if broken else Verdict.UNMEASURED
    return Judgement(match, verdict, reason=reason)
