"""Panels and forests of ratios, drawn."""

import math
from collections.abc import Iterable, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from rnnbench.report.content import Chart, Effect, Forest, Panel, Point
from rnnbench.report.drawing import (
    COLOURS,
    MARKERS,
    STYLE,
    place,
    shorten,
    svg_text,
)
from rnnbench.stats import Interval

# A name in letters, beside its line; a longer one would leave the line no room.
_LONGEST = 20
_RATIOS = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5),
    *(2, 3, 5, 7, 10, 20, 30, 50, 100, 200, 500, 1000),
)


def draw_chart(chart: Chart) -> tuple[str, ...]:
    """An SVG for each panel, all of them on one scale."""
    intervals = [
        point.interval
        for panel in chart.panels
        for line in panel.lines
        for point in line.points
    ]
    limits = _limits(intervals)
    return tuple(
        _draw_panel(f"{chart.id}-{number}", chart.title, panel, limits)
        for number, panel in enumerate(chart.panels)
    )


def draw_forest(forest: Forest) -> str:
    """One SVG, a row for each effect."""
    effects = forest.effects
    with mpl.rc_context({**STYLE, "svg.hashsalt": forest.id}):
        figure = Figure(figsize=(8.2, 0.9 + 0.27 * len(effects)))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        place(axes, figure, left=5.2, bottom=0.55, right=0.2, top=0.1)
        limits = _limits([effect.interval for effect in effects])
        for row, effect in enumerate(effects):
            _draw_effect(axes, row, effect, limits)
        axes.axvline(1, color="#000000", linewidth=0.8)
        axes.set_xscale("log")
        axes.set_xlim(*limits)
        _ratio_ticks(axes.xaxis, limits, most=6)
        axes.set_xlabel(forest.x_label)
        axes.set_ylim(len(effects) - 0.5, -0.5)
        axes.set_yticks(
            range(len(effects)), [shorten(effect.label) for effect in effects]
        )
        axes.tick_params(axis="y", length=0, labelsize=8.5)
        axes.grid(axis="x", color="#888888", alpha=0.3, linewidth=0.6)
        return svg_text(figure, forest.id, forest.title)


def _draw_panel(
    name: str, title: str, panel: Panel, limits: tuple[float, float]
) -> str:
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(4.2, 2.9))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        names = max((len(line.label) for line in panel.lines), default=0)
        right = 0.2 + 0.085 * min(names, _LONGEST)
        place(axes, figure, left=0.7, bottom=0.5, right=right, top=0.15)
        for line in panel.lines:
            _draw_line(axes, line.points, line.style, limits, pale=not line.connected)
        axes.axhline(1, color="#000000", linewidth=0.8)
        axes.set_yscale("log")
        axes.set_ylim(*limits)
        _ratio_ticks(axes.yaxis, limits, most=7)
        _size_ticks(axes, {point.x for line in panel.lines for point in line.points})
        axes.set_xlabel(panel.x_label)
        axes.set_ylabel(panel.y_label)
        axes.grid(axis="y", color="#888888", alpha=0.3, linewidth=0.6)
        _label_ends(axes, panel, limits)
        return svg_text(figure, name, f"{title}, over {panel.x_label}: {panel.title}")


def _draw_line(
    axes: Axes,
    points: Sequence[Point],
    style: int,
    limits: tuple[float, float],
    *,
    pale: bool,
) -> None:
    values = [point.interval.estimate for point in points]
    bars = [_arms(point.interval, limits) for point in points]
    axes.errorbar(
        [point.x for point in points],
        values,
        yerr=([low for low, _ in bars], [high for _, high in bars]),
        color=COLOURS[style],
        marker=MARKERS[style],
        markersize=3 if pale else 5,
        linestyle="none" if pale else "-",
        linewidth=1.6,
        elinewidth=0.8 if pale else 1.4,
        capsize=0 if pale else 2.5,
        alpha=0.35 if pale else 1,
        zorder=2 if pale else 3,
    )


def _draw_effect(
    axes: Axes, row: int, effect: Effect, limits: tuple[float, float]
) -> None:
    low, high = _arms(effect.interval, limits)
    axes.errorbar(
        [effect.interval.estimate],
        [row],
        xerr=([low], [high]),
        color=COLOURS[effect.style],
        marker=MARKERS[effect.style],
        markersize=4.5,
        elinewidth=1.4,
        capsize=2.5,
    )


def _arms(interval: Interval, limits: tuple[float, float]) -> tuple[float, float]:
    """How far a bar reaches down and up; one without an end reaches the edge."""
    low, high = max(interval.low, limits[0]), min(interval.high, limits[1])
    return max(interval.estimate - low, 0), max(high - interval.estimate, 0)


def _limits(intervals: Iterable[Interval]) -> tuple[float, float]:
    """A scale that holds 1 and every estimate, and of wide intervals a good part."""
    lows, highs = [0.95], [1.05]
    for interval in intervals:
        lows.append(max(interval.low, interval.estimate / 1.5))
        highs.append(min(interval.high, interval.estimate * 1.5))
    return min(lows) / 1.06, max(highs) * 1.06


def _ratio_ticks(axis: mpl.axis.Axis, limits: tuple[float, float], most: int) -> None:
    ticks = [value for value in _RATIOS if limits[0] <= value <= limits[1]]
    ticks = _spaced(ticks, math.log(limits[1] / limits[0]) / most)
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter([f"{value:g}" for value in ticks]))
    axis.set_minor_locator(NullLocator())


def _spaced(ticks: Sequence[float], least: float) -> list[float]:
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


def _size_ticks(axes: Axes, values: Iterable[float]) -> None:
    """The sizes that were measured; on a log axis where they span a factor of 4."""
    ticks = sorted(values)
    if ticks[0] > 0 and ticks[-1] / ticks[0] >= 4:
        axes.set_xscale("log")
    while len(ticks) > 6:
        ticks = ticks[::2]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FixedFormatter([f"{value:g}" for value in ticks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.margins(x=0.08)


def _label_ends(axes: Axes, panel: Panel, limits: tuple[float, float]) -> None:
    """Names beside the lines' ends, moved apart where two would overlap."""
    ends = [
        (line.points[-1].interval.estimate, line) for line in panel.lines if line.label
    ]
    last = -1.0
    for value, line in sorted(ends, key=lambda end: end[0]):
        height = math.log(value / limits[0]) / math.log(limits[1] / limits[0])
        last = max(height, last + 0.09)
        axes.text(
            1.02,
            last,
            shorten(line.label, _LONGEST),
            color=COLOURS[line.style],
            transform=axes.transAxes,
            verticalalignment="center",
            fontweight="bold",
            fontsize=9,
        )
