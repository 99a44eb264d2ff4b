"""The command that measures the harness itself."""

import asyncio
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from rnnbench.model.case import Allocator
from studies.calibration.calibration import Condition, Part

_CALIBRATE = """Measure the harness on this machine: what its intervals are worth here.

The same layer twice, slowdowns of known size, turns against blocks, the floor of the
clock, whole re-runs: idle, and under a load in bursts that it starts and stops itself.
Nothing else should run meanwhile. What was measured is kept, and the next call goes
on; a part that is whole is not measured again. In a fresh clone it goes on with the
JSON file, where that is of this machine and this code.

\b
Examples:
  rnnbench calibrate --short
  rnnbench calibrate
  rnnbench calibrate --part aa --part floor --condition idle
  rnnbench calibrate --fresh
"""
_INTERRUPTED = 130


_Parts = Annotated[
    list[Part] | None, typer.Option(help="Which; repeatable. All unless said.")
]
_Conditions = Annotated[
    list[Condition] | None, typer.Option(help="Idle, or under bursts; repeatable.")
]
_Allocators = Annotated[
    list[Allocator] | None, typer.Option(help="Of the workers; repeatable.")
]
_Launches = Annotated[
    int, typer.Option(help="Of each part, in place of its own number.", min=0)
]
_Short = Annotated[
    bool, typer.Option("--short", help="3 minutes: less of it, and idle only.")
]
_Resume = Annotated[bool, typer.Option("--resume/--fresh", help="Go on, or anew.")]
_Output = Annotated[
    Path, typer.Option(help="The folder for the JSON file and the journal.")
]
_Report = Annotated[Path, typer.Option(help="The folder for the page.")]


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command(name="calibrate", help=_CALIBRATE)(calibrate_harness)


def calibrate_harness(
    *,
    part: _Parts = None,
    condition: _Conditions = None,
    allocator: _Allocators = None,
    launches: _Launches = 0,
    short: _Short = False,
    resume: _Resume = True,
    output: _Output = Path("results/calibration"),
    report: _Report = Path("reports/calibration"),
) -> None:
    """Measure the harness on this machine; the help text is `_CALIBRATE`."""
    from rnnbench.runner.scheduler import survey  # noqa: PLC0415
    from studies.calibration.calibration_place import journal_in, machine_of  # noqa: PLC0415
    from studies.calibration.calibration_plan import Wish  # noqa: PLC0415
    from studies.calibration.calibration_session import CalibrationSession  # noqa: PLC0415

    wish = Wish(
        parts=tuple(part or Part),
        conditions=tuple(condition or Condition),
        allocators=tuple(allocator or Allocator),
        launches=launches,
        short=short,
    )
    environment, _ = asyncio.run(survey(()))
    name = machine_of(environment)
    with journal_in(output, environment, resume=resume) as journal:
        session = CalibrationSession(
            wish=wish,
            environment=environment,
            journal=journal,
            target=output / f"{name}.json",
            page=report / name / "index.html",
            command=shlex.join(["rnnbench", *sys.argv[1:]]),
        )
        _run(session)


def _run(session: Any) -> None:
    """Say what it will do, do it with a progress line, and say what it wrote."""
    from rnnbench.runner.progress import ProgressLine, Stream  # noqa: PLC0415

    for text in session.announcement():
        typer.echo(text)
    line = ProgressLine(Stream(sys.stderr))

    def say(text: str) -> None:
        line.close()
        typer.echo(text)

    try:
        session.run(line.show, say)
    except KeyboardInterrupt:
        kept = session.journal.path
        typer.echo(f"\ninterrupted: {kept} keeps it, the same call goes on", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        line.close()
    typer.echo(f"{session.target} and {session.page} written")
