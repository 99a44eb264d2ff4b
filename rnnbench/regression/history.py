"""The rows of a run in the history, and the series of one case."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Any

from rnnbench.analysis.learning_cells import LearningCell, learning_cells
from rnnbench.analysis.ratio import absolute, ratios
from rnnbench.analysis.stats import Interval, ratio_interval
from rnnbench.analysis.steps_to_target import StepsToTarget
from rnnbench.model.errors import ResultsError
from rnnbench.model.formatting import align, for_terminal, significant
from rnnbench.model.machine import machine_key, machine_parts
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.run import Result, Run, TurnValue
from rnnbench.model.status import MEASURED
from rnnbench.regression import history_store
from rnnbench.regression.compared_value import in_yardsticks
from rnnbench.regression.history_store import Entry, History, HistoryRow


class Quantity(StrEnum):
    """A quantity that is kept of a case. The values are file keys and never change."""

    TIME = "time"  # seconds per call
    NORMALISED = "normalised time"  # the same as a multiple of the yardstick's
    MEMORY = "peak memory"  # bytes
    RATIO = "ratio"  # of time, to another case of the same rounds
    STEPS = "steps"  # to a target, mean over seeds; the budget where not reached


@dataclass(frozen=True, slots=True)
class HistoryNight:
    """The status and the numbers of one case in one run, as title and text."""

    entry: Entry
    status: str
    numbers: tuple[tuple[str, str], ...]


def add(run: Run, store: Path) -> tuple[Path, bool]:
    """Add `run` to the store; False if the store has it already."""
    created = history_store.utc(run.created)
    if run.turn is not TurnValue.FASTEST:
        raise ResultsError(
            f"a turn is the {run.turn} of its calls in this file and the "
            f"{TurnValue.FASTEST} in the history: measure again"
        )
    parts = machine_parts(run.environment)
    entry = Entry(
        created=created,
        commit=run.commit,
        version=run.version,
        sweep=run.sweep.name,
        torch=run.environment.torch,
        torch_git=run.environment.torch_git,
        machine=machine_key(parts),
        parts=parts,
    )
    return history_store.add(store, entry, list(rows(run)))


def rows(run: Run) -> Iterator[HistoryRow]:
    """Every number of a run that the history keeps; of a failed case, its status."""
    yardsticks = {each.workload: each.turns for each in run.yardsticks}
    for result in run.results:
        yield _row(result, Quantity.TIME, absolute(result.turns))
        if result.status not in MEASURED:
            continue
        logs = in_yardsticks(result.turns, yardsticks.get(result.workload, ()))
        if logs:
            yield _row(result, Quantity.NORMALISED, ratio_interval(logs))
        if (bytes_ := result.peak_memory) is not None:
            exact = Interval(bytes_, bytes_, bytes_, 1)
            yield _row(result, Quantity.MEMORY, exact)
    status = {result.case: result for result in run.results}
    for ratio in ratios(run):
        if ratio.logs:
            over = ratio.pair.baseline.id
            ours = status[ratio.pair.candidate]
            yield _row(ours, Quantity.RATIO, ratio.interval, over)
    for cell in learning_cells(run):
        if cell.steps:
            yield _steps_row(cell, cell.steps)


def _steps_row(cell: LearningCell, steps: StepsToTarget) -> HistoryRow:
    """Another target, budget or number of seeds makes another series."""
    target = f"target {cell.task.target:g} within {steps.budget}"
    return HistoryRow(
        case=cell.case.id,
        quantity=str(Quantity.STEPS),
        against=f"{target}, {len(steps.reached)} seeds",
        status=str(cell.result.status),
        value=float(steps.restricted_mean),
        low=None,
        high=None,
        launches=len(steps.reached),
    )


def _row(
    result: Result, quantity: Quantity, interval: Interval | None, against: str = ""
) -> HistoryRow:
    # After one launch the interval is unbounded above: then keep neither end.
    ends: tuple[float | None, float | None] = (None, None)
    if interval and isfinite(interval.high):
        ends = (float(interval.low), float(interval.high))
    return HistoryRow(
        case=result.case.id,
        quantity=str(quantity),
        against=against,
        status=str(result.status),
        value=float(interval.estimate) if interval else None,
        low=ends[0],
        high=ends[1],
        launches=interval.count if interval else 0,
    )


def nights(history: History, case: str) -> tuple[HistoryNight, ...]:
    """The series of one case, oldest first."""
    found: dict[int, list[Any]] = {}
    for row in history.frame[history.frame["case"] == case].itertuples(index=False):
        found.setdefault(int(row.entry), []).append(row)  # type: ignore[arg-type]
    return tuple(
        HistoryNight(
            history.entries[place],
            str(of_night[0].status),
            tuple(
                (_title(row.quantity, row.against), number(row.quantity, row.value))
                for row in sorted(of_night, key=_order)
            ),
        )
        for place, of_night in sorted(found.items())
    )


def _order(row: Any) -> tuple[int, str]:
    known = list(Quantity)
    place = known.index(row.quantity) if row.quantity in known else len(known)
    return place, row.against


def _title(quantity: str, against: str) -> str:
    return f"{quantity} to {against}" if against else quantity


def number(quantity: str, value: float) -> str:
    """A value of a series as text with its unit; "" where there is none."""
    if not isfinite(value):
        return ""
    if quantity in (Quantity.TIME, Quantity.MEMORY):
        metric = TIME if quantity == Quantity.TIME else PEAK_MEMORY
        return metric.format(value)
    unit = "" if quantity == Quantity.STEPS else " x"
    return f"{significant(value, 4)}{unit}"


def series_text(series: tuple[HistoryNight, ...]) -> str:
    """The series in columns, one machine after the other."""
    lines: list[str] = []
    for machine in dict.fromkeys(night.entry.machine for night in series):
        own = [night for night in series if night.entry.machine == machine]
        titles = list(dict.fromkeys(t for night in own for t, _ in night.numbers))
        table = [("created", "commit", "torch", "status", *titles)]
        for night in own:
            entry, numbers = night.entry, dict(night.numbers)
            head = (entry.created, entry.commit or "", entry.torch, night.status)
            table.append((*head, *(numbers.get(title, "") for title in titles)))
        lines += [f"machine {for_terminal(machine)}", *align(table)]
    return "\n".join(lines) + "\n"
