"""Faults in a sweep: rnnbench's own messages for pydantic's errors."""

import re
import reprlib
from collections.abc import Callable, Mapping
from typing import Any

from rnnbench.model.case import AXES
from rnnbench.sweep.yaml_file import Document, SweepFault, nearest

# For each section of a file: the word for its keys, and the keys.
Keys = Mapping[str, tuple[str, tuple[str, ...]]]


def fault_of(error: Mapping[str, Any], document: Document, keys: Keys) -> SweepFault:
    """The fault for one of pydantic's errors, with its place and the nearest name."""
    # A reference for all layers is written without a key.
    route, kind = tuple(key for key in error["loc"] if key != ""), error["type"]
    about_key = kind in ("extra_forbidden", "missing")
    if route and route[-1] == "[key]":  # pydantic's mark of a key that is wrong
        route, about_key = route[:-1], True
    place = document.key(route) if about_key else document.value(route)
    if kind == "extra_forbidden":
        what = _no_such_key(error, keys)
    else:
        what = _MESSAGES.get(kind, _reason_of)(error)
    return SweepFault(place, what, route)


def _reason_of(error: Mapping[str, Any]) -> str:
    reason = error.get("ctx", {}).get("error", error["msg"])
    return f"{_shown(error)}: {reason}" if reason is error["msg"] else str(reason)


def _shown(error: Mapping[str, Any]) -> str:
    value = error["input"]
    return "nothing" if value is None else reprlib.repr(value)


def _no_such_key(error: Mapping[str, Any], keys: Keys) -> str:
    *parents, name = error["loc"]
    section = ".".join(part for part in parents if isinstance(part, str))
    word, known = keys.get(section, ("axis", (*AXES, "args")))
    return f"no such {word}{nearest(str(name), known)}"


def _no_choice(error: Mapping[str, Any]) -> str:
    choices = re.findall(r"'([^']*)'", error["ctx"]["expected"])
    hint = nearest(str(error["input"]), choices)
    return f"{_shown(error)} is none of {', '.join(choices)}{hint}"


_MESSAGES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "is missing",
    "enum": _no_choice,
    "literal_error": _no_choice,
    "too_short": lambda error: (
        "is empty" if error["input"] == {} else "is an empty list"
    ),
    "string_too_short": lambda _: "is empty",
    "int_type": lambda error: f"{_shown(error)} is not a whole number",
    "float_type": lambda error: f"{_shown(error)} is not a number",
    "bool_type": lambda error: f"{_shown(error)} is not true or false",
    "string_type": lambda error: f"{_shown(error)} is not a name",
    "list_type": lambda error: f"{_shown(error)} is not a list",
    "dict_type": lambda error: f"{_shown(error)} is not a mapping",
    "model_type": lambda error: f"{_shown(error)} is not a mapping",
    "greater_than_equal": lambda error: (
        f"{_shown(error)} is less than {error['ctx']['ge']}"
    ),
    "greater_than": lambda error: (
        f"{_shown(error)} is not more than {error['ctx']['gt']}"
    ),
    "less_than_equal": lambda error: (
        f"{_shown(error)} is more than {error['ctx']['le']}"
    ),
    "less_than": lambda error: f"{_shown(error)} is not less than {error['ctx']['lt']}",
}
