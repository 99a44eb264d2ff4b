"""Sphinx's configuration: `tox run -e docs` builds the documentation."""

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

# The tables are made from the source beside this folder, which is not installed.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import reference_tables  # noqa: E402  the path is set above

import rnnbench  # noqa: E402

project = "rnnbench"
version = release = rnnbench.__version__
project_copyright = "the rnnbench authors"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"rnnbench {version}"
exclude_patterns = ["_build"]
myst_heading_anchors = 3


class FromCode(SphinxDirective):
    """The directive `from-code`; its one argument is a row of `TABLES`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Parse the table's Markdown where the directive stands."""
        text = reference_tables.TABLES[self.arguments[0]]()
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(sphinx: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    sphinx.add_directive("from-code", FromCode)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
