"""Test items from a sweep: the cases that a suite gets, and those selected."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

import pytest

from rnnbench.model.case import Case
from rnnbench.model.errors import SweepError
from rnnbench.model.learning import LearningCase
from rnnbench.plugin.refusals import LEFT_OUT, refuse
from rnnbench.plugin.replay import ReplayClock
from rnnbench.sweep.load import Sweep, load_sweep
from rnnbench.sweep.shipped import find_sweep

DEFAULT_SWEEP = "configs/quick.yaml"

# The phase of the suite whose cases are trained.
LEARNING = "learning"

_SWEEP = pytest.StashKey[Sweep]()
_DEFAULT = pytest.StashKey[str]()
_FAULT = pytest.StashKey[str]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a suite with the cases of its phase, grouped by workload."""
    marker = metafunc.definition.get_closest_marker("sweep")
    if marker is None or "case" not in metafunc.fixturenames:
        return
    if hasattr(metafunc.config, "workeroutput"):
        metafunc.config.workeroutput[LEFT_OUT] = True
        metafunc.parametrize("case", [])
        return
    default = marker.kwargs.get("default", "")
    if default and _is_alone(metafunc):
        metafunc.config.stash[_DEFAULT] = default
    try:
        sweep = sweep_of(metafunc.config)
    except SweepError as error:
        # Reported after collection: an error here would be a traceback per suite.
        metafunc.config.stash[_FAULT] = str(error)
        metafunc.parametrize("case", [])
        return
    if marker.kwargs["phase"] == LEARNING:
        plan = sweep.record.learning
        cases = plan.cases if plan else ()
        metafunc.parametrize("case", [pytest.param(c, id=c.id) for c in cases])
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
    """Refuse options that would not measure; make `--benchmark-only` keep our items.

    pytest-benchmark recognizes a benchmark by the fixture `benchmark`, which our items
    request only after their case was measured. They list it while pytest-benchmark
    looks.
    """
    if fault := config.stash.get(_FAULT, ""):
        raise pytest.UsageError(fault)
    # A suite whose phase the sweep does not have would show as a skipped item.
    items[:] = [item for item in items if not _is_empty(item)]
    if is_used(config):
        refuse(config)
    fixture_names = [
        item.fixturenames
        for item in items
        if isinstance(item, pytest.Function) and item.get_closest_marker("sweep")
    ]
    for names in fixture_names:
        names.append("benchmark")
    yield
    for names in fixture_names:
        names.remove("benchmark")


def is_used(config: pytest.Config) -> bool:
    """Whether this invocation has a sweep: by option, or because a suite needs one."""
    return (
        config.getoption("rnn_sweep") is not None
        or _SWEEP in config.stash
        or _FAULT in config.stash
    )


def sweep_of(config: pytest.Config) -> Sweep:
    """The sweep of this invocation, read once; SweepError if it has faults."""
    if _SWEEP not in config.stash:
        config.stash[_SWEEP] = load_sweep(_sweep_path(config))
    return config.stash[_SWEEP]


def _sweep_path(config: pytest.Config) -> Path:
    """The sweep of --rnn-sweep; else the project's `quick`, else the shipped one.

    A suite that is run alone may have another default.
    """
    started = config.invocation_params.dir
    default = config.rootpath / DEFAULT_SWEEP
    if given := config.getoption("rnn_sweep"):
        path = started / find_sweep(given)
    elif named := config.stash.get(_DEFAULT, ""):
        path = find_sweep(named)
    else:
        path = default if default.exists() else find_sweep("quick")
    # As the user would write it: messages and results do not name a home folder.
    is_below = path.is_relative_to(started) and Path.cwd() == started
    return path.relative_to(started) if is_below else path


def _is_alone(metafunc: pytest.Metafunc) -> bool:
    """Whether every argument of this invocation names the file of the suite."""
    file = metafunc.definition.path
    named = {argument.partition("::")[0] for argument in metafunc.config.args}
    return all(Path(name).stem.rpartition(".")[2] == file.stem for name in named)


def selected(sweep: Sweep, items: Sequence[pytest.Item]) -> Sweep | None:
    """The sweep, reduced to the cases that an item will ask for; None if none is."""
    chosen = {
        item.callspec.params.get("case")
        for item in items
        if is_suite_item(item) and not item.get_closest_marker("skip")
    }
    kept = (
        (workload, tuple(case for case in workload.members if case in chosen))
        for workload in sweep.workloads
    )
    workloads = tuple(
        replace(workload, members=members) for workload, members in kept if members
    )
    record, plan = sweep.record, sweep.record.learning
    if plan is not None:
        cases = tuple(case for case in plan.cases if case in chosen)
        plan = replace(plan, cases=cases) if cases else None
        record = replace(record, learning=plan)
    if not workloads and plan is None:
        return None
    return replace(sweep, workloads=workloads, record=record)


def is_suite_item(item: pytest.Item) -> TypeGuard[pytest.Function]:
    """Whether `item` is one case of a suite."""
    return (
        isinstance(item, pytest.Function)
        and item.get_closest_marker("sweep") is not None
        and hasattr(item, "callspec")
    )


def _is_empty(item: pytest.Item) -> bool:
    """Whether `item` stands for a suite that got no case."""
    return is_suite_item(item) and not isinstance(
        item.callspec.params["case"], Case | LearningCase
    )
