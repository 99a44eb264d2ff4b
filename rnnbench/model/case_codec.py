"""The plain form of a case in files: every field by name."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from enum import StrEnum
from typing import Any

from rnnbench.model.case import EAGER, Case
from rnnbench.model.layer_arguments import Arguments


def encode_case(case: Case) -> dict[str, Any]:
    """Every field by name, also those at their default, which may change later.

    `args` is a list of pairs of a name and a value.
    """
    return asdict(case)


def decode_case(data: Mapping[str, object]) -> Case:
    """The case that `encode_case` wrote; ValueError names the field that is wrong.

    Files of older versions lack the fields of `_LATER`: they mean the default.
    """
    if unknown := sorted(data.keys() - _FIELD_TYPES.keys() - {"args"}):
        raise ValueError(f"a case has no {', '.join(unknown)}")
    if missing := sorted(_FIELD_TYPES.keys() - data.keys() - _LATER.keys()):
        raise ValueError(f"a case without {', '.join(missing)}")
    whole = {**_LATER, **data}
    return Case(
        **{
            name: _exactly(name, whole[name], kind)
            for name, kind in _FIELD_TYPES.items()
        },
        args=_arguments(data.get("args", ())),
    )


def typed_fields(data: Mapping[str, object]) -> dict[str, object]:
    """The fields of a case with their types: many cases can share what this decodes.

    An invalid value is kept, so that `decode_case` can name it.
    """
    found = dict(data)
    for name in data.keys() & _FIELD_TYPES.keys():
        with suppress(ValueError):
            found[name] = _exactly(name, data[name], _FIELD_TYPES[name])
    return found


def _arguments(value: Any) -> Arguments:
    """Pairs of a name and a value; Case checks both."""
    pairs = value if isinstance(value, list | tuple) else [value]
    for pair in pairs:
        is_pair = isinstance(pair, list | tuple) and len(pair) == 2
        if not is_pair or type(pair[0]) is not str:
            raise ValueError(
                f"args: {repr(pair)[:60]} is no pair of a name and a value"
            )
    return tuple((name, argument) for name, argument in pairs)


def _exactly(name: str, value: object, kind: Callable[[Any], Any]) -> Any:
    if type(value) is kind:
        return value
    text = isinstance(kind, type) and issubclass(kind, StrEnum) and type(value) is str
    is_whole = kind is float and type(value) is int and abs(value) < 2**63
    if text or is_whole:
        return kind(value)
    raise ValueError(f"{name}: {value!r} is not of type {kind.__name__}")


_FIELD_TYPES: dict[str, type] = {
    field.name: field.type for field in fields(Case) if isinstance(field.type, type)
}
# Fields that were added later, with the value that they had before.
_LATER: dict[str, object] = {"runtime": EAGER}
