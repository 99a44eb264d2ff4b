"""`rnnbench calibrate`: a self-check of rnnbench on this machine."""

import shlex
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.output import say

_CALIBRATE = """Check on this machine how far rnnbench's verdicts can be trusted.

Layers of known speed are measured as a run measures them: every layer twice, and one
made slower by 1, 2, 3 and 5 %. The answers: how often equal layers are called
different, which slowdowns are found, how much repeated ratios differ, and by how much a
ratio shifts when 2, 4 or all lanes are busy. If many busy lanes shift a ratio by more
than 2 %, later runs on this machine use fewer lanes by default. Nothing else should run
meanwhile. Ctrl-C ends the check early and reports what was measured.

The file can be shown in the report of a run: rnnbench report RESULTS --self-check FILE

\b
Exit status:
  0    the questions were answered
  2    too few launches for an answer, or nothing could be measured
  130  interrupted; the file holds what was measured until then

\b
Examples:
  rnnbench calibrate
  rnnbench calibrate --minutes 5 --output results/this-machine.json
"""
_NO_ANSWER, _INTERRUPTED = 2, 130

_Minutes = Annotated[
    float,
    typer.Option(help="Time to measure, in minutes; by default 3.", min=0.1, max=5),
]
_Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        help="The file to write; by default results/calibration.json. It is replaced.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="calibrate", help=_CALIBRATE)(calibrate)


def calibrate(
    *, minutes: _Minutes = 3.0, output: _Output = Path("results/calibration.json")
) -> None:
    """Measure and answer; the help text is `_CALIBRATE`."""
    from rnnbench.calibration.answers import answers_of  # noqa: PLC0415
    from rnnbench.calibration.check_file import save_self_check  # noqa: PLC0415
    from rnnbench.calibration.check_section import text_of  # noqa: PLC0415
    from rnnbench.calibration.measure_check import (  # noqa: PLC0415
        CheckOptions,
        measure_self_check,
    )
    from rnnbench.runner.progress import ProgressLine, Stream  # noqa: PLC0415
    from rnnbench.storage.files import require_writable  # noqa: PLC0415

    require_writable(output)
    options = CheckOptions(
        seconds=60 * minutes, command=shlex.join(["rnnbench", *sys.argv[1:]])
    )
    with closing(ProgressLine(Stream(sys.stderr))) as line:
        check, is_whole = measure_self_check(options, line.show)
    save_self_check(output, check)
    for text in text_of(check):
        say(text)
    answers = answers_of(check)
    if is_whole and answers.sound_lanes is not None:
        say(_kept(answers.sound_lanes))
    say(f"{output} written")
    if not is_whole:
        raise typer.Exit(_INTERRUPTED)
    if answers.different is None:
        raise typer.Exit(_NO_ANSWER)


def _kept(sound: int) -> str:
    """Save the number of lanes for later runs, and return a sentence about it."""
    from rnnbench.model.errors import ResultsError  # noqa: PLC0415
    from rnnbench.runner.lane_limit import save_lane_limit  # noqa: PLC0415
    from rnnbench.runner.lanes import most_lanes  # noqa: PLC0415

    try:
        path = save_lane_limit(sound)
    except ResultsError as error:
        return f"lanes for runs not kept: {error}"
    most = most_lanes()
    return f"runs on this machine use {sound} of {most} lanes by default ({path})"
