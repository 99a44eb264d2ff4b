"""One chart of a page as a file of its own, with its title, its caption and source."""

import io
import math
import textwrap
import warnings
from collections.abc import Sequence
from functools import singledispatch

import matplotlib as mpl
from matplotlib.figure import Figure, SubFigure

from rnnbench.model.errors import ResultsError
from rnnbench.model.run import Run
from rnnbench.report.charts.draw import chart_sketches
from rnnbench.report.charts.drawing import NOTHING, STYLE, Sketch
from rnnbench.report.charts.figures import bar_sketches, roof_sketch, timeline_sketch
from rnnbench.report.content import Bars, Block, Chart, Page, Roof, Timeline

Drawable = Chart | Bars | Timeline | Roof

# What people call a chart, and how the names of such charts begin on the page.
KINDS = {
    "operators": "why-kinds",
    "parts": "why-memory",
    "timeline": "why-timeline",
    "roofline": "why-roof",
}
SUFFIXES = ("svg", "png", "pdf")
# Inches: a panel's heading, a line of words, and what is left free around it all.
_HEADING, _LINE, _MARGIN = 0.28, 0.2, 0.15
# Letters of a caption that an inch holds.
_LETTERS = 14
_DPI = 200
_COLUMNS = 3


def charts_of(page: Page) -> tuple[Drawable, ...]:
    """What of a page can be saved alone, in its order."""
    return tuple(
        block
        for section in page.sections
        for block in section.blocks
        if isinstance(block, Drawable)
    )


def chart_named(page: Page, name: str) -> Drawable:
    """By its name on the page, or the first of a kind; ResultsError names them all."""
    charts = charts_of(page)
    start = KINDS.get(name, name)
    for chart in charts:
        if chart.id == start:
            return chart
    for chart in charts:
        if chart.id.startswith(f"{start}-"):
            return chart
    known = ", ".join(chart.id for chart in charts) or "none: nothing was measured"
    raise ResultsError(f"{name}: no such chart in this run; it has {known}")


def source_of(run: Run) -> str:
    """Where the numbers of a chart are from: it may travel without its page."""
    there = run.environment
    machine = there.gpu or there.cpu_model or there.machine
    # A day is enough to find the run by.
    day = run.created.partition("T")[0]
    return f"rnnbench {run.version}, {run.sweep.name}, {machine}, {day}"


def saved(chart: Drawable, suffix: str, source: str) -> bytes:
    """The chart as a file of that kind: all its panels, on white."""
    panels = _sketches(chart)
    with mpl.rc_context({**STYLE, "svg.hashsalt": chart.id, "svg.fonttype": "path"}):
        figure = _figure(chart, panels, source)
        buffer = io.BytesIO()
        with warnings.catch_warnings():
            # A name in letters that the font lacks is no reason to draw nothing.
            warnings.filterwarnings("ignore", "Glyph .* missing")
            figure.savefig(
                buffer, format=suffix, dpi=_DPI, metadata=_metadata(suffix, chart.title)
            )
    return buffer.getvalue()


def _metadata(suffix: str, title: str) -> dict[str, str | None]:
    """The title; no date and no maker, so that the same chart is the same file."""
    if suffix == "svg":
        return {**NOTHING, "Title": title}
    if suffix == "pdf":
        return {"Title": title, "CreationDate": None}
    return {"Title": title}


def _figure(chart: Drawable, panels: Sequence[Sketch], source: str) -> Figure:
    """Panels in rows of three, the title above, the caption and the source below."""
    columns = _columns(len(panels))
    rows = [panels[at : at + columns] for at in range(0, len(panels), columns)]
    widest = max(panel.width for panel in panels)
    width = columns * widest + 2 * _MARGIN
    words = int(_LETTERS * (width - 2 * _MARGIN))
    title = textwrap.wrap(chart.title, int(words * 0.78))
    foot = [*textwrap.wrap(chart.caption, words), *textwrap.wrap(source, words)]
    top = _MARGIN + 1.3 * _LINE * len(title) + 0.1
    bottom = _MARGIN + _LINE * len(foot) + 0.1
    heights = [max(one.height for one in row) + _HEADING for row in rows]
    height = top + sum(heights) + bottom
    figure = Figure(figsize=(width, height), facecolor="white")
    _write(figure, title, (width, height), bold=True)
    _write(figure, foot, (width, bottom - 0.1), bold=False)
    grid = figure.add_gridspec(
        len(rows) + 2,
        columns + 2,
        left=0,
        right=1,
        bottom=0,
        top=1,
        wspace=0,
        hspace=0,
        width_ratios=[_MARGIN, *[widest] * columns, _MARGIN],
        height_ratios=[top, *heights, bottom],
    )
    for number, row in enumerate(rows):
        for place, panel in enumerate(row):
            cell = figure.add_subfigure(grid[number + 1, place + 1])
            _draw(cell, panel, (widest, heights[number]))
    return figure


def _draw(cell: SubFigure, panel: Sketch, size: tuple[float, float]) -> None:
    """The panel at its own size at the top of its cell, below its heading."""
    width, height = size
    parts = cell.add_gridspec(
        3,
        2,
        left=0,
        right=1,
        bottom=0,
        top=1,
        wspace=0,
        hspace=0,
        # A ratio of nothing is refused.
        width_ratios=[panel.width, max(width - panel.width, 1e-6)],
        height_ratios=[
            _HEADING,
            panel.height,
            max(height - panel.height - _HEADING, 1e-6),
        ],
    )
    cell.text(
        0.15 / width,
        1 - 0.6 * _HEADING / height,
        panel.heading,
        fontsize=10,
        color="#59636e",
        verticalalignment="center",
    )
    panel.draw(cell.add_subfigure(parts[1, 0]))


def _write(
    figure: Figure, lines: Sequence[str], size: tuple[float, float], *, bold: bool
) -> None:
    """Lines from `size[1]` inches above the foot downwards."""
    whole = figure.get_size_inches()[1]
    step = 1.3 * _LINE if bold else _LINE
    for number, line in enumerate(lines):
        figure.text(
            2 * _MARGIN / size[0],
            (size[1] - (_MARGIN if bold else 0) - (number + 0.5) * step) / whole,
            line,
            fontsize=12 if bold else 9,
            fontweight="bold" if bold else "normal",
            color="#000000" if bold else "#59636e",
            verticalalignment="center",
        )


def _columns(count: int) -> int:
    """Four in two rows of two, rather than three and one."""
    most = 2 if count == math.ceil(math.sqrt(count)) ** 2 else _COLUMNS
    return min(count, most)


@singledispatch
def _sketches(chart: Block) -> tuple[Sketch, ...]:
    raise TypeError(f"no way to draw a {type(chart).__name__}")


@_sketches.register
def _(chart: Chart) -> tuple[Sketch, ...]:
    return chart_sketches(chart)


@_sketches.register
def _(chart: Bars) -> tuple[Sketch, ...]:
    return bar_sketches(chart)


@_sketches.register
def _(chart: Timeline) -> tuple[Sketch, ...]:
    return (timeline_sketch(chart),)


@_sketches.register
def _(chart: Roof) -> tuple[Sketch, ...]:
    return (roof_sketch(chart),)
