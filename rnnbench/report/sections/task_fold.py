"""The part of a page on one task: curves, costs, and a table of its layers."""

from collections.abc import Mapping, Sequence

from rnnbench.analysis.learning_cells import (
    BackendState,
    LearningCell,
    backend_states,
)
from rnnbench.model.formatting import counted
from rnnbench.model.learning import LearningTask
from rnnbench.model.metric import PEAK_MEMORY
from rnnbench.report.content import Cell, Fold, Table, titled
from rnnbench.report.plot_svg import drawn
from rnnbench.report.plots import pareto_front
from rnnbench.report.sections.learning_plots import (
    costs_of,
    curve_plots,
    front_plots,
    styled,
)
from rnnbench.report.sections.learning_words import (
    cell_name,
    quality_word,
    seconds_name,
    seconds_words,
    solved,
    steps_alone,
    steps_words,
    task_name,
)
from rnnbench.report.sentences import say
from rnnbench.report.tokens import hue_of


def task_fold(cells: Sequence[LearningCell], *, is_open: bool) -> Fold:
    """The part on the task of these cells."""
    task = cells[0].task
    plots = (*curve_plots(cells), *front_plots(cells))
    return Fold(
        f"learned-{task.id.replace(':', '-').replace('.', '-')}",
        f"{task_name(task)[:1].upper()}{task_name(task)[1:]}: {_says(cells)}",
        (say("{facts}", facts=_facts(task)),),
        plots=tuple(map(drawn, plots)),
        key=plot_key(cells),
        tables=(_cells_table(cells),),
        is_open=is_open,
    )


def _says(cells: Sequence[LearningCell]) -> str:
    """The steps of the first cells in words, for the title of a part."""
    if cells[0].task.target is None:
        return "not ranked by steps"
    parts = [f"{cell_name(cell, cells)} {steps_alone(cell)}" for cell in cells[:3]]
    more = f"; and {len(cells) - 3} more" if len(cells) > 3 else ""
    return f"steps to the target: {'; '.join(parts)}{more}"


def _facts(task: LearningTask) -> str:
    parts = [task.question]
    if task.chance is not None:
        parts.append(f"A constant answer scores {quality_word(task, task.chance)}.")
    if task.order_free is not None:
        parts.append(
            "A linear model that ignores order scores "
            f"{quality_word(task, task.order_free)}."
        )
    if task.linear is not None:
        parts.append(
            f"A linear model of all inputs scores {quality_word(task, task.linear)}."
        )
    if task.target is not None:
        parts.append(
            f"The target is {quality_word(task, task.target)} ({task.quality}) within "
            f"{counted(task.budget, 'step')}, looked at every {task.evaluate_every}."
        )
    if task.control:
        parts.append("A control: the layers are not expected to differ.")
    return " ".join([*parts, f"Source: {task.source}."])


def plot_key(cells: Sequence[LearningCell]) -> tuple[tuple[str, int, str], ...]:
    """The hue, the style and the name of each cell, for the key of its plots."""
    return tuple(
        (hue_of(cell.case.layer), style, cell_name(cell, cells))
        for cell, style in styled(cells)
    )


def _cells_table(cells: Sequence[LearningCell]) -> Table:
    states = backend_states(cells)
    fronts = _fronts(cells)
    return Table(
        f"What each layer reached, and what it cost: {task_name(cells[0].task)}",
        titled(
            ("layer",),
            (
                *("seeds at target", "steps to target", "restricted mean"),
                *map(seconds_name, states),
                *("last quality", "parameters", "peak memory"),
            ),
        ),
        tuple(
            (
                Cell(cell_name(cell, cells), note=_note(cell, fronts)),
                Cell(solved(cell)),
                Cell(steps_words(cell)),
                Cell(f"{cell.steps.restricted_mean:,.0f}" if cell.steps else "–"),
                *(Cell(_seconds(cell, state)) for state in states),
                Cell(quality_word(cell.task, cell.final)),
                Cell(f"{cell.result.parameters or 0:,}"),
                Cell(PEAK_MEMORY.format(cell.memory) if cell.memory else "not read"),
            )
            for cell in cells
        ),
    )


def _seconds(cell: LearningCell, state: BackendState) -> str:
    time = cell.time_in(state)
    return seconds_words(cell.seconds(time)) if time else "not timed"


def _note(cell: LearningCell, fronts: Mapping[str, str]) -> str:
    """The learning rate, and the costs in which no other cell is better."""
    rates = dict.fromkeys(f"rate {run.rate:g}" for run in cell.result.seeds)
    return "; ".join((*rates, *filter(None, [fronts.get(cell.case.id)])))


def _fronts(cells: Sequence[LearningCell]) -> dict[str, str]:
    """For each case the costs in which no other cell beats it."""
    found: dict[str, list[str]] = {}
    for title, _, cost in costs_of(cells):
        points = {
            cell.case.id: (float(spent), cell.final)
            for cell in cells
            if (spent := cost(cell)) and cell.final is not None
        }
        front = pareto_front(points.values())
        for name, point in points.items():
            if point in front:
                found.setdefault(name, []).append(title)
    return {name: f"on the front in {', '.join(each)}" for name, each in found.items()}
