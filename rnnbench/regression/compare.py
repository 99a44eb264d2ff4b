"""The comparison of two runs, value by value."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rnnbench.analysis.ratio import pairs_of
from rnnbench.analysis.stats import CONFIDENCE, discoveries
from rnnbench.model.case import TORCH_LAYERS, Case
from rnnbench.model.errors import IncomparableError
from rnnbench.model.machine import Difference, differences, forbidding
from rnnbench.model.metric import TIME
from rnnbench.model.run import Result, Run, TurnValue
from rnnbench.model.status import FAILED, MEASURED
from rnnbench.model.workload import Pair
from rnnbench.regression.compare_learning import compare_learning
from rnnbench.regression.compared_value import (
    ComparedValue,
    CompareVerdict,
    InBoth,
    Unjudged,
    Yardsticks,
    compare_memory,
    compare_ratios,
    compare_times,
)

# Differences below 1 % are not worth looking at, and two runs can't resolve them.
TOLERANCE = 0.01

# The largest expected share of chance findings among the regressions and improvements.
FALSE_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """Two runs compared.

    `confidence`: of the intervals of regressions and improvements; all others have
    95 %. `renamed`: pairs of a removed and an added case that may be the same layer.
    """

    tolerance: float
    confidence: float
    environment: tuple[Difference, ...]
    rows: tuple[ComparedValue, ...]
    renamed: tuple[tuple[str, str], ...]
    failed: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 if nothing is worse, 1 if something is, 2 if a measured case now fails.

        A ratio that grew because its denominator became faster is not a regression.
        """
        faster = {
            value.case
            for value in self.rows
            if value.metric == TIME.name and value.verdict is CompareVerdict.IMPROVEMENT
        }
        worse = [
            value for value in self.rows if value.verdict is CompareVerdict.REGRESSION
        ]
        if any(value.over not in faster for value in worse):
            return 1
        return 2 if self.failed else 0


def compare(
    baseline: Run, candidate: Run, *, tolerance: float = TOLERANCE
) -> RunComparison:
    """Compare two runs of one machine.

    `tolerance` is half the width of the band in which values count as unchanged, as a
    share. Raises IncomparableError if a comparison would mean nothing.
    """
    before = {result.case: result for result in baseline.results}
    common = {
        new.case: InBoth(new.case.id, old, new)
        for new in candidate.results
        if (old := before.get(new.case)) is not None
    }
    both = [case for case in common.values() if case.is_measured]
    changed = differences(baseline.environment, candidate.environment)
    learned = tuple(compare_learning(baseline, candidate))
    if not (learned and not common):
        measured = [case.candidate.case for case in both]
        _refuse((baseline.turn, candidate.turn), common, measured, changed)
    exact = [value for case in both if (value := compare_memory(case))]
    unjudged = [
        *compare_times(both, (_yardsticks(baseline), _yardsticks(candidate))),
        *compare_ratios(_pairs(baseline, candidate, common), common),
    ]
    judged, confidence = _judge(unjudged, math.log1p(tolerance))
    removed, added = _unmatched(baseline, candidate, common)
    values = [*_one_sided(removed, added, common.values()), *learned, *exact, *judged]
    return RunComparison(
        tolerance=tolerance,
        confidence=confidence,
        environment=changed,
        rows=tuple(sorted(values, key=_rank)),
        renamed=_renamed(removed, added),
        failed=_fails_now(baseline, candidate),
        notes=_notes(baseline, candidate),
    )


def _refuse(
    turns: tuple[TurnValue, TurnValue],
    common: Collection[Case],
    both: Collection[Case],
    changed: Sequence[Difference],
) -> None:
    before, after = turns
    if before is not after:
        raise IncomparableError(
            f"a turn is the {before} of its calls in the baseline and the {after} in "
            "the candidate: measure both with one version of rnnbench"
        )
    if not common:
        raise IncomparableError("the two files have no case in common")
    if not both:
        raise IncomparableError("no case was measured in both files")
    if forbidden := forbidding(changed, both):
        fields = "; ".join(
            f"{d.field} {d.baseline!r} -> {d.candidate!r}" for d in forbidden
        )
        raise IncomparableError(f"not measured on the same machine: {fields}")


def _rank(value: ComparedValue) -> tuple[int, float, str, str, str]:
    """By verdict, then the largest change first."""
    place = list(CompareVerdict).index(value.verdict)
    change = 0.0
    if value.interval is not None and value.interval.estimate > 0:
        change = abs(math.log(value.interval.estimate))
    return place, -change, value.case, value.metric, value.over


def _unmatched(
    baseline: Run, candidate: Run, common: Mapping[Case, InBoth]
) -> tuple[list[Result], list[Result]]:
    """The results that only the baseline has, and those that only the candidate has."""
    kept = {case.baseline.case for case in common.values()}
    return (
        [result for result in baseline.results if result.case not in kept],
        [result for result in candidate.results if result.case not in common],
    )


def _one_sided(
    removed: Iterable[Result], added: Iterable[Result], common: Iterable[InBoth]
) -> Iterator[ComparedValue]:
    """Cases that only one file has, and those that only one could measure."""
    for results, verdict in (
        (removed, CompareVerdict.REMOVED),
        (added, CompareVerdict.ADDED),
    ):
        for result in results:
            note = _state(result)
            yield ComparedValue(result.case.id, TIME.name, "", verdict, note=note)
    for case in common:
        if not case.is_measured:
            states = f"{_state(case.baseline)}, candidate {_state(case.candidate)}"
            yield ComparedValue(
                case.id,
                TIME.name,
                "",
                CompareVerdict.INCOMPARABLE,
                note=f"baseline {states}",
            )


def _yardsticks(run: Run) -> Yardsticks:
    return {each.workload: each.turns for each in run.yardsticks}


def _pairs(baseline: Run, candidate: Run, common: Collection[Case]) -> tuple[Pair, ...]:
    """The pairs of cases that both runs compare."""
    pairs = pairs_of(candidate)
    # Finding them takes long; two nights of a sweep have the same.
    has_same_cases = len(common) == len(baseline.results) == len(candidate.results)
    if has_same_cases and baseline.sweep.compare == candidate.sweep.compare:
        return pairs
    known = {(pair.candidate, pair.baseline) for pair in pairs_of(baseline)}
    return tuple(pair for pair in pairs if (pair.candidate, pair.baseline) in known)


def _state(result: Result) -> str:
    return f"{result.status}: {result.reason}" if result.reason else str(result.status)


def _judge(
    unjudged: Sequence[Unjudged], reach: float
) -> tuple[list[ComparedValue], float]:
    """Judge each value by where its interval lies relative to the band.

    Which values lie beyond the band is decided over all of them together, and their
    intervals are widened so that an interval excludes the band exactly where its value
    was found (Benjamini & Yekutieli 2005, JASA 100: false coverage-statement rate).
    """
    found = discoveries([gap.p_beyond(reach) for _, gap in unjudged], FALSE_SHARE)
    share = FALSE_SHARE * max(sum(found), 1) / max(len(unjudged), 1)
    confidence = 1 - min(share, 1 - CONFIDENCE)
    judged = []
    for (value, gap), beyond in zip(unjudged, found, strict=True):
        interval = gap.interval(confidence if beyond else CONFIDENCE)
        verdict = CompareVerdict.INCONCLUSIVE
        if beyond:
            slower = gap.estimate > 0
            verdict = (
                CompareVerdict.REGRESSION if slower else CompareVerdict.IMPROVEMENT
            )
        elif interval.low >= math.exp(-reach) and interval.high <= math.exp(reach):
            verdict = CompareVerdict.UNCHANGED
        judged.append(replace(value, verdict=verdict, interval=interval))
    return judged, confidence


def _fails_now(baseline: Run, candidate: Run) -> tuple[str, ...]:
    """Ids of what the baseline measured or learned, and fails in the candidate."""
    failed = [one.case.id for one in candidate.outcomes if one.status in FAILED]
    if not failed:
        return ()
    fine = {one.case.id for one in baseline.outcomes if one.status in MEASURED}
    return tuple(name for name in failed if name in fine)


def _renamed(
    removed: Sequence[Result], added: Sequence[Result]
) -> tuple[tuple[str, str], ...]:
    """Pairs of cases that differ only in the name of a layer that is not PyTorch's."""
    alike: dict[Case, list[Case]] = {}
    for result in added:
        # The name is any: of two cases that differ in it alone, the keys are equal.
        alike.setdefault(replace(result.case, layer="any"), []).append(result.case)
    found: list[tuple[str, str]] = []
    for old in (result.case for result in removed):
        candidates = alike.get(replace(old, layer="any"), [])
        foreign = [one for one in (old, *candidates) if one.layer not in TORCH_LAYERS]
        if len(candidates) == 1 and len(foreign) == 2:
            found.append((old.id, candidates[0].id))
    return tuple(found)


_EXPECTED_EQUAL: dict[str, Callable[[Run], object]] = {
    "sweep": lambda run: run.sweep.digest,
    "compared axes": lambda run: run.sweep.compare,
    "policy": lambda run: run.sweep.policy,
    "rnnbench": lambda run: run.version,
}


def _notes(baseline: Run, candidate: Run) -> tuple[str, ...]:
    return tuple(
        f"{name}: differs between the two files"
        for name, read in _EXPECTED_EQUAL.items()
        if read(baseline) != read(candidate)
    )
