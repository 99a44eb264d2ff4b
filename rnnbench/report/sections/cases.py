"""Every case with its end, and what a layer of the user's own costs before it runs."""

from collections.abc import Sequence
from itertools import compress
from statistics import median

from rnnbench.analysis.backend_check import Certainty, judge
from rnnbench.analysis.labels import layer_name, limits, words
from rnnbench.analysis.ratio import absolute
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import AXES, TORCH_LAYERS, Case
from rnnbench.model.metric import ENERGY, PEAK_MEMORY, TIME
from rnnbench.model.run import FAILED, MEASURED, Environment, Result, Run
from rnnbench.report.content import (
    Block,
    Cell,
    Column,
    Section,
    Sheet,
    Table,
    Text,
    Tone,
)
from rnnbench.report.sections.ledger import SORTED_BY, ledger

_NUMBERS = (
    *("time per call", "95 % interval", "back to back", "launches", "turns"),
    *("peak memory", "energy per call", "page faults per turn"),
)
# More rows than that are slow to lay out, and no one reads them; who computes with
# them takes the file.
_MOST_ROWS = 2000


def every_case(run: Run) -> Section:
    """The table of all cases, with a column for each axis that varies."""
    if not run.results:
        text = Text("The run holds no case: nothing was selected.")
        return Section("cases", "Every case", (text,))
    cases = [result.case for result in run.results]
    axes = [
        axis
        for axis in (*AXES, "parameters_of")
        if len({getattr(case, axis) for case in cases}) > 1
    ]
    same = [axis for axis in AXES if axis not in axes]
    columns = (
        Column("case"),
        Column("status"),
        # Before the axes: a case's name says those already.
        *(Column(title, number=True) for title in _NUMBERS),
        *(Column(title) for title in (*axes, "provenance")),
        # Last: a sentence would push the rest off the screen.
        Column("reason"),
    )
    shown = _shown(run.results)
    rows = tuple(_row(run.results[place], axes, run.environment) for place in shown)
    columns, rows = _without_empty(columns, rows)
    title = f"{len(rows)} cases"
    blocks: list[Block] = []
    if same:
        alike = ", ".join(f"{axis} {getattr(cases[0], axis)}" for axis in same)
        blocks.append(Text(f"The same in every case: {alike}."))
    if len(shown) < len(cases):
        title = f"{len(rows)} of {len(cases)} cases"
        blocks.append(Text(_left_out(len(shown), len(cases))))
    keys = tuple(SORTED_BY.get(column.title, column.title) for column in columns)
    table = Table(title, columns, rows)
    blocks.append(Sheet("every-case", table, ledger(run.results), keys, shown))
    return Section("cases", "Every case", tuple(blocks))


def _shown(results: Sequence[Result]) -> tuple[int, ...]:
    """The places of those that stand in the table: failures before all others."""
    places = range(len(results))
    if len(results) <= _MOST_ROWS:
        return tuple(places)
    ordered = sorted(places, key=lambda place: results[place].status not in FAILED)
    return tuple(sorted(ordered[:_MOST_ROWS]))


def _left_out(shown: int, whole: int) -> str:
    return (
        f"The table holds {shown:,} of {whole:,} cases: those that failed, and the "
        "first of the others. The files to save hold all of them, as the results file "
        "does."
    )


def first_calls(run: Run) -> Section | None:
    """First calls apart from running time, for layers that may compile themselves."""
    rows = []
    for result in run.results:
        firsts = [turns.first_call for turns in result.turns if turns.first_call]
        usual = absolute(result.turns)
        if result.case.layer in TORCH_LAYERS or not firsts or usual is None:
            continue
        first = max(firsts)
        rows.append(
            (
                Cell(result.case.id),
                Cell(TIME.format(first)),
                Cell(TIME.format(usual.estimate)),
                Cell(f"{max(first / usual.estimate, 0):,.0f}"),
            )
        )
    if not rows:
        return None
    columns = (
        Column("case"),
        Column("first call", number=True),
        Column("running time", number=True),
        Column("calls that take as long as the first", number=True),
    )
    return Section(
        "first-calls",
        "Layers of the user's own: the first call",
        (
            Text(
                "The first call in a fresh process holds what is done once, "
                "compilation among it. It is the longest over launches, as a compiler "
                "may keep on disk what the first one made, and no part of the running "
                "time."
            ),
            Table("First call and running time", columns, tuple(rows)),
        ),
    )


def _row(result: Result, axes: list[str], environment: Environment) -> tuple[Cell, ...]:
    interval = absolute(result.turns)
    queued = [median(each.back_to_back) for each in result.turns if each.back_to_back]
    faults = [value for turns in result.turns for value in turns.faults]
    return (
        Cell(result.case.id),
        Cell(result.status, Tone.BAD if result.status in FAILED else Tone.PLAIN),
        Cell(TIME.format(interval.estimate) if interval else ""),
        Cell(_limits(interval)),
        Cell(TIME.format(median(queued)) if queued else ""),
        Cell(str(len(result.turns))),
        Cell(str(sum(len(turns.seconds) for turns in result.turns))),
        Cell(_memory(result)),
        # Why it lacks stands once, in "How it was measured".
        Cell("" if result.energy is None else ENERGY.format(result.energy)),
        Cell(f"{median(faults):g}" if faults else ""),
        *(Cell(_value(result.case, axis)) for axis in axes),
        _provenance(result, environment),
        Cell(result.reason),
    )


def _provenance(result: Result, environment: Environment) -> Cell:
    """Which code ran; of what was not measured, none did."""
    if result.status not in MEASURED:
        return Cell("")
    found = judge(result.case, environment, result.profile)
    tone = Tone.BAD if found.certainty is Certainty.CONTRADICTED else Tone.PLAIN
    return Cell(found.label, tone, found.certainty)


def _without_empty(
    columns: tuple[Column, ...], rows: tuple[tuple[Cell, ...], ...]
) -> tuple[tuple[Column, ...], tuple[tuple[Cell, ...], ...]]:
    """Less the columns that nothing stands in: a CPU has no back-to-back calls."""
    filled = [any(row[index].text for row in rows) for index in range(len(columns))]
    return (
        tuple(compress(columns, filled)),
        tuple(tuple(compress(row, filled)) for row in rows),
    )


def _value(case: Case, axis: str) -> str:
    value = getattr(case, axis)
    if axis == "layer":
        return layer_name(value)
    return words(axis, value) if type(value) is bool else str(value)


def _limits(interval: Interval | None) -> str:
    if interval is None:
        return ""
    if interval.count < 2:
        return limits(interval)
    return f"{TIME.format(interval.low)} to {TIME.format(interval.high)}"


def _memory(result: Result) -> str:
    if result.peak_memory is None:
        return result.memory_reason
    return PEAK_MEMORY.format(result.peak_memory)
