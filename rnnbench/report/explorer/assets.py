"""The page's script, joined from the modules of this folder, and its style sheet."""

import re
from functools import cache
from importlib.resources import files

from rnnbench.report.explorer.modules import join_modules
from rnnbench.report.explorer.squeeze import squeeze_script

ENTRY = "main.js"

_STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STYLE_SPACE = re.compile(r"\s*([{};,])\s*|(?<=[\w-]):\s+|\s+")


@cache
def script() -> str:
    """The text of the page's script element; its hash stands in the page's policy."""
    folder = files("rnnbench.report.explorer")
    modules = {
        path.name: path.read_text(encoding="utf-8")
        for path in folder.iterdir()
        if path.name.endswith(".js")
    }
    joined = join_modules(modules, ENTRY)
    return f'"use strict";(()=>{{{squeeze_script(joined)}}})();'


@cache
def style() -> str:
    """The text of the page's style element; its hash stands in the policy, too."""
    folder = files("rnnbench.report.explorer")
    return squeeze_style(folder.joinpath("page.css").read_text(encoding="utf-8"))


def squeeze_style(text: str) -> str:
    """The style sheet without comments, and with one space at most between words."""
    bare = _STYLE_COMMENT.sub("", text).strip()
    return _STYLE_SPACE.sub(_squeezed, bare).replace(";}", "}")


def _squeezed(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    return ":" if found[0].startswith(":") else " "
