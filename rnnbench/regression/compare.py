"""Two runs held against each other, cell by cell."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rnnbench.analysis.stats import CONFIDENCE, discoveries
from rnnbench.model.case import TORCH_LAYERS, Case
from rnnbench.model.errors import IncomparableError
from rnnbench.model.machine import Difference, differences, forbidding
from rnnbench.model.metric import TIME
from rnnbench.model.run import FAILED, MEASURED, Result, Run, TurnValue
from rnnbench.regression.cell import (
    Cell,
    Open,
    Verdict,
    measured,
    of_memory,
    of_ratios,
    of_times,
)

# A difference of 1 % is worth a look, and no night of this harness tells less.
TOLERANCE = 0.01

# Of the cells that are called better or worse, at most this share is so by chance.
FALSE_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that two runs say of each other.

    `confidence`: of the intervals of the cells that are called better or worse; the
    others have 95 %. `renamed`: removed cases, and the added ones that look the same.
    """

    tolerance: float
    confidence: float
    environment: tuple[Difference, ...]
    cells: tuple[Cell, ...]
    renamed: tuple[tuple[str, str], ...]
    failed: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0: nothing is worse. 1: something is. 2: what was measured now fails.

        A ratio also grows where what it is taken against became faster: no one's loss.
        """
        faster = {
            cell.case
            for cell in self.cells
            if cell.metric == TIME.name and cell.verdict is Verdict.IMPROVEMENT
        }
        worse = [cell for cell in self.cells if cell.verdict is Verdict.REGRESSION]
        if any(cell.against not in faster for cell in worse):
            return 1
        return 2 if self.failed else 0


def compare(base: Run, new: Run, *, tolerance: float = TOLERANCE) -> Comparison:
    """Hold `new` against `base`; IncomparableError where that would say nothing."""
    before = {result.case: result for result in base.results}
    after = {result.case: result for result in new.results}
    common = [case for case in before if case in after]
    both = [case for case in common if measured(before[case], after[case])]
    changed = differences(base.environment, new.environment)
    _refuse((base.turn, new.turn), common, both, changed)
    cells = [*_one_sided(before, after)]
    cells += [
        of_memory(before[case], after[case])
        for case in both
        if _has_memory(before[case], after[case])
    ]
    waiting = [*of_times(base, new), *of_ratios(base, new)]
    judged, confidence = _judge(waiting, math.log1p(tolerance))
    return Comparison(
        tolerance=tolerance,
        confidence=confidence,
        environment=changed,
        cells=tuple(sorted([*cells, *judged], key=_rank)),
        renamed=_renamed(before, after),
        failed=tuple(
            case.id
            for case in common
            if before[case].status in MEASURED and after[case].status in FAILED
        ),
        notes=_notes(base, new),
    )


def _refuse(
    turns: tuple[TurnValue, TurnValue],
    common: Sequence[Case],
    both: Sequence[Case],
    changed: Sequence[Difference],
) -> None:
    before, after = turns
    if before is not after:
        raise IncomparableError(
            f"a turn is the {before} of its calls in the one and the {after} in the "
            "other: measure both with one rnnbench"
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


def _has_memory(*results: Result) -> bool:
    return any(result.peak_memory is not None for result in results)


def _rank(cell: Cell) -> tuple[int, str, str, str]:
    return list(Verdict).index(cell.verdict), cell.case, cell.metric, cell.against


def _one_sided(
    before: Mapping[Case, Result], after: Mapping[Case, Result]
) -> Iterator[Cell]:
    """Cases that only one file has, and those that only one could measure."""
    for case, result in {**before, **after}.items():
        if case not in after:
            yield Cell(case.id, TIME.name, "", Verdict.REMOVED, note=_said(result))
        elif case not in before:
            yield Cell(case.id, TIME.name, "", Verdict.ADDED, note=_said(result))
        elif not measured(before[case], after[case]):
            note = f"base {_said(before[case])}, new {_said(after[case])}"
            yield Cell(case.id, TIME.name, "", Verdict.INCOMPARABLE, note=note)


def _said(result: Result) -> str:
    return f"{result.status}: {result.reason}" if result.reason else str(result.status)


def _judge(waiting: Sequence[Open], reach: float) -> tuple[list[Cell], float]:
    """By the place of the interval against the band.

    Which cells lie beyond it is found over all of them together. Their intervals are as
    wide as makes the two agree: one lies beyond the band where its cell was found
    (Benjamini & Yekutieli 2005, JASA 100: false coverage-statement rate).
    """
    found = discoveries([gap.p_beyond(reach) for _, gap in waiting], FALSE_SHARE)
    share = FALSE_SHARE * max(sum(found), 1) / max(len(waiting), 1)
    confidence = 1 - min(share, 1 - CONFIDENCE)
    judged = []
    for (cell, gap), beyond in zip(waiting, found, strict=True):
        interval = gap.interval(confidence if beyond else CONFIDENCE)
        verdict = Verdict.INCONCLUSIVE
        if beyond:
            verdict = Verdict.REGRESSION if gap.estimate > 0 else Verdict.IMPROVEMENT
        elif interval.low >= math.exp(-reach) and interval.high <= math.exp(reach):
            verdict = Verdict.UNCHANGED
        judged.append(replace(cell, verdict=verdict, interval=interval))
    return judged, confidence


def _renamed(
    before: Mapping[Case, Result], after: Mapping[Case, Result]
) -> tuple[tuple[str, str], ...]:
    """Pairs that differ in the name of a user's own layer alone: perhaps the same."""
    gone = [case for case in before if case not in after]
    come = [case for case in after if case not in before]
    found: list[tuple[str, str]] = []
    for old in gone:
        like = [new for new in come if replace(new, layer=old.layer) == old]
        own = [case for case in (old, *like) if case.layer not in TORCH_LAYERS]
        if len(like) == 1 and len(own) == 2:
            found.append((old.id, like[0].id))
    return tuple(found)


_SAME: dict[str, Callable[[Run], object]] = {
    "sweep": lambda run: run.sweep.digest,
    "compared axes": lambda run: run.sweep.compare,
    "policy": lambda run: run.sweep.policy,
    "rnnbench": lambda run: run.version,
}


def _notes(base: Run, new: Run) -> tuple[str, ...]:
    return tuple(
        f"{name}: not the same in the two files"
        for name, read in _SAME.items()
        if read(base) != read(new)
    )
