"""Figures of what was learned: the page's plots, for paper."""

from collections.abc import Callable, Sequence
from functools import partial

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from rnnbench.analysis.labels import layer_name
from rnnbench.analysis.learning_cells import LearningCell
from rnnbench.model.errors import ResultsError
from rnnbench.report.charts.figure import (
    Draw,
    Drawing,
    Key,
    head,
    layer_key,
    scatter,
)
from rnnbench.report.charts.forest_figures import draw_forest, forest_height
from rnnbench.report.plots import Plot, PlotAxis, PlotSeries
from rnnbench.report.sections.learning_forest import learning_forest, main_pair
from rnnbench.report.sections.learning_plots import (
    curve_plots,
    front_plots,
    gradient_plots,
    longer_plot,
)
from rnnbench.report.sections.learning_words import task_name
from rnnbench.report.tokens import DIM
from rnnbench.report.view import RunView

# Tasks that fit on a page of paper.
_MOST_ROWS = 6
_NOTHING = "this run trained nothing; the sweep 'learning-quick' does"
_LINES = ("-", "--", ":", "-.")


def learning_steps(view: RunView) -> Drawing:
    """Ratios of steps and seconds to the target, by task."""
    drawn, pair = learning_forest(view), main_pair(view)
    if drawn is None or pair is None:
        raise ResultsError("this run trained no two layers on one task")
    ours, theirs = map(layer_name, pair.layers)
    return Drawing(
        title=f"Steps and seconds to the target, {ours} ÷ {theirs}",
        caption="A diamond is the ratio of geometric means over seeds, its bar the "
        "95 % interval. There is none where a seed did not reach the target within the "
        "budget: the seeds that did are counted. Log scale.",
        panel=(8.2, forest_height(drawn)),
        rows=((partial(draw_forest, drawn=drawn),),),
    )


def learning_curves(view: RunView) -> Drawing:
    """Quality by step and by second, a row for each task."""
    return _of_tasks(
        view,
        curve_plots,
        title="Learning curves",
        caption="Median over seeds, and their range; a seed that has ended keeps its "
        "last value. Seconds are steps times the step time measured on its own.",
    )


def learning_fronts(view: RunView) -> Drawing:
    """Quality against each cost, a row for each task."""
    return _of_tasks(
        view,
        front_plots,
        title="Quality against cost",
        caption="The median over seeds of the last quality and of the cost; bars are "
        "the range of qualities. The grey line joins what nothing beats in both.",
    )


def gradients(view: RunView) -> Drawing:
    """Gradient by lag before and after training, and longer sequences."""

    def plots(cells: Sequence[LearningCell]) -> tuple[Plot, ...]:
        longer = longer_plot(cells)
        return (*gradient_plots(cells), *([longer] if longer else []))

    return _of_tasks(
        view,
        plots,
        title="Gradient by lag, and longer sequences",
        caption="Gradient of the last output with respect to the input so many steps "
        "earlier, as a share of that at lag 0: geometric mean over seeds. Quality at "
        "longer sequences than in training: median over seeds, and their range.",
    )


def _of_tasks(
    view: RunView,
    plots_of: Callable[[Sequence[LearningCell]], tuple[Plot, ...]],
    *,
    title: str,
    caption: str,
) -> Drawing:
    shown = [
        (task_name(cells[0].task), plots)
        for cells in view.learning.tasks()
        if (plots := plots_of(cells))
    ][:_MOST_ROWS]
    if not shown:
        raise ResultsError(_NOTHING)
    rows = [
        [partial(_draw, plot=one, task=name) for one in plots] for name, plots in shown
    ]
    series = [one for _, plots in shown for plot in plots for one in plot.series]
    return Drawing(
        title=title,
        caption=caption,
        panel=(3.1, 2.4),
        rows=tuple(tuple[Draw, ...](row) for row in rows),
        key=tuple(dict.fromkeys(map(_key, series))),
    )


def _key(series: PlotSeries) -> Key:
    """The entry of a series; its name is that of its layer and variant."""
    key = layer_key(series.layer)
    return Key(series.label, key.colour, key.marker, bool(series.style))


def _draw(axes: Axes, *, plot: Plot, task: str) -> None:
    across, up = plot.ranges()
    for value, name in plot.levels:
        axes.axhline(value, color=DIM.light, linewidth=0.7, linestyle=":")
        beside = ("axes fraction", "data")
        axes.annotate(name, (1, value), xycoords=beside, ha="right", fontsize=7)
    if plot.front:
        xs, ys = zip(*plot.front, strict=True)
        axes.step([*xs, across[1]], [*ys, ys[-1]], where="post", color=DIM.light)
    for series in plot.series:
        _draw_series(axes, series)
    _scale(axes, "x", plot.x)
    _scale(axes, "y", plot.y)
    if not plot.y.is_log:
        axes.set_ylim(min(0.0, up[0]), 1.05 * up[1])
    head(axes, task, plot.title)


def _draw_series(axes: Axes, series: PlotSeries) -> None:
    key = _key(series)
    xs, ys = zip(*series.points, strict=True)
    if not series.is_joined:
        for (x, _), ends in zip(series.points, series.spread, strict=False):
            axes.plot([x, x], ends, color=key.colour, linewidth=1)
        scatter(axes, series.points, key)
        return
    line = _LINES[min(series.style, len(_LINES) - 1)]
    axes.plot(xs, ys, color=key.colour, linestyle=line, linewidth=1.4)
    if series.spread:
        low, high = zip(*series.spread, strict=True)
        axes.fill_between(xs, low, high, color=key.colour, alpha=0.14, linewidth=0)


def _scale(axes: Axes, name: str, scale: PlotAxis) -> None:
    axis = axes.xaxis if name == "x" else axes.yaxis
    axis.set_label_text(scale.title)
    if scale.is_log:
        axes.set(**{f"{name}scale": "log"})
        axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(lambda value, _: scale.word(value)))
