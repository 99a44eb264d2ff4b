"""`rnnbench ci`: a night, a pull request or a comment, as the event of a job asks."""

import os
from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.night import Budget, GateSweep, Output, Publish, check_sweeps
from rnnbench.cli.output import SweepName, say
from rnnbench.model.errors import RnnbenchError

_CI = """Gate a pull request, comment on it, or measure a night, in a GitHub job.

The event that started the job decides which. The action of rnnbench, action.yml, runs
this command.

\b
pull_request   gate SWEEP against --baseline and write the verdicts to OUTPUT
workflow_run   post these verdicts as a comment on the pull request
anything else  a night: fetch the branch of the history, measure, gate, push the
               history, and open an issue if something is worse

The job that measures a pull request needs no token with write access. The job that
comments needs one, but runs no code of the pull request: it reads the verdicts, checks
them, and writes the comment itself.

\b
Exit status: that of the gate or the night. For a comment: 0 posted, 2 not posted.

\b
Example:
  rnnbench ci sweep.yaml --baseline 2.12 --publish site
"""

_Baseline = Annotated[
    str,
    typer.Option(
        help="PyTorch version, interpreter or ref:GIT-REF to compare with. A night "
        "needs it; for a pull request the default is its target branch.",
        metavar="VERSION|PATH|ref:REF",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="ci", help=_CI)(run_job)


def run_job(  # noqa: PLR0913 - options, not arguments
    sweep: SweepName = "quick",
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
