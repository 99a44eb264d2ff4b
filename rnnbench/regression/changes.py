"""Changes of level in a history: by how much, and between which nights."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np

from rnnbench.regression.changepoint import Values, find_shifts, may_shift
from rnnbench.regression.history import Quantity
from rnnbench.regression.history_store import Entry, History
from rnnbench.regression.recent_shift import find_recent_shift, may_shift_recently

# Plain time moves with whatever else runs on the machine and is not searched. Its
# multiple of the yardstick's time and the ratio to another layer do not.
_NOISY = (Quantity.NORMALISED, Quantity.RATIO)
_EXACT = (Quantity.MEMORY, Quantity.STEPS)
# Series that are tested at once: one after the other takes ten times as long, and all
# at once takes as much memory as the history.
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class HistorySeries:
    """One quantity of one case on one machine, over the nights that have it."""

    machine: str
    case: str
    quantity: str
    against: str
    nights: tuple[Entry, ...]
    levels: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A series has another level from `after` on; `before` is the night before it.

    `share`: the relative change, 0.03 for 3 % more. `nights`: how many nights the new
    level has lasted. `p`: the significance; 0 for a quantity without noise; None where
    only the last nights stand out, which is no more than a reason to measure again.
    """

    series: HistorySeries
    before: Entry
    after: Entry
    share: float
    nights: int
    p: float | None


def find_changes(history: History) -> tuple[Change, ...]:
    """Every change of every series, the latest first."""
    found = [change for _, changes in searched(history) for change in changes]
    return tuple(sorted(found, key=_latest_largest))


def _latest_largest(change: Change) -> tuple[float, ...]:
    # The digits of ISO times in UTC sort by time.
    digits = "".join(filter(str.isdigit, change.after.created))
    return -float(digits or 0), -abs(change.share)


def searched(
    history: History,
) -> Iterator[tuple[HistorySeries, tuple[Change, ...]]]:
    """Each series with its changes, oldest first."""
    series = all_series(history)
    while chunk := list(islice(series, _CHUNK)):
        quiet = _quiet(chunk)
        for place, each in enumerate(chunk):
            yield each, () if place in quiet else tuple(changes_of(each))


def _quiet(chunk: Sequence[HistorySeries]) -> set[int]:
    """The places of series in which a quick test of many at once excludes a change."""
    by_length: dict[int, list[int]] = {}
    for place, series in enumerate(chunk):
        if series.quantity in _NOISY and min(series.levels) > 0:
            by_length.setdefault(len(series.levels), []).append(place)
    found: set[int] = set()
    for places in by_length.values():
        rows = np.log([chunk[place].levels for place in places])
        is_loud = may_shift(rows) | may_shift_recently(rows)
        found.update(np.asarray(places)[~is_loud].tolist())
    return found


def all_series(history: History) -> Iterator[HistorySeries]:
    """The series that are searched, each in the order of its nights."""
    frame, entries = history.frame, history.entries
    searched = frame["value"].notna() & (frame["quantity"] != Quantity.TIME)
    # Columns of codes, not a group of pandas for each series: there are many thousands.
    frame = frame[["case", "quantity", "against", "entry", "value"]][searched]
    nights = frame["entry"].to_numpy()
    machines, of_entry = np.unique(
        [entry.machine for entry in entries] or [""], return_inverse=True
    )
    words = [frame[name].cat for name in ("case", "quantity", "against")]
    texts = [word.categories.tolist() for word in words]
    in_order = np.empty(len(entries), dtype=object)
    in_order[:] = entries
    codes = [of_entry[nights], *(word.codes.to_numpy() for word in words)]
    order = np.lexsort((nights, *reversed(codes)))
    nights, levels = nights[order], frame["value"].to_numpy()[order]
    keys = [code[order] for code in codes]
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    starts = np.flatnonzero(is_new)
    for start, end in pairwise([*starts, len(nights)]):
        machine, *codes_here = (key[start] for key in keys)
        case, quantity, against = (
            str(text[code]) for text, code in zip(texts, codes_here, strict=True)
        )
        yield HistorySeries(
            machine=str(machines[machine]),
            case=case,
            quantity=quantity,
            against=against,
            nights=tuple(in_order[nights[start:end]].tolist()),
            levels=tuple(levels[start:end].tolist()),
        )


def changes_of(series: HistorySeries) -> Iterator[Change]:
    """The changes of one series, oldest first."""
    if series.quantity in _EXACT:
        yield from _exact_changes(series)
    elif series.quantity in _NOISY:
        yield from _noisy_changes(series)


def _exact_changes(series: HistorySeries) -> Iterator[Change]:
    """Every night that differs from the night before: bytes and steps have no noise."""
    places = [
        place
        for place, (old, new) in enumerate(pairwise(series.levels), start=1)
        if old != new
    ]
    ends = [*places, len(series.levels)][1:]
    for place, end in zip(places, ends, strict=True):
        old, new = series.levels[place - 1 : place + 1]
        share = new / old - 1 if old > 0 else math.inf
        yield _change(series, place, share, end - place, 0.0)


def _noisy_changes(series: HistorySeries) -> Iterator[Change]:
    if min(series.levels) <= 0:
        return
    logs: Values = np.log(np.asarray(series.levels))
    found = find_shifts(logs)
    ends = [*(shift.place for shift in found), len(logs)][1:]
    for shift, end in zip(found, ends, strict=True):
        share = math.expm1(shift.log_shift)
        yield _change(series, shift.place, share, end - shift.place, shift.p)
    # Only from the last change on: earlier nights had another level.
    start = found[-1].place if found else 0
    if recent := find_recent_shift(logs[start:]):
        share = math.expm1(recent.log_shift)
        yield _change(series, len(logs) - recent.nights, share, recent.nights, None)


def _change(
    series: HistorySeries, place: int, share: float, nights: int, p: float | None
) -> Change:
    before, after = series.nights[place - 1 : place + 1]
    return Change(series, before, after, share, nights, p)


def count_nights(history: History) -> Mapping[str, int]:
    """The number of nights of each machine."""
    return Counter(entry.machine for entry in history.entries)
