"""Quantities over nights: from a machine's runs, and from its history."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Any

from rnnbench.analysis.labels import layer_name
from rnnbench.model.formatting import counted, significant
from rnnbench.model.metric import PEAK_MEMORY
from rnnbench.regression.changes import (
    Change,
    HistorySeries,
    changes_of,
    searched,
)
from rnnbench.regression.history import Quantity
from rnnbench.regression.history_store import Entry, History
from rnnbench.report.site.entries import (
    ListedRun,
    MachineNights,
    News,
    Trend,
    TrendChange,
    TrendPoint,
)

# With fewer nights, a change could not be distinguished from noise.
LEAST_NIGHTS = 8
# Trends that the index shows of a machine.
_EXACT = (Quantity.MEMORY, Quantity.STEPS)
_MOST_TRENDS = 2
# Nights in the feed of one machine.
_MOST_NEWS = 50


@dataclass(frozen=True, slots=True)
class FollowedSeries:
    """A series of the history with the changes that were found in it."""

    series: HistorySeries
    changes: tuple[Change, ...]

    @property
    def largest(self) -> float:
        """The size of its largest change, without its sign."""
        return max(map(size_of, self.changes), default=0.0)


def followed_series(history: History) -> dict[str, tuple[FollowedSeries, ...]]:
    """The series of each machine, those with the largest change first."""
    machines: dict[str, list[FollowedSeries]] = {
        entry.machine: [] for entry in history.entries
    }
    for series, changes in searched(history):
        machines[series.machine].append(FollowedSeries(series, changes))
    return {machine: tuple(sorted(own, key=_rank)) for machine, own in machines.items()}


def nights_of(
    history: History, parts: tuple[tuple[str, str], ...], own: Sequence[FollowedSeries]
) -> MachineNights:
    """The part of one machine's history that the index keeps."""
    machine = own[0].series.machine if own else ""
    changes = [change for each in own for change in each.changes]
    return MachineNights(
        parts=parts,
        nights=sum(entry.machine == machine for entry in history.entries),
        changes=len(changes),
        trends=history_trends(history, own)[:_MOST_TRENDS],
        news=_news(changes),
    )


def run_trends(runs: Iterable[ListedRun]) -> tuple[Trend, ...]:
    """The mean ratio of each sweep and phase that a machine ran often enough."""
    gathered: dict[tuple[str, tuple[str, ...], str], list[ListedRun]] = {}
    for run in sorted(runs, key=lambda each: each.rank):
        for each in run.phases:
            if each.mean is not None:
                key = (run.sweep_digest, run.layers, each.phase)
                gathered.setdefault(key, []).append(run)
    return tuple(
        _run_trend(own, phase)
        for (_, _, phase), own in gathered.items()
        if len(own) >= LEAST_NIGHTS
    )


def _run_trend(runs: Sequence[ListedRun], phase: str) -> Trend:
    found = [next(one for one in run.phases if one.phase == phase) for run in runs]
    points = tuple(
        TrendPoint(created=run.created, level=one.mean or 1, low=one.low, high=one.high)
        for run, one in zip(runs, found, strict=True)
    )
    name = " ÷ ".join(map(layer_name, runs[0].layers))
    series = HistorySeries(
        machine=runs[0].machine,
        case=runs[0].layers[0],
        quantity=Quantity.RATIO,
        against=runs[0].layers[1],
        nights=tuple(map(_entry, runs)),
        levels=tuple(point.level for point in points),
    )
    title = f"{name}, {phase}, {runs[0].sweep}"
    return _trend(title, "×", points, tuple(changes_of(series)), series)


def _entry(run: ListedRun) -> Entry:
    return Entry(
        created=run.created,
        commit=run.commit,
        version=run.version,
        sweep=run.sweep,
        torch=run.torch,
        torch_git=run.torch_git,
        machine=run.machine,
        parts=run.parts,
    )


def history_trends(
    history: History, own: Sequence[FollowedSeries], most: int = _MOST_TRENDS
) -> tuple[Trend, ...]:
    """Trends of the series with the largest changes; exact ones only if they changed.

    Memory and steps have no noise: where they never changed, there is nothing to see.
    """
    shown = [
        each
        for each in own
        if len(each.series.nights) >= LEAST_NIGHTS
        and (each.changes or each.series.quantity not in _EXACT)
    ]
    return tuple(_history_trend(history, each) for each in shown[:most])


def _history_trend(history: History, followed: FollowedSeries) -> Trend:
    series = followed.series
    factor, unit = 1.0, "×"
    if series.quantity == Quantity.MEMORY:
        factor, unit = PEAK_MEMORY.scale(max(series.levels))
    elif series.quantity == Quantity.STEPS:
        unit = "steps"
    points = tuple(
        TrendPoint(
            created=entry.created,
            level=level / factor,
            low=None if math.isnan(low) else low / factor,
            high=None if math.isnan(high) else high / factor,
        )
        for entry, (level, low, high) in zip(
            series.nights, _levels(history, series), strict=True
        )
    )
    title = f"{series.case}: {quantity_of(series)}"
    return _trend(title, unit, points, followed.changes, series)


def _trend(
    title: str,
    unit: str,
    points: tuple[TrendPoint, ...],
    changes: Sequence[Change],
    series: HistorySeries,
) -> Trend:
    marks = tuple(
        TrendChange(
            place=series.nights.index(change.after),
            share=change.share if math.isfinite(change.share) else 0.0,
            says=f"{share_words(change.share)}, {cause_words(change)}",
            is_certain=change.p is not None,
        )
        for change in changes
    )
    says = _levels_in_words([point.level for point in points], unit, marks, changes)
    return Trend(title=title, says=says, unit=unit, points=points, changes=marks)


def _levels_in_words(
    levels: Sequence[float],
    unit: str,
    marks: Sequence[TrendChange],
    changes: Sequence[Change],
) -> str:
    """The levels in words: "2.27× for 21 nights, then 2.40×, with PyTorch 2.14"."""
    pairs = [pair for pair in zip(marks, changes, strict=True) if pair[0].is_certain]
    edges = [0, *(mark.place for mark, _ in pairs), len(levels)]
    text = ""
    for number, (start, end) in enumerate(pairwise(edges)):
        level = significant(fmean(levels[start:end]))
        words = f"{level}{unit}" if unit == "×" else f"{level} {unit}"
        if not number:
            text = f"{words} for {counted(end - start, 'night')}"
        else:
            text += f", then {words}, with {cause_words(pairs[number - 1][1])}"
    return text


def quantity_of(series: HistorySeries) -> str:
    """The quantity of a series, in words."""
    if not series.against:
        return series.quantity
    return f"{series.quantity} to {series.against}"


def size_of(change: Change) -> float:
    """The size of a change, without its sign."""
    return abs(math.log1p(change.share)) if change.share > -1 else math.inf


def share_words(share: float) -> str:
    """A relative change in per cent, with its sign."""
    if not math.isfinite(share):
        return "from nothing"
    return f"{'+' if share > 0 else ''}{significant(100 * share, 2)} %"


def cause_words(change: Change) -> str:
    """The difference between the nights before and after: PyTorch, or the commit."""
    before, after = change.before, change.after
    day = f"from {after.created[:10]} on"
    if before.torch != after.torch:
        return f"PyTorch {before.torch} to {after.torch}, {day}"
    if before.commit != after.commit:
        old, new = (one.commit or "unknown" for one in (before, after))
        return f"commit {old[:10]} to {new[:10]}, {day}"
    return day


def _news(changes: Iterable[Change]) -> tuple[News, ...]:
    """An entry for each night in which something changed, the latest first."""
    nights: dict[str, list[Change]] = {}
    for change in changes:
        # The last nights that stand out may yet turn out to be noise.
        if change.p is not None:
            nights.setdefault(change.after.created, []).append(change)
    latest = sorted(nights, reverse=True)[:_MOST_NEWS]
    return tuple(_piece(created, nights[created]) for created in latest)


def _piece(created: str, changes: Sequence[Change]) -> News:
    largest = max(changes, key=size_of)
    says = (
        f"{share_words(largest.share)}: {quantity_of(largest.series)} of "
        f"{largest.series.case}; {cause_words(largest)}"
    )
    return News(created=created, count=len(changes), says=says)


def _rank(followed: FollowedSeries) -> tuple[float, str, str, str]:
    series = followed.series
    return -followed.largest, series.case, series.quantity, series.against


def _levels(
    history: History, series: HistorySeries
) -> list[tuple[float, float, float]]:
    """The level of each night with its interval, whose ends may be NaN."""
    frame = history.frame
    frame = frame[
        (frame["case"] == series.case)
        & (frame["quantity"] == series.quantity)
        & (frame["against"] == series.against)
    ].dropna(subset=["value"])
    rows: list[Any] = list(frame.sort_values("entry").itertuples(index=False))
    return [
        (row.value, row.low, row.high)
        for row in rows
        if history.entries[row.entry].machine == series.machine
    ]
