"""The commands over several runs: two held together, and the history of many."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

_COMPARE = """Hold a results file against an earlier one, cell by cell.

It informs: two nights on a machine that others share differ by more than code does.
Whether code became slower is for rnnbench gate to say.

Exit status: 0 nothing is worse, 1 something is, 2 it can't be judged.

\b
Examples:
  rnnbench compare results/previous.json results/latest.json
  rnnbench compare base.json new.json --tolerance 0.03 --format markdown
"""
_ADD = """Put a results file into the history: a file of its own, written once.

Adding the same run twice changes nothing. Several may add at the same time.

\b
Example:
  rnnbench history add results/latest.json --store results/history
"""
_SHOW = """Print what the history has of a case, night by night.

\b
Example:
  rnnbench history show gru-train-i64-h128-l1-t32-b8-cpu
"""
_CHANGES = """Find where a level changed: by how much, and between which nights.

Searched are the time as a multiple of the yardstick's, ratios, and memory.

\b
Examples:
  rnnbench history changes
  rnnbench history changes --store results/history --format markdown
"""
_STORE = Path("results/history")


class Output(StrEnum):
    """For whom it is written."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    JSON = "json"


_Store = Annotated[Path, typer.Option(help="The folder that holds the history.")]
_Format = Annotated[Output, typer.Option("--format", help="For whom it is written.")]


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.command(name="compare", help=_COMPARE)(compare_runs)
    history = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    history.command(name="add", help=_ADD)(add_run)
    history.command(name="show", help=_SHOW)(show_series)
    history.command(name="changes", help=_CHANGES)(find_changes)
    app.add_typer(history, name="history", help="Many nights: add, show, changes.")


def compare_runs(
    base: Annotated[Path, typer.Argument(help="The results file to go by.")],
    new: Annotated[Path, typer.Argument(help="The results file in question.")],
    *,
    tolerance: Annotated[
        float | None, typer.Option(help="Half of the band; 0.01 unless said.", min=0)
    ] = None,
    output: _Format = Output.TERMINAL,
) -> None:
    """Hold a run against an earlier one; the help text is `_COMPARE`."""
    from rnnbench.regression.compare import TOLERANCE, compare  # noqa: PLC0415
    from rnnbench.regression.compare_output import RENDERERS  # noqa: PLC0415
    from rnnbench.storage.results_file import load_run  # noqa: PLC0415

    band = TOLERANCE if tolerance is None else tolerance
    found = compare(load_run(base), load_run(new), tolerance=band)
    typer.echo(RENDERERS[output](found), nl=False)
    raise typer.Exit(found.exit_code)


def add_run(
    results: Annotated[Path, typer.Argument(help="A results file.")],
    *,
    store: _Store = _STORE,
) -> None:
    """Put a run into the history; the help text is `_ADD`."""
    from rnnbench.regression.history import add  # noqa: PLC0415
    from rnnbench.storage.results_file import load_run  # noqa: PLC0415

    path, fresh = add(load_run(results), store)
    typer.echo(f"{path} {'written' if fresh else 'holds this run already'}")


def show_series(
    case: Annotated[str, typer.Argument(help="The id of a case.")],
    *,
    store: _Store = _STORE,
) -> None:
    """Print the series of a case; the help text is `_SHOW`."""
    from rnnbench.model.errors import ResultsError  # noqa: PLC0415
    from rnnbench.model.formatting import for_terminal  # noqa: PLC0415
    from rnnbench.regression.history import nights, text  # noqa: PLC0415
    from rnnbench.regression.history_store import load  # noqa: PLC0415

    held = load(store, case)
    for line in held.skipped:
        typer.echo(f"skipped: {for_terminal(line)}", err=True)
    series = nights(held, case)
    if not series:
        raise ResultsError(f"{store}: no run has the case {for_terminal(case)}")
    typer.echo(text(series), nl=False)


def find_changes(*, store: _Store = _STORE, output: _Format = Output.TERMINAL) -> None:
    """Find where levels changed; the help text is `_CHANGES`."""
    from rnnbench.regression.changes import changes  # noqa: PLC0415
    from rnnbench.regression.changes_output import RENDERERS  # noqa: PLC0415
    from rnnbench.regression.history_store import load  # noqa: PLC0415

    held = load(store)
    typer.echo(RENDERERS[output](changes(held), held), nl=False)
