"""A table of verdicts, written for a terminal, as Markdown and as JSON.

`compare`, `gate` and `history changes` each describe their result as a VerdictTable;
this module is the only one that lays such a table out.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Any

from rnnbench.analysis.stats import Interval
from rnnbench.model.formatting import (
    align,
    counted,
    for_markdown,
    for_terminal,
    markdown_table,
)

# 2: baseline and candidate in place of base and new; verdicts in lower case.
SCHEMA = 2

# A summary on a code host holds at most a megabyte.
_MOST_MARKDOWN_ROWS = 200
# Together with the answer, the headings, blank lines and counts of what is left out:
# at most 25 lines.
_MOST_ROWS, _MOST_REASONS, _MOST_NOTES = 9, 3, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictTable:
    """The result of a command that judges, as text that is not yet escaped.

    `answer` is the result in a sentence. `rows` are sorted, the most important first;
    the first `notable` of them need a reader's attention; `cells` gives the text of
    one. `reasons` explain single rows, `notes` the method and the setting. `document`
    holds everything, for programs, and may contain dataclasses.
    """

    title: str
    answer: str
    headings: tuple[str, ...]
    rows: tuple[Any, ...]
    notable: int
    cells: Callable[[Any], tuple[str, ...]] = tuple
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)


def render(table: VerdictTable, form: str, *, verbose: bool = False) -> str:
    """The table in one of FORMS; `verbose` gives a terminal all rows and notes."""
    return as_text(table) if verbose and form == "terminal" else FORMS[form](table)


def as_text(table: VerdictTable) -> str:
    """Everything: answer, rows in columns, reasons, notes."""
    return _lines(table, len(table.rows), len(table.reasons), len(table.notes))


def as_summary(table: VerdictTable) -> str:
    """At most 25 lines: the answer, the notable rows, the first reasons and notes."""
    rows = min(table.notable, _MOST_ROWS)
    return _lines(table, rows, _MOST_REASONS, _MOST_NOTES)


def _lines(table: VerdictTable, rows: int, reasons: int, notes: int) -> str:
    lines = [for_terminal(table.answer)]
    if rows:
        lines += ["", *align([table.headings, *map(table.cells, table.rows[:rows])])]
    if left := len(table.rows) - rows:
        lines.append(f"{counted(left, 'more row')}: --verbose shows all")
    for group, most in ((table.reasons, reasons), (table.notes, notes)):
        if group:
            lines += ["", *map(for_terminal, group[:most])]
        if len(group) > most:
            lines.append(f"... and {len(group) - most} more")
    return "\n".join(lines) + "\n"


def as_markdown(table: VerdictTable) -> str:
    """Markdown of code hosts with every text escaped; only notable rows."""
    parts = [f"## {for_markdown(table.title)}", f"**{for_markdown(table.answer)}**"]
    shown = list(
        map(table.cells, table.rows[: min(table.notable, _MOST_MARKDOWN_ROWS)])
    )
    if shown:
        parts.append("\n".join(markdown_table(table.headings, shown)))
    if left := len(table.rows) - len(shown):
        parts.append(f"Not shown: {counted(left, 'row')}.")
    groups = table.reasons[:_MOST_MARKDOWN_ROWS], table.notes
    parts += [
        "\n".join(f"* {for_markdown(line)}" for line in group)
        for group in groups
        if group
    ]
    return "\n\n".join(parts) + "\n"


def as_json(table: VerdictTable) -> str:
    """Strict JSON; a number that is not finite is null."""
    document = {"schema": SCHEMA, "answer": table.answer, **table.document}
    return json.dumps(_plain(document), allow_nan=False, indent=1) + "\n"


# By the name that an option takes.
FORMS: Mapping[str, Callable[[VerdictTable], str]] = {
    "terminal": as_summary,
    "markdown": as_markdown,
    "json": as_json,
}
# By the suffix of the file to write.
WRITERS: Mapping[str, Callable[[VerdictTable], str]] = {
    ".json": as_json,
    ".md": as_markdown,
    ".txt": as_text,
}


def count_verdicts(verdicts: Iterable[StrEnum], kinds: type[StrEnum]) -> str:
    """The number of each verdict, in the order of `kinds`.

    >>> count_verdicts([GateVerdict.UNCHANGED, GateVerdict.REGRESSION], GateVerdict)
    '1 regression, 1 unchanged'
    """
    counts = Counter(verdicts)
    return ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind])


def interval_text(interval: Interval | None, digits: int = 3) -> str:
    """Both ends, or "" where there is no interval or its ends are the same."""
    if interval is None or interval.low == interval.high:
        return ""
    return f"{interval.low:.{digits}f} to {interval.high:.{digits}f}"


def _plain(value: Any) -> Any:
    """`value` for strict JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if is_dataclass(value):
        names = (field.name for field in fields(value))
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
