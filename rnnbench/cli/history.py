"""`rnnbench history`: many runs of one machine, and where their level changed."""

import os
from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.output import Format, TableFormat, Verbose, say

_HISTORY = "Keep the runs of many nights: add, merge, fetch, push, show, changes."
_ADD = """Add a results file to the history, as a file that is written once.

Adding the same run twice changes nothing. Several processes may add at the same time.
With --keep the results file itself is copied into the history, too: rnnbench site then
makes a page of the night, whose address never changes.

\b
Examples:
  rnnbench history add results/latest.json --store results/history
  rnnbench history add results/night/run.json --keep
"""
_FETCH = """Add the files of a branch of a git repository to the history.

A branch that is not there yet has no files. $GITHUB_TOKEN is used if it is set.

\b
Example:
  rnnbench history fetch https://example.org/owner/project.git
"""
_PUSH = """Add the files of the history to a branch of a git repository.

Each file is checked before it is added, and none is ever replaced. The branch is made
if it is not there. $GITHUB_TOKEN is used if it is set.

\b
Example:
  rnnbench history push https://example.org/owner/project.git --message "Run 12"
"""
_MERGE = """Copy the files of another history that the history does not have.

SOURCE may come from anywhere: each file is checked, and anything that is no history
file in the folder of a machine is named and left where it is.

\b
Exit status:
  0  every history file was copied, or was there
  2  a history file is damaged, or can't be written

\b
Example:
  rnnbench history merge downloaded/ --store results/history
"""
_SHOW = """Print what the history has of a case, night by night.

\b
Example:
  rnnbench history show gru-train-i64-h128-l1-t32-b8-cpu
"""
_CHANGES = """Find changes of level: by how much, and between which nights.

These values are searched: time divided by the yardstick's, ratios, memory, and steps to
the target.

\b
Examples:
  rnnbench history changes
  rnnbench history changes --store results/history --format markdown
"""
_STORE = Path("results/history")

_Store = Annotated[Path, typer.Option(help="The folder of the history.")]
_Remote = Annotated[
    str, typer.Argument(help="Address or folder of the git repository.")
]
_Branch = Annotated[str, typer.Option(help="The branch that holds the history.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    history = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    history.command(name="add", help=_ADD)(add_run)
    history.command(name="merge", help=_MERGE)(merge_store)
    history.command(name="fetch", help=_FETCH)(fetch_branch)
    history.command(name="push", help=_PUSH)(push_branch)
    history.command(name="show", help=_SHOW)(show_series)
    history.command(name="changes", help=_CHANGES)(print_changes)
    app.add_typer(history, name="history", help=_HISTORY)


def add_run(
    results: Annotated[Path, typer.Argument(help="A results file.")],
    *,
    store: _Store = _STORE,
    keep: Annotated[
        bool, typer.Option("--keep", help="Copy the results file, too.")
    ] = False,
) -> None:
    """Add a run to the history; the help text is `_ADD`."""
    from rnnbench.regression.history import add  # noqa: PLC0415
    from rnnbench.storage.results_file import load_run  # noqa: PLC0415

    path, is_new = add(load_run(results), store)
    say(f"{path} {'written' if is_new else 'already has this run'}")
    if keep:
        from rnnbench.regression import night_files  # noqa: PLC0415

        say(f"{night_files.keep(results, store)} kept")


def fetch_branch(
    remote: _Remote, *, store: _Store = _STORE, branch: _Branch = "history"
) -> None:
    """Read the history's branch; the help text is `_FETCH`."""
    from rnnbench.model.formatting import counted  # noqa: PLC0415
    from rnnbench.regression.history_branch import HistoryBranch  # noqa: PLC0415

    token = os.environ.get("GITHUB_TOKEN", "")
    added = HistoryBranch(remote, branch, token).fetch(store)
    say(f"{store}: {counted(added, 'file')} added")


def push_branch(
    remote: _Remote,
    *,
    store: _Store = _STORE,
    branch: _Branch = "history",
    message: Annotated[
        str, typer.Option(help="The message of the commit.")
    ] = "Add a night",
) -> None:
    """Write the history's branch; the help text is `_PUSH`."""
    from rnnbench.model.errors import ResultsError  # noqa: PLC0415
    from rnnbench.model.formatting import counted  # noqa: PLC0415
    from rnnbench.regression.history_branch import HistoryBranch  # noqa: PLC0415

    token = os.environ.get("GITHUB_TOKEN", "")
    if not store.is_dir():
        raise ResultsError(f"{store}: no such folder")
    added = HistoryBranch(remote, branch, token).push(store, message)
    say(f"{branch}: {counted(added, 'file')} added")


def merge_store(
    source: Annotated[Path, typer.Argument(help="The folder of another history.")],
    *,
    store: _Store = _STORE,
) -> None:
    """Copy what another history has; the help text is `_MERGE`."""
    from rnnbench.model.formatting import counted  # noqa: PLC0415
    from rnnbench.regression.history_merge import merge  # noqa: PLC0415

    merged = merge(source, store)
    for line in merged.refused:
        say(f"not copied: {line}", err=True)
    say(f"{counted(len(merged.copied), 'file')} copied, {merged.known} known")
    raise typer.Exit(0 if merged.is_whole else 2)


def show_series(
    case: Annotated[str, typer.Argument(help="The id of a case.")],
    *,
    store: _Store = _STORE,
) -> None:
    """Print the series of a case; the help text is `_SHOW`."""
    from rnnbench.model.errors import ResultsError  # noqa: PLC0415
    from rnnbench.regression.history import nights, series_text  # noqa: PLC0415
    from rnnbench.regression.history_store import load  # noqa: PLC0415

    history = load(store, case, with_ends=False)
    for line in history.skipped:
        say(f"skipped: {line}", err=True)
    series = nights(history, case)
    if not series:
        raise ResultsError(f"{store}: no run has the case {case}")
    say(series_text(series).rstrip("\n"))


def print_changes(
    *,
    store: _Store = _STORE,
    output: Format = TableFormat.TERMINAL,
    verbose: Verbose = False,
) -> None:
    """Find where levels changed; the help text is `_CHANGES`."""
    from rnnbench.regression.changes import find_changes  # noqa: PLC0415
    from rnnbench.regression.changes_table import changes_table  # noqa: PLC0415
    from rnnbench.regression.history_store import load  # noqa: PLC0415
    from rnnbench.regression.verdict_table import render  # noqa: PLC0415

    history = load(store, with_ends=False)
    table = changes_table(find_changes(history), history)
    say(render(table, output, verbose=verbose).rstrip("\n"))
