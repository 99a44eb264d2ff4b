"""Plots as data: series over two axes, drawn on a page and in a figure alike."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rnnbench.model.formatting import significant

Point = tuple[float, float]


def number(value: float) -> str:
    """A tick's label: at most two digits, thousands apart."""
    return f"{value:,.0f}" if value >= 1000 else f"{float(significant(value, 2)):g}"


@dataclass(frozen=True, slots=True)
class PlotAxis:
    """An axis: its title, whether it is logarithmic, and the words of its ticks."""

    title: str
    is_log: bool = False
    word: Callable[[float], str] = number


@dataclass(frozen=True, slots=True)
class PlotSeries:
    """Points of one layer.

    Attributes:
        layer: decides the colour.
        label: its words in the key.
        points: from left to right where they are joined by a line.
        spread: lowest and highest value at each point; empty where there is none.
        is_joined: a line with a band, or else dots with bars.
        style: 0 for the plain layer, 1 and more for its variants.

    """

    layer: str
    label: str
    points: tuple[Point, ...]
    spread: tuple[tuple[float, float], ...] = ()
    is_joined: bool = True
    style: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One panel.

    `levels`: horizontal lines, each with its words. `front`: points that no other beats
    in both axes, joined by a line.
    """

    title: str
    x: PlotAxis
    y: PlotAxis
    series: tuple[PlotSeries, ...]
    levels: tuple[tuple[float, str], ...] = ()
    front: tuple[Point, ...] = field(default=())

    def ranges(self) -> tuple[Point, Point]:
        """The smallest and the largest value to be shown, across and up."""
        points = [point for each in self.series for point in each.points]
        ups = [value for each in self.series for ends in each.spread for value in ends]
        ups += [value for value, _ in self.levels]
        return (
            _range((x for x, _ in points), self.x),
            _range([*ups, *(y for _, y in points)], self.y),
        )


def _range(values: Iterable[float], axis: PlotAxis) -> Point:
    shown = [value for value in values if value > 0 or not axis.is_log]
    if not shown:
        return 1.0, 10.0
    low, high = min(shown), max(shown)
    if axis.is_log:
        return (low, high) if high > 1.5 * low else (low / 1.5, high * 1.5)
    low = min(low, 0.0)
    return low, high if high > low else low + 1


def pareto_front(points: Iterable[Point]) -> tuple[Point, ...]:
    """The points that no other beats in both coordinates; less is better in each."""
    front: list[Point] = []
    for point in sorted(set(points)):
        if not front or point[1] < front[-1][1]:
            front.append(point)
    return tuple(front)
