"""Pages of the site: titled sections of texts, tables and trends."""

from functools import singledispatch
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from rnnbench.report.charts.over_nights import Trend
from rnnbench.report.charts.trend import draw_trend
from rnnbench.report.content import Block, Listing, Page, Table, Text
from rnnbench.report.html import asset, markup, source
from rnnbench.report.styles import Styles


def render(page: Page) -> str:
    """The whole document."""
    # autoescape stands for every value but what `_own` lets through as it is.
    environment = Environment(
        loader=PackageLoader("rnnbench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    styles = Styles()
    sections = [
        (section, [_shown(block, styles) for block in section.blocks])
        for section in page.sections
    ]
    css = asset("page.css") + styles.sheet()
    text = environment.get_template("page.html").render(
        page=page,
        sections=sections,
        css=markup(css),
        script="",
        style_source=source(css),
        script_source="'none'",
    )
    # JSON can hold half of a pair of UTF-16; no file that a browser reads can.
    return (text + "\n").encode("utf-8", "replace").decode("utf-8")


def _shown(block: Block, styles: Styles) -> tuple[str, Block, Any]:
    kind, drawn = _drawn(block)
    if isinstance(drawn, list):
        drawn = [(title, markup(styles.taken_from(svg))) for title, svg in drawn]
    elif kind == "wide":
        drawn = markup(styles.taken_from(drawn))
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
def _(block: Trend) -> tuple[str, Any]:
    panels = zip(block.panels, draw_trend(block), strict=True)
    return "chart", [(panel.title, svg) for panel, svg in panels]
