"""The output of a command: its format, and text that can not control a terminal."""

from contextlib import nullcontext, suppress
from enum import StrEnum
from typing import Annotated, Any

import typer

from rnnbench.model.formatting import lines_for_terminal


class TableFormat(StrEnum):
    """The formats of a table of verdicts."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    JSON = "json"


SweepName = Annotated[str, typer.Argument(help="A shipped sweep or a YAML file.")]
Format = Annotated[
    TableFormat, typer.Option("--format", help="The format of the output.")
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Print every row; by default at most 25 lines."
    ),
]


def say(text: Any, *, err: bool = False) -> None:
    """Print `text` and a line's end; each unprintable character becomes `?`.

    Names of files, messages of errors and text of results files may hold sequences that
    clear the screen or retype a command. Where standard error can't be written, the
    exit status alone says what happened.
    """
    with suppress(OSError) if err else nullcontext():
        typer.echo(lines_for_terminal(str(text)), err=err)
