"""The widths of the intervals of a run, compared with the requested width."""

import math
from collections import Counter
from dataclasses import dataclass
from statistics import median

from rnnbench.report.view import RunView

_BINS = 40
# A wider interval does not even give the order of magnitude of the ratio.
_RESOLVED = 1.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the histogram: its position and height, in per cent."""

    x: float
    height: float
    is_within: bool


@dataclass(frozen=True, slots=True)
class Precision:
    """Half-widths of all intervals of time, as shares of their ratio.

    `of`: all ratios; `within`: those as narrow as asked for; `alone`: those of a single
    launch, which have no interval. `median` and `widest`: of those that have one.
    `unresolved`: those beyond ±100 %.
    """

    target: float
    of: int
    within: int
    alone: int
    median: float
    widest: float
    unresolved: int
    launches: tuple[int, int]
    bars: tuple[Bar, ...]
    target_x: float

    @property
    def widest_words(self) -> str:
        """The widest intervals, as the end of a sentence.

        A width has enough digits to differ from the requested one.
        """
        if count := self.unresolved:
            are = "is" if count == 1 else "are"
            need = "needs" if count == 1 else "need"
            return (
                f"{count} {are} not resolved (beyond ±100 %) and {need} more launches"
            )
        text = share(self.widest)
        is_over = self.widest > self.target and text == share(self.target)
        return f"the widest within {share(self.widest, 2) if is_over else text}"

    @property
    def median_words(self) -> str:
        """The width that half of the intervals have at most."""
        if self.median > _RESOLVED:
            return "At least half of them are not resolved"
        return f"Half of them are within {share(self.median)}"

    @property
    def is_reached(self) -> bool:
        """Whether every interval is as narrow as requested."""
        return self.within == self.of


def precision_of(view: RunView) -> Precision | None:
    """The widths of the intervals of time; None where there is no ratio."""
    intervals = [ratio.interval for ratio in view.times]
    if not intervals:
        return None
    target = view.run.sweep.policy.precision
    widths = sorted(
        one.half_width / one.estimate for one in intervals if math.isfinite(one.high)
    )
    widest = min(widths[-1], _RESOLVED) if widths else 0.0
    top = max(1.25 * target, 1.05 * widest)
    counts = [one.count for one in intervals]
    return Precision(
        target=target,
        of=len(intervals),
        within=sum(width <= target for width in widths),
        alone=len(intervals) - len(widths),
        median=median(widths) if widths else math.inf,
        widest=widths[-1] if widths else math.inf,
        unresolved=sum(width > _RESOLVED for width in widths),
        launches=(min(counts), max(counts)),
        bars=_bars(widths, target, top),
        target_x=round(100 * target / top, 2),
    )


def share(value: float, digits: int = 1) -> str:
    """A half-width for people: ±1.1 %."""
    text = f"{100 * value:.{digits}f}".removesuffix(".0")
    return f"±{text} %" if math.isfinite(value) else "unbounded"


def _bars(widths: list[float], target: float, top: float) -> tuple[Bar, ...]:
    bins = Counter(min(_BINS - 1, int(_BINS * width / top)) for width in widths)
    peak = max(bins.values(), default=1)
    return tuple(
        Bar(
            x=100 * place / _BINS,
            height=round(100 * count / peak, 1),
            is_within=(place + 0.5) / _BINS * top <= target,
        )
        for place, count in sorted(bins.items())
    )
