"""Whether a workload's intervals are narrow enough."""

import math
from collections.abc import Container, Iterable, Mapping, Sequence

from rnnbench.analysis.launch_estimate import log_ratio
from rnnbench.analysis.stats import ratio_interval
from rnnbench.model.run import Turns, paired
from rnnbench.model.workload import Workload
from rnnbench.runner.journal import Pass


def widest(
    workload: Workload, passes: Iterable[Pass], *, without: Container[str]
) -> float:
    """Half of the widest interval among the workload's ratios, as a share of the ratio.

    Stopping looks at this alone, never at which side of 1 a ratio lies: looking again
    until a difference shows makes one out of noise (Armitage, McPherson & Rowe 1969).
    """
    return max(member_widths(workload, passes, without=without).values(), default=0.0)


def member_widths(
    workload: Workload, passes: Iterable[Pass], *, without: Container[str]
) -> Mapping[str, float]:
    """The same for each member, by its id: over the ratios of it to its references.

    A member that stands in no ratio is held against the yardstick. `without`: ids of
    members that ended, whose ratios get no narrower. Infinite under two launches.
    """
    done = sorted(passes, key=lambda one: one.launch)
    turns = {
        case.id: [one.turns[case.id] for one in done if case.id in one.turns]
        for case in workload.members
        if case.id not in without
    }
    widths: dict[str, float] = {}
    for pair in workload.pairs():
        candidate, baseline = pair.candidate.id, pair.baseline.id
        if candidate in turns and baseline in turns:
            width = relative_width(turns[candidate], turns[baseline])
            widths[candidate] = max(widths.get(candidate, 0.0), width)
            widths.setdefault(baseline, 0.0)
    yardstick = [one.yardstick for one in done]
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
