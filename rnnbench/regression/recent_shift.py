"""A test of the last few nights of a series, too few for a change point."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnbench.regression.changepoint import LEAST, Values, hodges_lehmann

# The nights before that serve as reference; machine and noise are stable for that long.
_WINDOW = 30
_LEAST_WINDOW = 10
# Scales a median absolute deviation to a standard deviation of normal values.
_NORMAL = 1.4826

# Standard deviations by which each of the last nights must be off, for each number of
# nights: the more nights agree, the less is asked of each. Chosen by simulation, so
# that in a night at most 1 % of unchanged series are reported, whatever the noise.
_REACH = {4: 2.5, 3: 3.0, 2: 4.0, 1: 5.0}

# A single night may be an outlier. It counts only if it is off by twice as much as the
# worst of the last 60 nights, of which there must be at least 30.
_BEYOND = 2.0
_OUTLIERS, _LEAST_OUTLIERS = 60, 30


@dataclass(frozen=True, slots=True)
class RecentShift:
    """The last `nights` lie off those before by `log_shift` (of logarithms, signed)."""

    nights: int
    log_shift: float


def find_recent_shift(logs: Values) -> RecentShift | None:
    """The last one to four nights, if they give a reason to measure again.

    A control chart (Shewhart 1931) with a run rule for each number of nights (Western
    Electric 1956), by median and median absolute deviation (Hampel 1974), so that
    outliers in the window don't hide what follows them.
    """
    for nights, reach in _REACH.items():
        if not _stand_off(logs[None, :], nights, reach)[0]:
            continue
        before, last = logs[-nights - _WINDOW : -nights], logs[-nights:]
        centre = float(np.median(before))
        if nights == 1 and _may_be_outlier(logs, centre):
            continue
        log_shift = hodges_lehmann(before, last)
        if math.isfinite(log_shift) and abs(log_shift) >= LEAST:
            return RecentShift(nights, log_shift)
    return None


def may_shift_recently(rows: Values) -> NDArray[np.bool_]:
    """Which rows can have a shift: `find_recent_shift` finds none in the others."""
    found = np.zeros(len(rows), dtype=bool)
    for nights, reach in _REACH.items():
        found |= _stand_off(rows, nights, reach)
    return found


def _stand_off(rows: Values, nights: int, reach: float) -> NDArray[np.bool_]:
    """Whether the last nights of each row are all far above or below those before."""
    before, last = rows[:, -nights - _WINDOW : -nights], rows[:, -nights:]
    if before.shape[1] < _LEAST_WINDOW:
        return np.zeros(len(rows), dtype=bool)
    centre = np.median(before, axis=1, keepdims=True)
    spread = _NORMAL * np.median(np.abs(before - centre), axis=1)
    # A window of equal values has no deviation; any other value would be far off.
    sd = np.maximum(spread, LEAST / 10)
    off = last - centre
    is_one_sided = (off > 0).all(axis=1) | (off < 0).all(axis=1)
    return np.asarray(is_one_sided & (np.abs(off).min(axis=1) >= reach * sd))


def _may_be_outlier(logs: Values, centre: float) -> bool:
    before = logs[-1 - _OUTLIERS : -1] - centre
    last = float(logs[-1]) - centre
    worst = float(np.max(before * np.sign(last)))
    return len(before) < _LEAST_OUTLIERS or abs(last) < _BEYOND * worst
