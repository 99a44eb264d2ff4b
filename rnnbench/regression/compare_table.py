"""The comparison of two runs as a table of verdicts."""

from collections.abc import Iterator
from dataclasses import fields

from rnnbench.model.formatting import significant
from rnnbench.model.metric import METRICS
from rnnbench.regression.compare import RunComparison
from rnnbench.regression.compared_value import RATIO, ComparedValue, CompareVerdict
from rnnbench.regression.verdict_table import (
    VerdictTable,
    count_verdicts,
    interval_text,
)

_HEADINGS = (
    *("verdict", "case", "metric", "baseline", "candidate"),
    *("candidate/baseline", "interval", "note"),
)
_FIELDS = tuple(each.name for each in fields(RunComparison))
_ANSWERS = {
    0: "Nothing is worse.",
    1: "Something is worse.",
    2: "Cases that were measured in the baseline fail in the candidate.",
}
_ORDINARY = {CompareVerdict.INCONCLUSIVE, CompareVerdict.UNCHANGED}


def compare_table(comparison: RunComparison) -> VerdictTable:
    """Everything that a comparison found, the worst first."""
    values = comparison.rows
    counts = count_verdicts((value.verdict for value in values), CompareVerdict)
    return VerdictTable(
        title="Comparison",
        answer=(
            f"{_ANSWERS[comparison.exit_code]} {len(values)} values compared: {counts}."
        ),
        headings=_HEADINGS,
        rows=values,
        cells=_row,
        notable=sum(value.verdict not in _ORDINARY for value in values),
        reasons=tuple(_reasons(comparison)),
        notes=tuple(_notes(comparison)),
        document={
            "exit_code": comparison.exit_code,
            **{name: getattr(comparison, name) for name in _FIELDS},
        },
    )


def _reasons(comparison: RunComparison) -> Iterator[str]:
    for case in comparison.failed:
        yield f"fails now: {case}"
    for old, new in comparison.renamed:
        yield f"perhaps renamed: {old} -> {new}"


def _notes(comparison: RunComparison) -> Iterator[str]:
    for one in comparison.environment:
        yield f"{one.role} changed: {one.field}: {one.baseline} -> {one.candidate}"
    yield from comparison.notes
    yield (
        "Runs of two nights differ by more than code does: rnnbench gate decides "
        "whether code became slower."
    )
    yield (
        f"Unchanged means within ±{comparison.tolerance:.2%}; memory and steps are "
        "exact. Times are divided by the yardstick's and compared over launches "
        "(Welch)."
    )
    yield (
        "At most 5 % of the regressions and improvements are due to chance (Benjamini "
        f"and Hochberg): their intervals have {comparison.confidence:.2%}, others 95 %."
    )


def _row(value: ComparedValue) -> tuple[str, ...]:
    metric = f"{RATIO} to {value.over}" if value.over else value.metric
    interval = value.interval
    return (
        str(value.verdict),
        value.case,
        metric,
        _number(value, value.baseline),
        _number(value, value.candidate),
        "" if interval is None else f"{interval.estimate:.3f}",
        interval_text(interval),
        value.note,
    )


def _number(value: ComparedValue, number: float | None) -> str:
    if number is None:
        return ""
    if value.metric in METRICS:
        return METRICS[value.metric].format(number)
    return significant(number, 4)
