"""The frame of a drawing: its style, its margins, and the SVG text that comes of it."""

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

# Okabe & Ito's colours, told apart by every kind of sight; the page may brighten them.
COLOURS = ("#d55e00", "#0072b2", "#56b4e9", "#009e73", "#cc79a7", "#e69f00")
MARKERS = ("o", "s", "^", "D", "v", "P")
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    # Each word of a drawing names its fonts: the page has its own, so one will do.
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    # A layer's name is no formula, whatever stands in it.
    "text.parse_math": False,
}
_DECIMALS = re.compile(r"(\.\d\d)\d{3,4}\b")
NOTHING = {"Date": None, "Creator": None, "Format": None, "Type": None}


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drawing that is still to be made: on a page, or beside others in one figure.

    `heading` stands above it, `title` names it for those who listen. Inches.
    """

    id: str
    title: str
    heading: str
    width: float
    height: float
    draw: Callable[[Figure | SubFigure], None]


def svg_of(sketch: Sketch) -> str:
    """The sketch alone, for a page."""
    with mpl.rc_context({**STYLE, "svg.hashsalt": sketch.id}):
        figure = Figure(figsize=(sketch.width, sketch.height))
        sketch.draw(figure)
        return svg_text(figure, sketch.id, sketch.title)


def frame(figure: Figure | SubFigure, **inches: float) -> Axes:
    """Axes with margins in inches: a page sets its charts at one size."""
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    place(axes, figure, **inches)
    return axes


def place(axes: Axes, figure: Figure | SubFigure, **inches: float) -> None:
    """Margins in inches: a page sets its charts at one size."""
    width, height = figure.bbox.width / figure.dpi, figure.bbox.height / figure.dpi
    left, bottom = inches["left"] / width, inches["bottom"] / height
    right, top = inches["right"] / width, inches["top"] / height
    axes.set_position((left, bottom, 1 - left - right, 1 - bottom - top))


def shorten(text: str, most: int = 74) -> str:
    """`text`, less its middle where it is longer than `most` letters.

    Names of one package begin alike: what tells them apart is at their ends.
    """
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"


def svg_text(figure: Figure, name: str, title: str) -> str:
    """The bare element: named for those who listen, coloured by the page's style."""
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # Text stays text, and whoever reads it has fonts of their own.
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure.savefig(buffer, format="svg", transparent=True, metadata=NOTHING)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    # Without <style> (it would apply to the whole page), <metadata>, and fixed sizes.
    text = re.sub(r"<(style|metadata)\b.*?</\1>", "", text, flags=re.DOTALL)
    text = text.replace("xlink:href", "href")
    text = _smaller(text)
    # An id is unique in a page, and each figure counts its own from 1.
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\1{name}-", text)
    text = re.sub(r'^<svg[^>]*viewBox="([^"]*)"[^>]*>', _opening(name, title), text)
    for index, colour in enumerate(COLOURS):
        text = text.replace(colour, f"var(--series-{index}, {colour})")
    return text.replace("#000000", "currentColor")


def _smaller(text: str) -> str:
    """The same picture in half of the letters: a page may hold a hundred of them."""
    text = re.sub(r'(<g) id="[^"]*"', r"\1", text)
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    text = re.sub(r">\s+<", ">\n<", text)
    # A hundredth of a point is less than a pixel of any screen.
    return re.sub(r"<[^>]*>", lambda tag: _DECIMALS.sub(r"\1", tag[0]), text)


def _opening(name: str, title: str) -> str:
    words = escape(title).replace("\\", r"\\")
    return (
        r'<svg xmlns="http://www.w3.org/2000/svg" viewBox="\1" role="img" '
        f'aria-labelledby="{name}-title"><title id="{name}-title">{words}</title>'
    )
