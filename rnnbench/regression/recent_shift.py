"""Whether the last nights of a series stand out; numbers in, numbers out."""

import math
from dataclasses import dataclass

import numpy as np

from rnnbench.regression.changepoint import LEAST, Values, hodges_lehmann

# As long as this the machine and the noise stay what they are, more or less.
_WINDOW = 30
_LEAST_WINDOW = 10
_NORMAL = 1.4826

# How many standard deviations each of the last nights has to be off, by how many there
# are: the more of them agree, the less each has to say. Chosen by simulation, so that
# in a night at most 1 % of the series without a change are named, whatever the noise.
_REACH = {4: 2.5, 3: 3.0, 2: 4.0, 1: 5.0}

# One night alone may be an outlier: it has to be off by twice as much as the worst of
# so many nights before, and there have to be some.
_BEYOND = 2.0
_OUTLIERS, _LEAST_OUTLIERS = 60, 30


@dataclass(frozen=True, slots=True)
class Alarm:
    """The last `nights` lie `log_shift` (of logarithms, signed) off those before."""

    nights: int
    log_shift: float


def alarm(logs: Values) -> Alarm | None:
    """What the last one to four nights give cause to measure again, at most.

    A control chart (Shewhart 1931) with a run rule for each number of nights (Western
    Electric 1956), by median and median absolute deviation (Hampel 1974), so that
    outliers in the window don't hide what follows them.
    """
    for nights, reach in _REACH.items():
        before, last = logs[-nights - _WINDOW : -nights], logs[-nights:]
        if len(before) < _LEAST_WINDOW:
            continue
        centre = float(np.median(before))
        # Equal values in a window don't make the next a thousand deviations off.
        sd = max(_NORMAL * float(np.median(np.abs(before - centre))), LEAST / 10)
        off = last - centre
        if not (np.all(off > 0) or np.all(off < 0)) or np.min(np.abs(off)) < reach * sd:
            continue
        if nights == 1 and _may_be_outlier(logs, centre):
            continue
        by = hodges_lehmann(before, last)
        if math.isfinite(by) and abs(by) >= LEAST:
            return Alarm(nights, by)
    return None


def _may_be_outlier(logs: Values, centre: float) -> bool:
    before = logs[-1 - _OUTLIERS : -1] - centre
    last = float(logs[-1]) - centre
    worst = float(np.max(before * np.sign(last)))
    return len(before) < _LEAST_OUTLIERS or abs(last) < _BEYOND * worst
