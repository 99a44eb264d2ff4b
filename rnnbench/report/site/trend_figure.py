"""A trend as numbers: the position of each night, level and change, in per cent."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from rnnbench.model.formatting import significant
from rnnbench.report.site.entries import Trend, TrendPoint

# A narrower scale would make noise look like a change.
_LEAST = 0.03


@dataclass(frozen=True, slots=True)
class TrendDot:
    """A dot, with its interval from `low` down to `high` where it is known."""

    x: float
    y: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Level:
    """A line from the first night of a level to its last."""

    start: float
    end: float
    y: float


@dataclass(frozen=True, slots=True)
class TrendFigure:
    """A trend to be drawn. `changes`: the place of each, and what is known of it.

    `top`, `bottom`: the labels of the scale; `first`, `last`: the days of its ends.
    """

    title: str
    says: str
    nights: tuple[TrendDot, ...]
    levels: tuple[Level, ...]
    changes: tuple[tuple[float, str, bool], ...]
    top: str
    bottom: str
    first: str
    last: str


def trend_figure(trend: Trend) -> TrendFigure:
    """The trend on a separate scale, which need not contain 0."""
    points = trend.points
    low, high = _limits(points)
    count = len(points)

    def height(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(100 - 100 * share, 1)

    edges = [0, *(each.place for each in trend.changes if each.is_certain), count]
    return TrendFigure(
        title=trend.title,
        says=trend.says,
        nights=tuple(
            TrendDot(
                _across(number + 0.5, count),
                height(each.level),
                None if each.low is None else height(each.low),
                None if each.high is None else height(each.high),
            )
            for number, each in enumerate(points)
        ),
        levels=tuple(
            Level(
                _across(start, count),
                _across(end, count),
                height(fmean(each.level for each in points[start:end])),
            )
            for start, end in pairwise(edges)
        ),
        changes=tuple(
            (_across(each.place, count), each.says, each.is_certain)
            for each in trend.changes
        ),
        top=_label(high, trend.unit),
        bottom=_label(low, trend.unit),
        first=points[0].created[:10],
        last=points[-1].created[:10],
    )


def _across(place: float, count: int) -> float:
    return round(100 * place / count, 2)


def _label(value: float, unit: str) -> str:
    return (
        f"{significant(value)}{unit}" if unit == "×" else f"{significant(value)} {unit}"
    )


def _limits(points: Sequence[TrendPoint]) -> tuple[float, float]:
    """A scale that contains every level, and a large part of wide intervals."""
    levels = [each.level for each in points]
    middle = median(levels)
    reach = max(max(levels) - min(levels), abs(middle) * _LEAST) or 1.0
    ends = [*levels, *_ends(points)]
    low = max(min(ends), min(levels) - reach)
    high = min(max(ends), max(levels) + reach)
    room = 0.1 * max(high - low, reach)
    if not all(map(math.isfinite, (low, high, room))):
        return min(levels), max(levels)
    centre, half = (low + high) / 2, max(high - low, reach) / 2 + room
    return centre - half, centre + half


def _ends(points: Iterable[TrendPoint]) -> list[float]:
    return [end for each in points for end in (each.low, each.high) if end is not None]
