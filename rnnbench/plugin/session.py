"""The measuring of one pytest invocation, and its results file."""

import importlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rnnbench.model.case import Case
from rnnbench.model.errors import CampaignError, RnnbenchError
from rnnbench.model.learning import LearningCase, LearningResult
from rnnbench.model.machine import physical_cores
from rnnbench.model.policy import Policy
from rnnbench.model.run import Result, Run
from rnnbench.plugin.refusals import refuse_time_limit
from rnnbench.plugin.summary import counts
from rnnbench.runner.duration import estimate
from rnnbench.runner.fleet.cluster_address import ClusterAddress
from rnnbench.runner.measure import (
    MeasureInterrupt,
    MeasureOptions,
    discard_journal,
    measure,
)
from rnnbench.runner.progress import ProgressLine
from rnnbench.storage.results_file import write_document
from rnnbench.sweep.load import Sweep


@dataclass(frozen=True, slots=True)
class MeasuredSession:
    """The run of this invocation. `ended`: it was not cut short by Ctrl-C."""

    run: Run
    options: MeasureOptions
    results: Mapping[Case, Result]
    learned: Mapping[LearningCase, LearningResult]
    ended: bool

    @classmethod
    def of(cls, run: Run, options: MeasureOptions, *, ended: bool) -> "MeasuredSession":
        """A session with the results by their case."""
        results = {result.case: result for result in run.results}
        learned = {result.case: result for result in run.learning.results}
        return cls(run, options, results, learned, ended)


class SessionInterrupt(KeyboardInterrupt):
    """Ctrl-C while measuring; `session` has what was measured."""

    def __init__(self, session: MeasuredSession) -> None:
        super().__init__("interrupted")
        self.session = session


def measure_session(config: pytest.Config, sweep: Sweep) -> MeasuredSession:
    """Measure the sweep, and show the progress.

    UsageError: an option has no sensible value; nothing was measured. What can't begin
    or go on ends pytest with a line.
    """
    options = _options(config, sweep)
    policy = _policy(options, sweep)
    longest = estimate(sweep.workloads, policy, len(physical_cores())).most
    refuse_time_limit(config, min(longest, policy.budget))
    line = ProgressLine(config.get_terminal_writer())
    try:
        if address := config.getoption("rnn_cluster"):
            return _on_cluster((sweep, options), address, line)
        run = measure(sweep.workloads, sweep.record, options, line.show)
    except MeasureInterrupt as interrupt:
        session = MeasuredSession.of(interrupt.run, options, ended=False)
        raise SessionInterrupt(session) from None
    except RnnbenchError as error:
        pytest.exit(f"rnnbench: {error}", returncode=pytest.ExitCode.INTERRUPTED)
    finally:
        line.close()
    return MeasuredSession.of(run, options, ended=True)


def _on_cluster(
    wanted: tuple[Sweep, MeasureOptions], address: str, line: ProgressLine
) -> MeasuredSession:
    """The session of a run on a cluster with machines of one kind."""
    sweep, options = wanted
    # Dask is imported for a run on a cluster alone.
    fleet = importlib.import_module("rnnbench.runner.fleet.measure_fleet")
    where = fleet.FleetOptions(
        cluster=ClusterAddress(address=address), single=True, notice=line.write
    )
    (found,) = fleet.measure_fleet(
        sweep.workloads, sweep.record, options, where, line.show
    )
    session = MeasuredSession.of(found.run, options, ended=found.is_whole)
    if not found.is_whole:
        raise SessionInterrupt(session)
    return session


def write_results(config: pytest.Config, session: MeasuredSession, target: Path) -> str:
    """Write the results file, and return a line about it; ResultsError if it failed.

    The journal is removed then: the results file has all of it.
    """
    try:
        write_document(target, _document(config))
    except RnnbenchError as error:
        journal = session.options.journal
        raise type(error)(f"{error}; {journal} has what was measured") from error
    if session.ended:
        discard_journal(session.run, session.options)
    return f"{target}: {counts(session.run)}"


def _options(config: pytest.Config, sweep: Sweep) -> MeasureOptions:
    commit = config.hook.pytest_benchmark_generate_commit_info(config=config)
    default = config.rootpath / "results" / f"{sweep.record.name}.json"
    return MeasureOptions(
        launches=config.getoption("rnn_launches"),
        precision=config.getoption("rnn_precision"),
        budget=config.getoption("rnn_budget"),
        profile=config.getoption("rnn_profile"),
        output=Path(config.getoption("benchmark_json") or default),
        resume=config.getoption("rnn_resume"),
        stop_at_failure=config.getoption("maxfail") == 1,
        smoke=config.getoption("benchmark_disable"),
        command=shlex.join(["pytest", *config.invocation_params.args]),
        commit=commit.get("id"),
    )


def _policy(options: MeasureOptions, sweep: Sweep) -> Policy:
    try:
        return options.policy(sweep.record.policy)
    except CampaignError as error:
        raise pytest.UsageError(f"--rnn-{error}") from error


def _document(config: pytest.Config) -> dict[str, Any]:
    """The document that pytest-benchmark would write, with our block in it."""
    benchmarks = config._benchmarksession  # type: ignore[attr-defined] # noqa: SLF001
    commit = config.hook.pytest_benchmark_generate_commit_info(config=config)
    config.hook.pytest_benchmark_update_commit_info(config=config, commit_info=commit)
    document: dict[str, Any] = config.hook.pytest_benchmark_generate_json(
        config=config,
        benchmarks=benchmarks.benchmarks,
        include_data=True,
        machine_info=benchmarks.get_machine_info(),
        commit_info=commit,
    )
    config.hook.pytest_benchmark_update_json(
        config=config, benchmarks=benchmarks.benchmarks, output_json=document
    )
    return document
