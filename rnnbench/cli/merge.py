"""`rnnbench merge`: results files that were measured apart, as one."""

from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.output import say

_MERGE = """Merge results files of one sweep into a single run.

For machines without a network between them: each measures the same sweep, and the files
are brought together. Sweep, policy, kind of machine and versions have to agree.
Launches are numbered anew; every ratio and interval is that of all launches together.

\b
Example:
  rnnbench merge monday.json tuesday.json --output results/both.json
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="merge", help=_MERGE)(merge_files)


def merge_files(
    results: Annotated[list[Path], typer.Argument(help="Two or more results files.")],
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="The file to write. It is replaced."),
    ],
) -> None:
    """Merge the files; the help text is `_MERGE`."""
    from rnnbench.model.formatting import counted  # noqa: PLC0415
    from rnnbench.regression.merge_runs import NamedRun, merge  # noqa: PLC0415
    from rnnbench.storage.results_file import load_run, save_run  # noqa: PLC0415

    run = merge([NamedRun(path, load_run(path)) for path in results])
    save_run(output, run)
    launches = counted(run.effort.launches, "launch", "launches")
    say(f"{output} written: {launches} of {counted(len(results), 'file')}")
