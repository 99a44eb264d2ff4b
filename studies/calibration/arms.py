"""Samples of a calibration as series of launches, by arm: load and allocator."""

from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from rnnbench.model.case import Allocator
from studies.calibration.samples import Calibration, Condition, Part, Sample


@dataclass(frozen=True, slots=True)
class Arm:
    """The conditions under which samples were measured."""

    condition: Condition
    allocator: Allocator

    @property
    def label(self) -> str:
        """The arm in words."""
        return f"{self.condition}, {self.allocator}"


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity of one cell by launch; `call`: seconds of the longest call."""

    cell: str
    name: str
    values: tuple[float, ...]
    call: float


class Size(StrEnum):
    """The length of a cell's calls: under 0.5 ms, under 5 ms, longer."""

    SMALL = "small"
    MIDDLE = "middle"
    LARGE = "large"


def arms_of(calibration: Calibration) -> tuple[Arm, ...]:
    """The arms that were measured, steady and idle first."""
    found = {(one.allocator, one.condition) for one in calibration.samples}
    return tuple(
        Arm(condition, allocator)
        for allocator in Allocator
        for condition in Condition
        if (allocator, condition) in found
    )


def samples_of(calibration: Calibration, part: Part, arm: Arm) -> list[Sample]:
    """The samples of a part and arm, in the order of launches."""
    found = [
        one
        for one in calibration.samples
        if one.part is part and Arm(one.condition, one.allocator) == arm
    ]
    return sorted(found, key=lambda one: one.launch)


def series_of(calibration: Calibration, part: Part, arm: Arm) -> tuple[Series, ...]:
    """Each quantity of each cell, in the order of launches.

    Launches that were disturbed throughout are left out unless they are the majority,
    as in a run (`model.run.paired`).
    """
    values: dict[tuple[str, str], list[tuple[float, bool]]] = {}
    calls: dict[tuple[str, str], list[float]] = {}
    for sample in samples_of(calibration, part, arm):
        for name, seconds in sample.calls.items():
            calls.setdefault((sample.cell, name), []).append(seconds)
        for name, value in sample.values.items():
            rough = name in sample.rough
            values.setdefault((sample.cell, name), []).append((value, rough))
    longest: dict[str, float] = {}
    for (cell, _), each in calls.items():
        longest[cell] = max(longest.get(cell, 0.0), median(each))
    return tuple(
        Series(cell, name, _counting(each), longest.get(cell, 0.0))
        for (cell, name), each in values.items()
    )


def _counting(values: list[tuple[float, bool]]) -> tuple[float, ...]:
    calm = tuple(value for value, rough in values if not rough)
    every = tuple(value for value, _ in values)
    return calm if 2 * len(calm) >= len(every) else every


def size_of(call: float) -> Size:
    """The size of a cell whose longest call takes `call` seconds."""
    if call < 0.5e-3:
        return Size.SMALL
    return Size.MIDDLE if call < 5e-3 else Size.LARGE
