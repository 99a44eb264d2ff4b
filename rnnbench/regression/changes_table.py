"""The changes found in a history as a table."""

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from rnnbench.model.formatting import counted, significant
from rnnbench.regression.changes import Change, count_nights
from rnnbench.regression.history_store import History
from rnnbench.regression.verdict_table import VerdictTable

_HEADINGS = (
    *("night", "case", "quantity", "change", "nights since", "p"),
    *("commits", "torch", "machine"),
)
_METHOD = (
    "Changes of 1 % or more that a rank test and a clipped-mean test find (p 0.005).",
    "In simulations at most 1 % of the unchanged series are reported. Memory is exact.",
    "'look again': the last nights stand out, but are too few to test.",
)


def changes_table(found: Sequence[Change], history: History) -> VerdictTable:
    """Every change, the latest first."""
    nights = count_nights(history)
    changes = counted(len(found), "change")
    return VerdictTable(
        title="Changes in the history",
        answer=f"{changes if found else 'No change'} in {sum(nights.values())} runs.",
        headings=_HEADINGS,
        rows=tuple(map(_row, found)),
        notable=len(found),
        reasons=tuple(f"skipped: {line}" for line in history.skipped),
        notes=(
            *(
                f"{machine}: {counted(count, 'night')}"
                for machine, count in nights.items()
            ),
            *_METHOD,
        ),
        document={
            "skipped": history.skipped,
            "nights": list(nights.items()),
            "changes": list(map(_encoded, found)),
        },
    )


def share_text(share: float) -> str:
    """A relative change, such as "+3.1 %".

    >>> share_text(0.031)
    '+3.1 %'
    """
    if not math.isfinite(share):
        return "from zero"
    return f"{'+' if share > 0 else ''}{significant(100 * share)} %"


def p_text(change: Change) -> str:
    """The significance; "exact" for memory, "look again" for the last nights."""
    if change.p is None:
        return "look again"
    return f"{change.p:.4f}" if change.p else "exact"


def _encoded(change: Change) -> dict[str, Any]:
    """The change with the entries of the two nights around it."""
    # Without the nights of the series, which are many and would all be copied.
    row = asdict(replace(change, series=replace(change.series, nights=(), levels=())))
    for name in ("nights", "levels"):
        del row["series"][name]
    return row


def _row(change: Change) -> tuple[str, ...]:
    series = change.series
    over = f" to {series.against}" if series.against else ""
    return (
        change.after.created,
        series.case,
        f"{series.quantity}{over}",
        share_text(change.share),
        str(change.nights),
        p_text(change),
        f"{change.before.commit or '?'} -> {change.after.commit or '?'}",
        " -> ".join(dict.fromkeys((change.before.torch, change.after.torch))),
        series.machine,
    )
