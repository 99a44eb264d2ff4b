"""Sections on what rnnbench claims: equal layers, intervals, known slowdowns."""

from collections.abc import Sequence

from rnnbench.analysis.stats import Interval
from rnnbench.model.metric import TIME
from studies.calibration.findings import Findings
from studies.calibration.reliability import LAUNCHES, POLICY, STOPS, Rule
from studies.markdown import section, table

_RULES = {
    Rule.NOMINAL: f"95 % interval, {LAUNCHES} launches",
    Rule.PRINTED: "95 % interval, as the stop rule prints it",
    Rule.GATE: f"regression rule, {LAUNCHES} launches",
    Rule.GATE_LOOKS: "regression rule, with its interim looks",
}
_NARROW = f"within {100 * POLICY.precision:g} %"
_COVERAGE = (
    f"The stop rule looks after {', '.join(map(str, STOPS))} launches and ends where "
    f"half of the interval is {_NARROW} of the ratio. Its interval is compared with "
    "the mean of the other launches of the same cell, as if that were the truth. That "
    "mean has an error of its own, so the share is too low: the column 'ideal "
    "launches' says what normal, independent launches would give. The column "
    "'corrected' allows for the error."
)


def false_alarms(findings: Sequence[Findings]) -> list[str]:
    """How often equal layers are called different, their bias and their spread."""
    if not any(each.biases for each in findings):
        return []
    alarms = [
        (
            _RULES[alarm.rule],
            each.arm.label,
            share(alarm.disjoint),
            share(alarm.resampled),
        )
        for each in findings
        for alarm in each.alarms
    ]
    biases = [
        (
            bias.size,
            each.arm.label,
            str(bias.pairs),
            offset(bias.ratio),
            percent(bias.worst - 1),
            percent(bias.spread),
            percent(bias.spread_of_90),
        )
        for each in findings
        for bias in each.biases
    ]
    return section(
        "Equal layers: are they called different?",
        "Two members of a cell are the same layer. The regression rule is a "
        "one-sided bound of 99 % beyond a band of 1 %, here in both directions.",
        table(("rule", "arm", "disjoint sets", "resampled sets"), alarms, 2),
        table(
            (
                *("cells", "arm", "pairs", "mean offset", "offset of the worst pair"),
                *("spread of launches, median", "9 in 10 pairs within"),
            ),
            biases,
            2,
        ),
    )


def coverage(findings: Sequence[Findings]) -> list[str]:
    """How often an interval contains the mean of the other launches."""
    rows = [
        (
            "stop rule" if found.fixed is None else f"{found.fixed} launches",
            each.arm.label,
            share(found.plain),
            share(found.disjoint),
            percent(found.expected),
            share(found.corrected),
            f"{found.launches:.1f}",
            f"{100 * found.narrow:.0f} %",
        )
        for each in findings
        for found in each.coverages
    ]
    if not rows:
        return []
    headings = (
        *("rule", "arm", "random orders", "disjoint sets", "ideal launches"),
        *("corrected", "launches used", _NARROW),
    )
    return section(
        "Intervals: do they contain the ratio?", _COVERAGE, table(headings, rows, 2)
    )


def found_slowdowns(findings: Sequence[Findings]) -> list[str]:
    """Known slowdowns that the regression rule finds, and what that takes."""
    if not any(each.slowdowns for each in findings):
        return []
    costs = [
        f"{each.arm.label}: {TIME.format(cost.median)} in the median of {cost.cells} "
        f"cells, {TIME.format(cost.worst)} in the slowest"
        for each in findings
        if (cost := each.effort)
    ]
    rows = [
        (
            f"{found.percent} %",
            each.arm.label,
            share(found.disjoint),
            share(found.resampled),
            share(found.with_looks),
            offset(found.measured),
        )
        for each in findings
        for found in each.slowdowns
    ]
    headings = (
        *("slowdown", "arm", f"{LAUNCHES} launches, disjoint"),
        *(f"{LAUNCHES}, resampled", "with interim looks, resampled"),
        "measured slowdown",
    )
    return section(
        "Known slowdowns: are they found?",
        "A slowed member is the layer and a spin of known length. Found: the bound of "
        "the regression rule is beyond its band. The second measurement by which "
        "`rnnbench gate` confirms a finding is not part of it.",
        f"Time of a cell and side: {'; '.join(costs) or 'unknown'}. That is "
        f"{LAUNCHES} times the wall time of a launch, over its members.",
        table(headings, rows, 2),
    )


def share(found: Interval | None) -> str:
    """A share with its interval, and of how many trials."""
    if found is None:
        return "too few launches"
    ends = f"{percent(found.low)} to {percent(found.high)}"
    return f"{percent(found.estimate)} ({ends}), of {found.count:,}"


def offset(ratio: Interval) -> str:
    """A ratio as its distance from 1."""
    if ratio.count < 2:
        return f"{percent(ratio.estimate - 1)}, no interval"
    ends = f"{percent(ratio.low - 1)} to {percent(ratio.high - 1)}"
    return f"{percent(ratio.estimate - 1)} ({ends}), of {ratio.count}"


def percent(value: float) -> str:
    """Percent with two decimals: a rate of one in 10,000 differs from none."""
    # No minus before a zero.
    return f"{round(100 * value, 2) + 0.0:.2f} %"
