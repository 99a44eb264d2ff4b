"""Ratios of a run with their intervals and verdicts, and absolute times of cases."""

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

# A difference of 2 % matters to nobody, and is about the smallest that this harness can
# resolve: half-widths of its intervals over launches are 1 to 2 % (measured).
TIE = 1.02

# Axes that are set when a process starts. Cases that differ in one are in different
# processes, so that they belong to no common workload and no common round.
OF_A_PROCESS = ("threads", "allocator")


class Verdict(StrEnum):
    """Position of a ratio's interval, for time and for memory."""

    FASTER = "faster"
    SLOWER = "slower"
    LESS = "less"
    MORE = "more"
    TIE = "tie"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Ratio:
    """The candidate's value of `metric` divided by the baseline's, with its interval.

    `logs`: number and log-ratio of each launch that measured both. It is empty for
    memory, which is read once and without noise (its interval is the ratio itself), and
    for cases that were measured in different processes.
    """

    pair: Pair
    workload: str
    metric: Metric
    interval: Interval
    verdict: Verdict
    logs: tuple[tuple[int, float], ...] = ()


def ratios(run: Run) -> tuple[Ratio, ...]:
    """Every ratio of the run, in the order of its cases, time before memory."""
    results = {result.case: result for result in run.results}
    found: list[Ratio] = []
    for pair in pairs_of(run):
        candidate, baseline = results[pair.candidate], results[pair.baseline]
        if ratio := time_ratio(pair, candidate, baseline):
            found.append(ratio)
        found += _of_memory(pair, candidate, baseline)
    for axis in OF_A_PROCESS:
        for pair in _apart(results, axis):
            candidate, baseline = results[pair.candidate], results[pair.baseline]
            found += _of_time_apart(pair, candidate, baseline)
            found += _of_memory(pair, candidate, baseline)
    return tuple(found)


def pairs_of(run: Run) -> tuple[Pair, ...]:
    """The pairs of all workloads of the run, in the order of its cases."""
    cases = [result.case for result in run.results]
    workloads = group(cases, run.sweep.compare)
    return tuple(pair for workload in workloads for pair in workload.pairs())


def time_ratio(pair: Pair, candidate: Result, baseline: Result) -> Ratio | None:
    """The ratio of two results of one workload; None where no launch has both."""
    logs = launch_log_ratios(candidate, baseline)
    if not logs:
        return None
    interval = ratio_interval([value for _, value in logs])
    return Ratio(pair, candidate.workload, TIME, interval, judge(interval), logs)


def launch_log_ratios(
    candidate: Result, baseline: Result
) -> tuple[tuple[int, float], ...]:
    """Number and log-ratio of each launch that measured both in the same rounds."""
    return tuple(
        (first.launch, log_ratio(first.seconds, second.seconds))
        for first, second in paired(candidate.turns, baseline.turns)
        # Otherwise it is unknown which turns were taken in the same round.
        if len(first.seconds) == len(second.seconds)
    )


def judge(interval: Interval, metric: Metric = TIME) -> Verdict:
    """The verdict of an interval; a wide interval around 1 is no tie."""
    if interval.low >= 1 / TIE and interval.high <= TIE:
        return Verdict.TIE
    if interval.high < 1:
        return Verdict.FASTER if metric is TIME else Verdict.LESS
    if interval.low > 1:
        return Verdict.SLOWER if metric is TIME else Verdict.MORE
    return Verdict.UNDECIDED


def pooled(group_of: Sequence[Ratio]) -> Interval | None:
    """Geometric mean of ratios, with its interval over launches.

    The deviation of a launch is the mean over the ratios that it measured, so that
    ratios from one process count as one observation. Launches with fewer than half of
    the ratios are left out of the interval. The interval is for the mean over these
    workloads, which were chosen and not sampled. None where no launch has half of the
    ratios.
    """
    if not group_of:
        return None
    if all(ratio.metric is PEAK_MEMORY for ratio in group_of):
        mean = math.exp(fmean(math.log(each.interval.estimate) for each in group_of))
        return Interval(mean, mean, mean, 1)
    by_launch = [dict(ratio.logs) for ratio in group_of]
    counts = Counter(launch for logs in by_launch for launch in logs)
    used = [launch for launch, count in counts.items() if 2 * count >= len(by_launch)]
    if not used:
        return None
    means = [fmean(logs.values()) for logs in by_launch]
    deviations = [
        fmean(
            logs[launch] - mean
            for logs, mean in zip(by_launch, means, strict=True)
            if launch in logs
        )
        for launch in used
    ]
    # The mean is then that of the ratios as printed, each over all its launches.
    centre = fmean(means) - fmean(deviations)
    return ratio_interval([centre + deviation for deviation in deviations])


def absolute(turns: Iterable[Turns]) -> Interval | None:
    """Seconds per call: geometric mean of the launches' estimates, with its interval.

    Being geometric, the mean lies inside its interval, and the quotient of two times is
    near their ratio. None where nothing was measured.
    """
    logs = launch_logs(turns)
    return ratio_interval(logs) if logs else None


def launch_logs(turns: Iterable[Turns]) -> list[float]:
    """Logarithm of the seconds of a call in each undisturbed launch."""
    return [launch_log(launch.seconds) for launch in calm(turns)]


def backend(case: Case) -> str:
    """State of the switch that chooses the backend of `case`, in words."""
    if case.device is Device.CUDA:
        return "cuDNN on" if case.cudnn else "cuDNN off"
    return "oneDNN on" if case.onednn else "oneDNN off"


def _apart(cases: Iterable[Case], axis: str) -> list[Pair]:
    """Pairs of cases that differ in `axis` only; the baseline has its default value."""
    known = dict.fromkeys(cases)
    if len({getattr(case, axis) for case in known}) < 2:
        return []
    default = DEFAULTS[axis]
    if axis == "threads":
        default = min(case.threads for case in known)
    return [
        Pair(axis, case, twin)
        for case in known
        if getattr(case, axis) != default
        and (twin := replace(case, **{axis: default})) in known
    ]


def _of_time_apart(pair: Pair, candidate: Result, baseline: Result) -> list[Ratio]:
    over, under = launch_logs(candidate.turns), launch_logs(baseline.turns)
    if not over or not under:
        return []
    interval = unpaired_ratio_interval(over, under)
    return [Ratio(pair, candidate.workload, TIME, interval, judge(interval))]


def _of_memory(pair: Pair, candidate: Result, baseline: Result) -> list[Ratio]:
    # A peak of 0 is possible, but gives no ratio.
    if not candidate.peak_memory or not baseline.peak_memory:
        return []
    share = candidate.peak_memory / baseline.peak_memory
    interval = Interval(share, share, share, 1)
    verdict = judge(interval, PEAK_MEMORY)
    return [Ratio(pair, candidate.workload, PEAK_MEMORY, interval, verdict)]
