"""`rnnbench report`: the page of a results file."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

_REPORT = """Write a report of a results file: one page that works without a network.

\b
Examples:
  rnnbench report results/latest.json --output reports/latest
  rnnbench report results/latest.json --output reports/latest --format markdown
"""


class ReportFormat(StrEnum):
    """The formats of a report."""

    HTML = "html"
    MARKDOWN = "markdown"


FILE_NAMES = {ReportFormat.HTML: "index.html", ReportFormat.MARKDOWN: "report.md"}


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="report", help=_REPORT)(write_report)


def write_report(
    results: Annotated[Path, typer.Argument(help="A results file.")],
    *,
    output: Annotated[
        Path, typer.Option(help="The folder to write to; created if missing.")
    ],
    format: Annotated[  # noqa: A002 - the name of the option
        ReportFormat,
        typer.Option(help="A web page, or Markdown for a code host."),
    ] = ReportFormat.HTML,
) -> None:
    """Write the report of a run; the help text is `_REPORT`."""
    from rnnbench.storage.results_file import load_run  # noqa: PLC0415

    target = output / FILE_NAMES[format]
    write_page(load_run(results), target, format)
    typer.echo(f"{target} written")


def write_page(run: Any, target: Path, form: ReportFormat) -> None:
    """Write the report of `run` to the file `target`."""
    from rnnbench.report.markdown import render_markdown  # noqa: PLC0415
    from rnnbench.report.run_page import render_page  # noqa: PLC0415
    from rnnbench.report.view import view  # noqa: PLC0415
    from rnnbench.storage.files import write_text  # noqa: PLC0415

    render = render_page if form is ReportFormat.HTML else render_markdown
    write_text(target, render(view(run)))
