"""Levels over nights, drawn, with a line where a level changed."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from rnnbench.analysis.stats import Interval
from rnnbench.report.charts.drawing import COLOURS, STYLE, place, svg_text
from rnnbench.report.charts.over_nights import Trend, TrendPanel

_LEVEL, _CHANGE = COLOURS[1], COLOURS[0]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Less than this around the middle would make a mountain of what is noise.
_LEAST = 0.05
_LEAST_EXACT = 0.002
# Of the width of the axes: names of two changes that are nearer stand in two rows.
_APART = 0.22
_ROWS = 3


def draw_trend(trend: Trend) -> tuple[str, ...]:
    """An SVG for each panel."""
    return tuple(
        _draw_panel(f"{trend.id}-{number}", trend.title, panel)
        for number, panel in enumerate(trend.panels)
    )


def _draw_panel(name: str, title: str, panel: TrendPanel) -> str:
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(4.2, 2.7))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        top = 0.15 + 0.18 * min(len(panel.marks), _ROWS)
        place(axes, figure, left=0.75, bottom=0.35, right=0.25, top=top)
        nights = [night for night, _ in panel.points]
        levels = [level for _, level in panel.points]
        bottom, top = _limits(levels)
        axes.errorbar(
            nights,
            [level.estimate for level in levels],
            yerr=_arms(levels, bottom, top),
            color=_LEVEL,
            marker="o",
            markersize=2.5,
            linewidth=1,
            elinewidth=0.7,
        )
        edge = max(0.02 * (nights[-1] - nights[0]), 0.5)
        axes.set_xlim(nights[0] - edge, nights[-1] + edge)
        axes.set_ylim(bottom, top)
        _draw_marks(axes, panel.marks)
        axes.xaxis.set_major_locator(MaxNLocator(3, integer=True, min_n_ticks=1))
        axes.xaxis.set_major_formatter(FuncFormatter(_date))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))
        axes.set_ylabel(panel.y_label)
        axes.grid(axis="y", color="#888888", alpha=0.3, linewidth=0.6)
        return svg_text(figure, name, f"{title}: {panel.title}, {panel.y_label}")


def _draw_marks(axes: Axes, marks: Sequence[tuple[float, str]]) -> None:
    """A line for each change, its name above; near ones in rows above each other."""
    left, right = axes.get_xlim()
    ends = [-math.inf] * _ROWS
    for x, label in sorted(marks):
        axes.axvline(x, color=_CHANGE, linewidth=1.2, linestyle=(0, (4, 2)))
        share = (x - left) / (right - left)
        row = next((row for row in range(_ROWS) if share - ends[row] >= _APART), None)
        # No room for its name: the table beside the chart has it.
        if row is None:
            continue
        ends[row] = share
        axes.text(
            min(max(share, 0.1), 0.9),
            1.02 + 0.08 * row,
            label,
            color=_CHANGE,
            transform=axes.transAxes,
            horizontalalignment="center",
            fontweight="bold",
            fontsize=9,
        )


def _arms(
    levels: Sequence[Interval], bottom: float, top: float
) -> tuple[list[float], list[float]]:
    low = [max(one.estimate - max(one.low, bottom), 0.0) for one in levels]
    high = [max(min(one.high, top) - one.estimate, 0.0) for one in levels]
    return low, high


def _limits(levels: Sequence[Interval]) -> tuple[float, float]:
    """A scale that holds every estimate, and of wide intervals a good part."""
    values = [level.estimate for level in levels]
    least, most = min(values), max(values)
    exact = all(level.low == level.high for level in levels)
    narrowest = abs(median(values)) * (_LEAST_EXACT if exact else _LEAST)
    reach = max(most - least, narrowest) / 2 or 1.0
    low = min(max(level.low, least - reach) for level in levels)
    high = max(min(level.high, most + reach) for level in levels)
    half = 1.1 * max((high - low) / 2, reach)
    return (low + high) / 2 - half, (low + high) / 2 + half


def _date(days: float, _place: object) -> str:
    try:
        return f"{_EPOCH + timedelta(days=days):%Y-%m-%d}"
    except OverflowError:
        return ""
