"""The ratios that several kinds of machines measured, and whether they agree.

Cases on two machines match if all axes except the device are equal: the default backend
of a GPU is compared with the default backend of a CPU.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rnnbench.analysis.ratio import Ratio, Verdict, ratios
from rnnbench.analysis.stats import CONFIDENCE, Interval, unpaired_ratio_interval
from rnnbench.model.case import Case, case_id
from rnnbench.model.errors import ResultsError
from rnnbench.model.metric import TIME
from rnnbench.model.run import Result
from rnnbench.model.status import MEASURED, Status
from rnnbench.report.kinds.machine_kind import MachineKind
from rnnbench.report.view import (
    FOR_BASELINE,
    FOR_CANDIDATE,
    Contrast,
    RatioGroup,
    grouped,
    mean_of,
    ordered_contrasts,
)

# A ratio on every machine: its axis and the ids of its two cases.
RatioKey = tuple[str, str, str]


class SharedVerdict(StrEnum):
    """The verdicts on one ratio, over all machines."""

    DIFFERENT = "different winners"  # each side wins on some machine
    PARTLY = "on some"  # one side wins on some machines, none does on the others
    OPEN = "undecided"  # no side wins anywhere, and not all are ties
    SAME = "same winner"  # one side wins everywhere
    TIE = "tie"  # everywhere


@dataclass(frozen=True, slots=True)
class SharedRatio:
    """One ratio as each kind of machine measured it, in the order of the kinds."""

    on: tuple[Ratio, ...]

    @property
    def agreement(self) -> SharedVerdict:
        """The verdicts of all machines, as one."""
        verdicts = [ratio.verdict for ratio in self.on]
        for_candidate = sum(verdict in FOR_CANDIDATE for verdict in verdicts)
        for_baseline = sum(verdict in FOR_BASELINE for verdict in verdicts)
        if for_candidate and for_baseline:
            return SharedVerdict.DIFFERENT
        if for_candidate or for_baseline:
            decided = for_candidate + for_baseline
            return (
                SharedVerdict.SAME if decided == len(verdicts) else SharedVerdict.PARTLY
            )
        ties = all(verdict is Verdict.TIE for verdict in verdicts)
        return SharedVerdict.TIE if ties else SharedVerdict.OPEN

    @property
    def gap(self) -> Interval:
        """The largest ratio divided by the smallest, with its interval.

        Both machines are chosen by their ratios, so the interval is corrected for the
        number of pairs of machines (Dunn 1961, JASA 56). It is infinitely wide if
        a machine has one launch.
        """
        ordered = sorted(self.on, key=lambda ratio: ratio.interval.estimate)
        low, high = ordered[0], ordered[-1]
        if not low.logs or not high.logs:
            estimate = high.interval.estimate / low.interval.estimate
            return Interval(estimate, 0.0, float("inf"), 1)
        pairs = len(self.on) * (len(self.on) - 1) / 2
        return unpaired_ratio_interval(
            [value for _, value in high.logs],
            [value for _, value in low.logs],
            1 - (1 - CONFIDENCE) / pairs,
        )


@dataclass(frozen=True, slots=True)
class SharedGroup:
    """Shared ratios that differ only in size; `on`: the same ratios on each kind."""

    ratios: tuple[SharedRatio, ...]
    on: tuple[RatioGroup, ...]

    @property
    def contrast(self) -> Contrast:
        """The two values that the ratios compare."""
        return self.on[0].contrast


@dataclass(frozen=True, slots=True)
class SharedView:
    """Everything that the page of several kinds of machines shows, before wording.

    `contrasts`: what is compared; the main contrast is the first.
    `unshared`: the cases that were not measured on every kind, by their id without the
    device, with the result on each kind, or None where it has no such case.
    """

    kinds: tuple[MachineKind, ...]
    contrasts: tuple[Contrast, ...]
    groups: tuple[SharedGroup, ...]
    unshared: Mapping[str, tuple[Result | None, ...]]

    @property
    def count(self) -> int:
        """The number of shared ratios."""
        return sum(len(group.ratios) for group in self.groups)

    def groups_of(self, contrast: Contrast) -> tuple[SharedGroup, ...]:
        """The groups of one contrast, PyTorch's defaults first."""
        return tuple(group for group in self.groups if group.contrast == contrast)


def shared_view(kinds: Sequence[MachineKind]) -> SharedView:
    """Match the time ratios of all kinds; ResultsError if no ratio is on all."""
    found = [_ratios_on(kind) for kind in kinds]
    keys = [key for key in found[0] if all(key in each for each in found)]
    if not keys:
        counts = ", ".join(
            f"{kind.path} has {len(each)}"
            for kind, each in zip(kinds, found, strict=True)
        )
        raise ResultsError(f"no ratio was measured on every machine: {counts}")
    shared = {
        found[0][key].pair: SharedRatio(tuple(each[key] for each in found))
        for key in keys
    }
    groups = tuple(
        _shared_group(group, [shared[ratio.pair] for ratio in group.ratios], kinds)
        for group in grouped(one.on[0] for one in shared.values())
    )
    return SharedView(
        kinds=tuple(kinds),
        contrasts=ordered_contrasts(group.on[0] for group in groups),
        groups=groups,
        unshared=_unshared(kinds),
    )


def _ratios_on(kind: MachineKind) -> dict[RatioKey, Ratio]:
    """The ratios of time of one kind."""
    return {
        (ratio.pair.axis, _id(ratio.pair.candidate), _id(ratio.pair.baseline)): ratio
        for ratio in ratios(kind.run)
        if ratio.metric is TIME and ratio.pair.baseline.device is kind.device
    }


def _shared_group(
    first: RatioGroup, shared: Sequence[SharedRatio], kinds: Sequence[MachineKind]
) -> SharedGroup:
    """`first`: the group on the first kind; `shared` has its ratios in that order."""
    groups = []
    for place, kind in enumerate(kinds):
        own = tuple(each.on[place] for each in shared)
        conditions = replace(first.conditions, device=kind.device)
        groups.append(
            replace(first, conditions=conditions, ratios=own, mean=mean_of(own))
        )
    return SharedGroup(tuple(shared), tuple(groups))


def _unshared(
    kinds: Sequence[MachineKind],
) -> dict[str, tuple[Result | None, ...]]:
    """The cases that some kind did not measure, in the order of the kinds."""
    found = [_results_on(kind) for kind in kinds]
    every = dict.fromkeys(name for each in found for name in each)
    rows = {name: tuple(each.get(name) for each in found) for name in every}
    return {
        name: row
        for name, row in rows.items()
        if not all(result and result.status in MEASURED for result in row)
        and any(result and result.status is not Status.SKIPPED for result in row)
    }


def _results_on(kind: MachineKind) -> dict[str, Result]:
    return {
        _id(result.case): result
        for result in kind.run.results
        if result.case.device is kind.device
    }


def _id(case: Case) -> str:
    return case_id(case, without=("device",))
