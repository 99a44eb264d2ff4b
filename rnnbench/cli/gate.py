"""`rnnbench gate`: whether a candidate is slower than a baseline."""

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from rnnbench.cli.compare import Verbose

_GATE = """Decide whether a candidate is slower than a baseline.

The two sides are interpreters with different versions of PyTorch, or two layers under
one interpreter. A worker of each side is pinned to the same core, and they measure in
alternating turns. A case that is flagged is measured again in fresh processes, and
fails only if that confirms it.

\b
Exit status:
  0  nothing is worse
  1  something is worse
  2  bad input, or no case could be judged

\b
Examples:
  rnnbench gate --baseline .old/bin/python --candidate .new/bin/python quick
  rnnbench gate --baseline-layer gru --candidate-layer my_layer:leaky_rnn quick
"""


_Baseline = Annotated[
    str,
    typer.Option(
        "--baseline",
        "--base",
        help="Python interpreter of the baseline; by default this one.",
    ),
]
_Candidate = Annotated[
    str,
    typer.Option(help="Python interpreter of the candidate; by default the same."),
]
_BaselineLayer = Annotated[
    str,
    typer.Option(
        "--baseline-layer",
        "--base-layer",
        help="Layer that the baseline runs instead of the sweep's layers.",
    ),
]
_CandidateLayer = Annotated[
    str, typer.Option(help="Layer that the candidate runs instead of the sweep's.")
]
_Budget = Annotated[
    float, typer.Option(help="The most time that the gate may take, in seconds.")
]
_Output = Annotated[
    list[Path] | None,
    typer.Option(help="Also write to this .json, .md or .txt file; repeatable."),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="gate", help=_GATE)(gate_versions)


def gate_versions(  # noqa: PLR0913 - options, not arguments
    sweep: Annotated[
        str, typer.Argument(help="A shipped sweep or a YAML file, for its cases.")
    ],
    *,
    baseline: _Baseline = "",
    candidate: _Candidate = "",
    baseline_layer: _BaselineLayer = "",
    candidate_layer: _CandidateLayer = "",
    budget: _Budget = 3600.0,
    output: _Output = None,
    verbose: Verbose = False,
) -> None:
    """Gate a candidate; the help text is `_GATE`."""
    from rnnbench.regression.gate_run import GateSides, run_gate  # noqa: PLC0415
    from rnnbench.regression.gate_table import gate_table  # noqa: PLC0415
    from rnnbench.regression.verdict_table import render  # noqa: PLC0415
    from rnnbench.runner.progress import ProgressLine, Stream  # noqa: PLC0415
    from rnnbench.sweep.load import load_sweep  # noqa: PLC0415
    from rnnbench.sweep.shipped import find_sweep  # noqa: PLC0415

    if bool(baseline_layer) != bool(candidate_layer) or not (
        candidate or candidate_layer
    ):
        raise typer.BadParameter("give --candidate, or a layer for each side")
    write_files = _writer(output or [])
    sides = GateSides(
        baseline=baseline or sys.executable,
        candidate=candidate or baseline or sys.executable,
        baseline_layer=baseline_layer,
        candidate_layer=candidate_layer,
    )
    with closing(ProgressLine(Stream(sys.stderr))) as line:
        decision = run_gate(load_sweep(find_sweep(sweep)), sides, budget, line.show)
    table = gate_table(decision)
    write_files(table)
    typer.echo(render(table, "terminal", verbose=verbose), nl=False)
    raise typer.Exit(decision.exit_code)


def _writer(paths: list[Path]) -> Callable[[Any], None]:
    """A function that writes a table to `paths`, whose suffixes are checked now."""
    from rnnbench.regression.verdict_table import WRITERS  # noqa: PLC0415
    from rnnbench.storage.files import write_text  # noqa: PLC0415

    if unknown := [path for path in paths if path.suffix not in WRITERS]:
        raise typer.BadParameter(f"{unknown[0]}: must end in .json, .md or .txt")

    def write(table: Any) -> None:
        for path in paths:
            write_text(path, WRITERS[path.suffix](table))

    return write
