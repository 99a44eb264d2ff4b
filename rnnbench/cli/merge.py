"""`rnnbench merge`: results files that were measured apart, as one."""

from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.output import say

_MERGE = """Merge results files of one sweep into a single run.

Use it for machines that can't reach each other: measure the same sweep on each, then
merge the files. They must have the same sweep, policy, kind of machine and versions.
Launches are renumbered; ratios and intervals are computed from all launches together.

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
        typer.Option(
            "--output", "-o", help="File to write; an existing one is overwritten."
        ),
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
