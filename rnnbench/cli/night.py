"""`rnnbench night`: measure, remember, gate and publish, once a night."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.output import say
from rnnbench.model.errors import RnnbenchError

_NIGHT = """Measure a sweep every night, keep its history, and gate a new PyTorch.

The candidate is the interpreter with the new PyTorch; it needs torch and numpy only.
The night measures SWEEP with it, adds the results to the history, compares them with
the night before, gates the candidate against the baseline, and finds changes of level.
Each step is an rnnbench command that is printed before it runs; one that fails does not
stop the others.

\b
OUTPUT gets run.json, run.html, gate.json, gate.md and summary.md.

\b
Exit status:
  0  the gate found nothing worse, and the night was kept
  1  the gate found something worse
  2  the gate could not judge, or the night was not measured or not kept

\b
Examples:
  rnnbench night quick --candidate .new/bin/python
  rnnbench night nightly --gate quick --candidate .new/bin/python \\
    --previous results/yesterday/run.json --publish site/cpu
"""

_Sweep = Annotated[str, typer.Argument(help="A shipped sweep or a YAML file.")]
_Candidate = Annotated[
    str, typer.Option(help="Python interpreter with the new PyTorch.", metavar="PATH")
]
_Baseline = Annotated[
    str,
    typer.Option(
        help="Python interpreter to compare with; by default the one that runs "
        "rnnbench.",
        metavar="PATH",
        # The default is a path of this machine.
        show_default=False,
    ),
]
_Gate = Annotated[
    str,
    typer.Option(
        help="Sweep of the gate; by default SWEEP. The gate takes longer than a run.",
        metavar="SWEEP",
    ),
]
_Store = Annotated[Path, typer.Option(help="The folder of the history.")]
_Output = Annotated[Path, typer.Option(help="The folder of the night's files.")]
_Previous = Annotated[
    Path | None, typer.Option(help="Results file of the night before, if there is one.")
]
_Publish = Annotated[
    Path | None,
    typer.Option(help="Folder that gets index.html and history.tar.gz, to be served."),
]
_Budget = Annotated[
    float, typer.Option(help="The most time that the gate may take, in seconds.", min=1)
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="night", help=_NIGHT)(night)


def night(  # noqa: PLR0913 - options, not arguments
    sweep: _Sweep,
    *,
    candidate: _Candidate,
    baseline: _Baseline = sys.executable,
    gate: _Gate = "",
    store: _Store = Path("results/history"),
    output: _Output = Path("results/night"),
    previous: _Previous = None,
    publish: _Publish = None,
    budget: _Budget = 3600.0,
) -> None:
    """Carry out a night; the help text is `_NIGHT`."""
    from rnnbench.cli import night_steps  # noqa: PLC0415
    from rnnbench.sweep.load import load_sweep  # noqa: PLC0415
    from rnnbench.sweep.shipped import find_sweep  # noqa: PLC0415

    # Report a mistake now, in one line, rather than lose the night to it.
    for name in {sweep, gate or sweep}:
        load_sweep(find_sweep(name))
    for option, python in (("--candidate", candidate), ("--baseline", baseline)):
        if shutil.which(python) is None:
            raise RnnbenchError(f"{option}: {python}: no such interpreter")
    options = night_steps.NightOptions(
        sweep=sweep,
        gate=gate or sweep,
        baseline=baseline,
        candidate=candidate,
        store=store,
        output=output,
        previous=previous,
        publish=publish,
        budget=budget,
    )
    steps = night_steps.Night(options, say, night_steps.run_command)
    status = steps.take_place()
    say(f"{options.summary} written")
    raise typer.Exit(status)
