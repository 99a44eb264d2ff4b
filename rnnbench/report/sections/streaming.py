"""Streaming: percentiles of a step, and the streams that a core can serve."""

from collections.abc import Sequence

from rnnbench.analysis.labels import layer_name
from rnnbench.analysis.service import (
    Capacity,
    Service,
    services,
)
from rnnbench.model.formatting import significant
from rnnbench.model.metric import TIME
from rnnbench.model.serving import PERCENTILES, ServedBy, least_steps
from rnnbench.report.content import Cell, Fold, Table, titled
from rnnbench.report.forest import Forest
from rnnbench.report.sections.service_charts import (
    NAME_TITLES,
    ServiceChart,
    ServiceRow,
    deadline_words,
    name_cells,
    service_forest,
    size_words,
    streams_words,
    time_cell,
)
from rnnbench.report.sections.service_sentences import (
    capacity_sentence,
    latency_sentence,
    processes_sentence,
)
from rnnbench.report.view import RunView

_MOST_ROWS = 60
_LATENCY = ServiceChart(
    id="step-latency",
    title="Time of one step: p50, p95, p99 and p99.9",
    line=1e-3,
    low="within 1 ms",
    high="longer",
    label=lambda seconds: f"{_tick(seconds)}s",
    marks="p50 of single steps with its 95 % interval over processes",
)
_STREAMS = ServiceChart(
    id="streams-per-core",
    title="Streams per core at periods of 1, 5 and 10 ms",
    line=1.0,
    low="not one stream",
    high="many streams",
    label="{:g}".format,
    marks="streams per core at the longest period, with a 95 % interval",
)
_NOTES = (
    (
        "step",
        (
            "One call for the next step, which starts from the state of the previous "
            "call. Each is timed alone, in fresh processes."
        ),
    ),
    (
        "empty step",
        (
            "A call that computes nothing for as long as a typical step, timed "
            "after each step: its tail is the machine’s own."
        ),
    ),
    (
        "interval",
        (
            "Of the median over processes, by order statistics (Conover 1999, "
            "section 3.2). It needs 6 processes."
        ),
    ),
    (
        "p99.9",
        (
            f"Shown where each process has at least {least_steps(99.9):,} steps; p99 "
            f"needs {least_steps(99):,}."
        ),
    ),
    (
        "streams per core",
        (
            "Each stream has one step in every period, starting at a moment of its "
            "own, whether or not the server keeps up (open loop). A step is late if it "
            "ends more than one period after it was due. At most 1 % may be late. "
            "One process or one thread on each core; all cores are busy at once."
        ),
    ),
    (
        "batch",
        (
            "The streams of a batch arrive together and take one call. The time "
            "that a server would wait to gather them is not counted."
        ),
    ),
)


def streaming_fold(view: RunView) -> Fold | None:
    """Latency and capacity; None where the run has neither."""
    found = [each for each in services(view.run) if each.latency or each.capacities]
    missing = [
        (f"{layer_name(each.case.layer)}, {size_words(each.case)}", reason)
        for each in services(view.run)
        for part, reason in each.reasons
        if part in ("stream", "serve")
    ]
    if not found and not missing:
        return None
    tables = (_latency_table(found), _capacity_table(found))
    return Fold(
        "streaming",
        "Streaming: one step at a time",
        tuple(
            filter(
                None,
                (
                    latency_sentence(found),
                    capacity_sentence(found),
                    processes_sentence(found),
                ),
            )
        ),
        forests=_forests(found),
        tables=tuple(table for table in tables if table.rows),
        notes=(*_NOTES, *missing),
        is_open=True,
    )


def _forests(found: Sequence[Service]) -> tuple[Forest, ...]:
    latencies = [
        ServiceRow(
            each.case,
            each.latency.step[50.0],
            tuple(one.estimate for one in each.latency.step.values()),
            TIME.format(each.latency.step[50.0].estimate),
            _tail(each),
        )
        for each in found
        if each.latency
    ]
    streams = [
        ServiceRow(
            each.case,
            each.capacities[-1].best,
            tuple(
                one.best.estimate for one in each.capacities if one.best.estimate > 0
            ),
            streams_words(each.capacities[-1].best),
            f"at {deadline_words(each.capacities[-1].deadline)}",
        )
        for each in found
        if each.capacities and each.capacities[-1].best.estimate > 0
    ]
    forests = (service_forest(_LATENCY, latencies), service_forest(_STREAMS, streams))
    return tuple(forest for forest in forests if forest)


def _tail(each: Service) -> str:
    latency = each.latency
    known = [p for p in (99.0, 95.0) if latency and p in latency.step]
    if not latency or not known:
        return ""
    return f"p{known[0]:g} {TIME.format(latency.step[known[0]].estimate)}"


def _latency_table(found: Sequence[Service]) -> Table:
    timed = [(each, each.latency) for each in found if each.latency]
    return Table(
        "Time of one step",
        titled(
            NAME_TITLES,
            (*(f"p{each:g}" for each in PERCENTILES), "empty step, p99", "steps"),
        ),
        tuple(
            (
                *name_cells(each.case),
                *(
                    time_cell(latency.step.get(one), "too few steps")
                    for one in PERCENTILES
                ),
                time_cell(latency.empty.get(99.0), "too few steps"),
                Cell(f"{latency.steps:,}"),
            )
            for each, latency in timed[:_MOST_ROWS]
        ),
    )


def _capacity_table(found: Sequence[Service]) -> Table:
    served = [each for each in found if each.capacities]
    deadlines = sorted({one.deadline for each in served for one in each.capacities})
    columns = [
        (deadline, served_by) for deadline in deadlines for served_by in ServedBy
    ]
    return Table(
        "Streams per core, at most 1 % of steps late",
        titled(
            NAME_TITLES,
            (
                f"{deadline_words(deadline)}, {served_by}"
                for deadline, served_by in columns
            ),
        ),
        tuple(
            (
                *name_cells(each.case),
                *(
                    _capacity_cell(each.capacities, deadline, served_by)
                    for deadline, served_by in columns
                ),
            )
            for each in served[:_MOST_ROWS]
        ),
    )


def _capacity_cell(
    capacities: Sequence[Capacity], deadline: float, served_by: ServedBy
) -> Cell:
    value = next(
        (
            one.per_core[served_by]
            for one in capacities
            if one.deadline == deadline and served_by in one.per_core
        ),
        None,
    )
    if value is None:
        return Cell("–")
    if value.high == float("inf"):
        return Cell(streams_words(value))
    return Cell(streams_words(value), note=f"{value.low:g} to {value.high:g}")


def _tick(seconds: float) -> str:
    factor, unit = TIME.scale(seconds)
    return f"{significant(seconds / factor, 1)} {unit.removesuffix('s')}"
