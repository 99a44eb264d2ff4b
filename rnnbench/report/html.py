"""A page as one HTML file that fetches nothing; its one script adds, and is known."""

import json
from collections.abc import Mapping
from functools import singledispatch
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rnnbench.report.charts.draw import draw_chart
from rnnbench.report.charts.figures import draw_bars, draw_roof, draw_timeline
from rnnbench.report.charts.over_nights import Trend
from rnnbench.report.charts.trend import draw_trend
from rnnbench.report.content import (
    Bars,
    Block,
    Chart,
    Listing,
    Page,
    Roof,
    Sheet,
    Table,
    Text,
    Timeline,
)
from rnnbench.report.styles import Styles, source


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
    css = _asset("page.css") + styles.sheet()
    has_sheet = any(kind == "sheet" for _, blocks in sections for kind, _, _ in blocks)
    script = _asset("page.js") if has_sheet else ""
    text = environment.get_template("page.html").render(
        page=page,
        sections=sections,
        css=_own(css),
        script=_own(script),
        style_source=source(css),
        script_source=source(script) if script else "'none'",
    )
    # JSON can hold half of a pair of UTF-16; no file that a browser reads can.
    return (text + "\n").encode("utf-8", "replace").decode("utf-8")


def render_template(
    name: str, context: Mapping[str, Any], *, style: str, script: str = ""
) -> str:
    """A page from a template of this folder, under a policy that names its code.

    The template gets `style`, `script` and, for its Content-Security-Policy,
    `style_source` and `script_source`. Every value of `context` is escaped unless it
    is Markup. No other style or script can run, and nothing can be fetched.
    """
    environment = Environment(
        loader=PackageLoader("rnnbench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template(name).render(
        context,
        style=_own(style),
        script=_own(script),
        style_source=source(style),
        script_source=source(script) if script else "'none'",
    )
    # JSON can hold half of a pair of UTF-16; no file that a browser reads can.
    return (text + "\n").encode("utf-8", "replace").decode("utf-8")


def _asset(name: str) -> str:
    return (files("rnnbench.report") / "templates" / name).read_text(encoding="utf-8")


def _shown(block: Block, styles: Styles) -> tuple[str, Block, Any]:
    kind, drawn = _drawn(block)
    if isinstance(drawn, list):
        drawn = [(title, _own(styles.taken_from(svg))) for title, svg in drawn]
    elif kind == "wide":
        drawn = _own(styles.taken_from(drawn))
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
    return "chart", [(panel.title, svg) for panel, svg in panels]


@_drawn.register
def _(block: Bars) -> tuple[str, Any]:
    panels = zip(block.panels, draw_bars(block), strict=True)
    return "bars", [(panel.title, svg) for panel, svg in panels]


@_drawn.register
def _(block: Timeline) -> tuple[str, Any]:
    return "wide", draw_timeline(block)


@_drawn.register
def _(block: Roof) -> tuple[str, Any]:
    return "wide", draw_roof(block)


@_drawn.register
def _(block: Trend) -> tuple[str, Any]:
    panels = zip(block.panels, draw_trend(block), strict=True)
    return "chart", [(panel.title, svg) for panel, svg in panels]


@_drawn.register
def _(block: Sheet) -> tuple[str, Any]:
    return "sheet", _island(block)


def _island(sheet: Sheet) -> Markup:
    """What the script reads: JSON that can't end its element."""
    columns, records = sheet.ledger.columns, sheet.ledger.records
    # By type as well: 1 and true are two values.
    same = {
        name: values[0]
        for name, values in zip(columns, zip(*records, strict=True), strict=True)
        if len({(type(value), value) for value in values}) == 1
    }
    varying = [place for place, name in enumerate(columns) if name not in same]
    data = {
        "name": sheet.ledger.name,
        "columns": columns,
        "same": same,
        "records": [[record[place] for place in varying] for record in records],
        "keys": sheet.keys,
        "shown": sheet.shown,
    }
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return _own(text)


def _own(text: str) -> Markup:
    # Ours: matplotlib escapes the text in a drawing, and JSON is escaped above.
    return Markup(text)  # noqa: S704
