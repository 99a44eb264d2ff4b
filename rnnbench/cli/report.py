"""`rnnbench report`: the page of a results file."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from rnnbench.cli.output import say

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
    self_check: Annotated[
        Path | None,
        typer.Option(
            help="A file of rnnbench calibrate to show on the page; by default "
            "calibration.json beside RESULTS, if there is one."
        ),
    ] = None,
) -> None:
    """Write the report of a run; the help text is `_REPORT`."""
    from rnnbench.calibration.check_file import load_self_check  # noqa: PLC0415
    from rnnbench.storage.results_file import load_run  # noqa: PLC0415

    target = output / FILE_NAMES[format]
    run = load_run(results)
    beside = results.with_name("calibration.json")
    path = self_check or (beside if beside.is_file() else None)
    write_page(run, target, format, load_self_check(path) if path else None)
    say(f"{target} written")


def write_page(run: Any, target: Path, form: ReportFormat, check: Any = None) -> None:
    """Write the report of `run`, with what a self-check found, to the file `target`."""
    from rnnbench.calibration.check_section import section_of  # noqa: PLC0415
    from rnnbench.report.markdown import render_markdown  # noqa: PLC0415
    from rnnbench.report.run_page import Surroundings, render_page  # noqa: PLC0415
    from rnnbench.report.view import view  # noqa: PLC0415
    from rnnbench.storage.files import write_text  # noqa: PLC0415

    found = view(run)
    if form is ReportFormat.MARKDOWN:
        write_text(target, render_markdown(found))
        return
    section = section_of(check, run.environment) if check else None
    write_text(target, render_page(found, Surroundings(check=section)))
