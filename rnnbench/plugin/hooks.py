"""The pytest plugin: options, cases from a sweep, the campaign, the results file."""

import shlex
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from rnnbench.model.case import Case
from rnnbench.model.errors import RnnbenchError
from rnnbench.model.run import FAILED, Status
from rnnbench.plugin import suites
from rnnbench.plugin.suites import DEFAULT_SWEEP, selected, sweep_of
from rnnbench.runner.launch import Order
from rnnbench.runner.measure import Session
from rnnbench.runner.progress import ProgressLine

_SESSION = pytest.StashKey[Session]()
_TARGET = pytest.StashKey[Path]()


# What a sweep's file says of its policy and a user may overrule, with what is typed.
_OVERRULES: dict[str, dict[str, Any]] = {
    "--launches": {
        "type": int,
        "metavar": "N",
        "help": "fresh worker processes for each workload, at most; the looks at "
        "precision come after 6, 8, 10, 14 and 20 of them",
    },
    "--precision": {
        "type": float,
        "metavar": "SHARE",
        "help": "half-width that the 95 %% interval of each ratio is to reach: "
        "0.02 is ±2 %% of the ratio",
    },
    "--budget": {
        "type": float,
        "metavar": "SECONDS",
        "help": "time for all measuring; what is too wide by then is called imprecise",
    },
    "--profile": {
        "metavar": "WHICH",
        "help": "cases to look into with the PyTorch profiler, apart from timing: all, "
        "none, or a regular expression for their ids; traces go to results/traces",
    },
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the sweep, what overrules its policy, and the way back from a kill."""
    group = parser.getgroup("rnnbench", "recurrent layers, measured side by side")
    group.addoption(
        "--sweep",
        metavar="FILE",
        help=f"the sweep to measure (default: {DEFAULT_SWEEP}); "
        "`rnnbench cases FILE` lists what is in it",
    )
    for name, options in _OVERRULES.items():
        group.addoption(name, **options)
    group.addoption(
        "--resume",
        action="store_true",
        help="go on with the journal of a run that was killed: what it finished is "
        "not measured again",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and let pytest-benchmark write beside the real target.

    Its own file would be written in place; ours is checked, synced and moved there.
    """
    config.addinivalue_line(
        "markers", "sweep(phase): the test is a suite; it gets the cases of that phase"
    )
    config.pluginmanager.register(suites, "rnnbench-suites")
    if target := config.getoption("benchmark_json", None):
        config.stash[_TARGET] = Path(target)
        config.option.benchmark_json = f"{target}.partial"


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say which options of ours are set."""
    sweep = config.getoption("sweep")
    return f"rnnbench: sweep {sweep}" if sweep else None


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Callable[[Case], None]:
    """Measure a case: the first call measures all that was selected, side by side."""

    def measure_case(case: Case) -> None:
        session = _session(request.session)
        if not session.ran:
            _run(request.session, session)
        _replay(request, session, case)

    return measure_case


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(
    config: pytest.Config, machine_info: dict[str, Any]
) -> None:
    """Leave out the host's name, as results are published, and what moves by itself.

    pytest-benchmark warns of another machine where any of it differs, and the clock's
    frequency always does.
    """
    if _is_ours(config):
        machine_info["node"] = ""
        for name in ("hz_actual", "hz_actual_friendly"):
            machine_info.get("cpu", {}).pop(name, None)


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_json(
    config: pytest.Config, output_json: dict[str, Any]
) -> None:
    """Put our block into their document."""
    if _SESSION in config.stash:
        config.stash[_SESSION].attach(output_json)


@pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_sessionfinish")
def pytest_rnnbench_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Keep pytest-benchmark from warning that it saves nothing: ours is written."""
    with warnings.catch_warnings():
        if _SESSION in session.config.stash:
            warnings.filterwarnings("ignore", "Not saving anything")
        yield


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the results file after pytest-benchmark wrote its, before the summary."""
    target = session.config.stash.get(_TARGET, None)
    if target is None:
        return
    partial = Path(f"{target}.partial")
    ours = session.config.stash.get(_SESSION, None)
    if ours is None:
        if partial.exists():
            partial.replace(target)
        return
    try:
        ours.write(target)
    except RnnbenchError as error:
        ours.fault = str(error)
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
    finally:
        partial.unlink(missing_ok=True)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the ratios with their intervals: their table's factors have none."""
    session = config.stash.get(_SESSION, None)
    if session is None:
        return
    if session.written:
        terminalreporter.write_line(f"rnnbench: {session.written}")
    if lines := session.summary():
        terminalreporter.section("rnnbench: ratios, with 95 % intervals over launches")
        for line in lines:
            terminalreporter.write_line(line)
    if session.fault:
        terminalreporter.write_line(f"rnnbench: {session.fault}", red=True)


def _is_ours(config: pytest.Config) -> bool:
    """Whether this looks like a project of sweeps, before anything is collected."""
    given = config.getoption("sweep") is not None
    return given or (config.rootpath / suites.DEFAULT_SWEEP).exists()


def _session(session: pytest.Session) -> Session:
    """The one session of this invocation: of what was selected, and nothing else."""
    config = session.config
    if _SESSION not in config.stash:
        sweep = sweep_of(config)
        results = config.rootpath / "results"
        target = config.stash.get(_TARGET, results / f"{sweep.record.name}.json")
        order = Order(
            workloads=selected(sweep, session.items),
            policy=sweep.record.policy,
            stop_at_failure=config.getoption("maxfail") == 1,
            smoke=config.getoption("benchmark_disable"),
            traces=str(target.parent / "traces" / target.stem),
        )
        commit = config.hook.pytest_benchmark_generate_commit_info(config=config)
        config.stash[_SESSION] = Session(
            order=order,
            sweep=sweep.record,
            command=shlex.join(["pytest", *config.invocation_params.args]),
            commit=commit.get("id"),
            journal_path=target.with_name(f"{target.name}.journal"),
            resume=config.getoption("resume"),
        )
    return config.stash[_SESSION]


def _run(session: pytest.Session, ours: Session) -> None:
    """Measure, with the terminal's attention; one line where it can't begin."""
    config = session.config
    capture = config.pluginmanager.getplugin("capturemanager")
    line = ProgressLine(config.get_terminal_writer())
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        try:
            ours.run(line.show)
        except RnnbenchError as error:
            ours.fault = str(error)
            pytest.exit(f"rnnbench: {error}", returncode=pytest.ExitCode.INTERRUPTED)
        finally:
            line.close()


def _replay(request: pytest.FixtureRequest, ours: Session, case: Case) -> None:
    """Let the item end as its case did, and pytest-benchmark see its turns."""
    result = ours.result(case)
    if result.status is Status.SKIPPED:
        pytest.skip(result.reason)
    if result.status in FAILED:
        pytest.fail(f"{result.status}: {result.reason}", pytrace=False)
    if ours.order.smoke:
        return
    clock = request.node.get_closest_marker("benchmark").kwargs["timer"]
    seconds = [value for turns in result.turns for value in turns.seconds]
    clock.load(seconds)
    # Asked for only now: a fixture that is not used would warn.
    benchmark = request.getfixturevalue("benchmark")
    benchmark.extra_info |= {"case": case.id, "status": str(result.status)}
    benchmark.pedantic(clock.advance, rounds=len(seconds))
