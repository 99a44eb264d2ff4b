"""What a run says, as a page for people: a renderer for each format."""

from collections.abc import Callable

from rnnbench.report import html, markdown
from rnnbench.report.content import Page

RENDERERS: dict[str, Callable[[Page], str]] = {
    "html": html.render,
    "markdown": markdown.render,
}
