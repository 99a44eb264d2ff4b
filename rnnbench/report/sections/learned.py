"""The section on learning: a part for each task, then what else was learned."""

from collections.abc import Sequence
from dataclasses import replace

from rnnbench.analysis.gradient_decay import factor_interval, vanishes_at
from rnnbench.analysis.labels import words
from rnnbench.analysis.learning_cells import (
    BackendState,
    LearningCell,
    backend_states,
)
from rnnbench.analysis.learning_ratios import LearningRatio
from rnnbench.model.formatting import counted
from rnnbench.model.status import MEASURED
from rnnbench.report.content import Cell, Fold, Table, titled
from rnnbench.report.plot_svg import drawn
from rnnbench.report.sections.learning_plots import (
    curve_plots,
    gradient_plots,
    longer_plot,
)
from rnnbench.report.sections.learning_words import (
    cell_name,
    ratio_place,
    seconds_name,
    side_name,
    solved,
    span_of,
    task_name,
)
from rnnbench.report.sections.task_fold import plot_key, task_fold
from rnnbench.report.sentences import say
from rnnbench.report.view import RunView

_TITLES = {
    "layer": "Each layer against the baseline",
    "bidirectional": "Both directions against one",
    "num_layers": "Stacked layers against one",
    "dropout": "Dropout against none",
    "forget_bias": "A forget bias against PyTorch’s default",
}
# Above the parts, once.
_READING = (
    "Steps are counted, so a repeated run with the same versions on the same machine "
    "has the same steps. Each line is the median over seeds, and its band is their "
    "range. A seed ends at the second of two evaluations in a row at the target, or "
    "when its budget is used up. Seconds are steps times the step time, which this "
    "run measured separately. In the plots of costs, the grey line joins the layers "
    "that no other layer beats in both quality and cost."
)

# Where steps were timed in other runtimes as well.
_IN_EAGER = (
    " Training ran in eager. With the same weights, another runtime gives the same "
    "results up to rounding, so its seconds are eager's steps times its own step time."
)


def reading(view: RunView) -> str:
    """How to read the section, above its parts."""
    states = backend_states(view.learning.cells)
    return _READING + (_IN_EAGER if any(state.others for state in states) else "")


def learning_folds(view: RunView) -> tuple[Fold, ...]:
    """The parts of the section; none where the run learned nothing."""
    if not view.learning.cells and not view.run.learning.results:
        return ()
    tasks = [cells for cells in view.learning.tasks() if curve_plots(cells)]
    found = [
        *(task_fold(cells, is_open=not place) for place, cells in enumerate(tasks)),
        _gradient_fold(view),
        _longer_fold(view),
        *(_pairs_fold(view, axis) for axis in _TITLES),
        _failures_fold(view),
    ]
    return tuple(fold for fold in found if fold)


def _gradient_fold(view: RunView) -> Fold | None:
    tasks = _gradient_tasks(view)
    if not tasks:
        return None
    key = tuple(dict.fromkeys(each for cells in tasks for each in plot_key(cells)))
    return Fold(
        "gradient",
        "Gradient by lag, before and after training",
        (
            say(
                "Norm of the gradient of the last output with respect to the input so "
                "many steps before. A factor below 1 vanishes, one above 1 explodes."
            ),
        ),
        plots=tuple(
            drawn(replace(plot, title=f"{plot.title}: {task_name(cells[0].task)}"))
            for cells in tasks
            for plot in gradient_plots(cells)
        ),
        key=key,
        tables=(_gradient_table(tasks),),
    )


def _gradient_tasks(view: RunView) -> list[Sequence[LearningCell]]:
    """The first task with a gradient, and the longest with one after training."""
    found = [
        cells
        for cells in view.learning.tasks()
        if any(run.gradient for cell in cells for run in cell.result.seeds)
    ]
    trained = [
        cells
        for cells in found
        if any(run.gradient_trained for cell in cells for run in cell.result.seeds)
    ]
    longest = max(trained, key=lambda cells: cells[0].task.seq_len, default=None)
    first = found[:1]
    is_new = longest is not None and longest not in first
    return [*first, *([longest] if longest and is_new else [])]


def _gradient_table(tasks: Sequence[Sequence[LearningCell]]) -> Table:
    return Table(
        "Factor for each step back, geometric mean over seeds",
        titled(
            ("layer", "task"),
            ("at initialisation", "below 1/1000 after", "after training"),
        ),
        tuple(
            (
                Cell(cell_name(cell, cells)),
                Cell(task_name(cell.task)),
                Cell(_factor([run.gradient for run in cell.result.seeds])),
                Cell(_lag([run.gradient for run in cell.result.seeds])),
                Cell(_factor([run.gradient_trained for run in cell.result.seeds])),
            )
            for cells in tasks
            for cell in cells
        ),
    )


def _factor(profiles: Sequence[Sequence[float]]) -> str:
    interval = factor_interval(profiles)
    return span_of(interval) if interval else "–"


def _lag(profiles: Sequence[Sequence[float]]) -> str:
    lag = vanishes_at([each for each in profiles if each])
    return "never" if lag is None else words("seq_len", lag)


def _longer_fold(view: RunView) -> Fold | None:
    plots = [
        (cells, plot) for cells in view.learning.tasks() if (plot := longer_plot(cells))
    ]
    if not plots:
        return None
    cells = tuple(cell for own, _ in plots for cell in own)
    return Fold(
        "longer",
        "Longer sequences than in training",
        (
            say(
                "Quality of each trained layer at the length that it was trained on "
                "and at longer ones; lower is better. {tasks}.",
                tasks="; ".join(task_name(own[0].task) for own, _ in plots),
            ),
        ),
        plots=tuple(drawn(plot) for _, plot in plots),
        key=tuple(dict.fromkeys(plot_key(cells))),
    )


def _pairs_fold(view: RunView, axis: str) -> Fold | None:
    ratios = view.learning.of_axis(axis)
    if not ratios:
        return None
    states = dict.fromkeys(state for ratio in ratios for state, _ in ratio.seconds)
    return Fold(
        f"pairs-{axis.replace('_', '-')}",
        _TITLES[axis],
        (
            say(
                "A ratio is candidate ÷ baseline, with its 95 % interval; there is "
                "none where a seed did not reach the target. The probability is that "
                "of a seed of the candidate needing fewer steps than one of the "
                "baseline."
            ),
        ),
        tables=(
            Table(
                f"{_TITLES[axis]}: steps and seconds to the target",
                titled(
                    ("task", "candidate ÷ baseline", "verdict"),
                    ("steps", *map(seconds_name, states), "probability of fewer"),
                ),
                tuple(_pair_row(ratio, tuple(states)) for ratio in ratios),
            ),
        ),
    )


def _pair_row(ratio: LearningRatio, states: Sequence[BackendState]) -> tuple[Cell, ...]:
    sides = ratio.candidate, ratio.baseline
    seconds = dict(ratio.seconds)
    note = f"{counted(ratio.seeds, 'seed')} each would tell" if ratio.seeds else ""
    counts = " and ".join(solved(cell) for cell in sides)
    return (
        Cell(ratio_place(ratio)),
        Cell(" ÷ ".join(side_name(cell) for cell in sides)),
        Cell(str(ratio.verdict), note=note),
        Cell(
            span_of(ratio.steps) if ratio.steps else "no ratio",
            note=f"at target: {counts}",
        ),
        *(
            Cell(span_of(seconds[state]) if state in seconds else "no ratio")
            for state in states
        ),
        Cell(span_of(ratio.improvement)),
    )


def _failures_fold(view: RunView) -> Fold | None:
    failed = [one for one in view.run.learning.results if one.status not in MEASURED]
    diverged = [
        (one.case.id, run.seed)
        for one in view.run.learning.results
        for run in one.seeds
        if run.diverged
    ]
    if not failed and not diverged:
        return None
    notes = [(one.case.id, f"{one.status}: {one.reason}") for one in failed]
    notes += [(name, f"seed {seed} diverged") for name, seed in diverged]
    return Fold(
        "not-learned",
        f"Not trained, failed or diverged: {counted(len(notes), 'time')}",
        (say("A diverged seed counts as one that did not reach the target."),),
        notes=tuple(notes),
    )
