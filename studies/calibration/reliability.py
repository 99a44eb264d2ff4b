"""Verdicts on equal layers, and on layers that are slower by a known share."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median, quantiles, stdev

from rnnbench.analysis.stats import Interval, rate_interval, ratio_interval
from rnnbench.model.policy import Policy
from rnnbench.regression import gate_decision as gate
from rnnbench.runner.stop_rule import interim_looks
from studies.calibration.arms import Arm, Series, Size, series_of, size_of
from studies.calibration.resampling import (
    Claims,
    Floats,
    different,
    excludes_one,
    orders,
    slower,
    slower_by_looks,
    stop,
    turned,
)
from studies.calibration.samples import Calibration, Part

LAUNCHES = gate.LOOKS[0]
# The policy of a sweep that names none.
POLICY = Policy()
STOPS = interim_looks(POLICY.launches)
# In all: enough to tell a share of 0.1 % from none.
RESAMPLED = 20_000
PAIRS = ("gru/gru", "lstm/lstm")
_INJECTED = re.compile(r"\w+\+(\d{1,3})%")
_SEED = 4


class Rule(StrEnum):
    """Rules by which two layers are called different."""

    NOMINAL = "nominal"  # the 95 % interval of 7 launches
    PRINTED = "printed"  # the 95 % interval that the stop rule prints
    GATE = "gate"  # the regression rule, in both directions
    GATE_LOOKS = "gate, with looks"


@dataclass(frozen=True, slots=True)
class Alarms:
    """The share of equal layers that one rule calls different; None: too few launches.

    Resampled sets share launches: their interval describes these launches alone.
    """

    rule: Rule
    disjoint: Interval | None
    resampled: Interval | None


@dataclass(frozen=True, slots=True)
class Bias:
    """Offset of A/A ratios in cells of one size, and the spread of launches.

    `ratio`: mean and interval over pairs; `worst`: the pair with the largest offset.
    `spread`, `spread_of_90`: median and 90th percentile over pairs of the standard
    deviation of log-ratios.
    """

    size: Size
    pairs: int
    ratio: Interval
    worst: float
    spread: float
    spread_of_90: float


@dataclass(frozen=True, slots=True)
class Found:
    """Slowdowns of one size: the shares that the gate's rule flags.

    `measured`: ratio of slowed to plain, with its interval over cells and layers.
    """

    percent: int
    disjoint: Interval | None
    resampled: Interval | None
    with_looks: Interval | None
    measured: Interval


def alarms(calibration: Calibration, arm: Arm) -> tuple[Alarms, ...]:
    """The false alarms of each rule."""
    pairs = _pairs(calibration, arm)
    rules: tuple[tuple[Rule, int, Callable[[Floats], Claims]], ...] = (
        (Rule.NOMINAL, LAUNCHES, lambda rows: excludes_one(rows[:, :LAUNCHES])),
        (Rule.PRINTED, STOPS[-1], _printed_excludes_one),
        (Rule.GATE, LAUNCHES, lambda rows: different(rows[:, :LAUNCHES])),
        (Rule.GATE_LOOKS, gate.LOOKS[-1], _different_by_looks),
    )
    return tuple(
        Alarms(rule, *shares(pairs, launches, claim)) for rule, launches, claim in rules
    )


def biases(calibration: Calibration, arm: Arm) -> tuple[Bias, ...]:
    """The bias of each size of cells."""
    pairs = [each for each in _pairs(calibration, arm) if len(each.values) > 1]
    groups = {
        size: [each for each in pairs if size_of(each.call) is size] for size in Size
    }
    return tuple(_bias(size, group) for size, group in groups.items() if group)


def slowdowns(calibration: Calibration, arm: Arm) -> tuple[Found, ...]:
    """The detections of each size of slowdown."""
    levels: dict[int, list[Series]] = {}
    for each in series_of(calibration, Part.INJECTED, arm):
        if match := _INJECTED.fullmatch(each.name):
            levels.setdefault(int(match[1]), []).append(each)
    return tuple(_found(percent, levels[percent]) for percent in sorted(levels))


def shares(
    series: Sequence[Series], launches: int, claim: Callable[[Floats], Claims]
) -> tuple[Interval | None, Interval | None]:
    """The share of sets of so many launches for which a claim holds.

    First of disjoint sets, then of resampled ones. A row holds all launches of its
    series; the claim takes as many as it needs.
    """
    enough = [each for each in series if len(each.values) >= launches]
    draws = math.ceil(RESAMPLED / max(1, len(enough)))
    return (
        rate(claim(turned(each.values, launches)) for each in enough),
        rate(
            claim(orders(each.values, draws, (_SEED, place)))
            for place, each in enumerate(enough)
        ),
    )


def rate(claims: Iterable[Claims]) -> Interval | None:
    """The share of claims that are true; None where there are none."""
    parts = list(claims)
    trials = sum(len(part) for part in parts)
    if not trials:
        return None
    return rate_interval(sum(int(part.sum()) for part in parts), trials)


def _pairs(calibration: Calibration, arm: Arm) -> list[Series]:
    every = series_of(calibration, Part.AA, arm)
    return [each for each in every if each.name in PAIRS]


def _printed_excludes_one(rows: Floats) -> Claims:
    return stop(rows, STOPS, POLICY.precision).exclude_one


def _different_by_looks(rows: Floats) -> Claims:
    return slower_by_looks(rows, gate.LOOKS) | slower_by_looks(-rows, gate.LOOKS)


def _bias(size: Size, pairs: Sequence[Series]) -> Bias:
    means = [fmean(each.values) for each in pairs]
    spreads = sorted(stdev(each.values) for each in pairs)
    return Bias(
        size,
        len(pairs),
        ratio_interval(means),
        math.exp(max(means, key=abs)),
        median(spreads),
        tenth(spreads),
    )


def tenth(values: Sequence[float]) -> float:
    """The 90th percentile."""
    if len(values) < 2:
        return values[0]
    return quantiles(values, n=10, method="inclusive")[-1]


def _found(percent: int, series: Sequence[Series]) -> Found:
    disjoint, resampled = shares(
        series, LAUNCHES, lambda rows: slower(rows[:, :LAUNCHES])
    )
    _, with_looks = shares(
        series, gate.LOOKS[-1], lambda rows: slower_by_looks(rows, gate.LOOKS)
    )
    means = [fmean(each.values) for each in series]
    return Found(percent, disjoint, resampled, with_looks, ratio_interval(means))
