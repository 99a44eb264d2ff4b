"""The share of printed intervals that contain the mean of the other launches.

A mean over all launches would include the interval's own, and make the share too high.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from rnnbench.analysis.stats import Interval, expected_hold
from studies.calibration.arms import Arm, Series, series_of
from studies.calibration.reliability import POLICY, STOPS, rate
from studies.calibration.resampling import (
    Claims,
    Floats,
    Stops,
    halves,
    orders,
    rest,
    stop,
    turned,
)
from studies.calibration.samples import Calibration, Part

# Two estimates of one ratio from members that they do not share.
NAMES = ("gru/lstm", "gru2/lstm2")
# Fixed numbers of launches, beside the stop rule.
FIXED = (5, 6, 7, 10, 14, 20)
# Random orders of each series.
ORDERS = 500
# Of a series: with as many as the stop rule takes at most, 10 are left to compare with.
LEAST = STOPS[-1] + 10
_SEED = 17
# Beside the seeds of the orders.
_IDEAL = 1


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of one rule's intervals, over random orders of each cell's launches.

    `plain` compares each interval with the mean of the other launches, as if that were
    the truth; `corrected` allows for that mean's own error. `disjoint`: as plain, for
    disjoint sets in the order of measuring. `expected`: plain for independent normal
    launches of the same number and spread. `launches`: mean number of launches used.
    `narrow`: share of intervals that are as narrow as the policy asks. `fixed`: the
    number of launches, of a rule that always takes as many.
    """

    fixed: int | None
    series: int
    plain: Interval
    corrected: Interval
    disjoint: Interval
    expected: float
    launches: float
    narrow: float


@dataclass(frozen=True, slots=True)
class Held:
    """For each row, whether the interval contains the mean of the other launches."""

    plain: Claims
    corrected: Claims
    stops: Stops


def coverages(calibration: Calibration, arm: Arm) -> tuple[Coverage, ...]:
    """Coverage of the stop rule, then of fixed numbers; none for too few launches."""
    series = [
        each
        for each in series_of(calibration, Part.AA, arm)
        if each.name in NAMES and len(each.values) >= LEAST
    ]
    if not series:
        return ()
    mixed = [
        orders(each.values, ORDERS, (_SEED, place)) for place, each in enumerate(series)
    ]
    return (
        _coverage(None, series, mixed),
        *(_coverage(fixed, series, mixed) for fixed in FIXED),
    )


def _coverage(
    fixed: int | None, series: Sequence[Series], mixed: Sequence[Floats]
) -> Coverage:
    looks = STOPS if fixed is None else (fixed,)
    held = [hold(rows, looks) for rows in mixed]
    apart = [hold(turned(each.values, looks[-1]), looks) for each in series]
    return Coverage(
        fixed,
        len(series),
        _rate([each.plain for each in held]),
        _rate([each.corrected for each in held]),
        _rate([each.plain for each in apart]),
        fmean(_expected(fixed, rows, place) for place, rows in enumerate(mixed)),
        fmean(float(each.stops.used.mean()) for each in held),
        fmean(
            float((np.sinh(each.stops.halves) <= POLICY.precision).mean())
            for each in held
        ),
    )


def hold(
    rows: Floats,
    looks: Sequence[int],
    half_of: Callable[[Floats], Floats] = halves,
) -> Held:
    """Whether each row's final interval contains the mean of its other launches."""
    stops = stop(rows, looks, POLICY.precision, half_of)
    means, errors = rest(rows, stops.used)
    off = np.abs(stops.means - means)
    return Held(off <= stops.halves, off <= np.hypot(stops.halves, errors), stops)


def _expected(fixed: int | None, rows: Floats, place: int) -> float:
    """Coverage of normal launches: by formula, or by simulation for the stop rule.

    A rule that stops where intervals are narrow keeps more of those that are narrow by
    luck: with 50 launches in all and 14 of them used it covers 89 %, not 91 %.
    """
    launches = rows.shape[1]
    if fixed is not None:
        return expected_hold(fixed, launches - fixed)
    own = rows[0]
    random = np.random.default_rng((_SEED, _IDEAL, place))
    ideal = random.normal(own.mean(), own.std(ddof=1), rows.shape)
    return float(hold(ideal, STOPS).plain.mean())


def _rate(claims: Sequence[Claims]) -> Interval:
    found = rate(claims)
    if found is None:
        raise ValueError("no set of launches is there to be judged")
    return found
