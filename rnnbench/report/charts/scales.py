"""The scales of a drawing: how far they reach, and where their ticks stand."""

import math
from collections.abc import Callable, Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from rnnbench.analysis.stats import Interval
from rnnbench.model.metric import Metric

Limits = tuple[float, float]

_RATIOS = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5),
    *(2, 3, 5, 7, 10, 20, 30, 50, 100, 200, 500, 1000),
)
# Of an axis at the size of a panel: what a digit of a tick takes, and a gap.
_DIGIT, _GAP = 0.045, 0.05


def ratio_limits(intervals: Iterable[Interval]) -> Limits:
    """A scale that holds 1 and every estimate, and of wide intervals a good part."""
    return _around([Interval(1, 0.95, 1.05, 1), *intervals], 1.06)


def absolute_limits(intervals: Iterable[Interval]) -> Limits:
    """A scale that holds every estimate, and of wide intervals a good part."""
    return _around(list(intervals), 1.25)


def arms(interval: Interval, limits: Limits) -> Limits:
    """How far a bar reaches down and up; one without an end reaches the edge."""
    low, high = max(interval.low, limits[0]), min(interval.high, limits[1])
    return max(interval.estimate - low, 0), max(high - interval.estimate, 0)


def height_in(value: float, limits: Limits) -> float:
    """Where `value` stands on a logarithmic scale: 0 at its foot, 1 at its top."""
    return math.log(value / limits[0]) / math.log(limits[1] / limits[0])


def ratio_ticks(axis: Axis, limits: Limits, most: int) -> None:
    """1, and on both sides of it ratios that people say."""
    ticks = [value for value in _RATIOS if limits[0] <= value <= limits[1]]
    ticks = _from_one(ticks, math.log(limits[1] / limits[0]) / most)
    _set(axis, ticks, [f"{value:g}" for value in ticks])


def unit_ticks(axis: Axis, limits: Limits, metric: Metric, most: int) -> None:
    """Round values of a metric, each with its unit."""
    ticks = _powers_of_two(limits, most) if metric.binary else _decades(limits, most)
    _set(axis, ticks, [_with_unit(metric, value) for value in ticks])


def size_ticks(axes: Axes, values: Iterable[float]) -> None:
    """The sizes that were measured; on a log axis where they span a factor of 4."""
    sizes = sorted(values)
    scale: Callable[[float], float] = float
    if sizes[0] > 0 and sizes[-1] / sizes[0] >= 4:
        axes.set_xscale("log")
        scale = math.log
    share = _GAP + _DIGIT * max(len(f"{value:g}") for value in sizes)
    apart = share * (scale(sizes[-1]) - scale(sizes[0]))
    ticks: list[float] = []
    # Of two that are too near to each other the power of two is the one to name.
    for value in sorted(sizes, key=lambda size: not math.log2(size or 3).is_integer()):
        if all(abs(scale(value) - scale(other)) >= apart for other in ticks):
            ticks.append(value)
    _set(axes.xaxis, ticks, [f"{value:g}" for value in ticks])
    axes.margins(x=0.08)


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Ascending heights moved apart to `gap`: up, and back where the top is reached."""
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + gap) if moved else max(height, 0.0))
    ceiling = 1.0
    for index in reversed(range(len(moved))):
        moved[index] = min(moved[index], ceiling)
        ceiling = moved[index] - gap
    return moved


def _around(shown: Sequence[Interval], margin: float) -> Limits:
    low = min(max(one.low, one.estimate / 1.5) for one in shown)
    high = max(min(one.high, one.estimate * 1.5) for one in shown)
    return low / margin, high * margin


def _from_one(ticks: Sequence[float], least: float) -> list[float]:
    """1, and outwards from it what is far enough from the tick before."""
    kept = [1.0]
    for side in (
        [value for value in ticks if value > 1],
        [value for value in reversed(ticks) if value < 1],
    ):
        last = 1.0
        for value in side:
            if abs(math.log(value / last)) >= least:
                kept.append(value)
                last = value
    return sorted(kept)


def _decades(limits: Limits, most: int) -> list[float]:
    low, high = math.floor(math.log10(limits[0])), math.ceil(math.log10(limits[1]))
    ticks: list[float] = []
    for steps in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [
            step * 10.0**power
            for power in range(low, high + 1)
            for step in steps
            if limits[0] <= step * 10.0**power <= limits[1]
        ]
        if len(ticks) <= most:
            return ticks
    return ticks[:: -(-len(ticks) // most)]


def _powers_of_two(limits: Limits, most: int) -> list[float]:
    low, high = math.ceil(math.log2(limits[0])), math.floor(math.log2(limits[1]))
    powers = range(low, high + 1)
    if len(powers) < 2:
        steps = [quarter / 4 * 2.0 ** (low - 1) for quarter in (4, 5, 6, 7, 8, 10, 12)]
        return [step for step in steps if limits[0] <= step <= limits[1]]
    stride = max(-(-len(powers) // most), 1)
    return [2.0**power for power in powers if power % stride == 0]


def _with_unit(metric: Metric, value: float) -> str:
    factor, unit = metric.scale(value)
    return f"{value / factor:.3g} {unit}"


def _set(axis: Axis, ticks: Sequence[float], words: Sequence[str]) -> None:
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_major_formatter(FixedFormatter(list(words)))
    axis.set_minor_locator(NullLocator())
