"""Panels of lines over the sizes, from what was read of cases."""

from collections.abc import Sequence
from dataclasses import dataclass

from rnnbench.analysis.labels import SIZES, nominal
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import Case
from rnnbench.model.metric import Metric
from rnnbench.report.content import Line, Panel, Point


@dataclass(frozen=True, slots=True)
class Reading:
    """A value at the sizes of `case`, for the line of that label.

    `others`: at the sizes that the line does not hold it is shown, too, but pale.
    """

    label: str
    style: int
    case: Case
    interval: Interval
    hollow: bool = False
    guide: bool = False
    others: bool = False


def varying(cases: Sequence[Case], axes: Sequence[str] = SIZES) -> list[str]:
    """The axes that take more than one value."""
    return [axis for axis in axes if len({nominal(case, axis) for case in cases}) > 1]


def panels_of(
    readings: dict[str, list[Reading]], y_label: str, metric: Metric | None = None
) -> tuple[Panel, ...]:
    """A panel for each title and for each axis that varies there."""
    every = [each.case for part in readings.values() for each in part]
    return tuple(
        _panel(f"{title}{_fixed(axis, part)}", axis, part, (y_label, metric))
        for title, part in readings.items()
        for axis in varying(every)
        if _longest(axis, part) > 1
    )


def _panel(
    title: str,
    axis: str,
    readings: Sequence[Reading],
    y_axis: tuple[str, Metric | None],
) -> Panel:
    """A line for each label where the other sizes are held; pale points elsewhere."""
    held = _slice(axis, [each.case for each in readings])
    lines: list[Line] = []
    for label in dict.fromkeys(each.label for each in readings):
        mine = [each for each in readings if each.label == label]
        first = mine[0]
        inside = _points(axis, [one for one in mine if _at(one.case, axis) == held])
        outside = _points(
            axis, [one for one in mine if one.others and _at(one.case, axis) != held]
        )
        if outside:
            lines.append(Line("", first.style, outside, connected=False))
        if inside:
            line = Line(label, first.style, inside, True, first.guide, first.hollow)  # noqa: FBT003 - a field
            lines.append(line)
    return Panel(title, axis, y_axis[0], tuple(lines), y_axis[1])


def _points(axis: str, readings: Sequence[Reading]) -> tuple[Point, ...]:
    found = [Point(nominal(each.case, axis), each.interval) for each in readings]
    return tuple(sorted(found, key=lambda point: point.x))


def _fixed(axis: str, readings: Sequence[Reading]) -> str:
    """Where the other sizes are held, of those that vary."""
    cases = [each.case for each in readings]
    others = [other for other in SIZES if other != axis]
    shown = varying(cases, others)
    held = zip(others, _slice(axis, cases), strict=True)
    text = ", ".join(f"{other} {value}" for other, value in held if other in shown)
    return f" ({text})" if text else ""


def _slice(axis: str, cases: Sequence[Case]) -> tuple[int, ...]:
    """Where the other sizes are held: the longest line, and of these the middle one."""
    found = _values(axis, cases)
    longest = max(len(values) for values in found.values())
    candidates = sorted(at for at, values in found.items() if len(values) == longest)
    return candidates[(len(candidates) - 1) // 2]


def _longest(axis: str, readings: Sequence[Reading]) -> int:
    found = _values(axis, [each.case for each in readings])
    return max(len(values) for values in found.values())


def _values(axis: str, cases: Sequence[Case]) -> dict[tuple[int, ...], set[int]]:
    found: dict[tuple[int, ...], set[int]] = {}
    for case in cases:
        found.setdefault(_at(case, axis), set()).add(nominal(case, axis))
    return found


def _at(case: Case, axis: str) -> tuple[int, ...]:
    return tuple(nominal(case, other) for other in SIZES if other != axis)
