"""What a machine's page says of its nights: levels, and where they changed."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rnnbench.analysis.stats import Interval
from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY
from rnnbench.regression.changes import Change, HistorySeries, all_series, changes_of
from rnnbench.regression.history import Quantity, number
from rnnbench.regression.history_store import Entry, History
from rnnbench.report.charts.over_nights import Trend, TrendPanel
from rnnbench.report.content import Block, Cell, Column, Section, Table, Text, Tone

# Fewer nights are no trend, and a change can't be told from noise.
LEAST_NIGHTS = 8
# A chart takes some 12 kB and a tenth of a second.
MOST_CHARTS = 24
_MOST_ROWS = 500
_HOW = (
    "Followed are the time as a multiple of the yardstick's (a matrix product that is "
    "measured beside the layers), the ratio of two layers, and peak memory. A change "
    "of 1 % or more is told where a rank test and a clipped-mean test agree (p at most "
    "0.005). Memory is exact. 'look again': the last nights stand out and are too few "
    "to tell."
)


@dataclass(frozen=True, slots=True)
class Followed:
    """A series with what was found in it."""

    series: HistorySeries
    found: tuple[Change, ...]

    @property
    def worst(self) -> float:
        """Its largest change, towards either side, on the scale of logarithms."""
        return max((_size(change) for change in self.found), default=0.0)


def followed(held: History) -> dict[str, tuple[Followed, ...]]:
    """The series of each machine, the largest change first."""
    machines: dict[str, list[Followed]] = {e.machine: [] for e in held.entries}
    for series in all_series(held):
        found = tuple(changes_of(series))
        machines[series.machine].append(Followed(series, found))
    return {
        machine: tuple(
            sorted(
                own,
                key=lambda one: (
                    -one.worst,
                    one.series.case,
                    one.series.quantity,
                    one.series.against,
                ),
            )
        )
        for machine, own in machines.items()
    }


def sections(held: History, own: Sequence[Followed]) -> tuple[Section, ...]:
    """Changes, charts and levels of one machine; nothing where there are no nights."""
    if not own:
        return ()
    changes = [change for one in own for change in one.found]
    return (
        Section("changes", "What changed", tuple(_changes(changes))),
        Section("trends", "Over the nights", tuple(_charts(held, own))),
        Section("series", "Every series", tuple(_table(own))),
    )


def _size(change: Change) -> float:
    return abs(math.log1p(change.share)) if change.share > -1 else math.inf


def _changes(changes: Sequence[Change]) -> Iterable[Block]:
    yield Text(_HOW)
    if not changes:
        yield Text("No change was found.")
        return
    ordered = sorted(changes, key=_size, reverse=True)
    columns = ("case", "quantity", "change", "since", "nights since", "p")
    yield Table(
        "Changes, the largest first",
        tuple(
            Column(title, number=title in ("change", "nights since", "p"))
            for title in (*columns, "commits", "PyTorch")
        ),
        tuple(map(_row, ordered[:_MOST_ROWS])),
    )
    if len(ordered) > _MOST_ROWS:
        yield Text(f"{len(ordered) - _MOST_ROWS} smaller changes are not shown.")


def _row(change: Change) -> tuple[Cell, ...]:
    before, after = change.before, change.after
    p = "look again" if change.p is None else f"{change.p:.4f}" if change.p else "exact"
    torch = after.torch
    if before.torch != after.torch:
        torch = f"{before.torch} to {after.torch}"
    return (
        Cell(change.series.case),
        Cell(_quantity(change.series)),
        Cell(_share(change), Tone.FIRST if change.share < 0 else Tone.BAD),
        Cell(after.created[:10]),
        Cell(str(change.nights)),
        Cell(p),
        Cell(f"{before.commit or 'unknown'} to {after.commit or 'unknown'}"),
        Cell(torch),
    )


def _share(change: Change) -> str:
    if not math.isfinite(change.share):
        return "from nothing"
    sign = "+" if change.share > 0 else ""
    return f"{sign}{significant(100 * change.share, 2)} %"


def _quantity(series: HistorySeries) -> str:
    return (
        f"{series.quantity} to {series.against}" if series.against else series.quantity
    )


def _charts(held: History, own: Sequence[Followed]) -> Iterable[Block]:
    enough = [one for one in own if len(one.series.nights) >= LEAST_NIGHTS]
    # Memory is exact: where it never changed, a chart would show a straight line.
    enough = [
        one
        for one in enough
        if one.found or one.series.quantity in (Quantity.RATIO, Quantity.NORMALISED)
    ]
    if not enough:
        yield Text(f"No series has {LEAST_NIGHTS} nights yet, which a chart needs.")
        return
    shown = enough[:MOST_CHARTS]
    rest = "" if len(shown) == len(enough) else f" of {len(enough)}"
    yield Trend(
        "trend",
        f"{len(shown)}{rest} series over nights, the largest change first",
        "A point is a night, its bar the 95 % interval where it is known. A dashed "
        "line is the first night of another level, with the change above it. Each "
        "chart has a scale of its own, which need not hold 0.",
        tuple(_panel(held, one) for one in shown),
    )


def _panel(held: History, one: Followed) -> TrendPanel:
    series = one.series
    factor, unit = 1.0, "times the yardstick"
    if series.quantity == Quantity.MEMORY:
        factor, unit = PEAK_MEMORY.scale(max(series.levels))
    elif series.quantity == Quantity.RATIO:
        unit = "ratio of time"
    return TrendPanel(
        f"{series.case}: {_quantity(series)}",
        unit,
        tuple(
            (_days(entry), Interval(level / factor, low / factor, high / factor, 1))
            for entry, (level, low, high) in zip(
                series.nights, _levels(held, series), strict=True
            )
        ),
        tuple((_days(change.after), _share(change)) for change in one.found),
    )


def _levels(held: History, series: HistorySeries) -> list[tuple[float, float, float]]:
    """Level and interval of each night; without an interval, the level alone."""
    frame = held.frame
    frame = frame[
        (frame["case"] == series.case)
        & (frame["quantity"] == series.quantity)
        & (frame["against"] == series.against)
    ].dropna(subset=["value"])
    rows: list[Any] = sorted(frame.itertuples(index=False), key=_place)
    return [
        (
            row.value,
            row.low if math.isfinite(row.low) else row.value,
            row.high if math.isfinite(row.high) else row.value,
        )
        for row in rows
        if held.entries[row.entry].machine == series.machine
    ]


def _place(row: Any) -> int:
    return int(row.entry)


def _days(entry: Entry) -> float:
    """Since 1970; 0 where a foreign file's time is none."""
    try:
        moment = datetime.fromisoformat(entry.created)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp() / 86400


def _table(own: Sequence[Followed]) -> Iterable[Block]:
    yield Table(
        f"{min(len(own), _MOST_ROWS)} of {len(own)} series",
        tuple(
            Column(title, number=title not in ("case", "quantity"))
            for title in ("case", "quantity", "nights", "first", "last", "changes")
        ),
        tuple(
            (
                Cell(one.series.case),
                Cell(_quantity(one.series)),
                Cell(str(len(one.series.nights))),
                Cell(number(one.series.quantity, one.series.levels[0])),
                Cell(number(one.series.quantity, one.series.levels[-1])),
                Cell(str(len(one.found))),
            )
            for one in own[:_MOST_ROWS]
        ),
        folded=True,
    )
