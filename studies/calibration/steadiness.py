"""The floor of a measurement, its cost, and how well it repeats."""

import math
from dataclasses import dataclass
from statistics import fmean, median, stdev

from rnnbench.analysis.stats import Interval, mean_interval, ratio_interval
from rnnbench.model.case import Phase
from studies.calibration.arms import Arm, Series, samples_of, series_of
from studies.calibration.reliability import LAUNCHES, tenth
from studies.calibration.samples import Calibration, Part

_TRAINING = frozenset({Phase.TRAIN.value, Phase.STEP.value})


@dataclass(frozen=True, slots=True)
class Effort:
    """Seconds of one side of one cell, for the launches of the gate's first look.

    It is the wall time of a launch over its members, times the launches.
    """

    cells: int
    median: float
    worst: float


@dataclass(frozen=True, slots=True)
class Settled:
    """The ratio by turns divided by the ratio by blocks, over launches."""

    cell: str
    ratio: Interval


@dataclass(frozen=True, slots=True)
class Floor:
    """Seconds of an empty step above the clock, and the clock's resolution.

    `empty`: mean and interval over launches. `median`, `of_90`: median and 90th
    percentile of the samples. `resolution`: None where it was not read.
    """

    empty: Interval
    median: float
    of_90: float
    resolution: float | None


@dataclass(frozen=True, slots=True)
class Repeated:
    """One cell's ratio over whole re-runs.

    `ratio`: geometric mean, interval and number of re-runs. `deviation`: the largest
    distance from the arithmetic mean, as a share of it; `spread`: the standard
    deviation, likewise. `call`: seconds of the longest call.
    """

    cell: str
    name: str
    is_training: bool
    call: float
    ratio: Interval
    deviation: float
    spread: float


def effort(calibration: Calibration, arm: Arm) -> Effort | None:
    """The time that finding a slowdown takes."""
    sides: dict[str, list[float]] = {}
    for sample in samples_of(calibration, Part.INJECTED, arm):
        if sample.calls:
            sides.setdefault(sample.cell, []).append(sample.wall / len(sample.calls))
    costs = [LAUNCHES * fmean(seconds) for seconds in sides.values()]
    return Effort(len(costs), median(costs), max(costs)) if costs else None


def settled(calibration: Calibration, arm: Arm) -> tuple[Settled, ...]:
    """Each cell, the largest offset first."""
    apart: dict[str, list[float]] = {}
    for sample in samples_of(calibration, Part.SETTLE, arm):
        if {"turns", "blocks"} <= sample.values.keys():
            off = sample.values["turns"] - sample.values["blocks"]
            apart.setdefault(sample.cell, []).append(off)
    found = [Settled(cell, ratio_interval(logs)) for cell, logs in apart.items()]
    return tuple(
        sorted(found, key=lambda one: abs(math.log(one.ratio.estimate)), reverse=True)
    )


def floor(calibration: Calibration, arm: Arm) -> Floor | None:
    """The floor; None where it was not measured."""
    series = series_of(calibration, Part.FLOOR, arm)
    empty = [value for one in series if one.name == "empty" for value in one.values]
    steps = [
        value for one in series if one.name == "resolution" for value in one.values
    ]
    if not empty:
        return None
    resolution = median(steps) if steps else None
    return Floor(mean_interval(empty), median(empty), tenth(empty), resolution)


def repeated(calibration: Calibration, arm: Arm) -> tuple[Repeated, ...]:
    """Ratios with two re-runs or more, the largest deviation first."""
    found = [
        _repeated(each)
        for each in series_of(calibration, Part.REPEAT, arm)
        if len(each.values) > 1
    ]
    return tuple(sorted(found, key=lambda one: one.deviation, reverse=True))


def _repeated(series: Series) -> Repeated:
    ratios = [math.exp(value) for value in series.values]
    mean = fmean(ratios)
    return Repeated(
        series.cell,
        series.name,
        not _TRAINING.isdisjoint(series.cell.split("-")),
        series.call,
        ratio_interval(series.values),
        max(abs(ratio / mean - 1) for ratio in ratios),
        stdev(ratios) / mean,
    )
