"""What a run leaves in the history, and the series of one case."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Any

from rnnbench.analysis.ratio import absolute, ratios
from rnnbench.analysis.stats import Interval, ratio_interval
from rnnbench.model.errors import ResultsError
from rnnbench.model.formatting import for_terminal
from rnnbench.model.machine import machine_key, machine_parts
from rnnbench.model.metric import PEAK_MEMORY, TIME, significant
from rnnbench.model.run import MEASURED, Result, Run, TurnValue
from rnnbench.regression import history_store as archive
from rnnbench.regression.cell import in_yardsticks
from rnnbench.regression.history_store import Archive, Entry, Row


class Quantity(StrEnum):
    """What is kept of a case. Its values are in the files: they never change."""

    TIME = "time"  # seconds per call
    NORMALISED = "normalised time"  # the same as a multiple of the yardstick's
    MEMORY = "peak memory"  # bytes
    RATIO = "ratio"  # of time, to another case of the same rounds


@dataclass(frozen=True, slots=True)
class Night:
    """What one run says of one case. `numbers`: a text for each quantity."""

    entry: Entry
    status: str
    numbers: tuple[tuple[str, str], ...]


def add(run: Run, store: Path) -> tuple[Path, bool]:
    """Put `run` into the store; False where it is there already."""
    try:
        moment = datetime.fromisoformat(run.created)
    except ValueError as error:
        raise ResultsError(f"created: {run.created[:60]!r} is no time") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        created = moment.astimezone(UTC).isoformat(timespec="seconds")
    except OverflowError as error:
        raise ResultsError(f"created: {run.created[:60]!r} is no time") from error
    if run.turn is not TurnValue.FASTEST:
        raise ResultsError(
            f"a turn is the {run.turn} of its calls in it, and the "
            f"{TurnValue.FASTEST} in the history: measure it anew"
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
    return archive.add(store, entry, list(rows(run)))


def rows(run: Run) -> Iterator[Row]:
    """Every number that is followed; a case that failed leaves its status."""
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


def _row(
    result: Result, quantity: Quantity, interval: Interval | None, against: str = ""
) -> Row:
    # Of one launch the interval has no end: then it has no beginning, either.
    ends: tuple[float | None, float | None] = (None, None)
    if interval and isfinite(interval.high):
        ends = (float(interval.low), float(interval.high))
    return Row(
        case=result.case.id,
        quantity=str(quantity),
        against=against,
        status=str(result.status),
        value=float(interval.estimate) if interval else None,
        low=ends[0],
        high=ends[1],
        launches=interval.count if interval else 0,
    )


def nights(held: Archive, case: str) -> tuple[Night, ...]:
    """The series of one case, oldest first."""
    found: dict[int, list[Any]] = {}
    for row in held.frame[held.frame["case"] == case].itertuples(index=False):
        found.setdefault(int(row.entry), []).append(row)  # type: ignore[arg-type]
    return tuple(
        Night(
            held.entries[place],
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
    """A value of a series, for people; "" where there is none."""
    if not isfinite(value):
        return ""
    if quantity in (Quantity.TIME, Quantity.MEMORY):
        metric = TIME if quantity == Quantity.TIME else PEAK_MEMORY
        return metric.format(value)
    return f"{significant(value, 4)} x"


def text(series: tuple[Night, ...]) -> str:
    """The series as plain columns, a machine after the other."""
    lines: list[str] = []
    for machine in dict.fromkeys(night.entry.machine for night in series):
        own = [night for night in series if night.entry.machine == machine]
        titles = list(dict.fromkeys(t for night in own for t, _ in night.numbers))
        table = [("created", "commit", "torch", "status", *titles)]
        for night in own:
            entry, numbers = night.entry, dict(night.numbers)
            head = (entry.created, entry.commit or "", entry.torch, night.status)
            table.append((*head, *(numbers.get(title, "") for title in titles)))
        lines += [f"machine {for_terminal(machine)}", *columns(table)]
    return "\n".join(lines) + "\n"


def columns(table: list[tuple[str, ...]]) -> list[str]:
    """Rows of text as lines of equal columns, with nothing in them that acts."""
    plain = [tuple(for_terminal(cell) for cell in row) for row in table]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in plain
    ]
