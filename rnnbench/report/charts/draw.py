"""Panels of lines over the sizes, drawn."""

from collections.abc import Sequence
from functools import partial, singledispatch

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from rnnbench.report.charts.drawing import (
    COLOURS,
    MARKERS,
    Sketch,
    frame,
    shorten,
    svg_of,
)
from rnnbench.report.charts.forests import draw_rows, rows_height
from rnnbench.report.charts.planes import draw_plane
from rnnbench.report.charts.scales import (
    Limits,
    absolute_limits,
    arms,
    height_in,
    ratio_limits,
    ratio_ticks,
    size_ticks,
    spread,
    unit_ticks,
)
from rnnbench.report.content import Chart, Line, Panel, Plane, Rows

# A name in letters, beside its line; a longer one would leave the line no room.
_LONGEST = 20
# Of a panel's height, what a name beside a line takes.
_NAME = 0.09


def draw_chart(chart: Chart) -> tuple[str, ...]:
    """An SVG for each panel, all of them on one scale."""
    return tuple(map(svg_of, chart_sketches(chart)))


def chart_sketches(chart: Chart) -> tuple[Sketch, ...]:
    """A drawing for each panel, all of them on one scale."""
    limits = _limits([each for each in chart.panels if isinstance(each, Panel)])
    return tuple(
        _sketch(panel, chart, f"{chart.id}-{number}", limits)
        for number, panel in enumerate(chart.panels)
    )


@singledispatch
def _sketch(
    panel: Panel | Plane | Rows, _chart: Chart, _name: str, _limits: Limits
) -> Sketch:
    raise TypeError(f"no way to draw a {type(panel).__name__}")


@_sketch.register
def _(panel: Panel, chart: Chart, name: str, limits: Limits) -> Sketch:
    title = f"{chart.title}, over {panel.x_label}: {panel.title}"
    draw = partial(_draw_panel, panel=panel, limits=limits)
    return Sketch(name, title, panel.title, 4.2, 2.9, draw)


@_sketch.register
def _(panel: Plane, chart: Chart, name: str, _limits: Limits) -> Sketch:
    others = [each for each in chart.panels if isinstance(each, Plane)]
    draw = partial(draw_plane, plane=panel, beside=others)
    return Sketch(name, f"{chart.title}: {panel.title}", panel.title, 4.6, 3.5, draw)


@_sketch.register
def _(panel: Rows, chart: Chart, name: str, _limits: Limits) -> Sketch:
    title = f"{chart.title}, {panel.x_label}: {panel.title}"
    others = [
        each
        for each in chart.panels
        if isinstance(each, Rows) and each.x_label == panel.x_label
    ]
    draw = partial(draw_rows, panel=panel, beside=others)
    return Sketch(name, title, panel.title, 4.2, rows_height(panel), draw)


def _limits(panels: Sequence[Panel]) -> Limits:
    intervals = [
        point.interval
        for panel in panels
        for line in panel.lines
        for point in line.points
    ]
    absolute = any(panel.metric for panel in panels) and intervals
    return absolute_limits(intervals) if absolute else ratio_limits(intervals)


def _draw_panel(figure: Figure | SubFigure, *, panel: Panel, limits: Limits) -> None:
    names = max((len(line.label) for line in panel.lines), default=0)
    right = 0.2 + 0.085 * min(names, _LONGEST)
    left = 0.85 if panel.metric else 0.7
    axes = frame(figure, left=left, bottom=0.5, right=right, top=0.15)
    for line in panel.lines:
        (_draw_guide if line.guide else _draw_line)(axes, line, limits)
    axes.set_yscale("log")
    axes.set_ylim(*limits)
    if panel.metric:
        unit_ticks(axes.yaxis, limits, panel.metric, most=6)
    else:
        axes.axhline(1, color="#000000", linewidth=0.8)
        ratio_ticks(axes.yaxis, limits, most=7)
    size_ticks(axes, {point.x for line in panel.lines for point in line.points})
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label)
    axes.grid(axis="y", color="#888888", alpha=0.3, linewidth=0.6)
    _label_ends(axes, panel, limits)


def _draw_guide(axes: Axes, line: Line, _limits: Limits) -> None:
    axes.plot(
        [point.x for point in line.points],
        [point.interval.estimate for point in line.points],
        color=COLOURS[line.style],
        linestyle=(0, (5, 3)),
        linewidth=1,
        zorder=1,
    )


def _draw_line(axes: Axes, line: Line, limits: Limits) -> None:
    pale = not line.connected
    bars = [arms(point.interval, limits) for point in line.points]
    axes.errorbar(
        [point.x for point in line.points],
        [point.interval.estimate for point in line.points],
        yerr=([low for low, _ in bars], [high for _, high in bars]),
        color=COLOURS[line.style],
        marker=MARKERS[line.style],
        markersize=3 if pale else 5,
        markerfacecolor="none" if line.hollow else COLOURS[line.style],
        linestyle="none" if pale else ":" if line.hollow else "-",
        linewidth=1.6,
        elinewidth=0.8 if pale else 1.4,
        capsize=0 if pale else 2.5,
        alpha=0.35 if pale else 1,
        zorder=2 if pale else 3,
    )


def _label_ends(axes: Axes, panel: Panel, limits: Limits) -> None:
    """Names beside the lines' ends, moved apart where two would overlap."""
    named = sorted(
        (line for line in panel.lines if line.label),
        key=lambda line: line.points[-1].interval.estimate,
    )
    ends = [height_in(line.points[-1].interval.estimate, limits) for line in named]
    for height, line in zip(spread(ends, _NAME), named, strict=True):
        axes.text(
            1.02,
            height,
            shorten(line.label, _LONGEST),
            color=COLOURS[line.style],
            transform=axes.transAxes,
            verticalalignment="center",
            fontweight="normal" if line.guide else "bold",
            fontsize=9,
        )
