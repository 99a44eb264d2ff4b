"""`rnnbench gate`: whether a candidate is slower than a baseline."""

import re
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from rnnbench.cli.output import SweepName, Verbose, say
from rnnbench.model.errors import RnnbenchError

REF = "ref:"
_VERSION = re.compile(r"\d+(\.\d+)+\S*")

_GATE = """Decide whether a candidate is slower than a baseline.

A side is an interpreter, a version of a package (by default PyTorch, as 2.12), which is
installed into the cache, or ref:GIT-REF: the layers of the current folder at a branch,
a tag or a commit. Or two layers are compared under one interpreter.

A worker of each side is pinned to the same core, and they measure in alternating turns.
A case that is flagged is measured again in fresh processes, and fails only if that
confirms it.

\b
Exit status:
  0  nothing is worse
  1  something is worse
  2  bad input, or no case could be judged

\b
Examples:
  rnnbench gate --baseline .old/bin/python --candidate .new/bin/python quick
  rnnbench gate --baseline 2.12 --candidate 2.13 quick
  rnnbench gate --package onnxruntime --baseline 1.20.0 --candidate 1.21.0 sweep.yaml
  rnnbench gate --baseline ref:main sweep.yaml
  rnnbench gate --baseline-layer gru --candidate-layer my_layer:leaky_rnn quick
"""


_Baseline = Annotated[
    str,
    typer.Option(
        "--baseline",
        "--base",
        help="Interpreter, version or ref:GIT-REF of the baseline; by default this "
        "interpreter.",
    ),
]
_Candidate = Annotated[
    str,
    typer.Option(
        help="Interpreter, version or ref:GIT-REF of the candidate; by default this "
        "interpreter and the layers as they are."
    ),
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
Package = Annotated[
    str,
    typer.Option(
        help="The package whose versions are compared. torch is installed alone; any "
        "other package is added to the packages of this interpreter."
    ),
]
Index = Annotated[
    str, typer.Option(help="Address of the package index; by default pip's.")
]
FindLinks = Annotated[
    str,
    typer.Option(
        help="Folder with the wheels of the package; without --index no index is used.",
        metavar="FOLDER",
    ),
]
_Budget = Annotated[float, typer.Option(help="Time limit of the gate, in seconds.")]
Output = Annotated[
    list[Path] | None,
    typer.Option(help="Also write to this .json, .md or .txt file; repeatable."),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="gate", help=_GATE)(gate_versions)


def gate_versions(  # noqa: PLR0913 - options, not arguments
    sweep: SweepName,
    *,
    baseline: _Baseline = "",
    candidate: _Candidate = "",
    baseline_layer: _BaselineLayer = "",
    candidate_layer: _CandidateLayer = "",
    package: Package = "torch",
    index: Index = "",
    find_links: FindLinks = "",
    budget: _Budget = 3600.0,
    output: Output = None,
    verbose: Verbose = False,
) -> None:
    """Gate a candidate; the help text is `_GATE`."""
    from rnnbench.regression.gate_run import run_gate  # noqa: PLC0415
    from rnnbench.regression.gate_table import gate_table  # noqa: PLC0415
    from rnnbench.regression.verdict_table import render  # noqa: PLC0415
    from rnnbench.runner.progress import ProgressLine, Stream  # noqa: PLC0415
    from rnnbench.sweep.load import load_sweep  # noqa: PLC0415
    from rnnbench.sweep.shipped import find_sweep  # noqa: PLC0415

    write_files = table_writer(output or [])
    loaded = load_sweep(find_sweep(sweep))
    versions = _versions(package, index, find_links)
    layers = (baseline_layer, candidate_layer)
    sides = _sides((baseline, candidate), layers, versions)
    with closing(ProgressLine(Stream(sys.stderr))) as line:
        decision = run_gate(loaded, sides, budget, line.show)
    table = gate_table(decision)
    if package != "torch":
        note = _sides_in_words(package, baseline, candidate)
        table = replace(table, notes=(note, *table.notes))
    write_files(table)
    say(render(table, "terminal", verbose=verbose).rstrip("\n"))
    raise typer.Exit(decision.exit_code)


def _versions(package: str, index: str, find_links: str) -> Any:
    from rnnbench.regression.package_versions import PackageVersions  # noqa: PLC0415
    from rnnbench.regression.version_source import user_cache  # noqa: PLC0415

    return PackageVersions(
        cache=user_cache(), package=package, index=index, find_links=find_links
    )


def _sides_in_words(package: str, baseline: str, candidate: str) -> str:
    this = "as installed here"
    return f"{package} {candidate or this} over {baseline or this}"


def _sides(given: tuple[str, str], layers: tuple[str, str], versions: Any) -> Any:
    """Both sides, installed if need be; a usage error where nothing would differ."""
    from rnnbench.regression.gate_run import GateSides  # noqa: PLC0415

    (baseline, candidate), has_layers = given, any(layers)
    if has_layers != all(layers) or not (baseline or candidate or has_layers):
        raise typer.BadParameter(
            "give --baseline, --candidate, or a layer for each side"
        )
    # Two layers are compared under one interpreter.
    other = candidate or (baseline if has_layers else "")
    return GateSides(
        baseline=find_side(baseline, "--baseline", versions),
        candidate=find_side(other, "--candidate", versions),
        baseline_layer=layers[0],
        candidate_layer=layers[1],
    )


def find_side(given: str, option: str, versions: Any) -> Any:
    """Where the workers of a side run; RnnbenchError where its option means nothing.

    An interpreter; one of `versions`, which is installed; `ref:REF`, the layers of the
    current folder at a git ref; or nothing, for the interpreter that runs this.
    """
    from rnnbench.regression.layer_commits import LayerCommits  # noqa: PLC0415
    from rnnbench.regression.version_source import (  # noqa: PLC0415
        WorkerPlace,
        user_cache,
    )

    if given.startswith(REF):
        commits = LayerCommits(Path(), user_cache(), sys.executable)
        return commits.place(commits.commit(given.removeprefix(REF)))
    if not given or shutil.which(given):
        return WorkerPlace(given or sys.executable)
    if _VERSION.fullmatch(given):
        return versions.place(given)
    raise RnnbenchError(
        f"{option}: {given}: no such interpreter; give its path, a version of "
        f"{versions.package}, or {REF}GIT-REF"
    )


def table_writer(paths: list[Path]) -> Callable[[Any], None]:
    """A function that writes a table to `paths`, which are checked now."""
    from rnnbench.regression.verdict_table import WRITERS  # noqa: PLC0415
    from rnnbench.storage.files import require_writable, write_text  # noqa: PLC0415

    if unknown := [path for path in paths if path.suffix not in WRITERS]:
        raise typer.BadParameter(f"{unknown[0]}: must end in .json, .md or .txt")
    for path in paths:
        require_writable(path)

    def write(table: Any) -> None:
        for path in paths:
            write_text(path, WRITERS[path.suffix](table))

    return write
