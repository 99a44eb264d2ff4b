"""`rnnbench sweeps`: the sweeps that are installed with the package."""

import typer

_SWEEPS = """List the shipped sweeps, each with the question that it answers.

\b
Examples:
  rnnbench sweeps
  rnnbench cases knobs
  rnnbench run knobs
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="sweeps", help=_SWEEPS)(list_sweeps)


def list_sweeps() -> None:
    """List the shipped sweeps; the help text is `_SWEEPS`."""
    from rnnbench.model.formatting import align  # noqa: PLC0415
    from rnnbench.sweep.shipped import shipped_sweeps  # noqa: PLC0415

    rows = [(sweep.name, sweep.question) for sweep in shipped_sweeps()]
    for line in align(rows):
        typer.echo(line)
