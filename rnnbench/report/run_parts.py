"""Parts of a large run: each is about one subject, and small enough for a page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rnnbench.analysis.labels import SIZES, nominal, words
from rnnbench.model.case import AXES, Case
from rnnbench.model.learning import Learning
from rnnbench.model.run import Result, Run

# The axes that a run is split by, in this order: first by subject, then by size.
_FIRST = ("device", "runtime", "dtype", "phase")
_LAST = ("num_layers", "input_size", "batch_size", "seq_len", "hidden_size")


@dataclass(frozen=True, slots=True)
class RunPart:
    """Some workloads of a run, as a run of its own.

    `subject`: the values that its cases have in common, in words.
    """

    subject: str
    run: Run


def run_parts(run: Run, most: int) -> Iterator[RunPart]:
    """`run` in parts of at most `most` cases, if its axes allow it.

    Workloads stay whole, so that each ratio is in one part. What was learned is in the
    first part.
    """
    axes = [axis for axis in _axes() if axis not in ("layer", *run.sweep.compare)]
    for number, (subject, results) in enumerate(_split(run.results, axes, most)):
        yield RunPart(subject, _part(run, results, has_learning=not number))


def _axes() -> tuple[str, ...]:
    others = tuple(axis for axis in AXES if axis not in (*_FIRST, *SIZES))
    return (*_FIRST, *others, *_LAST)


def _split(
    results: Sequence[Result], axes: Sequence[str], most: int, subject: str = ""
) -> Iterator[tuple[str, Sequence[Result]]]:
    """Split by one axis after the other, as long as there are too many cases."""
    if len(results) <= most or not axes:
        yield subject, results
        return
    axis, *rest = axes
    by_value: dict[object, list[Result]] = {}
    for result in results:
        by_value.setdefault(_value(result.case, axis), []).append(result)
    if len(by_value) == 1:
        yield from _split(results, rest, most, subject)
        return
    for value, own in by_value.items():
        whole = ", ".join(filter(None, (subject, words(axis, value))))
        yield from _split(own, rest, most, whole)


def _value(case: Case, axis: str) -> object:
    return nominal(case, axis) if axis in SIZES else getattr(case, axis)


def _part(run: Run, results: Sequence[Result], *, has_learning: bool) -> Run:
    ids = {result.case.id for result in results}
    workloads = {result.workload for result in results}
    uses = tuple(use for use in run.sweep.uses if ids.issuperset(use.cases))
    sweep = replace(
        run.sweep, uses=uses, learning=run.sweep.learning if has_learning else None
    )
    return replace(
        run,
        sweep=sweep,
        results=tuple(results),
        yardsticks=tuple(each for each in run.yardsticks if each.workload in workloads),
        learning=run.learning if has_learning else Learning(),
    )
