"""`rnnbench export`: results files as one table for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.output import say

_EXPORT = """Write results files as one table: a row for each case and launch.

Tables from different people and machines can be combined: the columns are always the
same, and are described in the file and in the documentation. A case that was not
measured has one row with its status and reason.

\b
Example:
  rnnbench export monday.json tuesday.json --to parquet -o launches.parquet
"""


class TableFile(StrEnum):
    """The formats of the table."""

    PARQUET = "parquet"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="export", help=_EXPORT)(export_files)


def export_files(
    results: Annotated[list[Path], typer.Argument(help="One or more results files.")],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="File to write; an existing one is overwritten."
        ),
    ],
    to: Annotated[
        TableFile, typer.Option(help="The format of the table.")
    ] = TableFile.PARQUET,
) -> None:
    """Export the files; the help text is `_EXPORT`."""
    from rnnbench.analysis.launch_rows import (  # noqa: PLC0415
        COLUMNS,
        SCHEMA,
        launch_rows,
    )
    from rnnbench.model.errors import RnnbenchError  # noqa: PLC0415
    from rnnbench.model.formatting import counted  # noqa: PLC0415
    from rnnbench.storage.files import require_writable  # noqa: PLC0415
    from rnnbench.storage.parquet_file import write_parquet  # noqa: PLC0415
    from rnnbench.storage.results_file import load_run  # noqa: PLC0415

    assert to is TableFile.PARQUET  # noqa: S101 - the only format
    if output.suffix != f".{to}":
        raise RnnbenchError(f"{output}: the name of the file must end in .{to}")
    require_writable(output)
    # One run at a time is in memory.
    rows = (row for path in results for row in launch_rows(load_run(path)))
    count = write_parquet(output, COLUMNS, rows, {"rnnbench_schema": str(SCHEMA)})
    say(f"{output} written: {counted(count, 'row')} of {counted(len(results), 'file')}")
