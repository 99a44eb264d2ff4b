"""The plots of learning: curves, cost fronts, gradient by lag, longer sequences."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from rnnbench.analysis.gradient_decay import mean_profile
from rnnbench.analysis.learning_cells import (
    BackendState,
    LearningCell,
    backend_states,
)
from rnnbench.model.learning import LearningTask, Quality, SeedRun
from rnnbench.model.metric import PEAK_MEMORY
from rnnbench.report.plots import Plot, PlotAxis, PlotSeries, number, pareto_front
from rnnbench.report.sections.learning_words import (
    cell_name,
    duration_word,
    seconds_name,
)

# Smaller shares of a gradient are rounding.
_SMALLEST_GRADIENT = 1e-9

Cells = Sequence[LearningCell]


def curve_plots(cells: Cells) -> tuple[Plot, ...]:
    """Learning curves of a task by step, and by second in each state of the backend."""
    trained = [cell for cell in cells if any(run.values for run in cell.result.seeds)]
    if not trained:
        return ()
    task = trained[0].task
    steps = PlotAxis("training steps", is_log=True)
    plots = [_curves(trained, "By step", steps, lambda _: 1.0)]
    for state in backend_states(trained):
        timed = [cell for cell in trained if cell.time_in(state)]
        title = ", ".join(filter(None, ("By second", state.words)))
        axis = PlotAxis("seconds of training", is_log=True, word=duration_word)
        plots.append(_curves(timed, title, axis, _step_time(state)))
    return tuple(_with_levels(plot, task) for plot in plots)


def front_plots(cells: Cells) -> tuple[Plot, ...]:
    """Last quality against each cost, with the cells that no other beats in both."""
    return tuple(
        plot
        for title, axis, cost in costs_of(cells)
        if (plot := _front(cells, f"Quality and {title}", axis, cost))
    )


Cost = Callable[[LearningCell], float | None]


def costs_of(cells: Cells) -> Iterator[tuple[str, PlotAxis, Cost]]:
    """What a cell costs: a name, an axis, and the number; None where it is unknown."""
    yield "steps", PlotAxis("steps spent, median", is_log=True), lambda cell: cell.spent
    for state in backend_states(cells):
        axis = PlotAxis("seconds spent, median", is_log=True, word=duration_word)
        yield seconds_name(state), axis, _seconds_spent(state)
    yield (
        "parameters",
        PlotAxis("parameters, with the readout", is_log=True),
        lambda cell: cell.result.parameters,
    )
    yield (
        "memory",
        PlotAxis("peak memory of a step", is_log=True, word=PEAK_MEMORY.format),
        lambda cell: cell.memory or None,
    )


def gradient_plots(cells: Cells) -> tuple[Plot, ...]:
    """Gradient by lag, at initialisation and after training."""
    kinds: dict[str, Callable[[SeedRun], Sequence[float]]] = {
        "At initialisation": lambda run: run.gradient,
        "After training": lambda run: run.gradient_trained,
    }
    plots = []
    for title, profile_of in kinds.items():
        series = [
            PlotSeries(cell.case.layer, cell_name(cell, cells), points, style=style)
            for cell, style in styled(cells)
            if (points := _profile([profile_of(run) for run in cell.result.seeds]))
        ]
        if series:
            plots.append(
                Plot(
                    title=title,
                    x=PlotAxis("steps back from the last"),
                    y=PlotAxis(
                        "gradient, as a share", is_log=True, word="{:.0e}".format
                    ),
                    series=tuple(series),
                )
            )
    return tuple(plots)


def longer_plot(cells: Cells) -> Plot | None:
    """Quality of a trained layer at longer sequences than it was trained on."""
    series = []
    for cell, style in styled(cells):
        by_length: dict[int, list[float]] = {}
        for run in cell.result.seeds:
            if run.longer and run.values:
                by_length.setdefault(cell.task.seq_len, []).append(run.values[-1])
            for length, value in run.longer:
                by_length.setdefault(length, []).append(value)
        if by_length:
            lengths = sorted(by_length)
            points = tuple((float(each), median(by_length[each])) for each in lengths)
            ends = tuple((min(by_length[n]), max(by_length[n])) for n in lengths)
            name = cell_name(cell, cells)
            series.append(PlotSeries(cell.case.layer, name, points, ends, style=style))
    if not series:
        return None
    x = PlotAxis("length of the sequence", is_log=True)
    plot = Plot(
        title="Longer sequences", x=x, y=_quality(cells[0].task), series=tuple(series)
    )
    return _with_levels(plot, cells[0].task)


def styled(cells: Cells) -> Iterator[tuple[LearningCell, int]]:
    """Each cell with its place among those of the same layer."""
    counts: dict[str, int] = {}
    for cell in cells:
        style = counts.get(cell.case.layer, 0)
        counts[cell.case.layer] = style + 1
        yield cell, style


def _step_time(state: BackendState) -> Callable[[LearningCell], float]:
    def seconds(cell: LearningCell) -> float:
        time = cell.time_in(state)
        return time.time.estimate if time else 0.0

    return seconds


def _seconds_spent(state: BackendState) -> Cost:
    def spent(cell: LearningCell) -> float | None:
        time = cell.time_in(state)
        return cell.spent * time.time.estimate if time and cell.spent else None

    return spent


def _curves(
    cells: Cells, title: str, x: PlotAxis, per_step: Callable[[LearningCell], float]
) -> Plot:
    series = []
    for cell, style in styled(cells):
        name = cell_name(cell, cells)
        points, ends = _curve(cell, per_step(cell))
        series.append(PlotSeries(cell.case.layer, name, points, ends, style=style))
    return Plot(title=title, x=x, y=_quality(cells[0].task), series=tuple(series))


def _curve(
    cell: LearningCell, per_step: float
) -> tuple[tuple[tuple[float, float], ...], tuple[tuple[float, float], ...]]:
    """Median and range over seeds; a seed that has ended keeps its last value."""
    runs = [run for run in cell.result.seeds if run.values]
    longest = max(runs, key=lambda run: len(run.values))
    points, ends = [], []
    for place, step in enumerate(longest.steps):
        values = [run.values[min(place, len(run.values) - 1)] for run in runs]
        points.append((step * per_step, median(values)))
        ends.append((min(values), max(values)))
    return tuple(points), tuple(ends)


def _front(cells: Cells, title: str, x: PlotAxis, cost: Cost) -> Plot | None:
    series, points = [], list[tuple[float, float]]()
    for cell, style in styled(cells):
        spent, final = cost(cell), cell.final
        if not spent or final is None:
            continue
        point = (float(spent), final)
        points.append(point)
        ends = ((min(cell.finals), max(cell.finals)),)
        name = cell_name(cell, cells)
        series.append(
            PlotSeries(
                cell.case.layer, name, (point,), ends, is_joined=False, style=style
            )
        )
    if not series:
        return None
    y = _quality(cells[0].task)
    front = pareto_front(points)
    return Plot(title=title, x=x, y=y, series=tuple(series), front=front)


def _quality(task: LearningTask) -> PlotAxis:
    if task.quality is Quality.ERROR_RATE:
        return PlotAxis(str(task.quality), word=lambda value: f"{100 * value:g} %")
    return PlotAxis(str(task.quality), word=number)


def _with_levels(plot: Plot, task: LearningTask) -> Plot:
    named = (
        (task.chance, "chance"),
        (task.order_free, "ignores order"),
        (task.linear, "linear"),
        (task.target, "target"),
    )
    levels = tuple((value, name) for value, name in named if value is not None)
    return Plot(title=plot.title, x=plot.x, y=plot.y, series=plot.series, levels=levels)


def _profile(profiles: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    means = mean_profile([each for each in profiles if each])
    return tuple(
        (float(lag), value)
        for lag, value in enumerate(means)
        if value > _SMALLEST_GRADIENT
    )
