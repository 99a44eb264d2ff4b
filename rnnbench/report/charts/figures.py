"""Stacked bars, timelines and rooflines, drawn."""

import math
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from rnnbench.report.charts.drawing import (
    COLOURS,
    MARKERS,
    Sketch,
    frame,
    shorten,
    svg_of,
)
from rnnbench.report.content import Bar, BarPanel, Bars, Marks, Roof, Timeline

# A seventh style, for what is left over: no colour of a part.
_GREY = "#888888"
_BAR = 0.62  # of a row
_ROW = 0.36  # inches
# Inches that a letter takes at the size of the words in a bar, or beside it.
_LETTER = 0.072
# Letters of a label: a longer one would leave too little room.
_LONGEST = 28
_LONGEST_LANE = 40
# Fewer than these: ticks at 2 and 5, too.
_FEW_DECADES = 1e4
# Paler than their edges, so that the page's own ink can be read on them.
_PALE = 0.4


def draw_bars(bars: Bars) -> tuple[str, ...]:
    """An SVG for each panel."""
    return tuple(map(svg_of, bar_sketches(bars)))


def draw_timeline(timeline: Timeline) -> str:
    """One SVG, a row for each lane."""
    return svg_of(timeline_sketch(timeline))


def draw_roof(roof: Roof) -> str:
    """One SVG: both axes logarithmic, the roof in ink."""
    return svg_of(roof_sketch(roof))


def bar_sketches(bars: Bars) -> tuple[Sketch, ...]:
    """A drawing for each panel."""
    return tuple(
        _bar_sketch(f"{bars.id}-{number}", panel, bars.legend)
        for number, panel in enumerate(bars.panels)
    )


def timeline_sketch(timeline: Timeline) -> Sketch:
    """One drawing, a row for each lane."""
    height = 1.15 + 0.42 * len(timeline.lanes)
    draw = partial(_draw_timeline, timeline=timeline)
    return Sketch(timeline.id, timeline.title, "", 8.2, height, draw)


def roof_sketch(roof: Roof) -> Sketch:
    """One drawing."""
    return Sketch(roof.id, roof.title, "", 8.2, 4.4, partial(_draw_roof, roof=roof))


def _draw_timeline(figure: Figure | SubFigure, *, timeline: Timeline) -> None:
    labels = [shorten(lane.label, _LONGEST_LANE) for lane in timeline.lanes]
    left = _room(labels, least=2.6)
    axes = frame(figure, left=left, bottom=0.55, right=0.15, top=0.45)
    for row, lane in enumerate(timeline.lanes):
        for style, stretches in lane.stretches:
            _draw_stretches(axes, row, style, stretches)
    axes.set_xlim(0, max(_ends(timeline), default=1.0))
    _rows(axes, labels, timeline.x_label)
    _legend(figure, timeline.legend, columns=6, pale=False)


def _draw_roof(figure: Figure | SubFigure, *, roof: Roof) -> None:
    axes = frame(figure, left=0.8, bottom=0.55, right=0.2, top=0.45)
    corner = roof.flat / roof.slope
    xs = [corner, *(x for mark in roof.marks for x, _ in mark.points)]
    ys = [roof.flat, *(y for mark in roof.marks for _, y in mark.points)]
    left, right = min(xs) / 2, max(xs) * 2
    axes.plot(
        [left, corner, right],
        [left * roof.slope, roof.flat, roof.flat],
        color="#000000",
        linewidth=1.4,
    )
    for mark in roof.marks:
        _draw_marks(axes, mark)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(left, right)
    bottom, top = min(*ys, left * roof.slope) / 1.5, max(ys) * 2
    axes.set_ylim(bottom, top)
    for axis, reach in ((axes.xaxis, right / left), (axes.yaxis, top / bottom)):
        subs = (1.0, 2.0, 5.0) if reach < _FEW_DECADES else (1.0,)
        axis.set_major_locator(LogLocator(base=10, subs=subs, numticks=12))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
    axes.set_xlabel(roof.x_label)
    axes.set_ylabel(roof.y_label)
    axes.grid(color="#888888", alpha=0.3, linewidth=0.6)
    figure.legend(loc="upper left", ncols=5, framealpha=0, fontsize=9)


def _draw_marks(axes: Axes, mark: Marks) -> None:
    axes.plot(
        [x for x, _ in mark.points],
        [y for _, y in mark.points],
        color=COLOURS[mark.style],
        marker=MARKERS[mark.style],
        markersize=4.5,
        linestyle="none",
        label=shorten(mark.label, 30),
    )


def _bar_sketch(
    name: str, panel: BarPanel, legend: Sequence[tuple[int, str]]
) -> Sketch:
    used = {part.style for bar in panel.bars for part in bar.parts if part.value > 0}
    shown = [(style, label) for style, label in legend if style in used]
    key = 0.16 * math.ceil(len(shown) / 2) + 0.1
    height = 0.55 + _ROW * len(panel.bars) + key
    draw = partial(_draw_panel, panel=panel, legend=shown, key=key)
    title = f"{panel.x_label}: {panel.title}"
    return Sketch(name, title, panel.title, 4.6, height, draw)


def _draw_panel(
    figure: Figure | SubFigure,
    *,
    panel: BarPanel,
    legend: Sequence[tuple[int, str]],
    key: float,
) -> None:
    """`key`: inches that the legend takes."""
    labels = [shorten(bar.label, _LONGEST) for bar in panel.bars]
    left = _room(labels, least=1.5)
    axes = frame(figure, left=left, bottom=0.5, right=0.15, top=key)
    whole = max((_length(bar) for bar in panel.bars), default=0) or 1.0
    for row, bar in enumerate(panel.bars):
        _draw_bar(axes, row, bar, (4.6 - left - 0.15) / (whole * 1.01))
    axes.set_xlim(0, whole * 1.01)
    _rows(axes, labels, panel.x_label)
    _legend(figure, legend, columns=2, pale=True)


def _draw_bar(axes: Axes, row: int, bar: Bar, inches: float) -> None:
    """Parts end to end; a unit of the axis takes `inches`."""
    left = 0.0
    for part in bar.parts:
        if part.value <= 0:
            continue
        colour = _colour(part.style)
        axes.barh(
            row,
            part.value,
            left=left,
            height=_BAR,
            facecolor=(colour, _PALE),
            edgecolor=colour,
            linewidth=0.9,
        )
        if len(part.text) * _LETTER < part.value * inches:
            axes.text(
                left + part.value / 2,
                row,
                part.text,
                horizontalalignment="center",
                verticalalignment="center",
                fontsize=8,
            )
        left += part.value


def _draw_stretches(
    axes: Axes, row: int, style: int, stretches: Sequence[tuple[float, float]]
) -> None:
    """All of one style as one path: hundreds of spans make a small picture."""
    low, high = row - _BAR / 2, row + _BAR / 2
    corners = [
        ((a, low), (a, high), (a + length, high), (a + length, low), (a, low))
        for a, length in stretches
    ]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    if corners:
        outline = Path(list(chain(*corners)), codes * len(corners))
        colour = _colour(style)
        axes.add_patch(PathPatch(outline, facecolor=colour, edgecolor="none"))


def _rows(axes: Axes, labels: Sequence[str], x_label: str) -> None:
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0, labelsize=8.5)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(x_label)
    axes.grid(axis="x", color="#888888", alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)


def _room(labels: Iterable[str], *, least: float) -> float:
    """Inches on the left that hold each label."""
    return max(least, 0.15 + _LETTER * max(map(len, labels), default=0))


def _legend(
    figure: Figure | SubFigure,
    legend: Sequence[tuple[int, str]],
    *,
    columns: int,
    pale: bool,
) -> None:
    patches = [
        Patch(
            facecolor=(_colour(style), _PALE if pale else 1.0),
            edgecolor=_colour(style),
            label=label,
        )
        for style, label in legend
    ]
    if patches:
        figure.legend(
            handles=patches,
            loc="upper left",
            ncols=columns,
            framealpha=0,
            fontsize=8,
            borderpad=0.1,
            labelspacing=0.25,
            columnspacing=1.2,
            handlelength=1.4,
        )


def _length(bar: Bar) -> float:
    return sum(part.value for part in bar.parts)


def _ends(timeline: Timeline) -> Iterable[float]:
    return (
        start + length
        for lane in timeline.lanes
        for _, stretches in lane.stretches
        for start, length in stretches
    )


def _colour(style: int) -> str:
    return COLOURS[style] if style < len(COLOURS) else _GREY
