"""Sets of launches as rows of an array, and the verdicts of the rules on them.

The rules are those of `stats`, `gate_decision` and `stop_rule`, for arrays.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnbench.analysis.stats import reach
from rnnbench.regression import gate_decision as gate
from rnnbench.runner.stop_rule import is_narrow

Floats = NDArray[np.float64]
Claims = NDArray[np.bool_]


def orders(logs: Sequence[float], draws: int, seed: Sequence[int]) -> Floats:
    """The launches in random orders: the first of each row are a random subset."""
    rows = np.tile(np.asarray(logs, dtype=float), (draws, 1))
    return np.random.default_rng(seed).permuted(rows, axis=1)


def turned(logs: Sequence[float], step: int) -> Floats:
    """The launches in order, starting at each `step`-th: disjoint first parts."""
    starts = range(0, len(logs) - step + 1, step)
    rows = [np.roll(np.asarray(logs, dtype=float), -start) for start in starts]
    return np.array(rows).reshape(len(rows), len(logs))


def slower(sets: Floats) -> Claims:
    """Whether the gate's rule flags a set: the 99 % bound is beyond the band."""
    beyond, error = sets.mean(axis=1) - math.log1p(gate.BAND), _errors(sets)
    bound = reach(sets.shape[1], gate.CONFIDENCE) * error
    flagged: Claims = (beyond > 0) & (beyond >= bound)
    return flagged


def different(sets: Floats) -> Claims:
    """The same rule in both directions: slower, or faster, beyond the band."""
    return slower(sets) | slower(-sets)


def slower_by_looks(rows: Floats, looks: Sequence[int]) -> Claims:
    """The gate with its interim looks: an undecided set goes on to the next look."""
    undecided = np.ones(len(rows), dtype=bool)
    flagged = np.zeros(len(rows), dtype=bool)
    for look in looks:
        sets = rows[:, :look]
        flagged |= undecided & slower(sets)
        high = sets.mean(axis=1) + reach(look, gate.CONFIDENCE) * _errors(sets)
        undecided &= ~flagged & (high >= math.log1p(gate.BAND))
    return flagged


def excludes_one(sets: Floats) -> Claims:
    """Whether a set's 95 % interval excludes the ratio 1."""
    apart: Claims = np.abs(sets.mean(axis=1)) > halves(sets)
    return apart


def halves(sets: Floats) -> Floats:
    """Half of each set's 95 % t interval."""
    return reach(sets.shape[1]) * _errors(sets)


@dataclass(frozen=True, slots=True)
class Stops:
    """The end of the stop rule for each row: launches used, interval of the logs."""

    used: NDArray[np.int64]
    means: Floats
    halves: Floats

    @property
    def exclude_one(self) -> Claims:
        """Whether the printed intervals exclude the ratio 1."""
        return np.abs(self.means) > self.halves


def stop(
    rows: Floats,
    looks: Sequence[int],
    precision: float,
    half_of: Callable[[Floats], Floats] = halves,
) -> Stops:
    """End each row at the first look whose interval is narrow enough, or at the last.

    Half of a ratio's interval, as a share of the ratio, is sinh of the logs' half.
    `half_of`: half of another interval than the shipped one.
    """
    used = np.zeros(len(rows), dtype=int)
    means, reached = np.zeros(len(rows)), np.zeros(len(rows))
    for look in looks:
        sets = rows[:, :look]
        half = half_of(sets)
        ends = (used == 0) & (is_narrow(np.sinh(half), precision) | (look == looks[-1]))
        used[ends] = look
        means[ends], reached[ends] = sets.mean(axis=1)[ends], half[ends]
    return Stops(used, means, reached)


def rest(rows: Floats, used: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Mean of each row's unused launches, and half of its interval."""
    beyond = np.arange(rows.shape[1]) >= used[:, np.newaxis]
    count = beyond.sum(axis=1)
    means = np.where(beyond, rows, 0.0).sum(axis=1) / count
    squares = np.where(beyond, (rows - means[:, np.newaxis]) ** 2, 0.0).sum(axis=1)
    reaches = np.array([reach(int(each)) for each in count])
    return means, reaches * np.sqrt(squares / (count - 1) / count)


def _errors(sets: Floats) -> Floats:
    errors: Floats = sets.std(axis=1, ddof=1) / math.sqrt(sets.shape[1])
    return errors
