"""How often the interval that is printed holds the mean of the other launches.

A mean over all launches has the interval's own in it, and would flatter.
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
    """What one rule's intervals cover, over random orders of the launches of each cell.

    `plain` holds each against the mean of the other launches as if that were the truth;
    `corrected` allows for that mean's own error. `disjoint`: plain, of sets in the
    order of measuring that share no launch. `expected`: what plain would be were every
    launch normal and independent, as many and as spread. `launches`: used on average.
    `narrow`: the share of intervals that are as narrow as the policy asks. `fixed`:
    launches, where the rule takes always as many.
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
    """Row by row: whether the interval holds the other launches' mean."""

    plain: Claims
    corrected: Claims
    stops: Stops


def coverages(calibration: Calibration, arm: Arm) -> tuple[Coverage, ...]:
    """The stop rule's first, then of fixed numbers; none where launches are too few."""
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
    """Whether the interval that ends each row holds the mean of its other launches."""
    stops = stop(rows, looks, POLICY.precision, half_of)
    means, errors = rest(rows, stops.used)
    off = np.abs(stops.means - means)
    return Held(off <= stops.halves, off <= np.hypot(stops.halves, errors), stops)


def _expected(fixed: int | None, rows: Floats, place: int) -> float:
    """Of normal launches: by formula, or by trial where the width says when to stop.

    A rule that stops where it finds them narrow keeps more of the intervals that are
    so by luck: with 50 launches for all, and 14 of them used, 89 % and not 91 %.
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
