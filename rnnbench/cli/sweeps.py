"""`rnnbench sweeps`: the sweeps that are installed with the package."""

from typing import Annotated

import typer

from rnnbench.cli.output import say

_SWEEPS = """List the shipped sweeps, each with the question that it answers.

With NAME, print that sweep as YAML, to start a sweep of your own from. With --schema,
print the JSON schema of sweeps, which lets an editor complete keys.

\b
Examples:
  rnnbench sweeps
  rnnbench sweeps knobs > my_knobs.yaml
  rnnbench sweeps --schema > sweep.schema.json
  rnnbench run my_knobs.yaml
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="sweeps", help=_SWEEPS)(list_sweeps)


def list_sweeps(
    name: Annotated[
        str, typer.Argument(help="The sweep to print.", metavar="[NAME]")
    ] = "",
    *,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of sweeps.")
    ] = False,
) -> None:
    """List the shipped sweeps; the help text is `_SWEEPS`."""
    from rnnbench.model.errors import SweepError  # noqa: PLC0415
    from rnnbench.model.formatting import align  # noqa: PLC0415
    from rnnbench.storage.files import reason_of  # noqa: PLC0415
    from rnnbench.sweep.shipped import SCHEMA, find_sweep, shipped_sweeps  # noqa: PLC0415
    from rnnbench.sweep.yaml_file import read_text  # noqa: PLC0415

    if schema:
        say(SCHEMA.read_text(encoding="utf-8").rstrip("\n"))
        return
    if not name:
        rows = [(sweep.name, sweep.question) for sweep in shipped_sweeps()]
        say("\n".join(align(rows)))
        return
    path = find_sweep(name)
    try:
        text, faults = read_text(path)
    except (OSError, ValueError) as error:
        raise SweepError(f"{path}: can't be read: {reason_of(error)}") from error
    for fault in faults:
        raise SweepError(f"{path}:{fault.place.line}: {fault}")
    say(text.rstrip("\n"))
