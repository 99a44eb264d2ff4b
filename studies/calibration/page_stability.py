"""Sections on the way of measuring: turns and blocks, the floor, whole re-runs."""

from collections.abc import Sequence

from rnnbench.analysis.stats import Interval
from rnnbench.model.metric import TIME
from studies.calibration.findings import Findings
from studies.calibration.page_accuracy import offset, percent
from studies.markdown import section, table


def turns_and_blocks(findings: Sequence[Findings]) -> list[str]:
    """The ratio by turns against the ratio by blocks, the furthest cell first."""
    rows = [
        (settled.cell, each.arm.label, offset(settled.ratio))
        for each in findings
        for settled in each.settled
    ]
    if not rows:
        return []
    return section(
        "Turns and blocks: do they give the same ratio?",
        "The ratio of GRU to LSTM by turns of few calls, divided by the ratio by "
        "blocks of 20 calls, with its interval over launches.",
        table(("cell", "arm", "offset"), rows, 2),
    )


def step_floor(findings: Sequence[Findings]) -> list[str]:
    """Time of an empty step."""
    rows = [
        (
            each.arm.label,
            _times(floor.empty),
            TIME.format(floor.median),
            TIME.format(floor.of_90),
            "-" if floor.resolution is None else TIME.format(floor.resolution),
        )
        for each in findings
        if (floor := each.floor)
    ]
    if not rows:
        return []
    headings = ("arm", "mean", "median", "9 in 10 within", "resolution of the clock")
    return section(
        "An empty step: how much does measuring add to a call?",
        table(headings, rows, 1),
    )


def repeats(findings: Sequence[Findings]) -> list[str]:
    """Ratios of whole re-runs, the cell that varies most first."""
    rows = [
        (
            f"{found.cell}, {found.name}",
            each.arm.label,
            "training" if found.is_training else "inference",
            TIME.format(found.call),
            _ratio(found.ratio),
            percent(found.deviation),
            percent(found.spread),
        )
        for each in findings
        for found in each.repeated
    ]
    if not rows:
        return []
    headings = (
        *("cell", "arm", "phase", "longest call", "ratio"),
        *("largest deviation", "spread"),
    )
    return section(
        "Whole re-runs: do they print the same ratio?", table(headings, rows, 3)
    )


def _times(found: Interval) -> str:
    if found.count < 2:
        return f"{TIME.format(found.estimate)}, one launch"
    ends = f"{TIME.format(found.low)} to {TIME.format(found.high)}"
    return f"{TIME.format(found.estimate)} ({ends}), {found.count} launches"


def _ratio(found: Interval) -> str:
    ends = f"{found.low:.3f} to {found.high:.3f}"
    return f"{found.estimate:.3f} ({ends}), {found.count} re-runs"
