"""The pytest plugin: collect the cases of a sweep, measure them, replay their times."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rnnbench.model.case import Case
from rnnbench.model.errors import RnnbenchError
from rnnbench.model.learning import LearningCase
from rnnbench.plugin import suites, summary
from rnnbench.plugin.refusals import LEFT_OUT, XDIST, refuse
from rnnbench.plugin.replay import replay, report
from rnnbench.plugin.session import (
    MeasuredSession,
    SessionInterrupt,
    measure_session,
    write_results,
)
from rnnbench.plugin.suites import DEFAULT_SWEEP, is_suite_item, is_used, selected
from rnnbench.report import terminal
from rnnbench.report.view import view
from rnnbench.runner.stop_rule import LOOKS
from rnnbench.storage.results_file import attach

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


_SESSION = pytest.StashKey[MeasuredSession]()
_TARGET = pytest.StashKey[Path]()
_LINE = pytest.StashKey[str]()


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
        "--rnn-cluster",
        metavar="ADDRESS",
        help="measure on the nodes of a cluster of one kind of machine: "
        "tls://HOST:PORT of its head, or local:N for N nodes on this machine "
        "(default: here); RNNBENCH_CA, RNNBENCH_CERT and RNNBENCH_KEY name files",
    )
    group.addoption(
        "--rnn-resume",
        action="store_true",
        help="continue a run that was killed, from its journal; what it finished is "
        "not measured again",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and the hooks for suites."""
    if config.getoption("rnn_sweep") is not None:
        refuse(config)
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
    if sweep := selected(suites.sweep_of(config), session.items):
        try:
            config.stash[_SESSION] = measure_session(config, sweep)
        except SessionInterrupt as interrupt:
            config.stash[_SESSION] = interrupt.session
            raise


@pytest.fixture
def measure(
    request: pytest.FixtureRequest,
) -> Callable[[Case | LearningCase], None]:
    """Report a case that was measured: its times, or why it has none."""

    def measure_case(case: Case | LearningCase) -> None:
        session = request.config.stash[_SESSION]
        if isinstance(case, LearningCase):
            report(session.learned[case])
        else:
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
    """Write the results file, and keep a line about it for the summary."""
    config = session.config
    if config.stash.get(_LINE, "") == XDIST:
        session.exitstatus = pytest.ExitCode.USAGE_ERROR
    ours = config.stash.get(_SESSION, None)
    if ours is None or ours.options.smoke:
        return
    target = config.stash.get(_TARGET, None)
    if target is None:
        config.stash[_LINE] = (
            "no results file: --benchmark-json=FILE writes one; with --rnn-resume it "
            f"takes what {ours.options.journal} has"
        )
        return
    try:
        config.stash[_LINE] = write_results(config, ours, target)
    except RnnbenchError as error:
        config.stash[_LINE] = str(error)
        session.exitstatus = pytest.ExitCode.INTERRUPTED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Learn from a worker of xdist that it left suites out."""
    if getattr(node, "workeroutput", {}).get(LEFT_OUT):
        node.config.stash[_LINE] = XDIST


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the answer of the run; with -v every ratio with its interval, too."""
    if line := config.stash.get(_LINE, ""):
        terminalreporter.write_line(f"rnnbench: {line}")
    session = config.stash.get(_SESSION, None)
    if session is None or session.options.smoke:
        return
    lines = summary.ratio_lines(session.run) if config.option.verbose > 0 else []
    if lines:
        terminalreporter.section("rnnbench: ratios, with 95 % intervals over launches")
    for line in lines:
        terminalreporter.write_line(line)
    terminalreporter.section("rnnbench: the answer")
    is_plain = not terminalreporter.isatty()
    for line in terminal.summary(view(session.run), is_plain=is_plain):
        terminalreporter.write_line(line)


def _remove_changing_facts(machine_info: dict[str, Any]) -> None:
    machine_info["node"] = ""
    for name in ("hz_actual", "hz_actual_friendly"):
        machine_info.get("cpu", {}).pop(name, None)
