"""`rnnbench ci`: a night, a pull request or a comment, as the event of a job asks."""

import os
from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.night import Budget, GateSweep, Output, Publish, check_sweeps
from rnnbench.cli.output import say
from rnnbench.model.errors import RnnbenchError

_CI = """Do in a GitHub job what its event asks for; action.yml at the root calls this.

\b
pull_request   gate SWEEP against --baseline; the verdicts are in OUTPUT
workflow_run   comment them on the pull request, from a job that may write
anything else  a night: fetch the branch of the history, measure, gate, push the
               history, open an issue if something is worse

The job that measures a pull request needs no token that may write. The job that
comments runs nothing of the pull request: it reads the verdicts, checks them, and
writes the comment itself.

\b
Exit status: that of the gate or the night; of a comment 0 made, 2 not made.

\b
Example:
  rnnbench ci sweep.yaml --baseline 2.12 --publish site
"""


_Sweep = Annotated[
    str, typer.Argument(help="A shipped sweep or a YAML file.", metavar="[SWEEP]")
]
_Baseline = Annotated[
    str,
    typer.Option(
        help="PyTorch version, interpreter or ref:GIT-REF to compare with; by default, "
        "in a pull request, the branch that it is for.",
        metavar="VERSION|PATH|ref:REF",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="ci", help=_CI)(run_job)


def run_job(  # noqa: PLR0913 - options, not arguments
    sweep: _Sweep = "quick",
    *,
    baseline: _Baseline = "",
    gate: GateSweep = "",
    budget: Budget = 3600.0,
    output: Output = Path("results/night"),
    publish: Publish = None,
) -> None:
    """Do what the event asks for; the help text is `_CI`."""
    from rnnbench.cli import ci_steps  # noqa: PLC0415
    from rnnbench.cli.night_steps import run_command  # noqa: PLC0415

    job = ci_steps.read_job(os.environ)
    # Layers run in processes that inherit the rest.
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        os.environ.pop(name, None)
    if job.event == "workflow_run":
        say(ci_steps.comment(job, output))
        return
    check_sweeps(sweep, gate)
    if not baseline and job.event != "pull_request":
        raise RnnbenchError("--baseline: give a version of PyTorch, or ref:GIT-REF")
    options = ci_steps.JobOptions(
        sweep=sweep,
        gate=gate or sweep,
        baseline=baseline,
        budget=budget,
        output=output,
        publish=publish,
    )
    step = ci_steps.Job(job, options, say, run_command)
    raise typer.Exit(step.run())
