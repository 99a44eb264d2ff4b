"""The command: what a sweep would run, and the report of what was run."""

import asyncio
import os
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from rnnbench.cli import nights as cli_nights
from rnnbench.cli import plot as cli_plot
from rnnbench.cli import site as cli_site
from rnnbench.model.errors import RnnbenchError

_ABOUT = """What choosing one recurrent layer of torch.nn over another costs, here.

\b
Look at a sweep, measure it, read the answer:
  rnnbench cases configs/quick.yaml
  pytest bench/ --rnn-sweep configs/quick.yaml --benchmark-json=results/latest.json
  rnnbench report results/latest.json --output reports/latest
"""
_CASES = """List what a sweep would measure here, and guess how long it takes.

Nothing is measured. One worker is asked what this machine can't run: such cases are
shown with the reason, and would be skipped with it. The members of a workload are
measured side by side, turn by turn.

\b
Examples:
  rnnbench cases configs/quick.yaml
  rnnbench cases configs/nightly.yaml --plain | grep lstm
  rnnbench cases configs/cuda.yaml --no-survey
"""
_REPORT = """Turn a results file into one page that can be read without anything else.

\b
Examples:
  rnnbench report results/latest.json --output reports/latest
  rnnbench report results/latest.json --output reports/latest --format markdown
"""
_GATE = """Hold a candidate against a base, turn by turn, and say if it is slower.

Two interpreters with different PyTorch, or two layers of your own under the same. A
worker of each is pinned to the same core, and they take turns. What is flagged is
measured again in fresh processes, and fails only where that confirms it.

Exit status: 0 nothing is worse, 1 something is, 2 it could not be judged.

\b
Examples:
  rnnbench gate --base .base/bin/python --candidate .new/bin/python configs/quick.yaml
  rnnbench gate --base-layer gru --candidate-layer my.layers:gru configs/quick.yaml
"""

app = typer.Typer(
    help=_ABOUT,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
cli_nights.register(app)
cli_plot.register(app)
cli_site.register(app)


class Format(StrEnum):
    """What a report is written as."""

    HTML = "html"
    MARKDOWN = "markdown"


_FILES = {Format.HTML: "index.html", Format.MARKDOWN: "report.md"}


@app.command(name="cases", help=_CASES)
def list_cases(
    sweep: Annotated[
        Path, typer.Argument(help="A sweep: a YAML file such as those in configs/.")
    ],
    *,
    plain: Annotated[
        bool, typer.Option("--plain", help="Plain columns, on a terminal too.")
    ] = False,
    survey: Annotated[
        bool, typer.Option(help="Ask a worker what this machine can't run.")
    ] = True,
) -> None:
    """List what a sweep would measure here; the help text is `_CASES`."""
    from rnnbench.cli import listing  # noqa: PLC0415
    from rnnbench.model.cores import physical_cores  # noqa: PLC0415
    from rnnbench.runner import scheduler as campaign  # noqa: PLC0415
    from rnnbench.sweep.load import load_sweep  # noqa: PLC0415

    read = load_sweep(sweep)
    reasons: tuple[str | None, ...] = (None,) * len(read.cases)
    if survey:
        _, reasons = asyncio.run(campaign.survey(read.cases))
    cores = len(physical_cores()) or os.cpu_count() or 1
    show = _show_plain if plain or not sys.stdout.isatty() else _show_table
    show(listing.HEADINGS, listing.blocks(read, reasons))
    for line in listing.summary(read, reasons, cores):
        typer.echo(line)


@app.command(name="report", help=_REPORT)
def write_report(
    results: Annotated[
        Path, typer.Argument(help="A results file, as pytest bench/ writes it.")
    ],
    *,
    output: Annotated[
        Path, typer.Option(help="The folder to write into; made if it is not there.")
    ],
    format: Annotated[  # noqa: A002 - it is the option's name
        Format, typer.Option(help="A web page, or Markdown for a code host.")
    ] = Format.HTML,
) -> None:
    """Write the report of a run; the help text is `_REPORT`."""
    from rnnbench.report import RENDERERS  # noqa: PLC0415
    from rnnbench.report.run_page import page  # noqa: PLC0415
    from rnnbench.storage.files import write_whole  # noqa: PLC0415
    from rnnbench.storage.results_file import load_run  # noqa: PLC0415

    run = load_run(results)
    text = RENDERERS[format.value](page(run))
    target = output / _FILES[format]
    write_whole(target, text)
    typer.echo(f"{target} written")


@app.command(name="gate", help=_GATE)
def hold_against(  # noqa: PLR0913 - options, not arguments
    sweep: Annotated[Path, typer.Argument(help="A sweep: which cases.")],
    *,
    base: Annotated[str, typer.Option(help="The interpreter to go by.")] = "",
    candidate: Annotated[str, typer.Option(help="The interpreter in question.")] = "",
    base_layer: Annotated[str, typer.Option(help="In place of the sweep's.")] = "",
    candidate_layer: Annotated[str, typer.Option(help="Held against it.")] = "",
    budget: Annotated[float, typer.Option(help="Seconds that it may take.")] = 3600.0,
    output: Annotated[
        list[Path] | None, typer.Option(help="A file .json, .md or .txt; repeatable.")
    ] = None,
) -> None:
    """Hold a candidate against a base; the help text is `_GATE`."""
    from rnnbench.regression import gate_output as bulletin  # noqa: PLC0415
    from rnnbench.regression import gate_run as trial  # noqa: PLC0415
    from rnnbench.runner.progress import ProgressLine, Stream  # noqa: PLC0415
    from rnnbench.sweep.load import load_sweep  # noqa: PLC0415

    if bool(base_layer) != bool(candidate_layer) or not (candidate or candidate_layer):
        raise typer.BadParameter("name --candidate, or both layers")
    if wrong := [path for path in output or () if path.suffix not in bulletin.FORMS]:
        raise typer.BadParameter(f"{wrong[0]}: it ends in none of .json, .md, .txt")
    sides = trial.Sides(
        base=base or sys.executable,
        candidate=candidate or base or sys.executable,
        base_layer=base_layer,
        candidate_layer=candidate_layer,
    )
    line = ProgressLine(Stream(sys.stderr))
    try:
        decision = trial.hold(load_sweep(sweep), sides, budget, line.show)
    finally:
        line.close()
    for path in output or ():
        bulletin.write(path, decision)
    typer.echo(bulletin.text(decision), nl=False)
    raise typer.Exit(decision.exit_code)


def _show_plain(headings: tuple[str, ...], blocks: Iterable[Any]) -> None:
    """Each workload on a line of its own, its members below in columns."""
    shown = list(blocks)
    rows = [headings, *(row for block in shown for row in block.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(headings))]

    def line(row: tuple[str, ...]) -> str:
        name, *numbers, here = row
        cells = [name.ljust(widths[0])]
        cells += [
            cell.rjust(width) for cell, width in zip(numbers, widths[1:-1], strict=True)
        ]
        return "  " + "  ".join([*cells, here])

    typer.echo(line(headings))
    for block in shown:
        typer.echo(block.workload)
        for row in block.rows:
            typer.echo(line(row))


def _show_table(headings: tuple[str, ...], blocks: Iterable[Any]) -> None:
    """A table with a section for each workload."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(*headings)
    for column in table.columns[1:-1]:
        column.justify = "right"
    for block in blocks:
        for row in block.rows:
            table.add_row(*map(Text, row))
        table.add_section()
    Console(highlight=False).print(table)


def main() -> int:
    """Run the command; what a user can mend is a line on standard error, and a 2."""
    try:
        # Else it is named for whatever program it is called from.
        app(prog_name="rnnbench", standalone_mode=True)
    except RnnbenchError as error:
        typer.echo(error, err=True)
        return 2
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0
