"""Where the history changed its level: by how much, and between which nights."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from rnnbench.regression.changepoint import Values, shifts
from rnnbench.regression.history import Quantity
from rnnbench.regression.history_store import Archive, Entry
from rnnbench.regression.recent_shift import alarm

# The time itself moves with whatever else runs on the machine; its multiple of the
# yardstick's, and the ratio to another layer, do not.
_NOISY = (Quantity.NORMALISED, Quantity.RATIO)


@dataclass(frozen=True, slots=True)
class Series:
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

    `share`: by how much, 0.03 for 3 % more. `p`: its significance; 0 where the quantity
    is read without noise; None where it is but the last `nights` that stand out, which
    is a reason to measure again and nothing more.
    """

    series: Series
    before: Entry
    after: Entry
    share: float
    nights: int
    p: float | None


def changes(held: Archive) -> tuple[Change, ...]:
    """Every change of every series, the latest first."""
    found = [change for series in all_series(held) for change in of_series(series)]
    return tuple(sorted(found, key=_latest_largest))


def _latest_largest(change: Change) -> tuple[float, ...]:
    # ISO times in UTC: their digits are in the order of time.
    digits = "".join(filter(str.isdigit, change.after.created))
    return -float(digits or 0), -abs(change.share)


def all_series(held: Archive) -> Iterator[Series]:
    """The series that are searched, each in the order of its nights."""
    frame = held.frame.dropna(subset=["value"])
    machines = [entry.machine for entry in held.entries]
    places = frame["entry"].to_numpy()
    keyed = frame.assign(machine=pd.Categorical([machines[one] for one in places]))
    keyed = keyed[keyed["quantity"] != Quantity.TIME].sort_values("entry")
    keys = ["machine", "case", "quantity", "against"]
    for key, rows in keyed.groupby(keys, observed=True, sort=False):
        names: Any = key
        machine, case, quantity, against = map(str, names)
        yield Series(
            machine=machine,
            case=case,
            quantity=quantity,
            against=against,
            nights=tuple(held.entries[place] for place in rows["entry"]),
            levels=tuple(map(float, rows["value"])),
        )


def of_series(series: Series) -> Iterator[Change]:
    """The changes of one series, oldest first."""
    if series.quantity == Quantity.MEMORY:
        yield from _of_exact(series)
    elif series.quantity in _NOISY:
        yield from _of_noisy(series)


def _of_exact(series: Series) -> Iterator[Change]:
    """Bytes have no noise: each night that differs from the one before it."""
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


def _of_noisy(series: Series) -> Iterator[Change]:
    if min(series.levels) <= 0:
        return
    logs: Values = np.log(np.asarray(series.levels))
    found = shifts(logs)
    ends = [*(shift.place for shift in found), len(logs)][1:]
    for shift, end in zip(found, ends, strict=True):
        share = math.expm1(shift.log_shift)
        yield _change(series, shift.place, share, end - shift.place, shift.p)
    # From the last change on: what was before it is no measure of the last nights.
    start = found[-1].place if found else 0
    if recent := alarm(logs[start:]):
        share = math.expm1(recent.log_shift)
        yield _change(series, len(logs) - recent.nights, share, recent.nights, None)


def _change(
    series: Series, place: int, share: float, nights: int, p: float | None
) -> Change:
    before, after = series.nights[place - 1 : place + 1]
    return Change(series, before, after, share, nights, p)


def searched(held: Archive) -> Sequence[tuple[str, int]]:
    """For each machine how many nights there are."""
    machines = [entry.machine for entry in held.entries]
    return [(machine, machines.count(machine)) for machine in dict.fromkeys(machines)]
