"""What is measured side by side: a workload's members, and the pairs of a ratio."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from rnnbench.model.case import DEFAULTS, Case, applies, case_id

# The default of a sweep's `compare`: the layer, and what its backend adds to it.
DEFAULT_COMPARE = ("layer", "cudnn", "onednn")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two members that differ in one compared axis: the ratio is of first to second."""

    axis: str
    candidate: Case
    baseline: Case

    @property
    def is_gru_to_lstm(self) -> bool:
        """The question that all of this is for; at equal parameters, too."""
        layers = (self.candidate.layer, self.baseline.layer)
        return self.axis == "layer" and layers == ("gru", "lstm")


@dataclass(frozen=True, slots=True)
class Workload:
    """Cases that differ in compared axes alone, measured turn by turn."""

    members: tuple[Case, ...]
    compare: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a workload whose members do not belong together."""
        if not self.members or len(set(self.members)) != len(self.members):
            raise ValueError("a workload has members, each of them once")
        if len({workload_id(case, self.compare) for case in self.members}) != 1:
            raise ValueError("the members of a workload differ in compared axes alone")

    @property
    def id(self) -> str:
        """The id of any member less the compared axes."""
        return workload_id(self.members[0], self.compare)

    def pairs(self) -> tuple[Pair, ...]:
        """Each member against the twin that differs in one axis and is plain there.

        An axis that means nothing for one of the two does not keep them apart: a GRU on
        a CPU, for which `onednn` changes nothing, is held against the LSTM with it on
        and against the LSTM with it off.
        """
        axes = (*self.compare, "parameters_of")
        return tuple(
            Pair(axis, candidate, baseline)
            for axis in axes
            for baseline in self.members
            for candidate in self.members
            if getattr(baseline, axis) == self._plain(axis)
            and getattr(candidate, axis) != self._plain(axis)
            and _meets(candidate, baseline, [other for other in axes if other != axis])
        )

    def _plain(self, axis: str) -> Any:
        """What a ratio over `axis` is taken against: LSTM, the default, the least."""
        if axis == "layer":
            return "lstm"
        if axis in DEFAULTS:
            return DEFAULTS[axis]
        return min(getattr(case, axis) for case in self.members)


def workload_id(case: Case, compare: tuple[str, ...]) -> str:
    """Name what `case` shares with those that it is measured beside.

    A case sized to an LSTM's parameters goes beside the LSTM that it was sized to.
    """
    if case.parameters_of:
        case = replace(case, hidden_size=case.parameters_of, parameters_of=0)
    return case_id(case, without=compare) or "all"


def group(cases: Iterable[Case], compare: tuple[str, ...]) -> tuple[Workload, ...]:
    """Gather cases into workloads, in the order in which they come."""
    gathered: dict[str, list[Case]] = {}
    for case in cases:
        gathered.setdefault(workload_id(case, compare), []).append(case)
    return tuple(Workload(tuple(members), compare) for members in gathered.values())


def _meets(candidate: Case, baseline: Case, axes: list[str]) -> bool:
    return all(
        getattr(candidate, axis) == getattr(baseline, axis)
        or not applies(axis, candidate)
        or not applies(axis, baseline)
        for axis in axes
    )
