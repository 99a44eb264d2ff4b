"""Figures of the calibration study, from the pages in results/calibration/.

Each page has a table of goals: what was measured, over what, what was wanted, and a
column for each condition (idle or under bursts of load, with either allocator).
"""

import re
from pathlib import Path

import markdown_tables

PAGES = Path(__file__).parents[1] / "results" / "calibration"
# Columns of the table of goals that are conditions, with their names for readers.
_CONDITIONS = {
    "idle, steady": "idle",
    "bursts, steady": "under bursts of load",
    "idle, system": "idle, system allocator",
    "bursts, system": "under bursts, system allocator",
}
# Goal and what it is counted over, with a name for readers.
_GOALS = {
    ("A/A called different: 95 %, 7 launches", "disjoint sets"): (
        "equal layers called different by 95 % intervals of 7 launches"
    ),
    ("A/A called different: 95 %, as printed", "disjoint sets"): (
        "equal layers called different by the intervals that a run prints"
    ),
    ("A/A called different: regression rule", "disjoint sets"): (
        "equal layers called different by the rule of `gate`"
    ),
    ("coverage of the 95 % interval, as printed, corrected", "random orders"): (
        "printed intervals that contain the mean of the other launches, in random order"
    ),
    ("coverage of the 95 % interval, as printed", "disjoint sets"): (
        "the same in the order of measuring, not corrected for that mean's own error"
    ),
    ("slowdowns of 3 % found", "disjoint sets"): "slowdowns of 3 % found in 7 launches",
    ("slowdowns of 2 % found", "disjoint sets"): "slowdowns of 2 % found in 7 launches",
    ("turns against blocks, furthest off", "launches"): (
        "ratio by turns against blocks of calls, worst case"
    ),
    ("re-runs, furthest off: calls under 1 ms", "cells"): (
        "ten re-runs, furthest from their mean, calls under 1 ms"
    ),
    ("re-runs, furthest off: training", "cells"): (
        "ten re-runs, furthest from their mean, training steps"
    ),
}


def table(machine: str) -> str:
    """A table with a row for each goal and a column for each condition."""
    found = {(row["goal"], row["over"]): row for row in _goals(machine)}
    rows = [
        (name, found[key]["wanted"], *(_cell(found[key][c]) for c in _CONDITIONS))
        for key, name in _GOALS.items()
    ]
    heads = ("what was measured", "wanted", *_CONDITIONS.values())
    return markdown_tables.table(heads, rows)


def provenance(machine: str) -> str:
    """The sentence with which the page says where and when it was measured."""
    lines = _text(machine).splitlines()
    return next(line for line in lines if "Measured" in line)


def met(machine: str) -> str:
    """How many of the goals are met: `29 of 64`."""
    found = re.search(
        r"^(\d+ of \d+) measured goals are met", _text(machine), re.MULTILINE
    )
    if found is None:
        raise LookupError("the page does not say how many goals are met")
    return found[1]


def _goals(machine: str) -> list[dict[str, str]]:
    rows = markdown_tables.rows_of(_text(machine), ("goal", "over", "wanted"))
    return [dict(row) for row in rows]


def _cell(text: str) -> str:
    """Without how many sets there were; a missed goal is bold."""
    verdict, _, figure = text.partition(": ")
    figure = re.sub(r", of [\d,]+", "", figure).partition(";")[0]
    return f"**{figure}, missed**" if verdict == "MISSED" else figure


def _text(machine: str) -> str:
    return (PAGES / f"{machine}.md").read_text(encoding="utf-8")
