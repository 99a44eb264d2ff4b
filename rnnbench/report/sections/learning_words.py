"""Names and numbers of tasks and cells, as the learning part of a report says them."""

import math
from collections.abc import Sequence

from rnnbench.analysis.labels import layer_name, words
from rnnbench.analysis.learning_cells import BackendState, LearningCell
from rnnbench.analysis.learning_ratios import LearningRatio
from rnnbench.analysis.stats import Interval
from rnnbench.model.formatting import significant
from rnnbench.model.learning import LearningTask, Match, Quality
from rnnbench.model.metric import TIME

_EQUAL = "equal parameters"
_NOT_REACHED = "not reached"


def seconds_name(state: BackendState) -> str:
    """`seconds, oneDNN off`."""
    return ", ".join(filter(None, ("seconds", state.words)))


def task_name(task: LearningTask) -> str:
    """`adding, length 50`; a task of the user's keeps its name."""
    name = task.name if ":" in task.name else task.name.replace("_", " ")
    return f"{name}, length {task.seq_len}"


def cell_name(cell: LearningCell, among: Sequence[LearningCell] = ()) -> str:
    """The layer, and what tells it from the other cells of its task."""
    is_sized = len({each.case.hidden_size for each in among}) > 1
    parts = _without_match(cell, is_sized=is_sized)
    alike = [
        each
        for each in among
        if each.case.layer == cell.case.layer
        and _without_match(each, is_sized=is_sized) == parts
    ]
    # Told only where the task has the layer at both matches.
    if len(alike) != 1:
        parts = variant(cell, is_sized=is_sized)
    return ", ".join((layer_name(cell.case.layer), *parts))


def side_name(cell: LearningCell) -> str:
    """The name of one side of a ratio, whose place says what both sides have."""
    return ", ".join((layer_name(cell.case.layer), *_without_match(cell)))


def _without_match(cell: LearningCell, *, is_sized: bool = False) -> tuple[str, ...]:
    parts = variant(cell, is_sized=is_sized)
    return tuple(part for part in parts if part != _EQUAL)


def variant(cell: LearningCell, *, is_sized: bool = False) -> tuple[str, ...]:
    """What differs from the plain layer, in words."""
    case = cell.case
    parts = (
        (case.num_layers > 1, words("num_layers", case.num_layers)),
        (case.bidirectional, "both directions"),
        (case.dropout > 0, words("dropout", case.dropout)),
        (case.forget_bias is not None, f"forget bias {case.forget_bias or 0:g}"),
        (case.match is Match.PARAMETERS, _EQUAL),
        (is_sized, words("hidden_size", case.hidden_size)),
    )
    return tuple(said for holds, said in parts if holds)


def cell_place(cell: LearningCell) -> str:
    """The task of a cell, and its variant."""
    parts = variant(cell, is_sized=cell.is_sized)
    return ", ".join((task_name(cell.task), *parts))


def ratio_place(ratio: LearningRatio) -> str:
    """The task of a ratio, and the variant that both sides are."""
    ours, theirs = (
        variant(cell, is_sized=cell.is_sized)
        for cell in (ratio.candidate, ratio.baseline)
    )
    parts = [part for part in theirs if part in ours and part != _EQUAL]
    if ratio.match is Match.PARAMETERS:
        parts.append(_EQUAL)
    return ", ".join((task_name(ratio.candidate.task), *parts))


def solved(cell: LearningCell) -> str:
    """Of how many seeds the target was reached: `5 of 5`."""
    return f"{cell.steps.solved} of {len(cell.steps.reached)}" if cell.steps else "–"


def steps_words(cell: LearningCell) -> str:
    """Geometric mean of the steps with its interval, or what is known if censored."""
    if cell.steps is None:
        return "–"
    if cell.steps.is_complete:
        found = cell.steps.log_mean.interval()
        if math.isfinite(found.high):
            return f"{found.estimate:,.0f} ({found.low:,.0f} to {found.high:,.0f})"
        return f"{found.estimate:,.0f}"
    if cell.steps.median is None:
        return f"not within {cell.steps.budget:,}"
    return f"median {cell.steps.median:,}"


def steps_alone(cell: LearningCell) -> str:
    """The steps without their interval, for a sentence or a title."""
    return steps_words(cell).partition(" (")[0]


def seconds_words(interval: Interval | None) -> str:
    """Seconds to a target with their interval."""
    if interval is None:
        return _NOT_REACHED
    return f"{span_of(interval)} s"


def span_of(interval: Interval) -> str:
    """An estimate of two digits with its interval."""
    if not math.isfinite(interval.high):
        return significant(interval.estimate, 2)
    low, high = (significant(value, 2) for value in (interval.low, interval.high))
    return f"{significant(interval.estimate, 2)} ({low} to {high})"


def quality_word(task: LearningTask, value: float | None) -> str:
    """A held-out quality: an error rate in per cent, others as numbers."""
    if value is None:
        return "–"
    if task.quality is Quality.ERROR_RATE:
        return f"{significant(100 * value, 2)} %"
    return significant(value, 2)


def duration_word(seconds: float) -> str:
    """A tick of an axis of seconds."""
    factor, unit = TIME.scale(seconds)
    return f"{float(significant(seconds / factor, 2)):g} {unit}"
