"""The changes in a history, for a terminal, for a code host and for a program."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

from rnnbench.model.formatting import for_markdown, for_terminal
from rnnbench.model.metric import significant
from rnnbench.regression.changes import Change, searched
from rnnbench.regression.history import columns
from rnnbench.regression.history_store import Archive

# 1: the first.
SCHEMA = 1

_MOST_ROWS = 200
_HEADINGS = (
    *("night", "case", "quantity", "change", "nights since", "p"),
    *("commits", "torch", "machine"),
)
_METHOD = (
    "A change of 1 % or more is told where a rank test and a clipped-mean test agree "
    "(p at most 0.005); of series without a change at most 1 % are named, simulated. "
    "Memory is exact. 'look again': the last nights stand out and are too few to tell."
)


def text(found: Sequence[Change], held: Archive) -> str:
    """Plain columns, the latest first."""
    lines = [for_terminal(line) for line in _said(found, held)]
    if found:
        lines += columns([_HEADINGS, *map(_row, found)])
    return "\n".join(lines) + "\n"


def markdown(found: Sequence[Change], held: Archive) -> str:
    """The same as a table, with everything in it escaped."""
    lines = ["## Changes in the history", ""]
    lines += [f"* {for_markdown(line)}" for line in _said(found, held)]
    if found:
        lines += ["", "| " + " | ".join(_HEADINGS) + " |"]
        lines += ["|---" * len(_HEADINGS) + "|"]
    for change in found[:_MOST_ROWS]:
        lines.append("| " + " | ".join(map(for_markdown, _row(change))) + " |")
    if len(found) > _MOST_ROWS:
        lines += ["", f"{len(found) - _MOST_ROWS} more are not shown."]
    return "\n".join(lines) + "\n"


def document(found: Sequence[Change], held: Archive) -> str:
    """Strict JSON: each change with the entries of both its nights."""
    whole = {"schema": SCHEMA, "skipped": held.skipped, "nights": searched(held)}
    plain = []
    for change in found:
        row = asdict(change)
        for name in ("nights", "levels"):
            del row["series"][name]
        row["share"] = change.share if abs(change.share) < float("inf") else None
        plain.append(row)
    return json.dumps({**whole, "changes": plain}, allow_nan=False, indent=1) + "\n"


RENDERERS: dict[str, Callable[[Sequence[Change], Archive], str]] = {
    "terminal": text,
    "markdown": markdown,
    "json": document,
}


def _said(found: Sequence[Change], held: Archive) -> Iterator[str]:
    for machine, nights in searched(held):
        yield f"{machine}: {nights} night{'s' if nights > 1 else ''}"
    for one in held.skipped:
        yield f"skipped: {one}"
    yield _METHOD
    yield f"{len(found)} changes" if found else "No change was found."


def _row(change: Change) -> tuple[str, ...]:
    series = change.series
    over = f" to {series.against}" if series.against else ""
    p = "look again" if change.p is None else f"{change.p:.4f}" if change.p else "exact"
    return (
        change.after.created,
        series.case,
        f"{series.quantity}{over}",
        "from nothing"
        if change.share == float("inf")
        else f"{'+' if change.share > 0 else ''}{significant(100 * change.share)} %",
        str(change.nights),
        p,
        f"{change.before.commit or '?'} -> {change.after.commit or '?'}",
        _both(change.before.torch, change.after.torch),
        series.machine,
    )


def _both(before: str, after: str) -> str:
    return after if before == after else f"{before} -> {after}"
