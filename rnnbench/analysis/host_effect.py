"""The host effect: how much ratios vary between the hosts of a fleet.

A random effects model of one factor (Searle, Casella & McCulloch 1992, Variance
Components, 3.6): a launch's log-ratio is the sum of a mean, of an effect of its host,
and of an effect of the launch.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from rnnbench.analysis.ratio import Ratio
from rnnbench.model.case import Case
from rnnbench.model.run import Run


@dataclass(frozen=True, slots=True)
class HostShare:
    """A host: its number of launches, and how far its ratios lie from the mean.

    `deviation`: mean over ratios of the log-ratio on this host minus that of all hosts.
    """

    host: str
    launches: int
    deviation: float


@dataclass(frozen=True, slots=True)
class HostEffect:
    """Spread of log-ratios between hosts and between launches of one host.

    Both are standard deviations, from the mean variances over `ratios` ratios. None:
    unknown, because no ratio has several hosts (`between`), or several launches of one
    host as well.
    """

    hosts: tuple[HostShare, ...]
    between: float | None
    within: float | None
    ratios: int


def host_effect(run: Run, ratios: Iterable[Ratio]) -> HostEffect | None:
    """The effect of hosts on ratios of time; None for a run without hosts."""
    host_of = {
        (result.case, turns.launch): turns.host
        for result in run.results
        for turns in result.turns
        if turns.host
    }
    if not host_of:
        return None
    by_host = [
        grouped
        for ratio in ratios
        if (grouped := _by_host(ratio, host_of)) and len(grouped) > 1
    ]
    parts = [each for grouped in by_host if (each := _variances(grouped.values()))]
    return HostEffect(
        hosts=_shares(set(host_of.values()), run, by_host),
        between=math.sqrt(max(fmean(one for one, _ in parts), 0)) if parts else None,
        within=math.sqrt(fmean(one for _, one in parts)) if parts else None,
        ratios=len(parts),
    )


def _by_host(
    ratio: Ratio, host_of: Mapping[tuple[Case, int], str]
) -> dict[str, list[float]]:
    """The log-ratios of each host; of launches without a host there is none."""
    found: dict[str, list[float]] = {}
    for launch, value in ratio.logs:
        if host := host_of.get((ratio.pair.candidate, launch)):
            found.setdefault(host, []).append(value)
    return found


def _variances(groups: Iterable[Sequence[float]]) -> tuple[float, float] | None:
    """Variance between and within groups, by analysis of variance.

    That between groups is unbiased, and so it can be negative. None where no group has
    two values.
    """
    groups = list(groups)
    count = sum(map(len, groups))
    if count == len(groups):
        return None
    mean = fmean(value for group in groups for value in group)
    inside = sum((value - fmean(group)) ** 2 for group in groups for value in group)
    within = inside / (count - len(groups))
    outside = sum(len(group) * (fmean(group) - mean) ** 2 for group in groups)
    size = (count - sum(len(group) ** 2 for group in groups) / count) / (
        len(groups) - 1
    )
    return (outside / (len(groups) - 1) - within) / size, within


def _shares(
    hosts: Iterable[str], run: Run, by_host: Sequence[dict[str, list[float]]]
) -> tuple[HostShare, ...]:
    """A row for each host, by its name."""
    launches = {
        (turns.host, turns.launch) for result in run.results for turns in result.turns
    }
    return tuple(
        HostShare(
            host,
            sum(one == host for one, _ in launches),
            fmean(found) if (found := list(_deviations(host, by_host))) else 0.0,
        )
        for host in sorted(hosts)
    )


def _deviations(
    host: str, by_host: Iterable[dict[str, list[float]]]
) -> Iterator[float]:
    """Of each ratio: the mean of a host minus the mean of the hosts' means."""
    for grouped in by_host:
        if host in grouped:
            yield fmean(grouped[host]) - fmean(map(fmean, grouped.values()))
