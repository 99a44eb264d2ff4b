"""A figure as a file: panels between a title with a key, and a caption with source."""

import io
import textwrap
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rnnbench.analysis.labels import conditions_of, layer_name
from rnnbench.model.case import Case
from rnnbench.model.formatting import for_terminal
from rnnbench.model.run import Run
from rnnbench.report.tokens import COLOURS, DIM, INK, LINE, MARKERS, hue_of

# The kinds of files, each with what would differ between two calls left out.
SUFFIXES: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None},
    "png": {},
    "pdf": {"CreationDate": None},
}
# Names come from files: a longer text would make a figure of any size.
_LONGEST = 400
_LETTERS_PER_INCH = 14
_DPI = 200
_STYLE: dict[Any, Any] = {
    # Outlines, so that a figure looks the same wherever it is shown.
    "svg.fonttype": "path",
    # Ids in an SVG are random without it.
    "svg.hashsalt": "rnnbench",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK.light,
    "axes.labelcolor": DIM.light,
    "axes.edgecolor": DIM.light,
    "xtick.color": DIM.light,
    "ytick.color": DIM.light,
    "axes.titlesize": 9,
    "lines.markersize": 5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE.light,
    # A name is no formula, whatever is in it.
    "text.parse_math": False,
}

Draw = Callable[[Axes], None]


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of the key: a marker on a line, or without a marker a filled field."""

    label: str
    colour: str
    marker: str = ""
    is_hollow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A figure before it is drawn. `panel`: inches of one panel; `rows`: of panels."""

    title: str
    caption: str
    panel: tuple[float, float]
    rows: tuple[tuple[Draw, ...], ...]
    key: tuple[Key, ...] = ()


def plain(text: str, most: int = _LONGEST) -> str:
    """`text` on one line of at most `most` printable characters.

    The middle of a longer text is left out: names of one package begin alike.
    """
    # First of all: a text of a megabyte is not to be gone through letter by letter.
    line = for_terminal(text[: 4 * _LONGEST])
    tail = (most - 1) // 2
    return line if len(line) <= most else f"{line[: most - 1 - tail]}…{line[-tail:]}"


def layer_key(layer: str, note: str = "") -> Key:
    """The entry of a layer; hollow where a `note` follows its name."""
    hue = hue_of(layer)
    label = ", ".join(filter(None, (layer_name(layer), note)))
    return Key(plain(label, 40), COLOURS[hue].light, MARKERS[hue], bool(note))


def with_off(name: str, case: Case) -> str:
    """`name`, and the backend where it is off for the case."""
    there = conditions_of(case)
    off = there.backend_words if there.backend is False else ""
    return plain(", ".join(filter(None, (name, off))), 40)


def scatter(
    axes: Axes, points: Sequence[tuple[float, float]], key: Key, **style: Any
) -> None:
    """Points without a line, drawn as the key says."""
    if points:
        style = {"s": 22, "alpha": 0.7, "linewidths": 0.8, **style}
        face = "none" if key.is_hollow else key.colour
        style |= {"marker": key.marker, "facecolors": face, "edgecolors": key.colour}
        axes.scatter(*zip(*points, strict=True), **style)


def write(
    axes: Axes, at: Any, offset: tuple[float, float], text: str, **style: Any
) -> None:
    """Words `offset` by so many points from `at`, bounded as `plain` bounds them."""
    style = {"va": "center", "xytext": offset, "textcoords": "offset points", **style}
    axes.annotate(plain(text, 100), at, **style)


def head(axes: Axes, title: str, note: str) -> None:
    """A title over a panel, with a smaller line below it."""
    axes.set_title(f"{plain(title, 60)}\n")
    style = {"xycoords": "axes fraction", "va": "bottom", "fontsize": 7}
    write(axes, (0, 1), (0, 4), note, color=DIM.light, **style)


def source_of(run: Run) -> str:
    """Where the numbers of a figure come from: it may travel alone."""
    there = run.environment
    machine = plain(there.gpu or there.cpu_model or there.machine, 60)
    return (
        f"rnnbench {plain(run.version, 20)}, sweep {plain(run.sweep.name, 40)}, "
        f"{machine}, PyTorch {plain(there.torch, 30)}, {plain(run.created[:10])}"
    )


def save(drawing: Drawing, suffix: str, source: str) -> bytes:
    """The figure as a file of that kind, on white; the same input, the same bytes."""
    buffer = io.BytesIO()
    metadata = {"Title": plain(drawing.title), **SUFFIXES[suffix]}
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # A letter that the font lacks is no reason to draw nothing.
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure = _figure(drawing, source)
        figure.savefig(buffer, format=suffix, dpi=_DPI, metadata=metadata)
    return buffer.getvalue()


def _figure(drawing: Drawing, source: str) -> Figure:
    columns = max(map(len, drawing.rows))
    width = drawing.panel[0] * columns
    letters = int(_LETTERS_PER_INCH * width)
    foot = textwrap.wrap(plain(drawing.caption), letters)
    foot += textwrap.wrap(f"Source: {plain(source)}", letters)
    title = textwrap.wrap(plain(drawing.title), int(0.65 * letters))
    key_rows = -(-sum(len(each.label) + 7 for each in drawing.key) // letters)
    words = 0.17 * len(foot) + 0.23 * (len(title) + key_rows) + 0.4
    height = drawing.panel[1] * len(drawing.rows) + words
    figure = Figure((width, height), facecolor="white")
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)
    grid = figure.subplots(len(drawing.rows), columns, squeeze=False)
    for row, drawn in zip(grid, drawing.rows, strict=True):
        for axes in row[len(drawn) :]:
            axes.remove()
        for axes, draw in zip(row, drawn, strict=False):
            draw(axes)
    text = "\n".join(foot)
    figure.supxlabel(text, x=0.02, ha="left", fontsize=8, color=DIM.light)
    # The title is the key's: two artists above would be laid upon each other.
    figure.legend(
        handles=[_handle(each) for each in drawing.key],
        loc="outside upper left",
        ncols=max(1, -(-len(drawing.key) // max(1, key_rows))),
        title="\n".join(title),
        title_fontproperties={"size": 12, "weight": "bold"},
        alignment="left",
        frameon=False,
    )
    return figure


def _handle(key: Key) -> Patch | Line2D:
    if not key.marker:
        return Patch(fc=key.colour, ec=DIM.light, lw=0.4, label=key.label)
    face = "white" if key.is_hollow else key.colour
    return Line2D(
        [],
        [],
        color=key.colour,
        marker=key.marker,
        markerfacecolor=face,
        linestyle=":" if key.is_hollow else "-",
        label=key.label,
    )
