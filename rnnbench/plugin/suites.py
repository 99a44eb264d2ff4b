"""From a sweep to test items: which cases a suite gets, and which were selected."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rnnbench.model.case import Case
from rnnbench.model.errors import SweepError
from rnnbench.model.run import Policy
from rnnbench.model.workload import Workload
from rnnbench.plugin.replay import ReplayClock
from rnnbench.sweep.load import Sweep, load_sweep
from rnnbench.sweep.shipped import find_sweep

DEFAULT_SWEEP = "configs/quick.yaml"

_SWEEP = pytest.StashKey[Sweep]()
_FAULT = pytest.StashKey[str]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hand a suite the cases of its phase, each once, grouped by workload."""
    marker = metafunc.definition.get_closest_marker("sweep")
    if marker is None or "case" not in metafunc.fixturenames:
        return
    try:
        sweep = sweep_of(metafunc.config)
    except SweepError as error:
        # Kept until collection is over: here it would become a traceback a suite.
        metafunc.config.stash[_FAULT] = str(error)
        metafunc.parametrize("case", [])
        return
    groups = [(workload.id, workload.members) for workload in sweep.workloads]
    metafunc.parametrize(
        "case",
        [
            pytest.param(
                case,
                id=case.id,
                marks=pytest.mark.benchmark(group=group, timer=ReplayClock()),
            )
            for group, members in groups
            for case in members
            if case.phase == marker.kwargs["phase"]
        ],
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Iterator[None]:
    """Refuse what would not measure, and let `--benchmark-only` keep our items.

    pytest-benchmark knows a benchmark by its fixture, which our items ask for only once
    their case is measured: they bear its name while it looks.
    """
    _refuse(config)
    # A suite whose phase the sweep does not have would show as a skipped item.
    items[:] = [item for item in items if not _is_empty(item)]
    closures = [
        item.fixturenames
        for item in items
        if isinstance(item, pytest.Function) and item.get_closest_marker("sweep")
    ]
    for names in closures:
        names.append("benchmark")
    yield
    for names in closures:
        names.remove("benchmark")


def sweep_of(config: pytest.Config) -> Sweep:
    """The sweep, read once, with the options' word on its policy."""
    if _SWEEP not in config.stash:
        given = config.getoption("sweep")
        started = config.invocation_params.dir
        found = find_sweep(given) if given else config.rootpath / DEFAULT_SWEEP
        path = started / found
        # As the user would write it: messages and results name no home folder.
        inside = path.is_relative_to(started) and Path.cwd() == started
        sweep = load_sweep(path.relative_to(started) if inside else path)
        config.stash[_SWEEP] = replace(
            sweep, record=replace(sweep.record, policy=_policy(config, sweep))
        )
    return config.stash[_SWEEP]


def _policy(config: pytest.Config, sweep: Sweep) -> Policy:
    """The sweep's policy, overruled by the options that were given."""
    names = ("launches", "precision", "budget", "profile")
    given = {name: config.getoption(name) for name in names}
    try:
        return replace(
            sweep.record.policy,
            **{name: value for name, value in given.items() if value is not None},
        )
    except ValueError as error:
        raise SweepError(f"--{error}") from error


def selected(sweep: Sweep, items: Sequence[pytest.Item]) -> tuple[Workload, ...]:
    """The workloads of the sweep, less the members that no item asks for."""
    chosen = {
        item.callspec.params.get("case")
        for item in items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
    }
    kept = (
        (workload, tuple(case for case in workload.members if case in chosen))
        for workload in sweep.workloads
    )
    return tuple(
        replace(workload, members=members) for workload, members in kept if members
    )


def _is_empty(item: pytest.Item) -> bool:
    """Whether `item` stands for a suite that got no case."""
    return (
        isinstance(item, pytest.Function)
        and item.get_closest_marker("sweep") is not None
        and not isinstance(item.callspec.params["case"], Case)
    )


def _refuse(config: pytest.Config) -> None:
    if fault := config.stash.get(_FAULT, ""):
        raise pytest.UsageError(fault)
    if _SWEEP not in config.stash:
        return
    if config.getoption("dist", "no") != "no" or hasattr(config, "workerinput"):
        raise pytest.UsageError(
            "xdist: processes side by side disturb each other's times: "
            "run without -n; rnnbench uses the cores itself"
        )
    if config.getoption("benchmark_cprofile", None):
        raise pytest.UsageError(
            "--benchmark-cprofile: the layers run in worker processes, "
            "where it would see nothing: run without it"
        )
