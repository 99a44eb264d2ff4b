"""A sweep from axes that are given as options or as Python arguments."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rnnbench.model.case import AXES
from rnnbench.model.errors import SweepError
from rnnbench.sweep.axis_table import SIZES
from rnnbench.sweep.learning_schema import SECTION_KEYS
from rnnbench.sweep.load import Sweep, build_sweep
from rnnbench.sweep.schema import OF_A_PROCESS
from rnnbench.sweep.yaml_file import Document, SweepFault, nearest, plain_scalar

# Of the name, which is part of file names.
_MOST_LETTERS = 40


def sweep_of_axes(
    axes: Mapping[str, Any],
    compare: Sequence[str] = (),
    label: Callable[[str], str] = str,
) -> Sweep:
    """The sweep over the product of `axes`; sizes that are not given have a default.

    A value is a single value or a list of them. `compare`: the axes that are measured
    side by side; by default the layer if it has several values, else every axis that
    has. `label` names an axis in a message. SweepError has one line for each fault.

    >>> sweep_of_axes({"layer": ["lstm", "gru"], "hidden_size": 256})
    """
    if unknown := [name for name in axes if name not in AXES]:
        lines = [f"{label(n)}: no such axis{nearest(n, AXES)}" for n in unknown]
        raise SweepError("\n".join(lines))
    listed = {
        name: list(values) if isinstance(values, list | tuple) else [values]
        for name, values in {**SIZES, **axes}.items()
    }
    compared = list(compare) or _varied(listed)
    document = Document({"axes": listed, "compare": compared})
    sweep = build_sweep(_name(listed, compared), _question(listed, compared), document)
    if sweep is None:
        faults = sorted({_sentence(fault, label) for fault in document.faults})
        raise SweepError("\n".join(faults))
    return sweep


def sweep_of_task(arguments: Mapping[str, Any]) -> Sweep:
    """The sweep that trains layers on a task, by the keys of a learning section.

    SweepError has one line for each fault.

    >>> sweep_of_task({"task": "adding", "layer": ["lstm", "gru"], "seeds": 3})
    """
    plain = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in arguments.items()
    }
    section = {name: plain.pop(name) for name in SECTION_KEYS if name in plain}
    document = Document({"learning": {**section, "cases": [plain]}})
    task = plain["task"]
    name = " and ".join(task) if isinstance(task, list) else str(task)
    question = f"What do these layers learn on {name}, for their cost?"
    sweep = build_sweep("task", question, document)
    if sweep is None:
        faults = sorted({str(fault) for fault in document.faults})
        raise SweepError("\n".join(faults))
    return sweep


def split_values(text: str) -> list[Any]:
    """The values of an option: separated by commas, each read as in a sweep file.

    >>> split_values("lstm,256,true")
    ['lstm', 256, True]
    """
    return [plain_scalar(part.strip()) for part in text.split(",")]


def _varied(axes: Mapping[str, Sequence[Any]]) -> list[str]:
    """The axes that are compared: one process has one value of some of them."""
    several = [
        name
        for name, values in axes.items()
        if len(values) > 1 and name not in OF_A_PROCESS
    ]
    return ["layer"] if "layer" in several or not several else several


def _name(axes: Mapping[str, Sequence[Any]], compared: Sequence[str]) -> str:
    """The compared values as a title that can be a file name: "gru-vs-lstm"."""
    sides = [
        "-vs-".join(re.sub(r"\W+", "-", str(value)) for value in axes.get(axis, ()))
        for axis in compared
    ]
    words = [
        side if axis == "layer" else f"{axis}-{side}"
        for axis, side in zip(compared, sides, strict=True)
    ]
    return "-".join(words).lower()[:_MOST_LETTERS].strip("-_") or "axes"


def _question(axes: Mapping[str, Sequence[Any]], compared: Sequence[str]) -> str:
    def words(values: Sequence[Any]) -> str:
        return " and ".join(str(value).lower() for value in values)

    sides = [
        words(axes[axis]) if axis == "layer" else f"{axis} {words(axes[axis])}"
        for axis in compared
        if axis in axes
    ]
    fixed = [
        f"{axis} {words(values)}"
        for axis, values in axes.items()
        if axis not in compared
    ]
    return f"How do {', '.join(sides)} compare at {', '.join(fixed)}?"


def _sentence(fault: SweepFault, label: Callable[[str], str]) -> str:
    """The fault after the axis that it is about, if it is about one."""
    names = [key for key in fault.route if isinstance(key, str)]
    axis = names[-1] if names else ""
    if axis in AXES:
        return f"{label(axis)}: {fault.what}"
    return f"{label('compare')}: {fault.what}" if axis == "compare" else fault.what
