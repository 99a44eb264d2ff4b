"""The model of a sweep file: types, limits and names; each fault has its place."""

import reprlib
from dataclasses import fields
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    create_model,
    model_validator,
)

from rnnbench.model.case import (
    AXES,
    DEFAULTS,
    FIELDS,
    Case,
)
from rnnbench.model.case_limits import SIZE_LIMITS
from rnnbench.model.layer_arguments import check_name, check_value
from rnnbench.model.machine import core_count
from rnnbench.model.pattern import case_filter
from rnnbench.model.policy import Policy
from rnnbench.model.serving import Part
from rnnbench.model.workload import DEFAULT_COMPARE
from rnnbench.sweep.expand import Inapplicable
from rnnbench.sweep.learning_schema import (
    RULE_KEYS,
    SECTION_KEYS,
    LearningSection,
)
from rnnbench.sweep.messages import Keys, fault_of
from rnnbench.sweep.value_types import (
    Strict,
    each_once,
    known_dropout,
    known_layer,
    known_runtime,
    several,
)
from rnnbench.sweep.yaml_file import MOST_FAULTS, Document, SweepFault, nearest

# A process has one value of each, so that their values can't take turns in it.
OF_A_PROCESS = ("device", "threads", "allocator")


def _for_all(value: Any) -> Any:
    return {"": value} if isinstance(value, str) else value


def _all_cores(values: list[Any]) -> list[Any]:
    """The values with `all` replaced by the number of cores of this machine."""
    count = core_count()
    numbers = [value for value in values if value != "all"]
    return numbers if count in numbers or numbers == values else [*numbers, count]


def _comparable(axis: str) -> str:
    if axis not in AXES:
        raise ValueError(f"{reprlib.repr(axis)}: no such axis{nearest(axis, AXES)}")
    if axis in OF_A_PROCESS:
        raise ValueError(f"{axis}: a process has one, so its values can't take turns")
    return axis


_Sentence = Annotated[str, Field(min_length=1)]
_TYPES: dict[str, Any] = {
    "layer": Annotated[str, AfterValidator(known_layer)],
    "runtime": Annotated[str, AfterValidator(known_runtime)],
    "dropout": Annotated[float, Field(ge=0, le=1), AfterValidator(known_dropout)],
    "proj_size": Annotated[int, Field(ge=0, le=SIZE_LIMITS["hidden_size"])],
    **{
        size: Annotated[int, Field(ge=1, le=most)] for size, most in SIZE_LIMITS.items()
    },
}


def _values_of(axis: str, kind: type) -> Any:
    """The type of an axis in a file: a value, or a list of values."""
    item: Any = _TYPES.get(axis, kind)
    if issubclass(kind, StrEnum):
        item = Annotated[kind, Field(strict=False)]
    return several(item, *([_all_cores] if axis == "threads" else []))


_VALUES = {
    field.name: _values_of(field.name, field.type)
    for field in fields(Case)
    if field.name in AXES and isinstance(field.type, type)
}


def _known_argument(name: str) -> str:
    check_name(name, FIELDS)
    return name


def _known_value(value: Any) -> Any:
    check_value(value)
    return value


_Scalars: Any = several(Annotated[Any, AfterValidator(_known_value)])
# The values of each argument of the user's layers, by its name.
_Arguments: Any = Annotated[
    dict[
        Annotated[str, AfterValidator(_known_argument)],
        _Scalars,
    ],
    Field(min_length=1),
]


class _AnyRule(Strict):
    @model_validator(mode="after")
    def _names_an_axis(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("names no axis")
        return self


# Fields by name, from a dict: more than the overloads of create_model can follow.
_create_model: Any = create_model
_NONE: Any = None
_Axes: Any = _create_model(
    "Axes",
    __base__=Strict,
    **{
        axis: (kind, _NONE if axis in DEFAULTS else ...)
        for axis, kind in _VALUES.items()
    },
    args=(_Arguments, _NONE),
)
_Rule: Any = _create_model(
    "Rule",
    __base__=_AnyRule,
    **{axis: (kind, _NONE) for axis, kind in _VALUES.items()},
    args=(_Arguments, _NONE),
)


class _AnyUse(_AnyRule):
    """A use that a layer is recommended for; its sizes have a source or a reason."""

    name: _Sentence
    said_of: Literal["RNN", "LSTM", "GRU", "bidirectional"]
    source: _Sentence = ""
    our_choice: _Sentence = ""
    why: _Sentence = ""

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if bool(self.source) == bool(self.our_choice):
            raise ValueError("needs either source or our_choice")
        return self


_UseRule: Any = _create_model(
    "UseRule",
    __base__=_AnyUse,
    **{axis: (kind, _NONE) for axis, kind in _VALUES.items()},
    args=(_Arguments, _NONE),
)
# Keys of a use that are no axes.
USE_WORDS = tuple(_AnyUse.model_fields)


def _limited(name: str) -> Any:
    """The type of a setting of `Policy`, with the limits that it has there."""
    setting = next(field for field in fields(Policy) if field.name == name)
    limits = Field(ge=setting.metadata["low"], le=setting.metadata["high"])
    return Annotated[setting.type, limits]


def _known_pattern(text: str) -> str:
    case_filter(text)
    return text


_Policy: Any = _create_model(
    "Policy",
    __base__=Strict,
    **{
        name: (Annotated[str, AfterValidator(_known_pattern)], _NONE)
        for name in ("profile", *Part)
    },
    **{
        name: (_limited(name), _NONE)
        for name in ("precision", "launches", "budget", "time_limit")
    },
)


class SweepFile(Strict):
    """A whole file; each axis has a list of values, or None where it is not named."""

    axes: _Axes = _NONE
    learning: LearningSection = _NONE
    compare: Annotated[
        list[Annotated[str, AfterValidator(_comparable)]],
        Field(min_length=1),
        AfterValidator(each_once),
    ] = list(DEFAULT_COMPARE)
    include: Annotated[list[_Rule], Field(min_length=1)] = []
    uses: Annotated[list[_UseRule], Field(min_length=1)] = []
    exclude: Annotated[list[_Rule], Field(min_length=1)] = []
    match: Literal["parameters"] = _NONE
    # For each layer of the user's its reference; "" is for all of them.
    reference: Annotated[
        dict[str, Annotated[str, AfterValidator(known_layer)]],
        Field(min_length=1),
        BeforeValidator(_for_all),
    ] = {}
    inapplicable: Annotated[Inapplicable, Field(strict=False)] = Inapplicable.COLLAPSE
    policy: _Policy = _Policy()


# For each section: the word for its keys, and the keys. Keys of others are axes.
_KEYS: Keys = {
    "": ("key", tuple(SweepFile.model_fields)),
    "policy": ("setting", tuple(_Policy.model_fields)),
    "uses": ("axis or key of a use", (*USE_WORDS, *AXES, "args")),
    "learning": ("key", SECTION_KEYS),
    "learning.cases": ("axis or key of a learning case", RULE_KEYS),
}

# Sections that the cases depend on: with a fault there, no case can be built.
_CASE_SECTIONS = {
    *("", "axes", "include", "uses", "exclude", "match", "inapplicable", "learning"),
}
# Sections that change the product of axes, and mean nothing for what is trained.
_OF_AXES = ("compare", "include", "uses", "exclude", "match", "inapplicable")


def check(document: Document) -> SweepFile | None:
    """The file with its types; every fault is added to the document.

    Where the faults are only in sections that no case depends on, the other sections
    are still returned, so that all faults are reported at once. None otherwise.
    """
    _check_kind(document)
    try:
        return SweepFile.model_validate(document.data)
    except ValidationError as error:
        wrong = error.errors()
    # A message for each takes long where there are thousands.
    listed = wrong[:MOST_FAULTS]
    document.faults.extend(fault_of(error, document, _KEYS) for error in listed)
    document.unlisted += len(wrong) - len(listed)
    sections = {error["loc"][0] if error["loc"] else "" for error in wrong}
    if sections & _CASE_SECTIONS:
        return None
    right = {key: value for key, value in document.data.items() if key not in sections}
    return SweepFile.model_validate(right)


def _check_kind(document: Document) -> None:
    """Add a fault unless the file has either axes or a learning section."""
    if not isinstance(document.data, dict):
        return
    if "learning" not in document.data:
        if "axes" not in document.data:
            document.faults.append(
                SweepFault(document.key(("axes",)), "is missing", ("axes",))
            )
        return
    document.faults += [
        SweepFault(document.key((key,)), "does not go with learning", (key,))
        for key in ("axes", *_OF_AXES)
        if key in document.data
    ]
