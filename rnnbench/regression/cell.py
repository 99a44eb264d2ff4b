"""One metric of one case in two runs: what is known of it, before it is judged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rnnbench.analysis.launch_estimate import launch_log, log_ratio
from rnnbench.analysis.ratio import Ratio, absolute, ratios
from rnnbench.analysis.stats import Gap, Interval, welch
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.run import MEASURED, Result, Run, Turns, calm, paired

# What a cell of a ratio is called; it has no unit.
RATIO = "ratio"


class Verdict(StrEnum):
    """What became of a cell, the worst first."""

    REGRESSION = "REGRESSION"
    INCOMPARABLE = "INCOMPARABLE"
    REMOVED = "REMOVED"
    INCONCLUSIVE = "INCONCLUSIVE"
    IMPROVEMENT = "IMPROVEMENT"
    ADDED = "ADDED"
    UNCHANGED = "UNCHANGED"


@dataclass(frozen=True, slots=True)
class Cell:
    """One metric of one case. `against`: of a ratio the id of what it is over, or "".

    `base` and `new` are in the metric's unit, and a ratio's are plain. `interval` is of
    new over base; memory is read without noise, and its interval is the ratio itself.
    None where one of the two is missing, or where there is no base of a ratio.
    """

    case: str
    metric: str
    against: str
    verdict: Verdict
    base: float | None = None
    new: float | None = None
    interval: Interval | None = None
    note: str = ""


# A cell whose verdict waits for all the others: what is known of it, and its gap.
Open = tuple[Cell, Gap]


def measured(*results: Result) -> bool:
    """Whether there is something to be compared in all of them."""
    return all(result.status in MEASURED for result in results)


def of_memory(base: Result, new: Result) -> Cell:
    """Exact: the reading has no noise, so a byte more is more."""
    cell = Cell(base.case.id, PEAK_MEMORY.name, "", Verdict.INCOMPARABLE)
    old, now = base.peak_memory, new.peak_memory
    if old is None or now is None:
        reasons = [r.memory_reason or r.reason or "not read" for r in (base, new)]
        return replace(cell, base=old, new=now, note=" / ".join(dict.fromkeys(reasons)))
    verdict = Verdict.UNCHANGED
    if old != now:
        verdict = Verdict.REGRESSION if now > old else Verdict.IMPROVEMENT
    share = now / old if old > 0 and now > 0 else None
    interval = None if share is None else Interval(share, share, share, 1)
    return replace(cell, verdict=verdict, base=old, new=now, interval=interval)


def of_times(base: Run, new: Run) -> Iterator[Open]:
    """Times as multiples of the yardstick's, launch by launch, then unpaired.

    One launch differs from the next by a sixth on a shared machine, in everything that
    runs in it; the yardstick's turns in the same rounds take that out.
    """
    before = {result.case: result for result in base.results}
    old_sticks, new_sticks = _yardsticks(base), _yardsticks(new)
    for now in new.results:
        old = before.get(now.case)
        if old is None or not measured(old, now):
            continue
        sides = (old, old_sticks), (now, new_sticks)
        logs, note = (
            [in_yardsticks(r.turns, s.get(r.workload, ())) for r, s in sides],
            "",
        )
        if not all(logs):
            logs = [
                [launch_log(turns.seconds) for turns in calm(result.turns)]
                for result in (old, now)
            ]
            note = "without a yardstick: whatever else ran is in it"
        if all(logs):
            open_cell = Cell(
                now.case.id,
                TIME.name,
                "",
                Verdict.INCONCLUSIVE,
                base=_seconds(old),
                new=_seconds(now),
                note=note,
            )
            yield open_cell, welch(logs[1], logs[0])


def _yardsticks(run: Run) -> dict[str, tuple[Turns, ...]]:
    return {each.workload: each.turns for each in run.yardsticks}


def in_yardsticks(turns: Sequence[Turns], yardstick: Sequence[Turns]) -> list[float]:
    """For each launch the log-ratio of a case's time to that of the fixed product."""
    return [
        log_ratio(ours.seconds, theirs.seconds)
        for ours, theirs in paired(turns, yardstick)
        if len(ours.seconds) == len(theirs.seconds)
    ]


def _seconds(result: Result) -> float | None:
    interval = absolute(result.turns)
    return interval.estimate if interval else None


def of_ratios(base: Run, new: Run) -> Iterator[Open]:
    """Ratios of time within a launch; those of memory say no more than memory does."""

    def key(ratio: Ratio) -> tuple[str, str]:
        return ratio.pair.candidate.id, ratio.pair.baseline.id

    before = {key(ratio): ratio for ratio in ratios(base) if ratio.logs}
    for ratio in ratios(new):
        old = before.get(key(ratio))
        if old is None or not ratio.logs:
            continue
        values = old.interval.estimate, ratio.interval.estimate
        case, against = key(ratio)
        cell = Cell(case, RATIO, against, Verdict.INCONCLUSIVE, *values)
        logs = [[value for _, value in each.logs] for each in (ratio, old)]
        yield cell, welch(*logs)
