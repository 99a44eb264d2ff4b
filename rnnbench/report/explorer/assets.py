"""The page's script, joined from the modules of this folder, and its style sheet."""

from functools import cache
from importlib.resources import files

from rnnbench.report.explorer.modules import join_modules
from rnnbench.report.explorer.squeeze import squeeze_script, squeeze_style

ENTRY = "main.js"


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
