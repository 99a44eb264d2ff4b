"""One metric of one case in two runs, before and after it is judged."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import fmean

from rnnbench.analysis.launch_estimate import log_ratio
from rnnbench.analysis.ratio import launch_log_ratios, launch_logs, pairs_of
from rnnbench.analysis.stats import Gap, Interval, welch
from rnnbench.model.case import Case
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.run import Result, Run, Turns, paired
from rnnbench.model.status import MEASURED

# The metric of a ratio between two cases of one workload; it has no unit.
RATIO = "ratio"


class CompareVerdict(StrEnum):
    """The outcome for one value, in the order in which a reader needs them."""

    REGRESSION = "regression"
    INCOMPARABLE = "incomparable"
    REMOVED = "removed"
    IMPROVEMENT = "improvement"
    ADDED = "added"
    INCONCLUSIVE = "inconclusive"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ComparedValue:
    """One metric of one case in both runs.

    `over` is the id of a ratio's denominator, and "" for any other metric. `baseline`
    and `candidate` are in the metric's unit; ratios have none. `interval` is of
    candidate over baseline. Memory is read without noise: both ends of its interval are
    the ratio. A value is None where a run lacks it or where the baseline is zero.
    """

    case: str
    metric: str
    over: str
    verdict: CompareVerdict
    baseline: float | None = None
    candidate: float | None = None
    interval: Interval | None = None
    note: str = ""


# A value whose verdict depends on all the others: what is known so far, and its gap.
Unjudged = tuple[ComparedValue, Gap]


def measured(*results: Result) -> bool:
    """Whether every result holds a measurement."""
    return all(result.status in MEASURED for result in results)


def compare_memory(baseline: Result, candidate: Result) -> ComparedValue:
    """Compare two peaks exactly: a reading has no noise, so one byte more is more."""
    value = ComparedValue(
        baseline.case.id, PEAK_MEMORY.name, "", CompareVerdict.INCOMPARABLE
    )
    old, new = baseline.peak_memory, candidate.peak_memory
    value = replace(value, baseline=old, candidate=new)
    if old is None or new is None:
        reasons = [
            result.memory_reason or result.reason or "not read"
            for result in (baseline, candidate)
        ]
        return replace(value, note=" / ".join(dict.fromkeys(reasons)))
    verdict = CompareVerdict.UNCHANGED
    if old != new:
        more = new > old
        verdict = CompareVerdict.REGRESSION if more else CompareVerdict.IMPROVEMENT
    share = new / old if old > 0 and new > 0 else None
    interval = None if share is None else Interval(share, share, share, 1)
    return replace(value, verdict=verdict, interval=interval)


def compare_times(baseline: Run, candidate: Run) -> Iterator[Unjudged]:
    """Compare times as multiples of the yardstick's, launch by launch, unpaired.

    On a shared machine one launch differs from the next by up to a sixth in everything
    that runs in it. Dividing by the yardstick's turns of the same rounds removes that.
    """
    before = _results(baseline)
    old_yardsticks, new_yardsticks = _yardsticks(baseline), _yardsticks(candidate)
    for new in candidate.results:
        old = before.get(new.case)
        if old is None or not measured(old, new):
            continue
        logs, note = (
            [
                in_yardsticks(old.turns, old_yardsticks.get(old.workload, ())),
                in_yardsticks(new.turns, new_yardsticks.get(new.workload, ())),
            ],
            "",
        )
        if not all(logs):
            logs = [launch_logs(result.turns) for result in (old, new)]
            note = "no yardstick: includes whatever else ran on the machine"
        if all(logs):
            value = ComparedValue(
                new.case.id,
                TIME.name,
                "",
                CompareVerdict.INCONCLUSIVE,
                baseline=_seconds(old),
                candidate=_seconds(new),
                note=note,
            )
            yield value, welch(logs[1], logs[0])


def _yardsticks(run: Run) -> dict[str, tuple[Turns, ...]]:
    return {each.workload: each.turns for each in run.yardsticks}


def in_yardsticks(turns: Sequence[Turns], yardstick: Sequence[Turns]) -> list[float]:
    """The log-ratio of a case's time to the yardstick's, for each launch."""
    return [
        log_ratio(ours.seconds, theirs.seconds)
        for ours, theirs in paired(turns, yardstick)
        if len(ours.seconds) == len(theirs.seconds)
    ]


def _seconds(result: Result) -> float | None:
    logs = launch_logs(result.turns)
    return math.exp(fmean(logs)) if logs else None


def compare_ratios(baseline: Run, candidate: Run) -> Iterator[Unjudged]:
    """Compare ratios of time within a launch; memory itself is compared exactly."""
    before, after = _results(baseline), _results(candidate)
    # Finding the pairs takes longer than all else; two nights of a sweep have the same.
    pairs = pairs_of(candidate)
    if (
        before.keys() != after.keys()
        or baseline.sweep.compare != candidate.sweep.compare
    ):
        known = {(pair.candidate, pair.baseline) for pair in pairs_of(baseline)}
        pairs = tuple(one for one in pairs if (one.candidate, one.baseline) in known)
    for pair in pairs:
        old, new = (
            [
                log
                for _, log in launch_log_ratios(
                    side[pair.candidate], side[pair.baseline]
                )
            ]
            for side in (before, after)
        )
        if old and new:
            value = ComparedValue(
                pair.candidate.id,
                RATIO,
                pair.baseline.id,
                CompareVerdict.INCONCLUSIVE,
                baseline=math.exp(fmean(old)),
                candidate=math.exp(fmean(new)),
            )
            yield value, welch(new, old)


def _results(run: Run) -> dict[Case, Result]:
    return {result.case: result for result in run.results}
