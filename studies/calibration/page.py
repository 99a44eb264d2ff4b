"""A calibration of the harness as a page: what it is held to, and what it keeps.

`page_of(calibration)` is the page, `text_of(calibration)` its goals for a terminal,
`said_of(calibration)` what the page of a run says of it.
"""

from collections.abc import Sequence

from rnnbench.analysis.stats import Interval
from rnnbench.model.errors import IncomparableError
from rnnbench.model.machine import machine_parts, machine_text
from rnnbench.model.metric import TIME, significant
from rnnbench.model.run import Environment
from rnnbench.report.content import Cell, Column, Page, Section, Table, Text, Tone
from studies.calibration.calibration import Calibration, Part
from studies.calibration.findings import findings_of
from studies.calibration.goals import Goal, Unit, goals_of
from studies.calibration.measuring import digests
from studies.calibration.page_claims import (
    false_alarms,
    found_slowdowns,
    held,
)
from studies.calibration.page_method import how
from studies.calibration.page_speed import Beside, speed
from studies.calibration.page_steadiness import repeats, settling, step_floor

Parts = tuple[tuple[str, str], ...]

_NOTHING = Beside()
_STANDINGS = {
    True: ("met", Tone.PLAIN),
    False: ("MISSED", Tone.BAD),
    None: ("not measured", Tone.OPEN),
}


def page_of(calibration: Calibration, beside: Beside = _NOTHING) -> Page:
    """The whole page; parts that were not measured are left out.

    `beside`: what else was measured of the harness on this machine.
    """
    findings = findings_of(calibration)
    sections = (
        _goals(goals_of(findings), _another_code(calibration)),
        false_alarms(findings),
        held(findings),
        found_slowdowns(findings),
        settling(findings),
        step_floor(findings),
        repeats(findings),
        speed(beside),
        how(calibration),
    )
    environment = calibration.environment
    machine = environment.cpu_model or environment.machine
    return Page(
        "rnnbench: calibration",
        f"How far its numbers can be trusted. Measured on {machine}, "
        f"{calibration.created}.",
        tuple(section for section in sections if section is not None),
    )


def text_of(calibration: Calibration) -> list[str]:
    """Goal by goal, a line for each arm, and how many were met."""
    goals = goals_of(findings_of(calibration))
    lines = []
    for row in _by_goal(goals):
        lines.append(f"{row[0].what}: goal {_wanted(row[0])}")
        lines += [
            f"  {_STANDINGS[goal.is_met][0]:12}  {goal.arm.label}: {_figure(goal)}"
            for goal in row
        ]
    return [*lines, _count(goals)]


def said_of(
    calibration: Calibration, environment: Environment | None = None
) -> tuple[str, ...]:
    """A sentence for each goal, of the first arm that was measured: nothing else ran.

    IncomparableError where it is of another machine than `environment`.
    """
    if environment is not None:
        # As a site tells them apart, so that both say the same of a run.
        theirs = machine_parts(calibration.environment)
        ours = machine_parts(environment)
        if ours != theirs:
            raise IncomparableError(
                f"calibration: it is of {_less(theirs, ours)}, "
                f"and the run of {_less(ours, theirs)}"
            )
    findings = findings_of(calibration)[:1]
    said = (
        f"{goal.what}: {_figure(goal)}; goal {_wanted(goal)}: {_STANDINGS[met][0]}."
        for goal in goals_of(findings)
        if (met := goal.is_met) is not None
    )
    return (*_another_code(calibration), *said)


def _another_code(calibration: Calibration) -> tuple[str, ...]:
    """Which parts speak of other code than ours; nothing where none does."""
    measured = {sample.part for sample in calibration.samples}
    ours = digests()
    others = [
        part
        for part in Part
        if part in measured and calibration.measuring.get(part) != ours[part]
    ]
    if not others:
        return ()
    commit = calibration.commit or "unknown"
    which = "It" if measured == set(others) else f"Of it, {', '.join(others)}"
    warning = (
        f"{which} was measured by code (commit {commit}) that times otherwise than "
        "this version does, and speaks for the runs of that code alone."
    )
    return (warning,)


def _less(parts: Parts, others: Parts) -> str:
    """What a machine has, and another has not."""
    own = [part for part in parts if part not in others]
    return machine_text(own) or "a machine of which less is known"


def _by_goal(goals: Sequence[Goal]) -> list[list[Goal]]:
    rows: dict[tuple[str, str], list[Goal]] = {}
    for goal in goals:
        rows.setdefault((goal.what, goal.over), []).append(goal)
    return list(rows.values())


def _goals(goals: Sequence[Goal], warnings: Sequence[str]) -> Section:
    """A row for each goal, a column for each arm."""
    arms = list(dict.fromkeys(goal.arm.label for goal in goals))
    rows = tuple(
        (
            Cell(row[0].what),
            Cell(_wanted(row[0]), note=row[0].over),
            *map(_verdict, row),
            Cell(_command(row[0].part)),
        )
        for row in _by_goal(goals)
    )
    titles = ("what", "goal", *arms, "command")
    return Section(
        "goals",
        "What it is held to",
        (
            *map(Text, warnings),
            Text(_count(goals)),
            Text(
                "A figure is judged by its estimate. In brackets: its 95 % interval, "
                "of a share by Clopper and Pearson (1934). Resampled sets and random "
                "orders share launches, so their interval speaks for these launches "
                "alone; that of disjoint sets speaks for new ones, and is wide: where "
                "it reaches across an end of the goal, the verdict may be chance."
            ),
            Table("Goals", tuple(map(Column, titles)), rows),
        ),
    )


def _verdict(goal: Goal) -> Cell:
    word, tone = _STANDINGS[goal.is_met]
    if goal.figure is None:
        return Cell(word, tone)
    value = _value(goal.figure.estimate, goal.unit)
    chance = "; may be chance" if goal.is_open else ""
    ends = _ends(goal.figure, goal.unit)
    note = f"{f'({ends}) ' if ends else ''}of {goal.figure.count:,}{chance}"
    return Cell(f"{word}: {value}", tone, note)


def _count(goals: Sequence[Goal]) -> str:
    met, missed, unknown = (
        sum(goal.is_met is standing for goal in goals) for standing in _STANDINGS
    )
    return (
        f"{met} of {met + missed} goals that were measured are met, {missed} missed; "
        f"{unknown} not measured."
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
    return f"{value}{f' ({ends})' if ends else ''}, of {_count_of(goal)}"


def _ends(figure: Interval, unit: Unit) -> str:
    if figure.low == figure.high:
        return ""
    low, high = _value(figure.low, unit), _value(figure.high, unit)
    return f"{low.removesuffix(' %')} to {high}"


def _value(value: float, unit: Unit) -> str:
    if unit is Unit.TIME:
        return TIME.format(value)
    return f"{significant(100 * value)} %"


def _count_of(goal: Goal) -> str:
    count = goal.figure.count if goal.figure else 0
    return f"{count:,} {goal.over}"


def _command(part: Part) -> str:
    return f"rnnbench calibrate --part {part}"
