"""Runs as one tidy table: a row for each case and launch, and its documented columns.

Rows of many runs and people can be put together: a row says which run, which machine
and which versions it is from.
"""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from rnnbench.analysis.launch_estimate import launch_log
from rnnbench.analysis.rows import plain
from rnnbench.model.case import AXES, Case
from rnnbench.model.machine import machine_key, machine_parts
from rnnbench.model.run import Result, Run, Turns

# Raised when a column changes its meaning or goes; a new column does not raise it.
SCHEMA = 1

_TEXT, _WHOLE, _REAL, _YES_NO, _REALS = "string", "int64", "double", "bool", "list"


class LaunchColumn(NamedTuple):
    """A column. `type`: string, int64, double, bool, or list (of doubles)."""

    name: str
    type: str
    meaning: str


def _of_run(run: Run) -> dict[str, Any]:
    environment = run.environment
    machine = machine_key(machine_parts(environment))
    identity = f"{run.created}\n{run.sweep.digest}\n{machine}\n{run.command}"
    return {
        "run": hashlib.sha256(identity.encode(errors="replace")).hexdigest()[:12],
        "created": run.created,
        "rnnbench": run.version,
        "sweep": run.sweep.name,
        "sweep_digest": run.sweep.digest,
        "machine": machine,
        **{name: getattr(environment, name) for name in _ENVIRONMENT},
        "turn": str(run.turn),
    }


_ENVIRONMENT: Mapping[str, tuple[str, str]] = {
    "cpu_model": (_TEXT, "name of the CPU"),
    "cpu_signature": (_TEXT, "design of the CPU by numbers"),
    "cpu_capability": (_TEXT, "instructions that PyTorch uses"),
    "physical_cores": (_WHOLE, "physical cores of the machine"),
    "gpu": (_TEXT, "name of the GPU; null without one"),
    "system": (_TEXT, "operating system"),
    "python": (_TEXT, "version of Python"),
    "numpy": (_TEXT, "version of numpy"),
    "torch": (_TEXT, "version of PyTorch, with its build"),
}
_RUN: Mapping[str, tuple[str, str]] = {
    "run": (_TEXT, "name of the run: rows with the same name are of one results file"),
    "created": (_TEXT, "when it was measured, ISO 8601, UTC"),
    "rnnbench": (_TEXT, "version of rnnbench"),
    "sweep": (_TEXT, "name of the sweep"),
    "sweep_digest": (_TEXT, "SHA-256 of the compared axes and the ids of the cases"),
    "machine": (_TEXT, "key of the kind of machine"),
    **_ENVIRONMENT,
    "turn": (_TEXT, "statistic of a turn's calls: fastest, or median in old files"),
}
_CASE: Mapping[str, tuple[str, str]] = {
    "case": (_TEXT, "id of the case"),
    "workload": (_TEXT, "id of the workload: what was measured turn by turn"),
    "status": (_TEXT, "how measuring ended"),
    "reason": (_TEXT, "why, where the status is not ok; empty otherwise"),
    "parameters_of": (_WHOLE, "hidden size of the LSTM whose size it matches, or 0"),
    "args": (_TEXT, "further arguments of a layer of your own, as name=value"),
    "peak_memory": (_WHOLE, "bytes that a call adds at its peak; of the case"),
    "energy": (_REAL, "joules per call; of the case"),
}
_LAUNCH: Mapping[str, tuple[str, str]] = {
    "launch": (_WHOLE, "number of the process; null for a case without turns"),
    "host": (_TEXT, "opaque name of the host of a fleet; empty otherwise"),
    "seconds": (
        _REAL,
        "seconds per call: geometric mean of the fastest third of turns",
    ),
    "turns": (_REALS, "seconds per call of each turn, in the order of rounds"),
    "is_calm": (_YES_NO, "whether most turns were undisturbed"),
    "rough": (_WHOLE, "turns that stayed disturbed"),
    "retaken": (_WHOLE, "disturbed calls that were repeated"),
    "first_call": (_REAL, "seconds of the first call in that process"),
}
_AXIS_TYPES: Mapping[type, str] = {bool: _YES_NO, int: _WHOLE, float: _REAL}


def _columns() -> Iterator[LaunchColumn]:
    types = {field.name: field.type for field in fields(Case)}
    for name, (kind, meaning) in {**_RUN, **_CASE}.items():
        yield LaunchColumn(name, kind, meaning)
    for name in AXES:
        kind = _AXIS_TYPES.get(types[name], _TEXT)  # type: ignore[arg-type]
        yield LaunchColumn(name, kind, f"the axis {name} of the case")
    for name, (kind, meaning) in _LAUNCH.items():
        yield LaunchColumn(name, kind, meaning)


COLUMNS = tuple(_columns())


def launch_rows(run: Run) -> Iterator[dict[str, Any]]:
    """The rows of a run, each with every column; a case without turns has one row."""
    shared = _of_run(run)
    for result in run.results:
        case = _of_case(result)
        for turns in result.turns or (None,):
            yield {**shared, **case, **_of_launch(turns)}


def _of_case(result: Result) -> dict[str, Any]:
    case = result.case
    return {
        "case": case.id,
        "workload": result.workload,
        "status": str(result.status),
        "reason": result.reason,
        "parameters_of": case.parameters_of,
        "args": ", ".join(f"{name}={value}" for name, value in case.args),
        "peak_memory": result.peak_memory,
        "energy": result.energy,
        **{name: plain(getattr(case, name)) for name in AXES},
    }


_OF_TURNS: Mapping[str, Callable[[Turns], Any]] = {
    "launch": lambda turns: turns.launch,
    "host": lambda turns: turns.host,
    "seconds": lambda turns: math.exp(launch_log(turns.seconds)),
    "turns": lambda turns: list(turns.seconds),
    "is_calm": lambda turns: turns.is_calm,
    "rough": lambda turns: turns.rough,
    "retaken": lambda turns: turns.retaken,
    "first_call": lambda turns: turns.first_call,
}


def _of_launch(turns: Turns | None) -> dict[str, Any]:
    return {name: read(turns) if turns else None for name, read in _OF_TURNS.items()}
