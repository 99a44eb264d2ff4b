"""`rnnbench compare`: two results files, value by value."""

from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.output import Format, TableFormat, Verbose, say

_COMPARE = """Compare two results files of one machine, value by value.

The result is a hint: on a shared machine, two nights can differ by more than any change
of code. Use rnnbench gate to decide whether code became slower.

\b
Exit status:
  0  nothing is worse
  1  something is worse
  2  the files can't be compared, or a measured case now fails

\b
Examples:
  rnnbench compare results/previous.json results/latest.json
  rnnbench compare old.json new.json --tolerance 0.03 --format markdown
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="compare", help=_COMPARE)(compare_files)


def compare_files(
    baseline: Annotated[Path, typer.Argument(help="The results file to compare with.")],
    candidate: Annotated[Path, typer.Argument(help="The results file in question.")],
    *,
    tolerance: Annotated[
        float | None,
        typer.Option(
            help="The change that still counts as unchanged, as a share; 0.01 if not "
            "given.",
            min=0,
        ),
    ] = None,
    output: Format = TableFormat.TERMINAL,
    verbose: Verbose = False,
) -> None:
    """Compare two runs; the help text is `_COMPARE`."""
    from rnnbench.regression.compare import TOLERANCE, compare  # noqa: PLC0415
    from rnnbench.regression.compare_table import compare_table  # noqa: PLC0415
    from rnnbench.regression.verdict_table import render  # noqa: PLC0415
    from rnnbench.storage.results_file import load_run, without_collector  # noqa: PLC0415

    with without_collector():
        found = compare(
            load_run(baseline),
            load_run(candidate),
            tolerance=TOLERANCE if tolerance is None else tolerance,
        )
    table = compare_table(found)
    say(render(table, output, verbose=verbose).rstrip("\n"))
    raise typer.Exit(found.exit_code)
