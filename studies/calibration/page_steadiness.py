"""What measuring adds, and whether it repeats itself, as sections of a page."""

from collections.abc import Sequence

from rnnbench.analysis.labels import span
from rnnbench.analysis.stats import Interval
from rnnbench.model.metric import TIME
from rnnbench.report.content import Cell, Section, Text
from studies.calibration.findings import Findings
from studies.calibration.page_tables import off_cell, percent, table


def settling(findings: Sequence[Findings]) -> Section | None:
    """Turns against blocks, the cell furthest off first."""
    rows = [
        (Cell(one.cell), Cell(each.arm.label), off_cell(one.ratio))
        for each in findings
        for one in each.settled
    ]
    if not rows:
        return None
    return Section(
        "settle",
        "Do calls run alike in turns and in blocks?",
        (
            Text(
                "The ratio of GRU to LSTM by turns of few calls, as a multiple of the "
                "ratio by blocks of 20 calls, with its interval over launches."
            ),
            table("Turns against blocks", ("cell",), ("off by",), rows),
        ),
    )


def step_floor(findings: Sequence[Findings]) -> Section | None:
    """What an empty step takes."""
    rows = [
        (
            Cell(each.arm.label),
            Cell(_times(found.empty), note=f"{found.empty.count} launches"),
            Cell(TIME.format(found.median)),
            Cell(TIME.format(found.of_90)),
            Cell("-" if found.resolution is None else TIME.format(found.resolution)),
        )
        for each in findings
        if (found := each.floor)
    ]
    if not rows:
        return None
    return Section(
        "floor",
        "What does the harness add to a call?",
        (
            table(
                "An empty step, above the clock",
                (),
                ("mean", "median", "9 in 10 within", "resolution of the clock"),
                rows,
            ),
        ),
    )


def repeats(findings: Sequence[Findings]) -> Section | None:
    """Whole re-runs, the cell furthest off first."""
    rows = [
        (
            Cell(f"{one.cell}, {one.name}"),
            Cell(each.arm.label),
            Cell("training" if one.is_training else "inference"),
            Cell(TIME.format(one.call)),
            Cell(span(one.ratio), note=f"{one.ratio.count} re-runs"),
            Cell(percent(one.deviation)),
            Cell(percent(one.spread)),
        )
        for each in findings
        for one in each.repeated
    ]
    if not rows:
        return None
    columns = ("phase", "longest call", "ratio", "largest deviation", "spread")
    return Section(
        "repeat",
        "Do whole re-runs print the same ratio?",
        (table("Ratios of re-runs, against their mean", ("cell",), columns, rows),),
    )


def _times(found: Interval) -> str:
    if found.count < 2:
        return TIME.format(found.estimate)
    ends = f"{TIME.format(found.low)} to {TIME.format(found.high)}"
    return f"{TIME.format(found.estimate)} ({ends})"
