"""`rnnbench sweeps`: the sweeps that are installed with the package."""

from typing import Annotated

import typer

from rnnbench.cli.output import say

_SWEEPS = """List the shipped sweeps, each with the question that it answers.

With NAME, print that sweep as YAML, to start a sweep of your own from.

\b
Examples:
  rnnbench sweeps
  rnnbench sweeps knobs > my_knobs.yaml
  rnnbench run my_knobs.yaml
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="sweeps", help=_SWEEPS)(list_sweeps)


def list_sweeps(
    name: Annotated[
        str, typer.Argument(help="The sweep to print.", metavar="[NAME]")
    ] = "",
) -> None:
    """List the shipped sweeps; the help text is `_SWEEPS`."""
    from rnnbench.model.errors import SweepError  # noqa: PLC0415
    from rnnbench.model.formatting import align  # noqa: PLC0415
    from rnnbench.sweep.shipped import find_sweep, shipped_sweeps  # noqa: PLC0415

    if not name:
        rows = [(sweep.name, sweep.question) for sweep in shipped_sweeps()]
        say("\n".join(align(rows)))
        return
    path = find_sweep(name)
    try:
        say(path.read_text(encoding="utf-8").rstrip("\n"))
    except OSError as error:
        raise SweepError(f"{path}: can't be read: {error.strerror}") from error
