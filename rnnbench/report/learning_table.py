"""The main pair of a learning run as a small table, for a terminal and a comment."""

from collections.abc import Sequence

from rnnbench.analysis.labels import layer_name
from rnnbench.analysis.learning_cells import BackendState
from rnnbench.analysis.learning_ratios import LearningRatio
from rnnbench.model.formatting import significant
from rnnbench.report.sections.learning_forest import main_pair
from rnnbench.report.sections.learning_words import (
    ratio_place,
    seconds_name,
    solved,
    span_of,
)
from rnnbench.report.view import RunView

Rows = list[tuple[str, ...]]


def learning_table(view: RunView, *, with_limits: bool) -> Rows:
    """The headings, then a row for each task; empty where no two layers learned.

    `with_limits`: each ratio with its interval, and every runtime.
    """
    pair = main_pair(view)
    if pair is None:
        return []
    # A line of a terminal has no room for further runtimes.
    states = tuple(
        state
        for state in dict.fromkeys(
            one for each in pair.ratios for one, _ in each.seconds
        )
        if with_limits or not state.others
    )
    over, under = map(layer_name, pair.layers)
    seconds = map(seconds_name, states)
    headings = (f"{over} ÷ {under}", "steps", *seconds, "seeds at target", "verdict")
    return [
        headings,
        *(_row(ratio, states, with_limits=with_limits) for ratio in pair.ratios),
    ]


def _row(
    ratio: LearningRatio, states: Sequence[BackendState], *, with_limits: bool
) -> tuple[str, ...]:
    seconds = dict(ratio.seconds)
    values = [ratio.steps, *(seconds.get(state) for state in states)]
    counts = (solved(cell) for cell in (ratio.candidate, ratio.baseline))
    return (
        ratio_place(ratio),
        *(
            "–"
            if value is None
            else span_of(value)
            if with_limits
            else f"{significant(value.estimate, 2)}×"
            for value in values
        ),
        ", ".join(counts).replace(" of ", "/"),
        str(ratio.verdict),
    )
