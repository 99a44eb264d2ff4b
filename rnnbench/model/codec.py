"""Decoding: from plain JSON values to dataclasses, or an error with its place."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from enum import StrEnum
from functools import cache
from math import isfinite
from types import NoneType
from typing import Any, get_args, get_origin

from rnnbench.model.case import EAGER, Case
from rnnbench.model.layer_arguments import Arguments


class WrongValue(ValueError):  # noqa: N818 - it says which value, not that it failed
    """A value that can't be decoded; `place` is its path from the outermost value."""

    def __init__(self, what: str, place: str = "") -> None:
        super().__init__(f"{place}: {what}" if place else what)
        self.what = what
        self.place = place

    @classmethod
    def at(cls, step: str, error: ValueError) -> "WrongValue":
        """`error` with `step` put before its place."""
        if not isinstance(error, WrongValue):
            return cls(str(error), step)
        joint = "" if error.place.startswith("[") or not error.place else "."
        return cls(error.what, f"{step}{joint}{error.place}")


Reader = Callable[[Any], Any]

# Beyond 64 bits nothing is a size.
_LARGEST = 2**63
# Of a float other than 0: within these no product or quotient of a few overflows.
_TINY, _HUGE = 1e-60, 1e60


@cache
def reader(kind: Any) -> Reader:
    """A function that decodes a plain value as `kind`; it raises WrongValue.

    `kind` is a plain type, a Case, a dataclass, a StrEnum, a tuple, a Mapping, or one
    of these or None. It is strict: an integer is no text and True is no integer, but an
    integer is accepted as a float.
    """
    if kind is Case:
        return _case
    if kind in _PLAIN:
        return _PLAIN[kind]
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind))
    if get_origin(kind) is Mapping:
        return _mapping(*map(reader, get_args(kind)))
    if choices := get_args(kind):
        return _optional(next(reader(kind) for kind in choices if kind is not NoneType))
    return _member(kind) if issubclass(kind, StrEnum) else _record(kind)


def encode_case(case: Case) -> dict[str, Any]:
    """Every field by name, with defaults: a file does not depend on its reader's.

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


def _arguments(value: Any) -> Arguments:
    """Pairs of a name and a value; Case checks both."""
    pairs = value if isinstance(value, list | tuple) else [value]
    for pair in pairs:
        is_pair = isinstance(pair, list | tuple) and len(pair) == 2
        if not is_pair or type(pair[0]) is not str:
            what = f"{repr(pair)[:60]} is no pair of a name and a value"
            raise WrongValue(what, "args")
    return tuple((name, argument) for name, argument in pairs)


def typed(kind: type, value: Any) -> Any:
    """`value` if its type is exactly `kind`; WrongValue otherwise."""
    if type(value) is not kind:
        raise WrongValue(f"{repr(value)[:60]} is not of type {kind.__name__}")
    return value


def integer(value: Any) -> int:
    """`value` if it is an integer of 64 bits; WrongValue otherwise."""
    if abs(typed(int, value)) >= _LARGEST:
        raise WrongValue("an integer of more than 64 bits")
    return int(value)


def _exactly(name: str, value: object, kind: Callable[[Any], Any]) -> Any:
    if type(value) is kind:
        return value
    text = isinstance(kind, type) and issubclass(kind, StrEnum) and type(value) is str
    if text or (kind is float and type(value) is int):
        return kind(value)
    raise ValueError(f"{name}: {value!r} is not of type {kind.__name__}")


def _number(value: Any) -> float:
    number = float(integer(value)) if type(value) is int else typed(float, value)
    if not isfinite(number):
        raise WrongValue(f"{number} is not a finite number")
    if number and not _TINY <= abs(number) <= _HUGE:
        raise WrongValue(f"{number} is out of range")
    return float(number)


def _text(value: Any) -> str:
    if not typed(str, value).isascii():
        value.encode()  # a lone surrogate raises here, and not later in a page
    return str(value)


def _case(value: Any) -> Case:
    # JSON holds none: its reader has met this one already.
    if type(value) is Case:
        return value
    for name, field in typed(dict, value).items():
        if type(field) is int:
            integer(field)
        elif type(field) is float and not isfinite(field):
            raise WrongValue(f"{field} is not a finite number", name)
    return decode_case(value)


def _optional(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


def _tuple(kinds: tuple[Any, ...]) -> Reader:
    """For `tuple[kind, ...]`, or for a tuple with a kind for each item."""
    if kinds[-1] is Ellipsis:
        return _items(reader(kinds[0]))
    readers = [reader(kind) for kind in kinds]

    def row(value: Any) -> tuple[Any, ...]:
        if len(typed(list, value)) != len(readers):
            raise WrongValue(f"{len(value)} items instead of {len(readers)}")
        decoded: list[Any] = []
        for place, (read, item) in enumerate(zip(readers, value, strict=True)):
            try:
                decoded.append(read(item))
            except ValueError as error:
                raise WrongValue.at(f"[{place}]", error) from error
        return tuple(decoded)

    return row


def _items(read: Reader) -> Reader:
    are_right = _AT_ONCE.get(read)

    def items(value: Any) -> tuple[Any, ...]:
        if are_right is not None and type(value) is list and are_right(value):
            return tuple(value)
        decoded: list[Any] = []
        try:
            # No comprehension: where it fails, the length so far is the place.
            for item in typed(list, value):
                decoded.append(read(item))  # noqa: PERF401
        except ValueError as error:
            if type(value) is not list:
                raise
            raise WrongValue.at(f"[{len(decoded)}]", error) from error
        return tuple(decoded)

    return items


def _are_integers(values: list[Any]) -> bool:
    """Whether `integer` takes each of them; seen at once, as most lists are right."""
    if set(map(type, values)) != {int}:
        return not values
    return bool(min(values) > -_LARGEST and max(values) < _LARGEST)


def _are_numbers(values: list[Any]) -> bool:
    """Whether they are floats that `_number` takes; False for some that it takes."""
    if set(map(type, values)) != {float}:
        return not values
    # NaN is less than nothing and more than nothing, but makes the sum NaN.
    are_within = min(values) >= _TINY and max(values) <= _HUGE
    return are_within and isfinite(sum(values))


def _mapping(read_name: Reader, read: Reader) -> Reader:
    def mapping(value: Any) -> dict[str, Any]:
        decoded: dict[str, Any] = {}
        for name, item in typed(dict, value).items():
            try:
                decoded[read_name(name)] = read(item)
            except ValueError as error:
                raise WrongValue.at(repr(name)[:60], error) from error
        return decoded

    return mapping


def _member(kind: type[StrEnum]) -> Reader:
    return lambda value: kind(typed(str, value))


def _record(kind: Any) -> Reader:
    types: dict[str, Any] = {field.name: field.type for field in fields(kind)}
    readers = {name: reader(type_) for name, type_ in types.items()}
    # An older file does not have them; the default is what it meant.
    later = {field.name for field in fields(kind) if field.metadata.get("later")}

    def record(value: Any) -> Any:
        if not typed(dict, value).keys() <= readers.keys():
            unknown = sorted(value.keys() - readers.keys())
            raise WrongValue(f"no such key: {', '.join(unknown)[:60]}")
        decoded: dict[str, Any] = {}
        for name, read in readers.items():
            if name in value:
                try:
                    decoded[name] = read(value[name])
                except ValueError as error:
                    raise WrongValue.at(name, error) from error
            elif name not in later:
                raise WrongValue(f"{name} is missing")
        return kind(**decoded)

    return record


# Lists of these are looked at as a whole: a results file has a million numbers.
_AT_ONCE: dict[Reader, Callable[[list[Any]], bool]] = {
    integer: _are_integers,
    _number: _are_numbers,
}
_PLAIN: dict[Any, Reader] = {
    str: _text,
    int: integer,
    float: _number,
    bool: lambda value: typed(bool, value),
}
_FIELD_TYPES: dict[str, type] = {
    field.name: field.type for field in fields(Case) if isinstance(field.type, type)
}
# Fields that were added later, with the value that they had before.
_LATER: dict[str, object] = {"runtime": EAGER}
