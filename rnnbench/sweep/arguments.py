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
    reference: str | Mapping[str, str] = "",
) -> Sweep:
    """The sweep over the product of `axes`; sizes that are not given have a default.

    A value is a single value or a list of them. `compare`: the axes that are measured
    side by side; by default the layer if it has several values, else every axis that
    has. `label` names an axis in a message. `reference`: as in a sweep file.
    SweepError has one line for each fault.

    >>> sweep_of_axes({"layer": ["lstm", "gru"], "hidden_size": 256})
    """
    known = (*AXES, "args")
    if unknown := [name for name in axes if name not in known]:
        lines = [f"{label(n)}: no such axis{nearest(n, known)}" for n in unknown]
        raise SweepError("\n".join(lines))
    listed = {name: _listed(values) for name, values in {**SIZES, **axes}.items()}
    compared = list(compare) or _varied(listed)
    written = {"axes": listed, "compare": compared}
    document = Document({**written, "reference": reference} if reference else written)
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
        # Without "learning.cases", which the user did not write.
        faults = sorted(
            {str(fault).removeprefix("learning.cases.") for fault in document.faults}
        )
        raise SweepError("\n".join(faults))
    return sweep


def _listed(values: Any) -> Any:
    if isinstance(values, Mapping):
        return {name: _listed(own) for name, own in values.items()}
    return list(values) if isinstance(values, list | tuple) else [values]


def split_values(text: str) -> list[Any]:
    """The values of an option: separated by commas, each read as in a sweep file.

    >>> split_values("lstm,256,true")
    ['lstm', 256, True]
    """
    return [plain_scalar(part.strip()) for part in text.split(",")]


def split_references(text: str) -> str | dict[str, str]:
    """The value of `--reference`: a layer for all, or one for each layer of one's own.

    >>> split_references("my_layers:narrow_gru=gru")
    {'my_layers:narrow_gru': 'gru'}
    """
    if "=" not in text:
        return text
    pairs = (part.partition("=") for part in text.split(","))
    return {own.strip(): layer.strip() for own, _, layer in pairs}


def _varied(axes: Mapping[str, Any]) -> list[str]:
    """The axes that are compared: one process has one value of some of them."""
    several = [
        name
        for name, values in axes.items()
        if len(values) > 1 and name not in (*OF_A_PROCESS, "args")
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


def _question(axes: Mapping[str, Any], compared: Sequence[str]) -> str:
    def words(values: Sequence[Any]) -> str:
        return " and ".join(str(value).lower() for value in values)

    sides = [
        words(axes[axis]) if axis == "layer" else f"{axis} {words(axes[axis])}"
        for axis in compared
        if axis in axes
    ]
    others = {axis: values for axis, values in axes.items() if axis not in compared}
    arguments = others.pop("args", {})
    others |= arguments if isinstance(arguments, Mapping) else {}
    fixed = [f"{axis} {words(values)}" for axis, values in others.items()]
    return f"How do {', '.join(sides)} compare at {', '.join(fixed)}?"


def _sentence(fault: SweepFault, label: Callable[[str], str]) -> str:
    """The fault after the axis that it is about, if it is about one."""
    names = [key for key in fault.route if isinstance(key, str)]
    if "args" in names:
        return f"{'.'.join((label('args'), *names[2:]))}: {fault.what}"
    axis = names[-1] if names else ""
    if axis in AXES:
        return f"{label(axis)}: {fault.what}"
    section = str(fault.route[0]) if fault.route else ""
    if section in ("compare", "reference"):
        return f"{': '.join((label(section), *names[1:]))}: {fault.what}"
    return fault.what
