"""What the way of measuring adds, what it costs, and whether it repeats itself."""

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
    """Seconds of one side of one cell, for as many launches as the gate first takes.

    The wall time of a launch over its members, times the launches.
    """

    cells: int
    median: float
    worst: float


@dataclass(frozen=True, slots=True)
class Settled:
    """The ratio by turns as a multiple of the ratio by blocks, over launches."""

    cell: str
    ratio: Interval


@dataclass(frozen=True, slots=True)
class Floor:
    """Seconds of an empty step above the clock, and what the clock can tell apart.

    `empty`: the mean with its interval over launches; of the samples the median, and
    what nine in ten do not exceed. `resolution`: None where it was not read.
    """

    empty: Interval
    median: float
    of_90: float
    resolution: float | None


@dataclass(frozen=True, slots=True)
class Repeated:
    """One cell's ratio over whole re-runs.

    `ratio`: their geometric mean, its interval, and how many they are. `deviation`: the
    furthest from their arithmetic mean, as a share of it; `spread`: their standard
    deviation, so too. `call`: seconds of its longest.
    """

    cell: str
    name: str
    is_training: bool
    call: float
    ratio: Interval
    deviation: float
    spread: float


def effort(calibration: Calibration, arm: Arm) -> Effort | None:
    """What finding an injected slowdown takes."""
    sides: dict[str, list[float]] = {}
    for sample in samples_of(calibration, Part.INJECTED, arm):
        if sample.calls:
            sides.setdefault(sample.cell, []).append(sample.wall / len(sample.calls))
    costs = [LAUNCHES * fmean(seconds) for seconds in sides.values()]
    return Effort(len(costs), median(costs), max(costs)) if costs else None


def settled(calibration: Calibration, arm: Arm) -> tuple[Settled, ...]:
    """Each cell, the furthest off first."""
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
    """None where it was not measured."""
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
    """Each ratio of two re-runs or more, the furthest from its mean first."""
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
