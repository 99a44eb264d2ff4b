"""Charts of services: a row for each case, on a scale of seconds or of streams."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rnnbench.analysis.labels import SIZES, layer_name, words
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import EAGER, Case
from rnnbench.model.formatting import significant
from rnnbench.model.metric import TIME
from rnnbench.model.runtimes import runtime_label
from rnnbench.report.content import Cell
from rnnbench.report.forest import Forest, ForestRow, Scale, dots_of, mark_of
from rnnbench.report.tokens import Hue, hue_of

_MOST_ROWS = 40
_TICKS = tuple(10.0**power for power in range(-9, 10))
# Titles of the first columns of a table of services.
NAME_TITLES = ("layer", "runtime", "size")


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A case with its values in base units; `mark` is the one with an interval.

    `value`, `detail`: text beside the row.
    """

    case: Case
    mark: Interval
    values: tuple[float, ...]
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ServiceChart:
    """What a chart is of. `line`: the value at which the two sides part."""

    id: str
    title: str
    line: float
    low: str
    high: str
    label: Callable[[float], str]
    marks: str


def service_forest(chart: ServiceChart, rows: Sequence[ServiceRow]) -> Forest | None:
    """The chart of `rows`; None where there are none."""
    if not rows:
        return None
    line = chart.line
    scale = Scale(
        value / line
        for row in rows
        for value in (row.mark.estimate, *row.values)
        if value > 0
    )
    drawn, heading = [], ""
    for row in rows[:_MOST_ROWS]:
        size = size_words(row.case)
        drawn.append(_row(row, line, scale, size if size != heading else ""))
        heading = size
    return Forest(
        id=chart.id,
        title=chart.title,
        low=(chart.low, Hue.EVEN),
        high=(chart.high, Hue.EVEN),
        one=scale(1),
        ticks=scale.ticks(_TICKS, lambda tick: chart.label(tick * line)),
        rows=tuple(drawn),
        more=max(len(rows) - _MOST_ROWS, 0),
        marks=chart.marks,
    )


def size_words(case: Case) -> str:
    """The sizes that matter to a service, without those that are 1."""
    shown = [
        axis
        for axis in SIZES
        if axis in ("hidden_size", "input_size") or getattr(case, axis) > 1
    ]
    return ", ".join(words(axis, getattr(case, axis)) for axis in shown)


def runtime_words(case: Case) -> str:
    """The runtime, with the backend's switch where that is off."""
    label = runtime_label(case.runtime)
    off = case.runtime == EAGER and not case.onednn
    return f"{label}, oneDNN off" if off else label


def deadline_words(seconds: float) -> str:
    """A deadline, which is a round number of milliseconds."""
    return f"{1000 * seconds:g} ms"


def streams_words(value: Interval) -> str:
    """A number of streams, or that there is not one."""
    return f"{value.estimate:,.0f}" if value.estimate >= 1 else "none"


def time_limits(value: Interval) -> str:
    """The interval of a time, its unit once; nothing where it is infinite."""
    if value.high == float("inf"):
        return ""
    factor, unit = TIME.scale(value.estimate)
    low, high = (significant(each / factor) for each in (value.low, value.high))
    return f"{low} to {high} {unit}"


def name_cells(case: Case) -> tuple[Cell, ...]:
    """The layer, the runtime and the size of a case, under `NAME_TITLES`."""
    return (
        Cell(layer_name(case.layer), hue_of(case.layer)),
        Cell(runtime_words(case)),
        Cell(size_words(case)),
    )


def time_cell(value: Interval | None, missing: str = "–") -> Cell:
    """A time with its interval below it."""
    if value is None:
        return Cell(missing)
    return Cell(TIME.format(value.estimate), note=time_limits(value))


def _row(row: ServiceRow, line: float, scale: Scale, size: str) -> ForestRow:
    head, _, note = size.partition(", ")
    hue = hue_of(row.case.layer)
    mark = Interval(
        row.mark.estimate / line,
        max(row.mark.low, 0.0) / line,
        row.mark.high / line,
        row.mark.count,
    )
    has_interval = row.mark.low > 0 and row.mark.high < float("inf")
    if not has_interval:
        mark = Interval(mark.estimate, mark.estimate, mark.estimate, mark.count)
    return ForestRow(
        label=layer_name(row.case.layer),
        detail=runtime_words(row.case),
        dots=dots_of(scale, [(value / line, hue, None) for value in row.values]),
        marks=(mark_of(scale, mark, hue),),
        value=row.value,
        limits=row.detail,
        head=head,
        note=note,
    )
