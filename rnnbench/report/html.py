"""A page as one HTML file that fetches nothing and runs nothing."""

from functools import singledispatch
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rnnbench.report.charts import draw_chart, draw_forest
from rnnbench.report.content import (
    Bars,
    Block,
    Chart,
    Forest,
    Listing,
    Page,
    Roof,
    Table,
    Text,
    Timeline,
)
from rnnbench.report.figures import draw_bars, draw_roof, draw_timeline


def render(page: Page) -> str:
    """The whole document."""
    # autoescape stands for every value; only the charts' SVG is let through as it is.
    environment = Environment(
        loader=PackageLoader("rnnbench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sections = [
        (section, [_shown(block) for block in section.blocks])
        for section in page.sections
    ]
    template = environment.get_template("page.html")
    text = template.render(page=page, sections=sections) + "\n"
    # JSON can hold half of a pair of UTF-16; no file that a browser reads can.
    return text.encode("utf-8", "replace").decode("utf-8")


def _shown(block: Block) -> tuple[str, Block, Any]:
    kind, drawn = _drawn(block)
    return kind, block, drawn


@singledispatch
def _drawn(block: Block) -> tuple[str, Any]:
    """The kind of a block, for the template, and what is drawn of it."""
    raise TypeError(f"no way to show a {type(block).__name__}")


@_drawn.register
def _(_block: Text) -> tuple[str, Any]:
    return "text", None


@_drawn.register
def _(_block: Listing) -> tuple[str, Any]:
    return "listing", None


@_drawn.register
def _(_block: Table) -> tuple[str, Any]:
    return "table", None


@_drawn.register
def _(block: Chart) -> tuple[str, Any]:
    panels = zip(block.panels, draw_chart(block), strict=True)
    return "chart", [(panel.title, _svg(svg)) for panel, svg in panels]


@_drawn.register
def _(block: Forest) -> tuple[str, Any]:
    return "wide", _svg(draw_forest(block))


@_drawn.register
def _(block: Bars) -> tuple[str, Any]:
    panels = zip(block.panels, draw_bars(block), strict=True)
    return "bars", [(panel.title, _svg(svg)) for panel, svg in panels]


@_drawn.register
def _(block: Timeline) -> tuple[str, Any]:
    return "wide", _svg(draw_timeline(block))


@_drawn.register
def _(block: Roof) -> tuple[str, Any]:
    return "wide", _svg(draw_roof(block))


def _svg(text: str) -> Markup:
    # Our own drawing: matplotlib escapes the text in it.
    return Markup(text)  # noqa: S704
