"""`rnnbench night`: measure, remember, gate and publish, once a night."""

from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.output import SweepName, say

_NIGHT = """Measure a sweep once, keep its history, and gate a new PyTorch.

The night measures SWEEP with the candidate, adds the results to the history, compares
them with the night before, gates the candidate against the baseline, and looks for
lasting changes in the history. The candidate is an interpreter with torch and numpy, or
a version of PyTorch. The baseline can also be ref:GIT-REF: the layers of the current
folder at that ref. With --publish, the command also builds a site with all nights.

Each step is an rnnbench command, which is printed before it runs. If a step fails, the
others still run.

\b
OUTPUT is the folder for run.json, run.html, gate.json, gate.md and summary.md.

\b
Exit status:
  0  the gate found nothing worse, and the results of the night were saved
  1  the gate found something worse
  2  the gate could not decide, or the night was not measured or not saved

\b
Examples:
  rnnbench night quick --candidate .new/bin/python
  rnnbench night nightly --gate quick --baseline 2.12 --publish site
  rnnbench night sweep.yaml --baseline ref:main
"""

_Candidate = Annotated[
    str,
    typer.Option(
        help="Interpreter or PyTorch version to measure; by default this interpreter. "
        "Layers are used as they are in the current folder.",
        metavar="PATH|VERSION",
    ),
]
_Baseline = Annotated[
    str,
    typer.Option(
        help="Interpreter, PyTorch version or ref:GIT-REF to compare with; by default "
        "this interpreter.",
        metavar="PATH|VERSION|ref:REF",
    ),
]
GateSweep = Annotated[
    str,
    typer.Option(
        help="Sweep that the gate measures; by default SWEEP. A gate takes longer than "
        "a run, so choose a small one.",
        metavar="SWEEP",
    ),
]
_Store = Annotated[Path, typer.Option(help="Folder of the history.")]
Output = Annotated[
    Path, typer.Option(help="Folder for the results, the report and the verdicts.")
]
_Previous = Annotated[
    Path | None,
    typer.Option(
        help="Results file to compare the night with; by default the last night of "
        "the history."
    ),
]
Publish = Annotated[
    Path | None,
    typer.Option(
        help="Folder in which to build the site of all nights. The folder given by "
        "--store must then be named history."
    ),
]
Budget = Annotated[
    float, typer.Option(help="Time limit of the gate, in seconds.", min=1)
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="night", help=_NIGHT)(night)


def night(  # noqa: PLR0913 - options, not arguments
    sweep: SweepName,
    *,
    candidate: _Candidate = "",
    baseline: _Baseline = "",
    gate: GateSweep = "",
    store: _Store = Path("results/history"),
    output: Output = Path("results/night"),
    previous: _Previous = None,
    publish: Publish = None,
    budget: Budget = 3600.0,
    url: Annotated[str, typer.Option(help="Address of the published site.")] = "",
) -> None:
    """Carry out a night; the help text is `_NIGHT`."""
    from rnnbench.cli import night_steps  # noqa: PLC0415

    # Report a mistake now, in one line, rather than lose the night to it.
    check_sweeps(sweep, gate)
    candidate = _installed(candidate, "--candidate")
    if not baseline and not candidate:
        raise typer.BadParameter("give --baseline, --candidate, or both")
    baseline = _installed(baseline, "--baseline")
    if publish is not None and store.name != "history":
        raise typer.BadParameter("--publish needs a --store that is named history")
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
        url=url,
    )
    steps = night_steps.Night(options, say, night_steps.run_command)
    status = steps.take_place()
    say(f"{options.summary} written")
    raise typer.Exit(status)


def check_sweeps(*names: str) -> None:
    """RnnbenchError if a sweep that is named is missing or has a mistake."""
    from rnnbench.sweep.load import load_sweep  # noqa: PLC0415
    from rnnbench.sweep.shipped import find_sweep  # noqa: PLC0415

    for name in filter(None, names):
        load_sweep(find_sweep(name))


def _installed(given: str, option: str) -> str:
    """`given`, with a version of PyTorch replaced by the interpreter that has it."""
    from rnnbench.cli.gate import REF, find_side  # noqa: PLC0415
    from rnnbench.regression.package_versions import PackageVersions  # noqa: PLC0415
    from rnnbench.regression.version_source import user_cache  # noqa: PLC0415

    place = find_side(given, option, PackageVersions(cache=user_cache()))
    if not given or given.startswith(REF):
        return given
    return str(place.python)
