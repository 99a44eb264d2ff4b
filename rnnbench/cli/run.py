"""`rnnbench run`: measure a sweep, or axes given as options, and print the answer."""

import json
import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from rnnbench.cli import run_options
from rnnbench.cli.axis_options import option_of, with_axes
from rnnbench.cli.fleet_run import Cluster, measure_on_cluster
from rnnbench.cli.output import say
from rnnbench.cli.report import ReportFormat, write_page
from rnnbench.model.errors import RnnbenchError

_RUN = """Measure recurrent layers side by side and print which is faster.

Without arguments the quick sweep is measured. SWEEP is the name of a shipped sweep (see
rnnbench sweeps) or a file. Instead of a sweep, axes can be given as options: every
combination of their values is a case. The results file and the page of the report are
written to results/.

\b
Exit status:
  0    every case was measured, or skipped because this machine can't run it
  1    a case failed; the report says why
  2    bad input, or nothing could be measured
  130  interrupted; what was measured until then is saved

\b
Examples:
  rnnbench run
  rnnbench run knobs --budget 120
  rnnbench run --layer lstm,gru --hidden-size 256 --seq-len 64 --batch-size 1
  rnnbench run --layer gru --bidirectional true,false --phase train
  rnnbench run nightly --cluster tls://head:8786
"""
_CASE_FAILED, _NOTHING_MEASURED, _INTERRUPTED = 1, 2, 130


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="run", help=_RUN)(with_axes(run))


def run(  # noqa: PLR0913 - options, not arguments
    sweep: run_options.Sweep = "",
    *,
    axes: Mapping[str, list[Any]],
    compare: run_options.Compare = "",
    reference: run_options.Reference = "",
    precision: run_options.Precision = None,
    launches: run_options.Launches = None,
    budget: run_options.Budget = None,
    profile: run_options.Profile = None,
    python: run_options.Python = "",
    lanes: run_options.Lanes = None,
    host: run_options.Host = "",
    cluster: Cluster = "",
    output: run_options.Output = None,
    force: run_options.Force = False,
    resume: run_options.Resume = False,
    as_json: run_options.Json = False,
    quiet: run_options.Quiet = False,
    open_page: run_options.Open = False,
) -> None:
    """Measure and answer; the help text is `_RUN`."""
    from rnnbench.runner.measure import MeasureOptions  # noqa: PLC0415

    _refuse_idle_options(output, cluster, resume=resume, force=force, lanes=lanes)
    chosen = _chosen_sweep(sweep, axes, compare, reference)
    options = MeasureOptions(
        **_for_policy(precision, launches, budget, profile),
        output=_results_file(output, chosen, replaces=force or resume),
        resume=resume,
        lanes=lanes,
        host=host,
        **_origin(),
    )
    measured = _measure(chosen, options, (cluster, python), is_shown=not quiet)
    for one, own, is_whole in measured:
        page = _save(one, own, is_whole=is_whole)
        say(own.output if quiet else _WORDS[as_json](one, page, own.output))
        _open(page, is_wanted=open_page)
    raise typer.Exit(max(_status(one, is_whole=whole) for one, _, whole in measured))


def _refuse_idle_options(
    output: Path | None, cluster: str, *, resume: bool, force: bool, lanes: int | None
) -> None:
    """RnnbenchError for options that would change nothing, or undo each other."""
    if resume and output is None:
        raise RnnbenchError("--resume: needs the --output of the run to continue")
    if resume and force:
        raise RnnbenchError("--resume, --force: one continues a run, one replaces it")
    if cluster and lanes is not None:
        raise RnnbenchError("--lanes: on a cluster each node has its own number")


def _origin() -> dict[str, Any]:
    from rnnbench.runner.origin import origin  # noqa: PLC0415

    return origin(shlex.join(["rnnbench", *sys.argv[1:]]))


def _open(page: Path, *, is_wanted: bool) -> None:
    if is_wanted:
        typer.launch(page.resolve().as_uri())


def _chosen_sweep(
    sweep: str, axes: Mapping[str, Any], compare: str, reference: str
) -> Any:
    """The sweep of a name, a file or axes; RnnbenchError with every fault."""
    from rnnbench.sweep.arguments import (  # noqa: PLC0415
        split_references,
        sweep_of_axes,
    )
    from rnnbench.sweep.load import load_sweep  # noqa: PLC0415
    from rnnbench.sweep.shipped import find_sweep  # noqa: PLC0415

    if not axes and not compare and not reference:
        return load_sweep(find_sweep(sweep or "quick"))
    if sweep:
        other = "--compare" if compare else "--reference"
        given = ", ".join(map(option_of, axes)) or other
        raise RnnbenchError(
            f"{sweep}: a sweep has its own axes: leave out {given}, or the sweep"
        )
    compared = list(filter(None, compare.split(",")))
    return sweep_of_axes(axes, compared, option_of, split_references(reference))


@contextmanager
def _worker_of(python: str) -> Iterator[tuple[str, ...]]:
    """The command of a worker of that interpreter; empty: of this one."""
    from rnnbench.runner.other_python import (  # noqa: PLC0415
        isolated_package,
        worker_command,
    )

    if not python:
        yield ()
        return
    with isolated_package() as package:
        yield worker_command(python, package)


def _results_file(output: Path | None, sweep: Any, *, replaces: bool) -> Path:
    """The file to write; by default one named for the sweep and the time."""
    from rnnbench.storage.files import require_writable  # noqa: PLC0415

    moment = datetime.now(UTC).astimezone().strftime("%Y%m%d-%H%M%S")
    target = output or Path("results") / f"{sweep.record.name}-{moment}.json"
    # Unlike Path.exists, this does not raise where a name is too long.
    if os.path.lexists(target) and not replaces:
        begun = os.path.lexists(target.with_name(f"{target.name}.journal"))
        go_on = "--resume to go on with it, " if begun else ""
        raise RnnbenchError(
            f"{target}: exists: {go_on}choose another --output, or --force"
        )
    require_writable(target)
    require_writable(target.with_suffix(".html"))
    return target


def _for_policy(
    precision: float | None,
    launches: int | None,
    budget: float | None,
    profile: str | None,
) -> dict[str, Any]:
    """The options that replace parts of the policy of the sweep."""
    return {
        "precision": precision,
        "launches": launches,
        "budget": budget,
        "profile": profile,
    }


def _measure(
    sweep: Any, options: Any, where: tuple[str, str], *, is_shown: bool
) -> list[tuple[Any, Any, bool]]:
    """Each run, its options, whether it is whole; `where`: cluster, interpreter."""
    from rnnbench.cli.live_table import display  # noqa: PLC0415
    from rnnbench.runner.foreign_layers import (  # noqa: PLC0415
        LayerChecks,
        refuse_broken_layers,
    )
    from rnnbench.runner.measure import MeasureInterrupt, measure  # noqa: PLC0415

    cluster, python = where
    if cluster:
        return measure_on_cluster(sweep, options, where, is_shown=is_shown)
    try:
        with (
            _worker_of(python) as worker,
            display(sys.stderr, is_shown=is_shown) as shown,
        ):
            limit, references = sweep.record.policy.time_limit, sweep.record.references
            checks = LayerChecks(limit, worker, references)
            refuse_broken_layers(sweep.cases, checks)
            run = measure(
                sweep.workloads,
                sweep.record,
                replace(options, worker=worker),
                shown.on_progress,
                shown.on_launch,
            )
    except MeasureInterrupt as interrupt:
        return [(interrupt.run, options, False)]
    return [(run, options, True)]


def _refuse_if_all_skipped(run: Any, options: Any) -> None:
    """RnnbenchError with the reasons where this machine can't run a single case."""
    from rnnbench.model.status import Status  # noqa: PLC0415
    from rnnbench.runner.measure import NOT_STARTED, discard_journal  # noqa: PLC0415

    results = (*run.results, *run.learning.results)
    if {result.status for result in results} != {Status.SKIPPED}:
        return
    reasons = "; ".join(dict.fromkeys(result.reason for result in results))
    if reasons.startswith(NOT_STARTED):
        raise RnnbenchError(
            f"nothing was measured: {reasons}: give a longer --budget, and --resume"
        )
    discard_journal(run, options)
    raise RnnbenchError(f"nothing can be measured here: {reasons}")


def _save(run: Any, options: Any, *, is_whole: bool) -> Path:
    """Write the results file and the page beside it; the journal of a part stays."""
    from rnnbench.runner.measure import discard_journal  # noqa: PLC0415
    from rnnbench.storage.results_file import save_run  # noqa: PLC0415

    if is_whole:
        _refuse_if_all_skipped(run, options)
    save_run(options.output, run)
    if is_whole:
        discard_journal(run, options)
    page: Path = options.output.with_suffix(".html")
    write_page(run, page, ReportFormat.HTML)
    return page


def _as_text(run: Any, page: Path, results: Path) -> str:
    """The answer in at most 25 lines, with the page and the results file last."""
    from rnnbench.report.terminal import summary  # noqa: PLC0415
    from rnnbench.report.view import view  # noqa: PLC0415

    places = [("Report", str(page)), ("Data", str(results))]
    return "\n".join(summary(view(run), places, is_plain=not sys.stdout.isatty()))


def _as_json(run: Any, page: Path, results: Path) -> str:
    """Strict JSON: the files, the number of cases by status, and the ratios."""
    from rnnbench.analysis.rows import ratio_rows  # noqa: PLC0415

    document = {
        "results": str(results),
        "page": str(page),
        "question": run.sweep.question,
        "cases": Counter(str(result.status) for result in run.results),
        "ratios": list(ratio_rows(run)),
    }
    return json.dumps(document, allow_nan=False, indent=1)


def _status(run: Any, *, is_whole: bool) -> int:
    if not is_whole:
        return _INTERRUPTED
    from rnnbench.model.status import FAILED, MEASURED  # noqa: PLC0415

    results = (*run.results, *run.learning.results)
    statuses = {result.status for result in results}
    if not statuses & MEASURED:
        return _NOTHING_MEASURED
    return _CASE_FAILED if statuses & FAILED else 0


_WORDS = {False: _as_text, True: _as_json}
