"""The rule of the gate: from log-ratios per launch to a verdict for each pair."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from rnnbench.analysis.stats import Interval, excess, holm, ratio_interval
from rnnbench.model.run import Environment
from rnnbench.model.status import FAILED
from rnnbench.regression.case_pair import CasePair, LaunchResult, Side, SideFault

# A one-sided 99 % bound is an end of the two-sided 98 % interval.
LEVEL = 0.01
CONFIDENCE = 1 - 2 * LEVEL
# Smaller slowdowns are not flagged: the layout of memory alone causes as much.
BAND = 0.01
# Launches at each interim look. With 7 launches none of 20,000 recorded pairs of equal
# versions was flagged, and a slowdown of 3 % was found in 98 to 99 % of trials.
LOOKS = (7, 14)
# One failure of a side may be due to chance, and its launch is repeated.
MOST_FAULTS = 2
# The share of the budget that is reserved for confirming flagged pairs.
CONFIRMING = 1 / 3


class GateVerdict(StrEnum):
    """The outcome for a pair, the worst first."""

    REGRESSION = "regression"  # slower beyond the band, and again when confirmed
    BROKEN = "broken"  # runs in the baseline; failed twice in the candidate
    UNCONFIRMED = "unconfirmed"  # flagged, without time left to confirm it
    INCONCLUSIVE = "inconclusive"  # the interval is too wide after all launches
    UNMEASURED = "unmeasured"  # the baseline, or neither side, could run it
    CLEARED = "cleared"  # flagged, but not when measured again
    IMPROVEMENT = "improvement"
    UNCHANGED = "unchanged"  # not slower by more than the band


WORSE = frozenset({GateVerdict.REGRESSION, GateVerdict.BROKEN})
UNJUDGED = frozenset(
    {GateVerdict.INCONCLUSIVE, GateVerdict.UNMEASURED, GateVerdict.UNCONFIRMED}
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict for a pair, with its first and its confirming ratio.

    Ratios are candidate over baseline. The intervals have 98 %: each end is a one-sided
    bound of 99 %.
    """

    pair: CasePair
    verdict: GateVerdict
    first: Interval | None = None
    confirmed: Interval | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDecision:
    """The judgements of a gate; `seconds` is the wall time of the whole gate."""

    sweep: str
    environments: Mapping[Side, Environment]
    judgements: tuple[Judgement, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 if nothing is worse, 1 if something is, 2 if nothing could be judged."""
        verdicts = {one.verdict for one in self.judgements}
        if verdicts & WORSE:
            return 1
        return 0 if verdicts - UNJUDGED else 2


class Launcher(Protocol):
    """The interface through which the rule gets launches done."""

    deadline: float

    async def launch(self, pairs: Sequence[CasePair]) -> dict[CasePair, LaunchResult]:
        """Measure each pair once in fresh processes, until the deadline."""


@dataclass(slots=True)
class SequentialTest:
    """Launches of some pairs, look by look, until each can be judged."""

    pairs: tuple[CasePair, ...]
    looks: tuple[int, ...] = LOOKS
    logs: dict[CasePair, list[float]] = field(default_factory=dict)
    faults: dict[CasePair, list[SideFault]] = field(default_factory=dict)

    async def run(self, launcher: Launcher) -> None:
        """Launch up to each look, then continue with the pairs still undecided.

        Nothing is decided between two looks: that would mean stopping at the first
        launch that happens to look conclusive.
        """
        for look in self.looks:
            pairs = self._open()
            while due := [one for one in pairs if self._lacks(one, look)]:
                results = await launcher.launch(due)
                if not results:
                    return
                for pair, result in results.items():
                    self._take(pair, result)

    def judgements(self) -> dict[CasePair, Judgement]:
        """The verdict for each pair, from these launches alone."""
        flagged = self._flagged()
        return {pair: self._judgement(pair, flagged) for pair in self.pairs}

    def _flagged(self) -> frozenset[CasePair]:
        """The pairs that are slower beyond the band; 1 % chance of any false flag."""
        values = [self._values(pair) for pair in self.pairs]
        found = holm([excess(logs, math.log1p(BAND)) for logs in values], LEVEL)
        judged = zip(self.pairs, found, strict=True)
        return frozenset(pair for pair, worse in judged if worse)

    def _judgement(self, pair: CasePair, flagged: frozenset[CasePair]) -> Judgement:
        if self._ended(pair):
            return _failure(pair, self.faults[pair])
        if not (logs := self._values(pair)):
            done = len(self.logs.get(pair, []))
            reason = f"the budget ended after {done} of {self.looks[0]} launches"
            return Judgement(pair, GateVerdict.INCONCLUSIVE, reason=reason)
        interval = ratio_interval(logs, CONFIDENCE)
        verdict = GateVerdict.REGRESSION if pair in flagged else _place(interval)
        return Judgement(pair, verdict, interval)

    def _open(self) -> list[CasePair]:
        """The pairs that more launches may decide."""
        return [
            pair
            for pair, judgement in self.judgements().items()
            if judgement.verdict is GateVerdict.INCONCLUSIVE
        ]

    def _lacks(self, pair: CasePair, look: int) -> bool:
        return not self._ended(pair) and len(self.logs.get(pair, [])) < look

    def _take(self, pair: CasePair, result: LaunchResult) -> None:
        if isinstance(result, float):
            self.logs.setdefault(pair, []).append(result)
        else:
            self.faults.setdefault(pair, []).extend(result)

    def _ended(self, pair: CasePair) -> bool:
        sides = [fault.side for fault in self.faults.get(pair, ())]
        return any(sides.count(side) >= MOST_FAULTS for side in Side)

    def _values(self, pair: CasePair) -> list[float]:
        """The values to judge by: none before the first look."""
        logs = self.logs.get(pair, [])
        return logs if len(logs) >= self.looks[0] and not self._ended(pair) else []


async def judge_pairs(
    pairs: Sequence[CasePair], launcher: Launcher, looks: tuple[int, ...] = LOOKS
) -> tuple[Judgement, ...]:
    """Judge each pair; what is flagged is measured again and judged by that alone."""
    end, began = launcher.deadline, time.monotonic()
    launcher.deadline = end - CONFIRMING * (end - began)
    test = SequentialTest(tuple(pairs), looks)
    await test.run(launcher)
    found = test.judgements()
    launcher.deadline = end
    flagged = [one for one in pairs if found[one].verdict is GateVerdict.REGRESSION]
    confirmation = SequentialTest(tuple(flagged), looks)
    await confirmation.run(launcher)
    for pair, again in confirmation.judgements().items():
        found[pair] = _confirmed(found[pair], again)
    return tuple(found.values())


def _confirmed(first: Judgement, again: Judgement) -> Judgement:
    """The verdict for a flagged pair after its independent re-measurement."""
    if again.first is None:
        verdict = GateVerdict.UNCONFIRMED
        if again.verdict in (GateVerdict.BROKEN, GateVerdict.UNMEASURED):
            verdict = again.verdict
        return replace(first, verdict=verdict, reason=again.reason)
    cleared = again.verdict in (GateVerdict.UNCHANGED, GateVerdict.IMPROVEMENT)
    verdict = GateVerdict.CLEARED if cleared else again.verdict
    return replace(first, verdict=verdict, confirmed=again.first)


def _place(interval: Interval) -> GateVerdict:
    """The verdict for a pair that is not flagged, by where its bounds lie."""
    if interval.high < 1 / (1 + BAND):
        return GateVerdict.IMPROVEMENT
    return (
        GateVerdict.UNCHANGED if interval.high < 1 + BAND else GateVerdict.INCONCLUSIVE
    )


def _failure(pair: CasePair, faults: Sequence[SideFault]) -> Judgement:
    """Broken if only the candidate failed; skipped cases are merely unmeasured."""
    last = {fault.side: fault for fault in faults}
    ours = last.get(Side.CANDIDATE)
    broken = Side.BASELINE not in last and ours is not None and ours.status in FAILED
    reason = "; ".join(
        f"{side}: {fault.status}: {fault.reason}" for side, fault in last.items()
    )
    verdict = GateVerdict.BROKEN if broken else GateVerdict.UNMEASURED
    return Judgement(pair, verdict, reason=reason)
