"""Workloads: cases that are measured side by side, and the pairs of their ratios."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from rnnbench.model.case import DEFAULTS, EAGER, Case, applies, case_id
from rnnbench.model.identified import Identified
from rnnbench.model.layer_arguments import PREFIX, argument_axes, value_of

# The default of a sweep's `compare`: the layer, and the switch of its backend.
DEFAULT_COMPARE = ("layer", "cudnn", "onednn")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two cases that differ in one axis; a ratio is candidate divided by baseline."""

    axis: str
    candidate: Case
    baseline: Case

    @property
    def is_gru_to_lstm(self) -> bool:
        """Whether the ratio is GRU to LSTM, at equal sizes or at equal parameters."""
        layers = (self.candidate.layer, self.baseline.layer)
        return self.axis == "layer" and layers == ("gru", "lstm")


@dataclass(frozen=True, slots=True)
class Workload(Identified):
    """Cases that differ in compared axes only; they are measured turn by turn.

    ValueError where a case is there twice, or where they differ in another axis.
    """

    members: tuple[Case, ...]
    compare: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raise ValueError where the members do not belong together."""
        if not self.members or len(set(self.members)) != len(self.members):
            raise ValueError("a workload has at least one member, and none twice")
        if len({workload_id(case, self.compare) for case in self.members}) != 1:
            raise ValueError("members of a workload differ in compared axes only")

    def _make_id(self) -> str:
        """The id of any member without the compared axes."""
        return workload_id(self.members[0], self.compare)

    def pairs(self) -> tuple[Pair, ...]:
        """Each member with its baseline: the member that differs in one axis.

        An axis that does not apply to one of the two does not matter: a GRU on a CPU,
        for which `onednn` changes nothing, is compared with the LSTM with it on and
        with the LSTM with it off.
        """
        axes = (*self.compare, "parameters_of", *argument_axes(self.members))
        return tuple(pair for axis in axes for pair in self._pairs_in(axis, axes))

    def _pairs_in(self, axis: str, axes: tuple[str, ...]) -> Iterator[Pair]:
        values = [value_of(case, axis) for case in self.members]
        if values.count(values[0]) == len(values):
            return
        usual = self._baseline(axis)
        others = [other for other in axes if other != axis]
        different = [
            case
            for case, value in zip(self.members, values, strict=True)
            if value not in (None, usual)
        ]
        for baseline, value in zip(self.members, values, strict=True):
            if value == usual:
                for candidate in different:
                    if _are_alike(candidate, baseline, others):
                        yield Pair(axis, candidate, baseline)

    def _baseline(self, axis: str) -> Any:
        """The value of `axis` in the baseline of a ratio.

        For layers, the LSTM or else the first one; for runtimes, eager or else the
        first one; for arguments of a layer, the first one; for other axes, the default
        value or else the smallest.
        """
        if axis == "layer":
            layers = [case.layer for case in self.members]
            return "lstm" if "lstm" in layers else layers[0]
        if axis == "runtime":
            runtimes = [case.runtime for case in self.members]
            return EAGER if EAGER in runtimes else runtimes[0]
        if axis in DEFAULTS:
            return DEFAULTS[axis]
        values = (value_of(case, axis) for case in self.members)
        if axis.startswith(PREFIX):
            return next(value for value in values if value is not None)
        return min(values)


# A report of thousands of cases asks for each id several times.
@lru_cache(maxsize=2**16)
def workload_id(case: Case, compare: tuple[str, ...]) -> str:
    """Id of the workload of `case`: its own id without the compared axes.

    A case sized to the parameters of an LSTM belongs to the workload of that LSTM, and
    all arguments of a layer of the user's belong to one workload.
    """
    if case.args:
        case = replace(case, args=())
    if case.parameters_of:
        case = replace(case, hidden_size=case.parameters_of, parameters_of=0)
    return case_id(case, without=compare) or "all"


def group(cases: Iterable[Case], compare: tuple[str, ...]) -> tuple[Workload, ...]:
    """The workloads of `cases`, in the order of their first cases."""
    gathered: dict[str, list[Case]] = {}
    for case in cases:
        gathered.setdefault(workload_id(case, compare), []).append(case)
    return tuple(Workload(tuple(members), compare) for members in gathered.values())


def _are_alike(candidate: Case, baseline: Case, axes: list[str]) -> bool:
    """Whether no axis of `axes` that applies to both tells them apart."""
    return all(
        value_of(candidate, axis) == value_of(baseline, axis)
        or not applies(axis, candidate)
        or not applies(axis, baseline)
        for axis in axes
    )
