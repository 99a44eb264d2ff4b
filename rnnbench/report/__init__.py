"""What a run says, as a page for people: a renderer for each format."""

from collections.abc import Callable

from rnnbench.report.content import Page
from rnnbench.report.html import render as render_html
from rnnbench.report.markdown import render as render_markdown

RENDERERS: dict[str, Callable[[Page], str]] = {
    "html": render_html,
    "markdown": render_markdown,
}
