"""The stop rule: when it checks interval widths, and which of them are narrow enough.

It looks at widths alone, never at which side of 1 a ratio lies: looking again until a
difference shows makes one out of noise (Armitage, McPherson & Rowe 1969).
"""

import math
from collections.abc import Container, Iterable, Mapping, Sequence

from rnnbench.analysis.launch_estimate import log_ratio
from rnnbench.analysis.stats import ratio_interval
from rnnbench.model.run import Turns, paired
from rnnbench.model.workload import Workload
from rnnbench.runner.journal import Pass

# Launches after which widths are checked. A look after 3 is too early: there t(2) is
# 4.3, and a width that is estimated from 3 values stops too often by luck (simulated
# coverage 0.91 and less). These cost least: 0.93 to 0.95 of nominal 0.95. Each is about
# 1.4 times the one before: half of the variance is left, and no look is wasted on a
# workload that can't have come far.
LOOKS = (6, 8, 10, 14, 20, 28, 40)


def interim_looks(launches: int) -> tuple[int, ...]:
    """The interim looks of at most `launches`; the last is at that number."""
    return (*(look for look in LOOKS if look < launches), launches)


def is_narrow(width: float, precision: float) -> bool:
    """Whether an interval is narrow enough; both are half-widths, as shares."""
    return width <= precision


def widest(
    workload: Workload, passes: Iterable[Pass], *, without: Container[str]
) -> float:
    """Half of the widest interval among a workload's ratios, as a share of it."""
    return max(member_widths(workload, passes, without=without).values(), default=0.0)


def member_widths(
    workload: Workload, passes: Iterable[Pass], *, without: Container[str]
) -> Mapping[str, float]:
    """The same for each member: see `widths_of`.

    `without`: ids of members that ended, whose ratios get no narrower.
    """
    done = sorted(passes, key=lambda one: one.launch)
    turns = {
        case.id: [one.turns[case.id] for one in done if case.id in one.turns]
        for case in workload.members
        if case.id not in without
    }
    return widths_of(workload, turns, [one.yardstick for one in done])


def widths_of(
    workload: Workload,
    turns: Mapping[str, Sequence[Turns]],
    yardstick: Sequence[Turns],
) -> Mapping[str, float]:
    """Half of a member's widest interval, by its id: over its ratios to references.

    `turns`: of the members that count, by their ids. One that is in no ratio is
    compared with the yardstick. Infinite under two launches.
    """
    widths: dict[str, float] = {}
    for pair in workload.pairs():
        candidate, baseline = pair.candidate.id, pair.baseline.id
        if candidate in turns and baseline in turns:
            width = relative_width(turns[candidate], turns[baseline])
            widths[candidate] = max(widths.get(candidate, 0.0), width)
            widths.setdefault(baseline, 0.0)
    for case, own in turns.items():
        if case not in widths:
            widths[case] = relative_width(own, yardstick)
    return widths


def relative_width(candidate: Sequence[Turns], baseline: Sequence[Turns]) -> float:
    """Half the width of the ratio's interval as a share of the ratio."""
    logs = [
        log_ratio(ours.seconds, theirs.seconds)
        for ours, theirs in paired(candidate, baseline)
    ]
    if len(logs) < 2:
        return math.inf
    interval = ratio_interval(logs)
    return interval.half_width / interval.estimate
