"""Attribution of a ratio of two layers: the layers themselves, or the backend."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import fmean

from rnnbench.analysis.ratio import Ratio, pooled
from rnnbench.analysis.stats import Interval, ratio_interval
from rnnbench.model.case import Case, Device
from rnnbench.model.metric import TIME, Metric


@dataclass(frozen=True, slots=True)
class Attribution:
    """The ratio of two layers with the backend's fused kernels on, and with them off.

    Attributes:
        switch: name of the backend.
        count: number of pairs that were measured both ways; all ratios are means of
            these.
        default: the ratio with the backend on.
        alike: the ratio with the backend off, where both layers run unfused code.
        backend: `default` divided by `alike`, the part of the ratio that the backend
            adds.

    """

    switch: str
    count: int
    default: Interval
    alike: Interval
    backend: Interval


def attribute(found: Iterable[Ratio], metric: Metric = TIME) -> Attribution | None:
    """Attribution of ratios of one pair of layers.

    None where no launch measured all of them both ways.
    """
    both = both_ways(found, metric)
    if not both:
        return None
    default = pooled([on for on, _ in both])
    alike = pooled([off for _, off in both])
    quotient = _quotient(both) if metric is TIME else _exact(default, alike)
    if default is None or alike is None or quotient is None:
        return None
    switch = _switch(both[0][0].pair.baseline)
    return Attribution(switch, len(both), default, alike, quotient)


def both_ways(found: Iterable[Ratio], metric: Metric) -> list[tuple[Ratio, Ratio]]:
    """Ratios with the backend on, each with the same ratio with the backend off."""
    ratios = [ratio for ratio in found if ratio.metric is metric]
    off = {_key(ratio): ratio for ratio in ratios if not _fused(ratio)}
    return [
        (ratio, off[_key(ratio)])
        for ratio in ratios
        if _fused(ratio) and _key(ratio) in off
    ]


def _quotient(both: list[tuple[Ratio, Ratio]]) -> Interval | None:
    """The mean quotient, computed within launches: what both ratios share cancels."""
    logs = [(dict(on.logs), dict(off.logs)) for on, off in both]
    common = set.intersection(*(set(on) & set(off) for on, off in logs))
    if not common:
        return None
    return ratio_interval(
        [
            fmean(on[launch] - off[launch] for on, off in logs)
            for launch in sorted(common)
        ]
    )


def _exact(default: Interval | None, alike: Interval | None) -> Interval | None:
    """The quotient of memory, which is read without noise."""
    if default is None or alike is None:
        return None
    share = default.estimate / alike.estimate
    return Interval(share, share, share, 1)


def _fused(ratio: Ratio) -> bool:
    case = ratio.pair.baseline
    return case.cudnn if case.device is Device.CUDA else case.onednn


def _key(ratio: Ratio) -> tuple[Case, Case]:
    """Both cases without the switch, which may not apply to the candidate."""
    return _switched_on(ratio.pair.candidate), _switched_on(ratio.pair.baseline)


def _switched_on(case: Case) -> Case:
    if case.device is Device.CUDA:
        return replace(case, cudnn=True)
    return replace(case, onednn=True)


def _switch(case: Case) -> str:
    return "cuDNN" if case.device is Device.CUDA else "oneDNN"
