"""A calibration study as a page of Markdown: its goals, and what was measured.

`page_of(calibration)` is the page, `text_of(calibration)` its goals for a terminal.
"""

from collections.abc import Sequence

from rnnbench.analysis.stats import Interval
from rnnbench.model.formatting import significant
from rnnbench.model.metric import TIME
from studies.calibration.code_digest import digests
from studies.calibration.findings import Findings, findings_of
from studies.calibration.goals import Goal, Unit, goals_of
from studies.calibration.page_accuracy import (
    coverage,
    false_alarms,
    found_slowdowns,
)
from studies.calibration.page_method import command_of, method
from studies.calibration.page_stability import repeats, step_floor, turns_and_blocks
from studies.calibration.samples import Calibration, Part
from studies.markdown import section, table

_VERDICTS = {True: "met", False: "MISSED", None: "not measured"}
_SECTIONS = (
    false_alarms,
    coverage,
    found_slowdowns,
    turns_and_blocks,
    step_floor,
    repeats,
)
_HOW_TO_READ = (
    "A figure is judged by its estimate. In brackets: its 95 % interval; that of a "
    "share is Clopper and Pearson's (1934). Resampled sets and random orders share "
    "launches, so their interval describes these launches alone. The interval of "
    "disjoint sets describes new launches, and is wide: where it contains an end of "
    "the goal, the verdict may be chance."
)


def page_of(calibration: Calibration) -> str:
    """The whole page; sections that nothing was measured for are left out."""
    findings = findings_of(calibration)
    environment = calibration.environment
    machine = environment.cpu_model or environment.machine
    lines = [
        "# Calibration study",
        "",
        f"How accurate rnnbench is on {machine}. Measured {calibration.created}.",
        "",
        *_goals(goals_of(findings), warnings_of(calibration)),
    ]
    for each in _SECTIONS:
        lines += each(findings)
    return "\n".join([*lines, *method(calibration)]).rstrip() + "\n"


def text_of(calibration: Calibration) -> list[str]:
    """A line for each goal and arm, and how many goals are met."""
    findings: Sequence[Findings] = findings_of(calibration)
    goals = goals_of(findings)
    lines = []
    for row in _by_goal(goals):
        lines.append(f"{row[0].what}: goal {_wanted(row[0])}")
        lines += [
            f"  {_VERDICTS[goal.is_met]:12}  {goal.arm.label}: {_figure(goal)}"
            for goal in row
        ]
    return [*lines, _count(goals)]


def warnings_of(calibration: Calibration) -> tuple[str, ...]:
    """A sentence where parts were measured by other code than today's."""
    measured = {sample.part for sample in calibration.samples}
    today = digests()
    others = [
        part
        for part in Part
        if part in measured and calibration.measuring.get(part) != today[part]
    ]
    if not others:
        return ()
    commit = calibration.commit or "unknown"
    which = "All parts" if measured == set(others) else f"Parts {', '.join(others)}"
    warning = (
        f"{which} were measured by code (commit {commit}) that times differently from "
        "this version, and describe that code alone."
    )
    return (warning,)


def _by_goal(goals: Sequence[Goal]) -> list[list[Goal]]:
    rows: dict[tuple[str, str], list[Goal]] = {}
    for goal in goals:
        rows.setdefault((goal.what, goal.over), []).append(goal)
    return list(rows.values())


def _goals(goals: Sequence[Goal], warnings: Sequence[str]) -> list[str]:
    """A row for each goal, a column for each arm."""
    arms = list(dict.fromkeys(goal.arm.label for goal in goals))
    rows = [
        (
            row[0].what,
            row[0].over,
            _wanted(row[0]),
            *map(_verdict, row),
            f"`{command_of(row[0].part)}`",
        )
        for row in _by_goal(goals)
    ]
    return section(
        "Goals",
        *warnings,
        _count(goals),
        _HOW_TO_READ,
        table(("goal", "over", "wanted", *arms, "command"), rows, 2),
    )


def _verdict(goal: Goal) -> str:
    word = _VERDICTS[goal.is_met]
    if goal.figure is None:
        return word
    chance = "; may be chance" if goal.is_open else ""
    return f"{word}: {_figure(goal)}{chance}"


def _count(goals: Sequence[Goal]) -> str:
    met, missed, unknown = (
        sum(goal.is_met is verdict for goal in goals) for verdict in _VERDICTS
    )
    return (
        f"{met} of {met + missed} measured goals are met, {missed} are missed; "
        f"{unknown} were not measured."
    )


def _wanted(goal: Goal) -> str:
    if goal.unit is Unit.TIME:
        return f"at most {TIME.format(goal.at_most)}"
    low, high = f"{100 * goal.at_least:g}", f"{100 * goal.at_most:g}"
    if not goal.at_most:
        return "none"
    if not goal.at_least:
        return f"at most {high} %"
    return f"at least {low} %" if goal.at_most >= 1 else f"{low} to {high} %"


def _figure(goal: Goal) -> str:
    if goal.figure is None:
        return "-"
    ends = _ends(goal.figure, goal.unit)
    value = _value(goal.figure.estimate, goal.unit)
    return f"{value}{f' ({ends})' if ends else ''}, of {goal.figure.count:,}"


def _ends(figure: Interval, unit: Unit) -> str:
    if figure.low == figure.high:
        return ""
    low, high = _value(figure.low, unit), _value(figure.high, unit)
    return f"{low.removesuffix(' %')} to {high}"


def _value(value: float, unit: Unit) -> str:
    if unit is Unit.TIME:
        return TIME.format(value)
    return f"{significant(100 * value)} %"
