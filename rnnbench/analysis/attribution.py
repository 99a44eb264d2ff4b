"""How much of a ratio of two layers is the cell's, and how much the backend's."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import fmean

from rnnbench.analysis.ratio import Ratio, pooled
from rnnbench.analysis.stats import Interval, ratio_interval
from rnnbench.model.case import Case, Device
from rnnbench.model.metric import TIME, Metric


@dataclass(frozen=True, slots=True)
class Attribution:
    """Two layers with the backend as it comes, and with its fused kernels off.

    `backend` is the first divided by the second: what the backend alone adds to the
    ratio. All three are means over `count` pairs that were measured both ways.
    """

    switch: str
    count: int
    default: Interval
    alike: Interval
    backend: Interval


def attribute(found: Iterable[Ratio], metric: Metric = TIME) -> Attribution | None:
    """Of ratios of one pair of layers; None where no launch measured all both ways."""
    both = both_ways(found, metric)
    if not both:
        return None
    default, alike = pooled([one for one, _ in both]), pooled([one for _, one in both])
    quotient = _quotient(both) if metric is TIME else _exact(default, alike)
    if default is None or alike is None or quotient is None:
        return None
    switch = _switch(both[0][0].pair.baseline)
    return Attribution(switch, len(both), default, alike, quotient)


def both_ways(found: Iterable[Ratio], metric: Metric) -> list[tuple[Ratio, Ratio]]:
    """Ratios with the backend as it comes, each beside the same with it off."""
    ratios = [ratio for ratio in found if ratio.metric is metric]
    off = {_key(ratio): ratio for ratio in ratios if not _fused(ratio)}
    return [
        (ratio, off[_key(ratio)])
        for ratio in ratios
        if _fused(ratio) and _key(ratio) in off
    ]


def _quotient(both: list[tuple[Ratio, Ratio]]) -> Interval | None:
    """Within each launch, so that what the two ratios share cancels."""
    logs = [(dict(one.logs), dict(other.logs)) for one, other in both]
    common = set.intersection(*(set(one) & set(other) for one, other in logs))
    if not common:
        return None
    return ratio_interval(
        [
            fmean(one[launch] - other[launch] for one, other in logs)
            for launch in sorted(common)
        ]
    )


def _exact(over: Interval | None, under: Interval | None) -> Interval | None:
    """Of memory, which is read without noise."""
    if over is None or under is None:
        return None
    share = over.estimate / under.estimate
    return Interval(share, share, share, 1)


def _fused(ratio: Ratio) -> bool:
    case = ratio.pair.baseline
    return case.cudnn if case.device is Device.CUDA else case.onednn


def _key(ratio: Ratio) -> tuple[Case, Case]:
    """Both members less the switch: the candidate's may mean nothing."""
    return _switched_on(ratio.pair.candidate), _switched_on(ratio.pair.baseline)


def _switched_on(case: Case) -> Case:
    if case.device is Device.CUDA:
        return replace(case, cudnn=True)
    return replace(case, onednn=True)


def _switch(case: Case) -> str:
    return "cuDNN" if case.device is Device.CUDA else "oneDNN"
