"""What the harness claims, held against what is known, as sections of a page."""

from collections.abc import Sequence

from rnnbench.model.metric import TIME
from rnnbench.report.content import (
    Bar,
    BarPanel,
    Bars,
    Cell,
    Section,
    Stretch,
    Table,
    Text,
)
from studies.calibration.findings import Findings
from studies.calibration.page_tables import off_cell, percent, rate_cell, table
from studies.calibration.reliability import LAUNCHES, POLICY, STOPS, Rule

_RULES = {
    Rule.NOMINAL: f"95 % interval, {LAUNCHES} launches",
    Rule.PRINTED: "95 % interval, as the stop rule prints it",
    Rule.GATE: f"regression rule, {LAUNCHES} launches",
    Rule.GATE_LOOKS: "regression rule, with its looks",
}
_COVERAGE = (
    f"The stop rule looks after {', '.join(map(str, STOPS))} launches, and ends where "
    f"half of the interval is within {100 * POLICY.precision:g} % of the ratio. Its "
    "interval is held against the mean of the other launches of the same cell, as if "
    "that were the truth. It has an error of its own, so the share is too low: the "
    "lower, the more launches were used; of ideal launches (normal, independent) it "
    "would be as the column of that name says. The corrected column allows for the "
    "error."
)
# Found, not found: the colours of a bar.
_FOUND, _NOT_FOUND = 3, 6


def false_alarms(findings: Sequence[Findings]) -> Section | None:
    """A/A: how often equal layers are called different, how far off, how spread."""
    if not any(each.biases for each in findings):
        return None
    return Section(
        "aa",
        "The same layer twice: is it called different?",
        (
            Text(
                "Two members of a cell are the same layer. The regression rule: a "
                "one-sided bound of 99 % beyond a band of 1 %, here in both directions."
            ),
            _alarms(findings),
            _biases(findings),
        ),
    )


def _alarms(findings: Sequence[Findings]) -> Table:
    rows = [
        (
            Cell(_RULES[one.rule]),
            Cell(each.arm.label),
            rate_cell(one.disjoint, "disjoint sets"),
            rate_cell(one.resampled, "resampled sets"),
        )
        for each in findings
        for one in each.alarms
    ]
    return table("Called different", ("rule",), ("disjoint", "resampled"), rows)


def _biases(findings: Sequence[Findings]) -> Table:
    rows = [
        (
            Cell(one.size),
            Cell(each.arm.label),
            Cell(str(one.pairs)),
            off_cell(one.ratio),
            Cell(percent(one.worst - 1)),
            Cell(percent(one.spread)),
            Cell(percent(one.spread_of_90)),
        )
        for each in findings
        for one in each.biases
    ]
    numbers = (
        *("pairs", "mean off by", "worst pair off by"),
        *("spread, median", "spread, 9 in 10 within"),
    )
    return table("Bias, and the spread of launches", ("cells",), numbers, rows)


def held(findings: Sequence[Findings]) -> Section | None:
    """Coverage: the stop rule's, and of fixed numbers beside."""
    rows = [
        (
            Cell("stop rule" if one.fixed is None else f"{one.fixed} launches"),
            Cell(each.arm.label),
            rate_cell(one.plain, f"orders of {one.series} ratios"),
            rate_cell(one.disjoint, "disjoint sets"),
            Cell(percent(one.expected)),
            rate_cell(one.corrected, "orders"),
            Cell(f"{one.launches:.1f}"),
            Cell(f"{100 * one.narrow:.0f} %"),
        )
        for each in findings
        for one in each.coverages
    ]
    if not rows:
        return None
    numbers = (
        *("random orders", "disjoint", "ideal launches"),
        *(
            "corrected",
            "launches used",
            f"within {100 * POLICY.precision:g} %",
        ),
    )
    title = "Intervals that hold the mean of the other launches"
    return Section(
        "coverage",
        "Does the printed interval hold the ratio?",
        (Text(_COVERAGE), table(title, ("rule",), numbers, rows)),
    )


def found_slowdowns(findings: Sequence[Findings]) -> Section | None:
    """What of the injected slowdowns the gate's rule finds, and at what cost."""
    if not any(each.slowdowns for each in findings):
        return None
    costs = [
        f"{each.arm.label}: {TIME.format(cost.median)} in the median of {cost.cells} "
        f"cells, {TIME.format(cost.worst)} in the slowest"
        for each in findings
        if (cost := each.effort)
    ]
    return Section(
        "injected",
        "Are slowdowns of a known size found?",
        (
            Text(
                "A member is the layer and a calibrated spin. Found: the regression "
                "rule's bound is beyond its band; the gate's confirmation of a flag is "
                "not part of it."
            ),
            Text(
                f"{'; '.join(costs) or 'unknown'}. That is {LAUNCHES} times the wall "
                "time of a launch, over the members that shared it.",
                "Time of a cell and side",
            ),
            _bars(findings),
            _slowdowns(findings),
        ),
    )


def _slowdowns(findings: Sequence[Findings]) -> Table:
    rows = [
        (
            Cell(f"{one.percent} %"),
            Cell(each.arm.label),
            rate_cell(one.disjoint, "disjoint sets"),
            rate_cell(one.resampled, "resampled sets"),
            rate_cell(one.with_looks, "resampled sets"),
            off_cell(one.measured),
        )
        for each in findings
        for one in each.slowdowns
    ]
    numbers = (
        *(f"{LAUNCHES} launches, disjoint", f"{LAUNCHES}, resampled"),
        *("with looks, resampled", "measured slowdown"),
    )
    return table("Slowdowns found", ("slowdown",), numbers, rows)


def _bars(findings: Sequence[Findings]) -> Bars:
    panels = [
        BarPanel(
            each.arm.label,
            "share found",
            tuple(
                Bar(
                    f"{one.percent} %",
                    (
                        Stretch(_FOUND, one.resampled.estimate),
                        Stretch(_NOT_FOUND, 1 - one.resampled.estimate),
                    ),
                )
                for one in each.slowdowns
                if one.resampled
            ),
        )
        for each in findings
        if each.slowdowns
    ]
    return Bars(
        "slowdowns-found",
        f"Share of slowdowns that {LAUNCHES} launches find",
        "Resampled sets; the intervals are in the table.",
        ((_FOUND, "found"), (_NOT_FOUND, "not found")),
        tuple(panel for panel in panels if panel.bars),
    )
