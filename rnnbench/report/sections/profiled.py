"""What was profiled, as groups to be shown side by side, with the names of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from rnnbench.analysis.labels import layer_name, words
from rnnbench.model.case import AXES, Case, applies
from rnnbench.model.profile import Kind, Profile
from rnnbench.model.run import Result, Run
from rnnbench.model.workload import group

_ORDER = ("rnn_tanh", "rnn_relu", "gru", "lstm")
# A kind keeps its colour on every page; what is no work has the last two.
KINDS = {
    Kind.MATRIX: 1,
    Kind.POINTWISE: 0,
    Kind.LAYOUT: 5,
    Kind.FUSED: 3,
    Kind.FRAMEWORK: 4,
    Kind.IDLE: 6,
}


@dataclass(frozen=True, slots=True)
class Member:
    """A case that was profiled, by the name that tells it from those beside it."""

    label: str
    result: Result
    profile: Profile


@dataclass(frozen=True, slots=True)
class Group:
    """The profiled members of one workload: RNN, GRU, LSTM, then layers of the user."""

    title: str
    members: tuple[Member, ...]


def groups_of(run: Run) -> list[Group]:
    """A group for each workload of which something was profiled, in the run's order."""
    results = {result.case: result for result in run.results if result.profile}
    cases = list(results)
    told = [
        axis
        for axis in AXES
        if axis not in run.sweep.compare and (axis == "phase" or _varies(cases, axis))
    ]
    return [
        Group(
            _title(workload.members[0], told),
            tuple(
                Member(_label(case, workload.members), results[case], profile)
                for case in sorted(workload.members, key=_place)
                if (profile := results[case].profile)
            ),
        )
        for workload in group(cases, run.sweep.compare)
    ]


def _title(case: Case, axes: Sequence[str]) -> str:
    return ", ".join(words(axis, getattr(case, axis)) for axis in axes)


def _label(case: Case, beside: Sequence[Case]) -> str:
    """The layer, and what tells the case from another of that layer."""
    alike = [other for other in beside if other.layer == case.layer]
    extras = [
        words(axis, getattr(case, axis))
        for axis in (*AXES, "parameters_of")
        if axis not in ("layer", "hidden_size")
        and _varies(alike, axis)
        and applies(axis, case)
    ]
    return ", ".join([layer_name(case.layer), *extras])


def _varies(cases: Sequence[Case], axis: str) -> bool:
    return len({getattr(case, axis) for case in cases}) > 1


def _place(case: Case) -> int:
    return _ORDER.index(case.layer) if case.layer in _ORDER else len(_ORDER)
