"""The pytest plugin: collect the cases of a sweep, measure them, replay their times."""

import shlex
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rnnbench.model.case import Case
from rnnbench.model.errors import CampaignError, RnnbenchError
from rnnbench.model.machine import physical_cores
from rnnbench.model.run import Result, Run
from rnnbench.model.workload import Workload
from rnnbench.plugin import suites, summary
from rnnbench.plugin.refusals import refuse_time_limit
from rnnbench.plugin.replay import replay
from rnnbench.plugin.suites import DEFAULT_SWEEP, is_suite_item, is_used, selected
from rnnbench.runner.duration import estimate
from rnnbench.runner.measure import (
    MeasureInterrupt,
    MeasureOptions,
    discard_journal,
)
from rnnbench.runner.measure import measure as measure_workloads
from rnnbench.runner.progress import ProgressLine
from rnnbench.runner.stop_rule import LOOKS
from rnnbench.storage.results_file import attach, write_document
from rnnbench.sweep.load import Sweep

_LOOKS = ", ".join(map(str, LOOKS[:-1])) + f" and {LOOKS[-1]}"

# Options that replace a value of the sweep's policy.
_POLICY_OPTIONS: dict[str, dict[str, Any]] = {
    "--rnn-launches": {
        "type": int,
        "metavar": "N",
        "help": "fresh worker processes per workload, at most (default: the sweep's); "
        f"interval widths are checked after {_LOOKS} of them",
    },
    "--rnn-precision": {
        "type": float,
        "metavar": "SHARE",
        "help": "target half-width of the 95 %% interval of each ratio: 0.02 is ±2 %% "
        "of the ratio (default: the sweep's)",
    },
    "--rnn-budget": {
        "type": float,
        "metavar": "SECONDS",
        "help": "time for all measuring (default: the sweep's); a ratio whose interval "
        "is still too wide then is reported as imprecise",
    },
    "--rnn-profile": {
        "metavar": "WHICH",
        "help": "cases to profile after timing: all, none, or a regular expression for "
        "their ids (default: the sweep's); traces are written to traces/ "
        "beside the results file",
    },
}


@dataclass(frozen=True, slots=True)
class _Session:
    """The run of this invocation. `ended`: it was not cut short by Ctrl-C."""

    run: Run
    options: MeasureOptions
    results: Mapping[Case, Result]
    ended: bool


_SESSION = pytest.StashKey[_Session]()
_TARGET = pytest.StashKey[Path]()
_LINES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; all begin with --rnn-, so that no other plugin has them."""
    group = parser.getgroup("rnnbench", "recurrent layers, measured side by side")
    group.addoption(
        "--rnn-sweep",
        metavar="SWEEP",
        help="sweep to measure: a file, or the name of a shipped one (default: "
        f"{DEFAULT_SWEEP} of this project, else `quick`); `rnnbench cases SWEEP` lists "
        "its cases",
    )
    for name, options in _POLICY_OPTIONS.items():
        group.addoption(name, **options)
    group.addoption(
        "--rnn-resume",
        action="store_true",
        help="continue a run that was killed, from its journal; what it finished is "
        "not measured again",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and the hooks for suites."""
    config.addinivalue_line(
        "markers", "sweep(phase): the test is a suite; it gets the cases of that phase"
    )
    config.pluginmanager.register(suites, "rnnbench-suites")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Name the sweep, if one was given."""
    sweep = config.getoption("rnn_sweep")
    return f"rnnbench: sweep {sweep}" if sweep else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Measure all selected cases before the first item is run."""
    config = session.config
    failed = session.testsfailed and not config.option.continue_on_collection_errors
    if (
        config.option.collectonly
        or failed
        or not any(map(is_suite_item, session.items))
    ):
        return
    sweep = suites.sweep_of(config)
    if workloads := selected(sweep, session.items):
        options = _options(config, sweep)
        try:
            policy = options.policy(sweep.record.policy)
        except CampaignError as error:
            raise pytest.UsageError(f"--rnn-{error}") from error
        longest = estimate(workloads, policy, len(physical_cores())).most
        refuse_time_limit(config, min(longest, policy.budget))
        config.stash[_SESSION] = _measure(config, sweep, workloads, options)


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Callable[[Case], None]:
    """Report a case that was measured: its times, or why it has none."""

    def measure_case(case: Case) -> None:
        session = request.config.stash[_SESSION]
        replay(request, session.results[case], smoke=session.options.smoke)

    return measure_case


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(
    config: pytest.Config, machine_info: dict[str, Any]
) -> None:
    """Leave out the host's name, as results are published, and the clock frequency."""
    if _SESSION in config.stash:
        _remove_changing_facts(machine_info)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_benchmark_compare_machine_info(
    machine_info: dict[str, Any], compared_benchmark: dict[str, Any]
) -> None:
    """Compare with a file of ours by what it has: else each comparison would warn."""
    if "rnnbench" in compared_benchmark:
        _remove_changing_facts(machine_info)


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(
    config: pytest.Config, output_json: dict[str, Any]
) -> None:
    """Add the run to the document that pytest-benchmark writes."""
    session = config.stash.get(_SESSION, None)
    if session is not None and not session.options.smoke:
        attach(output_json, session.run)


@pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_sessionfinish")
def pytest_rnnbench_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Take over the results file from pytest-benchmark, which would write it in place.

    Ours is written aside, checked, and moved into place. Where nothing was measured,
    there is no file, and pytest-benchmark's warning of that is one too many.
    """
    config = session.config
    benchmarks = getattr(config, "_benchmarksession", None)
    if benchmarks is not None and _SESSION in config.stash and benchmarks.json:
        config.stash[_TARGET] = Path(benchmarks.json)
        benchmarks.json = None
    with warnings.catch_warnings():
        if is_used(config):
            warnings.filterwarnings("ignore", "Not saving anything")
        yield


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the results file, and keep the lines of the summary."""
    config = session.config
    ours = config.stash.get(_SESSION, None)
    if ours is None or ours.options.smoke:
        return
    config.stash[_LINES] = lines = []
    target = config.stash.get(_TARGET, None)
    if target is None:
        lines.append(
            "no results file: --benchmark-json=FILE writes one; with --rnn-resume it "
            f"takes what {ours.options.journal} has"
        )
        return
    try:
        write_document(target, _document(config))
    except RnnbenchError as error:
        lines.append(f"{error}; {ours.options.journal} has what was measured")
        session.exitstatus = pytest.ExitCode.INTERRUPTED
        return
    lines.append(f"{target}: {summary.counts(ours.run)}")
    if ours.ended:
        discard_journal(ours.run, ours.options)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the ratios with their intervals, which pytest-benchmark's table lacks."""
    for line in config.stash.get(_LINES, []):
        terminalreporter.write_line(f"rnnbench: {line}")
    session = config.stash.get(_SESSION, None)
    if session is None or session.options.smoke:
        return
    if lines := summary.ratio_lines(session.run):
        terminalreporter.section("rnnbench: ratios, with 95 % intervals over launches")
        for line in lines:
            terminalreporter.write_line(line)


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


def _measure(
    config: pytest.Config,
    sweep: Sweep,
    workloads: tuple[Workload, ...],
    options: MeasureOptions,
) -> _Session:
    line = ProgressLine(config.get_terminal_writer())
    try:
        run = measure_workloads(workloads, sweep.record, options, line.show)
    except MeasureInterrupt as interrupt:
        config.stash[_SESSION] = _session(interrupt.run, options, ended=False)
        raise
    except RnnbenchError as error:
        pytest.exit(f"rnnbench: {error}", returncode=pytest.ExitCode.INTERRUPTED)
    finally:
        line.close()
    return _session(run, options, ended=True)


def _session(run: Run, options: MeasureOptions, *, ended: bool) -> _Session:
    results = {result.case: result for result in run.results}
    return _Session(run, options, results, ended)


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


def _remove_changing_facts(machine_info: dict[str, Any]) -> None:
    machine_info["node"] = ""
    for name in ("hz_actual", "hz_actual_friendly"):
        machine_info.get("cpu", {}).pop(name, None)
