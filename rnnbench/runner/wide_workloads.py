"""The stop rule for many workloads at once: which of them are not narrow yet.

The answers are those of `stop_rule`, to the last bit. Widths are computed with numpy in
one go, which rounds differently; a workload whose width is so near to the precision
that this could matter is judged by `stop_rule` itself. 50,000 workloads take a second
or two here, and half a minute there.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import ceil

import numpy as np
from numpy.typing import NDArray

from rnnbench.analysis.stats import reach
from rnnbench.model.run import Turns
from rnnbench.model.workload import Workload
from rnnbench.runner.journal import Journal, Pass
from rnnbench.runner.stop_rule import is_narrow, widest

Passes = Mapping[int, Pass]
_Floats = NDArray[np.float64]
_Places = NDArray[np.intp]

# Logarithms of times are below 28, so that those of numpy differ by 1e-14 at most. The
# width of two launches multiplies that by 13.
_MARGIN = 1e-9


def unfinished(
    workloads: Iterable[Workload], journal: Journal, precision: float, first: int
) -> list[Workload]:
    """The workloads that need another launch: of fewer than `first`, or too wide.

    One whose members have all ended needs none.
    """
    live = [
        (workload, journal.passes.get(workload.id, {}))
        for workload in workloads
        if any(case.id not in journal.ended for case in workload.members)
    ]
    begun = [each for each in live if len(each[1]) >= first]
    are_wide = iter(wide_workloads(begun, precision, without=journal.ended))
    return [
        workload for workload, passes in live if len(passes) < first or next(are_wide)
    ]


def wide_workloads(
    workloads: Sequence[tuple[Workload, Passes]],
    precision: float,
    *,
    without: Container[str],
) -> list[bool]:
    """For each workload whether a ratio of it is wider than `precision`.

    As `widest` and `is_narrow` have it. `without`: ids of members that ended.
    """
    ratios = _Ratios()
    unsure: set[int] = set()
    for place, (workload, passes) in enumerate(workloads):
        if not ratios.add(place, workload, passes, without):
            unsure.add(place)
    widths = ratios.widths()
    places = np.array(ratios.places, np.intp)
    margin = _MARGIN * max(1.0, precision)
    wide = set(places[widths > precision + margin].tolist())
    near = (widths >= precision - margin) & (widths <= precision + margin)
    unsure |= set(places[near].tolist()) - wide
    unsure |= set(places[np.isnan(widths)].tolist())
    for place in unsure:
        workload, passes = workloads[place]
        width = widest(workload, passes.values(), without=without)
        if not is_narrow(width, precision):
            wide.add(place)
    return [place in wide for place in range(len(workloads))]


@dataclass(slots=True)
class _Ratios:
    """Ratios of workloads: the turns of both sides, one launch after the other.

    `places`: of each ratio's workload. `counts`: of its launches.
    """

    places: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    candidates: list[Turns] = field(default_factory=list)
    baselines: list[Turns] = field(default_factory=list)

    def add(
        self, place: int, workload: Workload, passes: Passes, without: Container[str]
    ) -> bool:
        """Add the ratios of a workload; False, and nothing, where a member is missing.

        Such a workload has ratios that others don't have, and is rare.
        """
        done = passes.values()
        members = {case.id for case in workload.members}
        if any(case in without for case in members) or not all(
            one.turns.keys() >= members for one in done
        ):
            return False
        for candidate, baseline in _ratios_of(workload):
            self.places.append(place)
            self.counts.append(len(done))
            self.candidates += [one.turns[candidate] for one in done]
            self.baselines += [
                one.turns[baseline] if baseline else one.yardstick for one in done
            ]
        return True

    def widths(self) -> _Floats:
        """The width of each ratio; NaN where its sides differ in their rounds."""
        ours, theirs = _LaunchLogs.of(self.candidates), _LaunchLogs.of(self.baselines)
        size = len(self.counts)
        ratio = np.repeat(np.arange(size), self.counts)
        kept = _kept(ours.are_calm & theirs.are_calm, ratio, size)
        ratio, logs = ratio[kept], (ours.logs - theirs.logs)[kept]
        count = np.bincount(ratio, minlength=size)
        with np.errstate(all="ignore"):
            mean = np.bincount(ratio, logs, minlength=size) / count
            squares = np.bincount(ratio, (logs - mean[ratio]) ** 2, minlength=size)
            # Half of exp(m + h) - exp(m - h), as a share of exp(m).
            widths = np.sinh(_reaches(count) * np.sqrt(squares / (count - 1) / count))
        widths[count < 2] = np.inf
        uneven = np.repeat(np.arange(size), self.counts)[ours.rounds != theirs.rounds]
        widths[uneven] = np.nan
        return widths


@dataclass(frozen=True, slots=True)
class _LaunchLogs:
    """Of turns of one member in one launch each: `launch_log`, `is_calm`, rounds."""

    logs: _Floats
    are_calm: NDArray[np.bool_]
    rounds: _Places

    @classmethod
    def of(cls, turns: Sequence[Turns]) -> "_LaunchLogs":
        seconds = [each.seconds for each in turns]
        rounds = np.fromiter(map(len, seconds), np.intp, len(turns))
        rough = np.fromiter((each.rough for each in turns), np.intp, len(turns))
        logs = np.empty(len(turns))
        for count in np.unique(rounds).tolist():
            places = np.flatnonzero(rounds == count)
            values = chain.from_iterable(seconds[place] for place in places.tolist())
            rows = np.fromiter(values, np.float64, len(places) * count)
            fastest = np.sort(rows.reshape(-1, count), axis=1)[:, : ceil(count / 3)]
            logs[places] = np.log(fastest).mean(axis=1)
        return cls(logs, 2 * rough < rounds, rounds)


def _ratios_of(workload: Workload) -> Iterator[tuple[str, str]]:
    """Candidate and baseline of each ratio; no baseline: the yardstick."""
    pairs = [(pair.candidate.id, pair.baseline.id) for pair in workload.pairs()]
    yield from pairs
    compared = set(chain.from_iterable(pairs))
    yield from ((case.id, "") for case in workload.members if case.id not in compared)


def _kept(are_calm: NDArray[np.bool_], ratio: _Places, size: int) -> NDArray[np.bool_]:
    """The launches that count: calm ones, or all where those are the minority."""
    calm = np.bincount(ratio, are_calm, minlength=size)
    use_calm = 2 * calm >= np.bincount(ratio, minlength=size)
    return are_calm | ~use_calm[ratio]


def _reaches(counts: _Places) -> _Floats:
    """`reach` of each count; infinite under two launches."""
    known, place = np.unique(counts, return_inverse=True)
    found = [reach(count) if count > 1 else np.inf for count in known.tolist()]
    return np.array(found)[place]
