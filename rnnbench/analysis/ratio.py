"""What the turns of a run say: ratios of pairs, their verdicts, and times of cases."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import fmean

from rnnbench.analysis.launch_estimate import launch_log, log_ratio
from rnnbench.analysis.stats import Interval, ratio_interval, unpaired_ratio_interval
from rnnbench.model.case import DEFAULTS, Case, Device
from rnnbench.model.metric import PEAK_MEMORY, TIME, Metric
from rnnbench.model.run import Result, Run, Turns, calm, paired
from rnnbench.model.workload import Pair, group

# A difference of 2 % decides nothing for anyone, and is what a good interval of this
# harness can still tell (its half-width over launches; measured: 1 to 2 %).
TIE = 1.02

# What a process is started with: two cases that differ in it never share one, so they
# are no members of one workload, and their turns meet in no round.
OF_A_PROCESS = ("threads", "allocator")


class Verdict(StrEnum):
    """Where the interval of a ratio lies; of time, and of memory."""

    FASTER = "faster"
    SLOWER = "slower"
    LESS = "less"
    MORE = "more"
    TIE = "tie"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Ratio:
    """What the first of a pair takes of `metric` as a share of what the second takes.

    `logs`: for each launch in which both were measured, the log-ratio. Memory is read
    once and without noise: its interval is the ratio itself, and it has no `logs`. Nor
    have two that were measured in different processes.
    """

    pair: Pair
    workload: str
    metric: Metric
    interval: Interval
    verdict: Verdict
    logs: tuple[tuple[int, float], ...] = ()


def ratios(run: Run) -> tuple[Ratio, ...]:
    """Every ratio that the run holds, in the order of its cases, time before memory."""
    results = {result.case: result for result in run.results}
    found: list[Ratio] = []
    for workload in group(results, run.sweep.compare):
        name = workload.id
        for pair in workload.pairs():
            ours, theirs = results[pair.candidate], results[pair.baseline]
            found += _of_time(pair, name, ours, theirs)
            found += _of_memory(pair, name, ours, theirs)
    for axis in OF_A_PROCESS:
        for pair in _apart(results, axis):
            ours, theirs = results[pair.candidate], results[pair.baseline]
            found += _of_time_apart(pair, ours, theirs)
            found += _of_memory(pair, ours.workload, ours, theirs)
    return tuple(found)


def judge(interval: Interval, metric: Metric = TIME) -> Verdict:
    """The word for where the interval lies; noise is never called a tie."""
    if interval.low >= 1 / TIE and interval.high <= TIE:
        return Verdict.TIE
    if interval.high < 1:
        return Verdict.FASTER if metric is TIME else Verdict.LESS
    if interval.low > 1:
        return Verdict.SLOWER if metric is TIME else Verdict.MORE
    return Verdict.UNDECIDED


def pooled(group_of: Sequence[Ratio]) -> Interval | None:
    """The geometric mean of ratios, with an interval over launches.

    What a launch is off by is taken over the ratios that it measured, so that ratios
    which share its process count as one witness; launches that have but few of them
    widen nothing and count for nothing. The interval is of the mean over these very
    workloads, not over all that there could be: they are chosen, not drawn. None where
    no launch has half of them.
    """
    if not group_of:
        return None
    if all(ratio.metric is PEAK_MEMORY for ratio in group_of):
        mean = math.exp(fmean(math.log(one.interval.estimate) for one in group_of))
        return Interval(mean, mean, mean, 1)
    by_launch = [dict(ratio.logs) for ratio in group_of]
    counts = Counter(launch for logs in by_launch for launch in logs)
    used = [one for one, count in counts.items() if 2 * count >= len(by_launch)]
    if not used:
        return None
    means = [fmean(logs.values()) for logs in by_launch]
    off = [
        fmean(
            logs[launch] - mean
            for logs, mean in zip(by_launch, means, strict=True)
            if launch in logs
        )
        for launch in used
    ]
    # So that the mean is of the ratios as they are printed, each with all its launches.
    centre = fmean(means) - fmean(off)
    return ratio_interval([centre + each for each in off])


def absolute(turns: Iterable[Turns]) -> Interval | None:
    """Seconds per call: of each launch its `launch_log`, over launches as a ratio is.

    A geometric mean, so that the estimate lies inside its own interval and a ratio of
    two times is near the ratio that is told. None where nothing was measured.
    """
    logs = _launch_logs(turns)
    return ratio_interval(logs) if logs else None


def backend(case: Case) -> str:
    """The switch that chooses the code under the layer, as it stands for `case`."""
    if case.device is Device.CUDA:
        return "cuDNN on" if case.cudnn else "cuDNN off"
    return "oneDNN on" if case.onednn else "oneDNN off"


def _of_time(pair: Pair, workload: str, ours: Result, theirs: Result) -> list[Ratio]:
    logs = [
        (mine.launch, log_ratio(mine.seconds, other.seconds))
        for mine, other in paired(ours.turns, theirs.turns)
        # Turns that are not as many as the rounds belong to no known rounds.
        if len(mine.seconds) == len(other.seconds)
    ]
    if not logs:
        return []
    interval = ratio_interval([value for _, value in logs])
    return [Ratio(pair, workload, TIME, interval, judge(interval), tuple(logs))]


def _apart(cases: Iterable[Case], axis: str) -> list[Pair]:
    """Cases against their twins that differ in `axis` alone and are plain there."""
    every = list(cases)
    if len({getattr(case, axis) for case in every}) < 2:
        return []
    plain = DEFAULTS[axis]
    if axis == "threads":
        plain = min(case.threads for case in every)
    known = set(every)
    return [
        Pair(axis, case, twin)
        for case in every
        if getattr(case, axis) != plain
        and (twin := replace(case, **{axis: plain})) in known
    ]


def _of_time_apart(pair: Pair, ours: Result, theirs: Result) -> list[Ratio]:
    mine, other = _launch_logs(ours.turns), _launch_logs(theirs.turns)
    if not mine or not other:
        return []
    interval = unpaired_ratio_interval(mine, other)
    return [Ratio(pair, ours.workload, TIME, interval, judge(interval))]


def _launch_logs(turns: Iterable[Turns]) -> list[float]:
    return [launch_log(each.seconds) for each in calm(turns)]


def _of_memory(pair: Pair, workload: str, ours: Result, theirs: Result) -> list[Ratio]:
    mine, other = ours.peak_memory, theirs.peak_memory
    # Nothing added is a possible reading, but no base of a ratio.
    if not mine or not other or mine < 0 or other < 0:
        return []
    share = mine / other
    interval = Interval(share, share, share, 1)
    verdict = judge(interval, PEAK_MEMORY)
    return [Ratio(pair, workload, PEAK_MEMORY, interval, verdict)]
