"""Change points of a series of numbers."""

import math
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Values = NDArray[np.float64]

# Changes below 1 % are not worth looking at, and the harness can hardly resolve them.
LEAST = math.log(1.01)

# Fewer nights on one side can't be told from chance; `recent_shift` looks at those.
LEAST_SIDE = 4

# Chosen by simulation (studies/changes/results.md), so that of series
# without a change at most 1 % are flagged, with each of three kinds of noise.
ALPHA = 0.005

# Standard errors by which the dependence on the night before may exceed its estimate.
# A part has few nights to estimate it from, and there are several parts.
_DOUBT, _DOUBT_IN_PART = 0.5, 2.0

# Shorter parts are not searched by themselves.
_LEAST_WINDOW = 24

# Simulated series without a change, for each length and dependence.
_NULLS = 4000
_SEED = 20_261_123

# Huber (1964): a night counts as off by at most this many standard deviations.
_CLIP = 2.5
# Scales a median absolute deviation to a standard deviation of normal values.
_NORMAL = 1.4826
_STEPS = 20


@dataclass(frozen=True, slots=True)
class Shift:
    """A new level from `place` on; `log_shift` is a signed difference of logarithms."""

    place: int
    log_shift: float
    p: float


@dataclass(frozen=True, slots=True)
class _Splits:
    """The best place to split each row, and by how much the split improves the fit."""

    places: NDArray[np.intp]
    scores: Values
    dependence: Values


def find_shifts(logs: Values, *, alpha: float = ALPHA) -> tuple[Shift, ...]:
    """Every change of level of a series of logarithms, in order.

    Binary segmentation (Scott & Knott 1974; Vostrikova 1981): the best split, then both
    sides by themselves, as long as a split is significant.
    """
    found: list[Shift] = []
    open_parts = [(0, len(logs))]
    while open_parts:
        start, end = open_parts.pop()
        shift = _best(logs[start:end], alpha)
        if shift is None:
            continue
        place = start + shift.place
        found.append(Shift(place, shift.log_shift, shift.p))
        open_parts += [(start, place), (place, end)]
    return tuple(sorted(found, key=lambda shift: shift.place))


def may_shift(rows: Values, *, alpha: float = ALPHA) -> NDArray[np.bool_]:
    """Which rows can have a change: those that pass the first test of `find_shifts`.

    `find_shifts` finds none in the others. For all rows at once this takes a tenth of
    the time that it takes for one after the other.
    """
    count = rows.shape[1]
    if count < 2 * LEAST_SIDE:
        return np.zeros(len(rows), dtype=bool)
    found = _may_split(rows, alpha)
    windows = _windows(count)
    for start, end in windows:
        found |= _may_split(rows[:, start:end], alpha / (2 * len(windows)))
    return found


def hodges_lehmann(before: Values, after: Values) -> float:
    """The shift from one sample to the other: the median of all pairwise differences.

    Hodges & Lehmann 1963, Annals of Mathematical Statistics 34.
    """
    return float(np.median(after[:, None] - before[None, :]))


def _best(logs: Values, alpha: float) -> Shift | None:
    """The best split of the whole, or else of a part of it.

    Two steps, one up and one down, look like dependence from afar, and hide each other.
    So parts are searched, too (seeded intervals: Kovacs et al. 2023, Biometrika 110),
    each with its share of the other half of alpha.
    """
    if len(logs) < 2 * LEAST_SIDE:
        return None
    if shift := _tested(logs, _rank_scores(logs[None, :]), alpha, _DOUBT):
        return shift
    windows = _windows(len(logs))
    found = []
    # Windows of one length are ranked at once, which takes a third of the time.
    for _, group in groupby(windows, lambda window: window[1] - window[0]):
        same = list(group)
        rows = np.stack([logs[start:end] for start, end in same])
        for (start, _), row, ranked in zip(same, rows, _rank_scores(rows), strict=True):
            limit = alpha / (2 * len(windows))
            if shift := _tested(row, ranked[None, :], limit, _DOUBT_IN_PART):
                p = shift.p * 2 * len(windows)
                found.append(Shift(start + shift.place, shift.log_shift, p))
    return min(found, key=lambda shift: shift.p, default=None)


def _windows(count: int) -> list[tuple[int, int]]:
    """Halves, and where they are long enough quarters, each overlapping the next."""
    return [
        (start, start + length)
        for length in (count // 2, count // 4)
        if length >= _LEAST_WINDOW
        for start in range(0, count - length + 1, length // 2)
    ]


def _may_split(rows: Values, alpha: float) -> NDArray[np.bool_]:
    """Which rows have a range and a rank score that a split needs; see `_tested`."""
    scores = _rank_scores(rows).max(axis=1)
    p_rank = _share_above(_rank_nulls(rows.shape[1]), scores)
    return np.asarray((np.ptp(rows, axis=1) >= LEAST) & (p_rank <= alpha))


def _tested(logs: Values, ranked: Values, alpha: float, doubt: float) -> Shift | None:
    """The best split, where two tests agree (Berger 1982: the larger p-value holds).

    The rank test is exact for independent nights, whatever their outliers; the clipped
    mean allows for nights that depend on the night before. Neither does both.
    """
    if np.ptp(logs) < LEAST:
        return None
    p_rank = float(_share_above(_rank_nulls(len(logs)), ranked.max()))
    if p_rank > alpha:
        return None
    split = _splits(logs[None, :], ranked)
    place = int(split.places[0])
    by = hodges_lehmann(logs[:place], logs[place:])
    if abs(by) < LEAST:
        return None
    step = _dependence_step(float(split.dependence[0]), len(logs), doubt)
    # Round the length up: longer series score slightly higher by chance.
    grain = max(len(logs) // 10, 1)
    nulls = _split_nulls(-(-len(logs) // grain) * grain, step)
    p = max(p_rank, float(_share_above(nulls, split.scores[0])))
    return Shift(place, by, p) if p <= alpha else None


def _rank_scores(rows: Values) -> Values:
    """For each row and split the rank-sum of Wilcoxon (1945), as a share of its sd.

    Its maximum over the splits is the change-point statistic of Pettitt (1979), here
    standardised so that splits near the ends count as much.
    """
    count = rows.shape[1]
    ranks = _ranks(rows)
    splits = np.arange(LEAST_SIDE, count - LEAST_SIDE + 1)
    sums = np.cumsum(ranks, axis=1)[:, splits - 1]
    expected = splits * (count + 1) / 2
    sd = np.sqrt(splits * (count - splits) * (count + 1) / 12)
    return np.asarray(np.abs(sums - expected) / sd)


def _ranks(rows: Values) -> Values:
    """The ranks in each row, ties shared. Times rarely tie, and scipy allows for it."""
    order = np.argsort(rows, axis=1)
    ordered = np.take_along_axis(rows, order, axis=1)
    if not (ordered[:, 1:] > ordered[:, :-1]).all():
        return np.asarray(rankdata(rows, axis=1))
    ranks = np.empty_like(rows)
    np.put_along_axis(ranks, order, np.arange(1.0, rows.shape[1] + 1)[None, :], axis=1)
    return ranks


def _splits(rows: Values, ranked: Values) -> _Splits:
    """Where two levels fit each row best (Hawkins 1977), with outliers clipped."""
    count = rows.shape[1]
    places = ranked.argmax(axis=1) + LEAST_SIDE
    for _ in range(2):
        places = _widest_gaps(_clipped(rows, places))
    clipped = _clipped(rows, places)
    first = np.arange(count) < places[:, None]
    sizes = np.stack([places, count - places])
    sums = np.stack([(clipped * first).sum(axis=1), (clipped * ~first).sum(axis=1)])
    before, after = sums / sizes
    residuals = clipped - np.where(first, before[:, None], after[:, None])
    # A perfect step has no residuals; the floor keeps the score finite.
    squares = np.maximum((residuals**2).sum(axis=1), 1e-30)
    error = np.sqrt(squares / (count - 2) * (1 / sizes).sum(axis=0))
    products = (residuals[:, 1:] * residuals[:, :-1]).sum(axis=1)
    return _Splits(places, np.abs(after - before) / error, products / squares)


def _clipped(rows: Values, places: NDArray[np.intp]) -> Values:
    first = np.arange(rows.shape[1]) < places[:, None]
    before, after = _medians(rows, first), _medians(rows, ~first)
    levels = np.where(first, before[:, None], after[:, None])
    residuals = rows - levels
    reach = _CLIP * _NORMAL * np.median(np.abs(residuals), axis=1, keepdims=True)
    return np.asarray(levels + np.clip(residuals, -reach, reach))


def _medians(rows: Values, chosen: NDArray[np.bool_]) -> Values:
    ordered = np.sort(np.where(chosen, rows, np.inf), axis=1)
    sizes, every = chosen.sum(axis=1), np.arange(len(rows))
    return np.asarray(
        (ordered[every, (sizes - 1) // 2] + ordered[every, sizes // 2]) / 2
    )


def _widest_gaps(rows: Values) -> NDArray[np.intp]:
    count = rows.shape[1]
    splits = np.arange(LEAST_SIDE, count - LEAST_SIDE + 1)
    centred = rows - rows.mean(axis=1, keepdims=True)
    sums = np.cumsum(centred, axis=1)[:, splits - 1]
    gaps = np.abs(sums) / np.sqrt(splits * (count - splits))
    return np.asarray(splits[gaps.argmax(axis=1)])


def _dependence_step(estimate: float, count: int, doubt: float) -> int:
    """The AR(1) coefficient to allow for, in steps of 1/20: the estimate with a margin.

    An estimate from residuals is too low by about (4 + 8 rho) / count (Kendall 1954 has
    the form; the numbers are simulated, for two fitted levels at the best split). Half
    a standard error of it (Bartlett 1946) is added.
    """
    rho = (estimate + 4 / count) / max(1 - 8 / count, 0.25)
    rho = min(max(rho, 0.0), 0.95)
    rho += doubt * math.sqrt((1 - rho**2) / count)
    return min(math.ceil(rho * _STEPS - 1e-9), _STEPS - 1)


@cache
def _rank_nulls(count: int) -> Values:
    rows = _null_rows(count, 0)
    return np.sort(np.concatenate([_rank_scores(part).max(axis=1) for part in rows]))


@cache
def _split_nulls(count: int, step: int) -> Values:
    rows = _null_rows(count, step)
    return np.sort(
        np.concatenate([_splits(part, _rank_scores(part)).scores for part in rows])
    )


def _null_rows(count: int, step: int) -> list[Values]:
    """Normal AR(1) series without a change: a parametric bootstrap, by a fixed seed."""
    draw = np.random.default_rng([_SEED, count, step])
    rho, parts = step / _STEPS, []
    for _ in range(8):  # in parts, so that a long history does not fill the memory
        rows = draw.standard_normal((_NULLS // 8, count))
        rows[:, 1:] *= math.sqrt(1 - rho**2)
        for night in range(1, count):
            rows[:, night] += rho * rows[:, night - 1]
        parts.append(rows)
    return parts


def _share_above(nulls: Values, scores: Values) -> Values:
    # Davison & Hinkley 1997, 4.2: the observed series counts as one of the simulated.
    above = len(nulls) - np.searchsorted(nulls, scores - 1e-9)
    return np.asarray((1 + above) / (1 + len(nulls)))
