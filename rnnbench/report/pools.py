"""Means over the sizes that one cell of the page's first map holds together."""

from collections.abc import Iterable, Sequence
from math import isfinite, log, prod
from typing import Any

from rnnbench.analysis.ratio import Ratio, Verdict, judge
from rnnbench.analysis.stats import Interval
from rnnbench.model.metric import TIME
from rnnbench.report.island_axes import PageAxis
from rnnbench.report.view import RunView, contrast_of, mean_of

# Cells that a browser draws at once, and panels that somebody looks at.
_MOST_CELLS = 4000
_MOST_PANELS = 12
_SWITCHES = ("onednn", "cudnn", "phase")
_VERDICTS = (Verdict.FASTER, Verdict.SLOWER, Verdict.TIE, Verdict.UNDECIDED)

Layout = dict[str, list[str]]


def default_map(view: RunView, axes: Sequence[PageAxis]) -> Layout:
    """The axes along the rows, the columns and the panels of the first map.

    Up to four sizes stand along the sides, the longest two innermost; one on each
    side where that were too many cells.
    """
    group = _first_ratios(view)
    # A value that was never measured makes no axis of a map.
    shown = [axis for axis in axes if len({*_column(axis, group)} - {-1}) > 1]
    sizes = sorted(
        (axis for axis in shown if axis.is_size), key=lambda axis: -len(axis.values)
    )
    others = [axis for axis in shown if not axis.is_size]
    rows, columns = [*sizes[:1], *sizes[2:3]], [*sizes[3:4], *sizes[1:2]]
    if _cells([*rows, *columns, *others]) > _MOST_CELLS:
        rows, columns = sizes[:1], sizes[1:2]
    if not rows and others:
        rows = [others[0]]
    if not columns:
        columns = [axis for axis in others if axis not in rows][:1]
    facets: list[PageAxis] = []
    for axis in sorted(others, key=_facet_order):
        taken = axis in rows or axis in columns
        if not taken and _cells([*facets, axis]) <= _MOST_PANELS:
            facets.append(axis)
    return {
        name: [axis.id for axis in part]
        for name, part in (("rows", rows), ("cols", columns), ("facets", facets))
    }


def pools_of(
    view: RunView, axes: Sequence[PageAxis], layout: Layout
) -> dict[str, list[Any]]:
    """A mean with its interval for each cell of the map that holds several sizes.

    `axis`: for each axis the value of the cell, -1 where the mean is over its values.
    """
    shown = {name for part in layout.values() for name in part}
    group = _first_ratios(view)
    columns = [
        _column(axis, group) if axis.id in shown else [-1] * len(group) for axis in axes
    ]
    cells: dict[tuple[int, ...], list[Ratio]] = {}
    keys = list(zip(*columns, strict=True)) or [()] * len(group)
    for ratio, key in zip(group, keys, strict=True):
        cells.setdefault(key, []).append(ratio)
    found: dict[str, list[Any]] = {name: [] for name in ("k", "n", "r", "h", "v")}
    kept = []
    for at, members in cells.items():
        mean = mean_of(members) if len(members) > 1 else None
        if mean is None:
            continue
        kept.append(at)
        found["k"].append(0)
        found["n"].append(len(members))
        found["r"].append(rounded(mean.estimate))
        found["h"].append(half_width(mean))
        found["v"].append(_VERDICTS.index(judge(mean, TIME)))
    return found | {"axis": [list(column) for column in zip(*kept, strict=True)]}


def _first_ratios(view: RunView) -> list[Ratio]:
    """The ratios of time that the page is about."""
    first = next(iter(view.contrasts), None)
    return [ratio for ratio in view.times if contrast_of(ratio) == first]


def _column(axis: PageAxis, group: Iterable[Ratio]) -> list[int]:
    """The value of each ratio: the baseline's, or the candidate's if that has none."""
    pairs = [ratio.pair for ratio in group]
    ours = axis.column(pair.candidate for pair in pairs)
    theirs = axis.column(pair.baseline for pair in pairs)
    return [b if b >= 0 else a for a, b in zip(ours, theirs, strict=True)]


def _cells(axes: Iterable[PageAxis]) -> int:
    return prod(len(axis.values) for axis in axes)


def _facet_order(axis: PageAxis) -> tuple[bool, bool]:
    return axis.id not in _SWITCHES, axis.id == "phase"


def rounded(value: float, digits: int = 5) -> float:
    """Significant digits, as an integer where it is one: what JSON writes shortest."""
    if value == 0 or not isfinite(value):
        return 0
    short = float(f"{value:.{digits}g}")
    return int(short) if short == int(short) else short


def half_width(interval: Interval) -> int:
    """Half of an interval on logarithms, in 1e-5; -1 where there is none."""
    if not isfinite(interval.high) or interval.low <= 0:
        return -1
    return round(log(interval.high / interval.low) / 2 * 1e5)
