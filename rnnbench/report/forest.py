"""Forest plots as numbers: where each dot, mean and tick stands, in per cent."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from rnnbench.analysis.stats import Interval
from rnnbench.report.tokens import Hue

_TICKS = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1),
    *(1.5, 2, 3, 5, 7, 10, 20, 50, 100),
)
_MOST_TICKS = 8
# Both sides of 1 are there to be seen, however one-sided the ratios are.
_AT_LEAST = (0.72, 1.38)
# Dots nearer than this in x, in per cent of the width, are set above each other.
_APART = 1.1
_LANES = (50, 36, 64, 24, 76)
# The part of a row, in per cent of its height, that marks of several layers share.
_MARK_LANES = 44
# More dots in a row only hide each other, and weigh 40 bytes each.
_MOST_DOTS = 120


@dataclass(frozen=True, slots=True)
class Dot:
    """One ratio. `ratio`: its place among the ratios of the data island, or None."""

    x: float
    y: int
    hue: Hue
    ratio: int | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A mean, and its interval from `low` to `high` where it has one.

    `y`: its height in the row, so that marks of several layers don't hide each other.
    """

    x: float
    hue: Hue
    low: float | None
    high: float | None
    label: str = ""
    y: int = 50


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line and its label."""

    x: float
    label: str
    is_one: bool


@dataclass(frozen=True, slots=True)
class ForestRow:
    """Ratios of one kind. `head`: opens a group of rows, with a note below it.

    `detail`: text that distinguishes rows with the same label. `value` and `limits`:
    figures beside the row. `says`: the winner, in the colour `hue`. `one_in`: the
    number of sizes for each dot.
    """

    label: str
    dots: tuple[Dot, ...]
    marks: tuple[Mark, ...]
    value: str
    detail: str = ""
    limits: str = ""
    says: str = ""
    hue: Hue = Hue.EVEN
    head: str = ""
    note: str = ""
    one_in: int = 1

    @property
    def span(self) -> tuple[float, float] | None:
        """Where the first and the last dot stand, if there are several."""
        places = [dot.x for dot in self.dots]
        return (min(places), max(places)) if len(places) > 1 else None


@dataclass(frozen=True, slots=True)
class Forest:
    """Rows on one logarithmic scale; `low` and `high` say what its two sides mean.

    `more`: how many rows are left out. `is_dense`: many rows, drawn low. `marks`: what
    the marks are, for readers who do not see them.
    """

    id: str
    title: str
    low: tuple[str, Hue]
    high: tuple[str, Hue]
    one: float
    ticks: tuple[Tick, ...]
    rows: tuple[ForestRow, ...]
    more: int = 0
    is_dense: bool = False
    marks: str = "geometric mean over the sizes, with its 95 % interval"

    @property
    def one_in(self) -> int:
        """How many ratios there are for each dot, at most."""
        return max((row.one_in for row in self.rows), default=1)


class Scale:
    """A logarithmic scale of ratios that holds 1, from 0 to 100."""

    def __init__(self, values: Iterable[float]) -> None:
        """Cover all of `values`, and a margin."""
        every = [*values, *_AT_LEAST]
        self._smallest, self._largest = min(every), max(every)
        margin = 0.05 * math.log(self._largest / self._smallest)
        self._low = math.log(self._smallest) - margin
        self._high = math.log(self._largest) + margin

    def __call__(self, value: float) -> float:
        """Where a ratio stands; beyond the scale, at its end."""
        if value <= 0:
            return 0.0
        if math.isinf(value):
            return 100.0
        share = (math.log(value) - self._low) / (self._high - self._low)
        return round(100 * min(max(share, 0.0), 1.0), 1)

    def ticks(
        self,
        every: Sequence[float] = _TICKS,
        label: Callable[[float], str] = "{:g}×".format,
    ) -> tuple[Tick, ...]:
        """The numbers of `every` within the scale, 1 among them."""
        low, high = 0.97 * self._smallest, 1.03 * self._largest
        inside = [tick for tick in every if low <= tick <= high]
        while len(inside) > _MOST_TICKS:
            one = inside.index(1)
            inside = [
                tick for place, tick in enumerate(inside) if (place - one) % 2 == 0
            ]
        return tuple(Tick(self(tick), label(tick), tick == 1) for tick in inside)


def dots_of(
    scale: Scale, ratios: Sequence[tuple[float, Hue, int | None]]
) -> tuple[Dot, ...]:
    """Dots in order, each moved up or down where it would hide its neighbour.

    Of many ratios, dots stand for every n-th by size, and for the largest.
    """
    dots: list[Dot] = []
    last, lane = -math.inf, 0
    ordered = sorted(ratios, key=lambda each: each[0])
    step = one_in(len(ordered))
    kept = ordered[:-1:step] + ordered[-1:]
    for value, hue, place in kept:
        x = scale(value)
        lane = (lane + 1) % len(_LANES) if x - last < _APART else 0
        last = x
        dots.append(Dot(x, _LANES[lane], hue, place))
    return tuple(dots)


def one_in(count: int) -> int:
    """How many of `count` ratios there are for each dot."""
    return max(1, -(-count // _MOST_DOTS))


def mark_of(scale: Scale, mean: Interval, hue: Hue) -> Mark:
    """A mean with its interval.

    Memory is read without noise and has none; a single launch gives none.
    """
    if not mean.low < mean.high < math.inf:
        return Mark(scale(mean.estimate), hue, None, None)
    return Mark(scale(mean.estimate), hue, scale(mean.low), scale(mean.high))


def in_lanes(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Marks of several layers, one above the other."""
    if len(marks) < 2:
        return tuple(marks)
    step = _MARK_LANES / (len(marks) - 1)
    first = 50 - _MARK_LANES / 2
    return tuple(
        replace(mark, y=round(first + place * step)) for place, mark in enumerate(marks)
    )
