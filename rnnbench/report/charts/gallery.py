"""The figures of `rnnbench plot`: their names, their questions, how they are drawn."""

from collections.abc import Callable
from dataclasses import dataclass

from rnnbench.model.errors import ResultsError
from rnnbench.model.run import Run
from rnnbench.report.charts.figure import SUFFIXES, Drawing, save, source_of
from rnnbench.report.charts.forest_figures import forest, knobs
from rnnbench.report.charts.learning_figures import (
    gradients,
    learning_curves,
    learning_fronts,
    learning_steps,
)
from rnnbench.report.charts.plane_figures import roofline, tradeoff
from rnnbench.report.charts.size_figures import ratio_over_size, time_over_size
from rnnbench.report.charts.stack_figures import memory_parts, operators
from rnnbench.report.view import RunView, view


@dataclass(frozen=True, slots=True)
class FigureKind:
    """A figure that can be drawn of a run, and the question that it answers.

    `draw` raises ResultsError where the run lacks the data.
    """

    question: str
    draw: Callable[[RunView], Drawing]


FIGURES = {
    "forest": FigureKind("Which layer is faster, where, and how sure?", forest),
    "ratio": FigureKind("How does the ratio change with the size?", ratio_over_size),
    "tradeoff": FigureKind("What does a layer cost in time and memory?", tradeoff),
    "time": FigureKind("How long does a call take at each size?", time_over_size),
    "operators": FigureKind("Where does the time of a call go?", operators),
    "memory": FigureKind("What is memory held for at the peak?", memory_parts),
    "roofline": FigureKind("How near is each case to the machine's limit?", roofline),
    "knobs": FigureKind("What does each setting cost?", knobs),
    "steps": FigureKind(
        "Which layer learns in fewer steps and seconds?", learning_steps
    ),
    "curves": FigureKind("How does each layer learn?", learning_curves),
    "fronts": FigureKind("What quality is there for which cost?", learning_fronts),
    "gradient": FigureKind("How far back does the gradient reach?", gradients),
}


def draw_figure(run: Run, name: str, suffix: str) -> bytes:
    """The figure `name` of a run as a file of the kind `svg`, `png` or `pdf`.

    ResultsError where there is no such figure or kind, or the run lacks the data.
    """
    if name not in FIGURES:
        raise ResultsError(f"no figure {name!r}; there are {', '.join(FIGURES)}")
    if suffix not in SUFFIXES:
        raise ResultsError(f"no figures as {suffix!r}, but as {', '.join(SUFFIXES)}")
    try:
        drawing = FIGURES[name].draw(view(run))
    except ResultsError as error:
        raise ResultsError(f"no figure {name!r} of this run: {error}") from error
    return save(drawing, suffix, source_of(run))
