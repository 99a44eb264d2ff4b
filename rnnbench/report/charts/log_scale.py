"""Logarithmic axes: limits that hold what was measured, ticks at round values."""

import math
from collections.abc import Callable, Iterable

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedFormatter, FixedLocator, LogLocator, NullLocator

from rnnbench.analysis.stats import Interval

Limits = tuple[float, float]

# Differences within 15 % of 1 are to look as small as they are.
_NARROWEST = (0.85, 1.18)
# Ticks in a decade, for an axis of at most so many decades.
_TICKS = (
    (0.5, (1, 1.1, 1.25, 1.5, 2, 3, 5, 7, 8, 9)),
    (1.2, (1, 1.5, 2, 3, 5, 7)),
    (2.2, (1, 2, 5)),
    (3.2, (1, 3)),
    (math.inf, (1,)),
)


def ratio_axis(axes: Axes, name: str, values: Iterable[float]) -> Limits:
    """Set the x or y axis around 1 and all ratios; returns its limits."""
    return log_axis(axes, name, [*_NARROWEST, *values], "{:g}×".format)


def log_axis(
    axes: Axes,
    name: str,
    values: Iterable[float],
    word: Callable[[float], str] = "{:g}".format,
) -> Limits:
    """Set the x or y axis around all values, which are positive; returns its limits.

    `word`: the label of a tick.
    """
    every = list(values)
    room = 1.05 * (max(every) / min(every)) ** 0.05
    low, high = limits = min(every) / room, max(every) * room
    reach = math.log10(high / low)
    subs = next(subs for most, subs in _TICKS if reach <= most)
    ticks = LogLocator(subs=subs).tick_values(low, high)
    axes.set(**{f"{name}scale": "log", f"{name}lim": limits})
    axis = axes.xaxis if name == "x" else axes.yaxis
    _set_ticks(axis, [tick for tick in ticks if low <= tick <= high], word)
    return limits


def size_axis(axes: Axes, values: Iterable[float], most: int = 6) -> None:
    """Ticks at some of the sizes; logarithmic from a factor of 4 on."""
    sizes = sorted(set(values))
    is_log = sizes[0] > 0 and sizes[-1] >= 4 * sizes[0]
    axes.set_xscale("log" if is_log else "linear")
    axes.margins(x=0.1)
    _set_ticks(axes.xaxis, sizes[:: -(-len(sizes) // most)], "{:g}".format)


def arms(intervals: Iterable[Interval], limits: Limits) -> tuple[list[float], ...]:
    """The lengths of error bars, down and up; they end where the axis ends."""
    every = list(intervals)
    down = [one.estimate - max(one.low, limits[0]) for one in every]
    up = [min(one.high, limits[1]) - one.estimate for one in every]
    return [max(0.0, size) for size in down], [max(0.0, size) for size in up]


def _set_ticks(axis: Axis, ticks: list[float], word: Callable[[float], str]) -> None:
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter([word(tick) for tick in ticks]))
    axis.set_minor_locator(NullLocator())
