"""What a comparison found, for a terminal, for a code host and for a program."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from rnnbench.analysis.stats import Interval
from rnnbench.model.formatting import for_markdown, for_terminal
from rnnbench.model.metric import METRICS, significant
from rnnbench.regression.cell import RATIO, Cell, Verdict
from rnnbench.regression.compare import Comparison

# 1: the first.
SCHEMA = 1

# A summary on a code host holds a megabyte at most, and a reader much less. The worst
# come first, and the rest is counted.
_MOST_ROWS = 200

_HEADINGS = ("verdict", "case", "metric", "base", "new", "new/base", "interval", "note")

CAVEAT = (
    "Two files of two nights differ by more than code does, on a machine that others "
    "share: this informs. Whether code became slower is for rnnbench gate to say."
)
_ANSWERS = {
    0: "Nothing is worse.",
    1: "Something is worse.",
    2: "What was measured in the base now fails.",
}


def text(comparison: Comparison) -> str:
    """Plain columns, the worst first, and what it comes to on the last line."""
    rows: list[tuple[str, ...]] = [_HEADINGS]
    rows += [tuple(map(for_terminal, _row(cell))) for cell in comparison.cells]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [for_terminal(line) for line in _said(comparison)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
    return "\n".join([*lines, for_terminal(_sum(comparison))]) + "\n"


def markdown(comparison: Comparison) -> str:
    """The same as a table, with everything in it escaped."""
    lines = ["## Comparison", "", f"**{for_markdown(_sum(comparison))}**", ""]
    lines += [f"* {for_markdown(line)}" for line in _said(comparison)]
    lines += ["", "| " + " | ".join(_HEADINGS) + " |", "|---" * len(_HEADINGS) + "|"]
    for cell in comparison.cells[:_MOST_ROWS]:
        lines.append("| " + " | ".join(map(for_markdown, _row(cell))) + " |")
    if len(comparison.cells) > _MOST_ROWS:
        lines += ["", f"{len(comparison.cells) - _MOST_ROWS} more are not shown."]
    return "\n".join(lines) + "\n"


def document(comparison: Comparison) -> str:
    """Strict JSON: all of it, and the exit code."""
    whole: dict[str, Any] = {"schema": SCHEMA, "exit_code": comparison.exit_code}
    whole |= asdict(comparison)
    for cell in whole["cells"]:
        if cell["interval"] is not None:
            # One launch leaves an interval without an end, and JSON has no infinity.
            cell["interval"] = {
                name: value if abs(value) < float("inf") else None
                for name, value in cell["interval"].items()
            }
    return json.dumps(whole, allow_nan=False, indent=1) + "\n"


RENDERERS: dict[str, Callable[[Comparison], str]] = {
    "terminal": text,
    "markdown": markdown,
    "json": document,
}


def _sum(comparison: Comparison) -> str:
    counts = Counter(cell.verdict for cell in comparison.cells)
    told = ", ".join(f"{counts[one]} {one}" for one in Verdict if counts[one])
    return f"{_ANSWERS[comparison.exit_code]} {told}"


def _said(comparison: Comparison) -> Iterator[str]:
    """Everything but the cells."""
    yield CAVEAT
    yield (
        f"The band is ±{comparison.tolerance:.2%}; memory is exact. Times are "
        "multiples of the yardstick's, compared over launches (Welch). Of the cells "
        "called better or worse at most 5 % are so by chance (Benjamini and "
        f"Hochberg): their intervals have {comparison.confidence:.2%}, others 95 %."
    )
    for one in comparison.environment:
        yield f"{one.role} changed: {one.field}: {one.baseline} -> {one.candidate}"
    for old, new in comparison.renamed:
        yield f"perhaps renamed: {old} -> {new}"
    for case in comparison.failed:
        yield f"fails now: {case}"
    yield from comparison.notes


def _row(cell: Cell) -> tuple[str, ...]:
    metric = f"{RATIO} to {cell.against}" if cell.against else cell.metric
    estimate = "" if cell.interval is None else significant(cell.interval.estimate, 4)
    return (
        str(cell.verdict),
        cell.case,
        metric,
        _value(cell, cell.base),
        _value(cell, cell.new),
        estimate,
        _interval(cell.interval),
        cell.note,
    )


def _value(cell: Cell, value: float | None) -> str:
    if value is None:
        return ""
    if cell.metric in METRICS:
        return METRICS[cell.metric].format(value)
    return significant(value, 4)


def _interval(interval: Interval | None) -> str:
    if interval is None or interval.low == interval.high:
        return ""
    return f"[{significant(interval.low, 4)}, {significant(interval.high, 4)}]"
