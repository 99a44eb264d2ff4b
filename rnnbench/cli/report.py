"""`rnnbench report`: the page of a results file, or of several machines."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from rnnbench.cli.output import say
from rnnbench.model.errors import RnnbenchError

_REPORT = """Write a report of a results file: one page that works without a network.

With several results files, one for each kind of machine, the page compares the
machines: it puts their ratios on one scale and shows on which ratios they agree.

\b
Examples:
  rnnbench report results/latest.json --output reports/latest
  rnnbench report results/latest.json --output reports/latest --format markdown
  rnnbench report results/xeon.json results/epyc.json --output reports/machines
"""


class ReportFormat(StrEnum):
    """The formats of a report."""

    HTML = "html"
    MARKDOWN = "markdown"


FILE_NAMES = {ReportFormat.HTML: "index.html", ReportFormat.MARKDOWN: "report.md"}


_Output = Annotated[
    Path, typer.Option("--output", "-o", help="The folder to write; made if missing.")
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="report", help=_REPORT)(write_report)


def write_report(
    results: Annotated[
        list[Path],
        typer.Argument(help="A results file, or one for each kind of machine."),
    ],
    *,
    output: _Output,
    format: Annotated[  # noqa: A002 - the name of the option
        ReportFormat,
        typer.Option(
            help="A web page, or Markdown for a pull request (one results file only)."
        ),
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
    if len(results) > 1:
        if format is not ReportFormat.HTML or self_check:
            raise RnnbenchError(
                "report: --format markdown and --self-check need one results file"
            )
        _write_kinds(results, target)
        return
    run = load_run(results[0])
    beside = results[0].with_name("calibration.json")
    path = self_check or (beside if beside.is_file() else None)
    write_page(run, target, format, load_self_check(path) if path else None)
    say(f"{target} written")


def _write_kinds(results: list[Path], target: Path) -> None:
    """Write the page that puts the machines of several results files on one scale."""
    from rnnbench.model.formatting import counted  # noqa: PLC0415
    from rnnbench.report.kinds.kinds_page import render_kinds  # noqa: PLC0415
    from rnnbench.report.kinds.machine_kind import kinds_of  # noqa: PLC0415
    from rnnbench.report.kinds.shared_ratios import shared_view  # noqa: PLC0415
    from rnnbench.storage.files import write_text  # noqa: PLC0415
    from rnnbench.storage.results_file import load_run  # noqa: PLC0415

    shared = shared_view(kinds_of([(path, load_run(path)) for path in results]))
    write_text(target, render_kinds(shared))
    ratios = counted(shared.count, "shared ratio")
    machines = counted(len(shared.kinds), "kind")
    say(f"{target} written: {ratios} of {machines} of machines")


def write_page(run: Any, target: Path, form: ReportFormat, check: Any = None) -> None:
    """Write the report of `run`, with what a self-check found, to the file `target`.

    The pages of the parts of a large run are in a folder beside it.
    """
    from rnnbench.calibration.check_section import section_of  # noqa: PLC0415
    from rnnbench.report.markdown import render_markdown  # noqa: PLC0415
    from rnnbench.report.parts_page import write_pages  # noqa: PLC0415
    from rnnbench.report.run_page import Surroundings  # noqa: PLC0415
    from rnnbench.report.view import view  # noqa: PLC0415
    from rnnbench.storage.files import write_text  # noqa: PLC0415

    found = view(run)
    if form is ReportFormat.MARKDOWN:
        write_text(target, render_markdown(found))
        return
    section = section_of(check, run.environment) if check else None
    write_pages(target, found, Surroundings(check=section))
