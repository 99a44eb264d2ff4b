"""The size at and above which one side of a pair is faster."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rnnbench.analysis.labels import nominal, varying_sizes
from rnnbench.analysis.ratio import Ratio
from rnnbench.analysis.stats import Interval

# Fewer sizes show no trend.
_LEAST = 3


@dataclass(frozen=True, slots=True)
class Crossover:
    """The smallest measured `value` of `axis` at and above which one side is faster.

    `interval`: the ratio at that value. There and at every larger value, the whole
    interval is on the same side of 1; at the next smaller one it is not.
    """

    axis: str
    value: int
    interval: Interval

    @property
    def is_candidates(self) -> bool:
        """Whether the candidate is the faster side."""
        return self.interval.high < 1

    @property
    def share(self) -> Interval:
        """Time of the faster side at that value, as a share of the other side's."""
        ratio = self.interval
        if self.is_candidates:
            return ratio
        return Interval(1 / ratio.estimate, 1 / ratio.high, 1 / ratio.low, ratio.count)


def crossover(ratios: Sequence[Ratio]) -> Crossover | None:
    """The crossover of the ratios of one pair of values.

    None where they differ in no size or in several, and where no such size exists.
    """
    varied = varying_sizes([one.pair.baseline for one in ratios])
    if len(varied) != 1 or len(ratios) < _LEAST:
        return None
    (axis,) = varied
    ordered = sorted(ratios, key=lambda one: _size(one, axis), reverse=True)
    # From the largest size down, as long as the same side is faster.
    side, same = next(groupby(ordered, key=lambda one: _side(one.interval)))
    last = list(same)
    if not side or len(last) == len(ordered):
        return None
    return Crossover(axis, _size(last[-1], axis), last[-1].interval)


def _size(ratio: Ratio, axis: str) -> int:
    return nominal(ratio.pair.baseline, axis)


def _side(interval: Interval) -> int:
    """-1 where the candidate is faster, 1 where the baseline is, else 0."""
    return (interval.low > 1) - (interval.high < 1)
