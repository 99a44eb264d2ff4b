"""HTML documents from templates: they fetch nothing and run only their own code."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rnnbench.report.tokens import hue_of

# HTML forbids these characters, and a page may be read on a terminal.
_VISIBLE = dict.fromkeys((*range(9), *range(14, 32), *range(127, 160)), "\ufffd")


def render_template(
    name: str, context: Mapping[str, Any], *, style: str, script: str = ""
) -> str:
    """A page from a template of this folder, under a policy that names its code.

    The template gets `style`, `script` and, for its Content-Security-Policy,
    `style_source` and `script_source`. Every value of `context` is escaped unless it
    is Markup. No other style or script can run, and nothing can be fetched.
    """
    text = (
        _environment()
        .get_template(name)
        .render(
            context,
            style=markup(style),
            script=markup(script),
            style_source=source(style),
            script_source=source(script) if script else "'none'",
        )
    )
    # JSON can hold half of a pair of UTF-16; no file that a browser reads can.
    return (text.translate(_VISIBLE) + "\n").encode("utf-8", "replace").decode("utf-8")


@cache
def _environment() -> Environment:
    """Shared by all pages: reading a template takes longer than filling it in."""
    environment = Environment(
        loader=PackageLoader("rnnbench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["hue"] = hue_of
    return environment


def markup(text: str) -> Markup:
    """Trusted text of the package, put into a page without escaping."""
    return Markup(text)  # noqa: S704 - callers escape


def asset(name: str) -> str:
    """A file of the folder of templates."""
    return (files("rnnbench.report") / "templates" / name).read_text(encoding="utf-8")


def source(text: str) -> str:
    """The name of a text in a Content-Security-Policy (CSP level 2, W3C 2016)."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
