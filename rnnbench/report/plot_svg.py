"""A plot as coordinates of an SVG that needs no script."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rnnbench.report.plots import Plot, PlotAxis, PlotSeries, Point
from rnnbench.report.tokens import Hue, hue_of

# The viewBox of every plot, and the frame inside it.
WIDTH, HEIGHT = 360, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 336, 12, 196
_MOST_TICKS = 6
# Points of a line that are drawn: more would weigh much and show nothing.
_MOST_POINTS = 36


@dataclass(frozen=True, slots=True)
class PlotTick:
    """A grid line or a level: its place, and its words."""

    at: int
    label: str


@dataclass(frozen=True, slots=True)
class PlotPath:
    """A line (`d`), with a band around it or "", or dots and their bars."""

    hue: Hue
    style: int
    d: str
    band: str
    dots: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class DrawnPlot:
    """Everything that the template of a plot fills in."""

    title: str
    x_title: str
    y_title: str
    x_ticks: tuple[PlotTick, ...]
    y_ticks: tuple[PlotTick, ...]
    levels: tuple[PlotTick, ...]
    paths: tuple[PlotPath, ...]
    front: str
    says: str


def drawn(plot: Plot) -> DrawnPlot:
    """The coordinates of a plot, and words that say what it shows."""
    across, up = plot.ranges()
    x = _Place(plot.x, across, (_LEFT, _RIGHT))
    y = _Place(plot.y, up, (_BOTTOM, _TOP))
    return DrawnPlot(
        title=plot.title,
        x_title=plot.x.title,
        y_title=plot.y.title,
        x_ticks=x.ticks(),
        y_ticks=y.ticks(),
        levels=tuple(PlotTick(y(value), words) for value, words in plot.levels),
        paths=tuple(_path(each, x, y) for each in plot.series),
        front=_stairs(plot.front, x, y),
        says=_says(plot),
    )


class _Place:
    """The place of a value on an axis, in units of the viewBox."""

    def __init__(self, axis: PlotAxis, values: Point, ends: tuple[int, int]) -> None:
        self._axis, self._values, self._ends = axis, values, ends

    def __call__(self, value: float) -> int:
        low, high = map(self._scaled, self._values)
        share = (self._scaled(value) - low) / (high - low)
        start, end = self._ends
        return round(start + (end - start) * min(max(share, 0.0), 1.0))

    def ticks(self) -> tuple[PlotTick, ...]:
        low, high = self._values
        values = _log_ticks(low, high) if self._axis.is_log else _even_ticks(low, high)
        return tuple(PlotTick(self(value), self._axis.word(value)) for value in values)

    def _scaled(self, value: float) -> float:
        if not self._axis.is_log:
            return value
        return math.log(max(value, self._values[0]))


def _log_ticks(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [
            factor * 10.0**power
            for power in powers
            for factor in factors
            if 0.999 * low <= factor * 10.0**power <= 1.001 * high
        ]
        if len(found) <= _MOST_TICKS:
            return found
    return found[:: -(-len(found) // _MOST_TICKS)]


def _even_ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / (_MOST_TICKS - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step)
    return [place * step for place in range(first, math.floor(high / step) + 1)]


def _path(series: PlotSeries, x: _Place, y: _Place) -> PlotPath:
    hue = hue_of(series.layer)
    places = [(x(a), y(b)) for a, b in series.points]
    ends = [(y(low), y(high)) for low, high in series.spread]
    if not series.is_joined:
        bars = zip(places, ends, strict=False)
        d = "".join(f"M{a} {low}V{high}" for (a, _), (low, high) in bars)
        return PlotPath(hue, series.style, d, "", tuple(places))
    kept = _kept(len(places))
    band = ""
    if ends:
        upper = [(places[n][0], ends[n][1]) for n in kept]
        lower = [(places[n][0], ends[n][0]) for n in reversed(kept)]
        band = f"{_line([*upper, *lower])}Z"
    return PlotPath(hue, series.style, _line([places[n] for n in kept]), band, ())


def _kept(count: int) -> list[int]:
    """Places of the points that are drawn: dense at first, as on a logarithmic axis."""
    if count <= _MOST_POINTS:
        return list(range(count))
    share = math.log(count) / (_MOST_POINTS - 1)
    return sorted({round(math.exp(share * n)) - 1 for n in range(_MOST_POINTS)})


def _line(places: Iterable[tuple[int, int]]) -> str:
    return "M" + "L".join(f"{a} {b}" for a, b in places)


def _stairs(front: Sequence[Point], x: _Place, y: _Place) -> str:
    """The front as steps: to the right of a point nothing better costs less."""
    if not front:
        return ""
    places = [(x(a), y(b)) for a, b in front]
    steps = "".join(f"H{after[0]}V{after[1]}" for _, after in pairwise(places))
    return f"M{places[0][0]} {_TOP}V{places[0][1]}{steps}H{_RIGHT}"


def _says(plot: Plot) -> str:
    """The last point of each series in words, for those who can't see the plot."""
    parts = [
        f"{each.label} {plot.y.word(each.points[-1][1])} "
        f"at {plot.x.word(each.points[-1][0])}"
        for each in plot.series
        if each.points
    ]
    return f"{plot.title}: {plot.y.title} against {plot.x.title}. {', '.join(parts)}."
