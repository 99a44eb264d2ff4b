"""`rnnbench cases`: the cases of a sweep, and how long they would take."""

import asyncio
import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from rnnbench.cli.output import SweepName, say

_CASES = """List the cases of a sweep and estimate how long measuring them takes.

Nothing is measured. One worker process reports the cases that this machine can't run:
they are shown with the reason, and a run would skip them. A layer or a runtime of your
own is imported, built and checked, each in a worker of its own. The cases of a workload
are measured side by side, in turns.

\b
Exit status:
  0  every case runs, or is skipped
  1  a layer or a runtime of your own fails
  2  bad input

\b
Examples:
  rnnbench cases
  rnnbench cases nightly --plain | grep lstm
  rnnbench cases my_sweep.yaml --no-survey
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="cases", help=_CASES)(list_cases)


def list_cases(
    sweep: SweepName = "quick",
    *,
    plain: Annotated[
        bool, typer.Option("--plain", help="Print plain columns on a terminal too.")
    ] = False,
    survey: Annotated[
        bool, typer.Option(help="Ask a worker which cases this machine can't run.")
    ] = True,
) -> None:
    """List the cases of a sweep; the help text is `_CASES`."""
    from rnnbench.cli import case_listing  # noqa: PLC0415
    from rnnbench.model.machine import core_count  # noqa: PLC0415
    from rnnbench.runner import scheduler  # noqa: PLC0415
    from rnnbench.runner.foreign_layers import (  # noqa: PLC0415
        LayerChecks,
        find_faults,
    )
    from rnnbench.sweep.load import load_sweep  # noqa: PLC0415
    from rnnbench.sweep.shipped import find_sweep  # noqa: PLC0415

    read = load_sweep(find_sweep(sweep))
    if read.record.learning is not None:
        _list_learning(read.record, is_asked=survey)
    reasons: tuple[str | None, ...] = (None,) * len(read.cases)
    faults: Mapping[Any, str] = {}
    if survey:
        _, reasons = asyncio.run(scheduler.survey(read.cases))
        record = read.record
        checks = LayerChecks(record.policy.time_limit, references=record.references)
        faults = find_faults(read.cases, checks)
    print_rows = _print_plain if plain or not sys.stdout.isatty() else _print_table
    print_rows(case_listing.HEADINGS, case_listing.listing(read, reasons, faults))
    for line in case_listing.summary(read, reasons, faults, core_count()):
        say(line)
    raise typer.Exit(1 if faults else 0)


def _list_learning(record: Any, *, is_asked: bool) -> None:
    """List what a sweep trains, and end the command."""
    from rnnbench.cli import learning_listing  # noqa: PLC0415
    from rnnbench.model.formatting import align  # noqa: PLC0415
    from rnnbench.runner.learning.learning_order import describe_plan  # noqa: PLC0415

    described = None
    if is_asked:
        limit = record.policy.time_limit
        described = asyncio.run(describe_plan(record.learning, limit))
    rows = learning_listing.listing(record.learning, described)
    for line in align([learning_listing.HEADINGS, *rows]):
        say(line)
    for line in learning_listing.summary(record, described):
        say(line)
    raise typer.Exit(1 if learning_listing.has_failed(described) else 0)


def _print_plain(headings: tuple[str, ...], workloads: Iterable[Any]) -> None:
    """Each workload on its own line, with its cases below in columns."""
    from rnnbench.model.formatting import align  # noqa: PLC0415

    shown = list(workloads)
    lines = iter(align([headings, *(row for each in shown for row in each.rows)]))
    say(f"  {next(lines)}")
    for workload in shown:
        say(workload.id)
        for _ in workload.rows:
            say(f"  {next(lines)}")


def _print_table(headings: tuple[str, ...], workloads: Iterable[Any]) -> None:
    """A table with a section for each workload."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from rnnbench.model.formatting import for_terminal  # noqa: PLC0415

    table = Table(*headings)
    for column in table.columns[1:-1]:
        column.justify = "right"
    for workload in workloads:
        for row in workload.rows:
            table.add_row(*(Text(for_terminal(cell)) for cell in row))
        table.add_section()
    Console(highlight=False).print(table)
