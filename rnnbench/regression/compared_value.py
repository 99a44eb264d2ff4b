"""One metric of one case in two runs, before and after it is judged."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from rnnbench.analysis.launch_estimate import log_ratio
from rnnbench.analysis.ratio import launch_log_ratios, launch_logs
from rnnbench.analysis.stats import Gap, Interval, welch
from rnnbench.model.case import Case
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.run import Result, Turns, paired
from rnnbench.model.status import MEASURED
from rnnbench.model.workload import Pair

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

# The turns of a run's yardsticks, by their workload.
Yardsticks = Mapping[str, Sequence[Turns]]

_WITHOUT_YARDSTICK = "no yardstick: includes whatever else ran on the machine"


@dataclass(frozen=True, slots=True)
class InBoth:
    """The results of a case that both runs have; `id` is the case's."""

    id: str
    baseline: Result
    candidate: Result

    @property
    def is_measured(self) -> bool:
        """Whether both hold a measurement."""
        return self.baseline.status in MEASURED and self.candidate.status in MEASURED


def compare_memory(case: InBoth) -> ComparedValue | None:
    """Compare two peaks exactly: a reading has no noise, so every byte counts.

    None where neither was read.
    """
    old, new = case.baseline.peak_memory, case.candidate.peak_memory
    if old is None and new is None:
        return None
    verdict, interval, note = CompareVerdict.UNCHANGED, None, ""
    if old is None or new is None:
        reasons = [
            result.memory_reason or result.reason or "not read"
            for result in (case.baseline, case.candidate)
        ]
        verdict, note = CompareVerdict.INCOMPARABLE, " / ".join(dict.fromkeys(reasons))
    else:
        if old != new:
            more = new > old
            verdict = CompareVerdict.REGRESSION if more else CompareVerdict.IMPROVEMENT
        if old > 0 and new > 0:
            interval = Interval(new / old, new / old, new / old, 1)
    return ComparedValue(
        case.id, PEAK_MEMORY.name, "", verdict, old, new, interval, note
    )


def compare_times(
    cases: Iterable[InBoth], yardsticks: tuple[Yardsticks, Yardsticks]
) -> Iterator[Unjudged]:
    """Compare times as multiples of the yardstick's, launch by launch, unpaired.

    On a shared machine one launch differs from the next by up to a sixth in everything
    that runs in it. Dividing by the yardstick's turns of the same rounds removes that.
    `yardsticks`: of the baseline and of the candidate, by their workload.
    """
    for case in cases:
        sides = (case.baseline, case.candidate)
        plain = [launch_logs(result.turns) for result in sides]
        if not all(plain):
            continue
        old, new = (
            in_yardsticks(result.turns, sticks.get(result.workload, ()))
            for result, sticks in zip(sides, yardsticks, strict=True)
        )
        note = ""
        if not (old and new):
            (old, new), note = plain, _WITHOUT_YARDSTICK
        value = ComparedValue(
            case.id,
            TIME.name,
            "",
            CompareVerdict.INCONCLUSIVE,
            baseline=math.exp(fmean(plain[0])),
            candidate=math.exp(fmean(plain[1])),
            note=note,
        )
        yield value, welch(new, old)


def in_yardsticks(turns: Sequence[Turns], yardstick: Sequence[Turns]) -> list[float]:
    """The log-ratio of a case's time to the yardstick's, for each launch."""
    return [
        log_ratio(ours.seconds, theirs.seconds)
        for ours, theirs in paired(turns, yardstick)
        if len(ours.seconds) == len(theirs.seconds)
    ]


def compare_ratios(
    pairs: Iterable[Pair], cases: Mapping[Case, InBoth]
) -> Iterator[Unjudged]:
    """Compare ratios of time within a launch; memory itself is compared exactly."""
    for pair in pairs:
        over, under = cases[pair.candidate], cases[pair.baseline]
        old, new = (
            [log for _, log in launch_log_ratios(*side)]
            for side in (
                (over.baseline, under.baseline),
                (over.candidate, under.candidate),
            )
        )
        if old and new:
            value = ComparedValue(
                over.id,
                RATIO,
                under.id,
                CompareVerdict.INCONCLUSIVE,
                baseline=math.exp(fmean(old)),
                candidate=math.exp(fmean(new)),
            )
            yield value, welch(new, old)
