"""Decoding: from plain JSON values to dataclasses, or an error with its place."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from functools import cache
from itertools import repeat
from math import isfinite
from types import NoneType
from typing import Any, get_args, get_origin

from rnnbench.model.case import Case
from rnnbench.model.case_codec import decode_case


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


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows of a dataclass that stand in a file as columns, before they are decoded.

    `values`: a list for each field, all of one length. `shared`: fields that have the
    same value in every row, where it is not among `values`.
    """

    values: Mapping[str, Sequence[Any]]
    shared: Mapping[str, Any]

    def rows(self) -> list[dict[str, Any]]:
        """The same as a list of rows."""
        return [
            {**self.shared, **dict(zip(self.values, row, strict=True))}
            for row in zip(*self.values.values(), strict=True)
        ]


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


def fields_of(value: Any) -> dict[str, Any]:
    """The fields of a dataclass by name: `json.dumps(..., default=fields_of)`.

    The text is the same as with `dataclasses.asdict`, which would copy every value.
    TypeError if the value is not a dataclass.
    """
    kind: Any = type(value)
    return {name: getattr(value, name) for name in _names(kind)}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


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
    return value if type(value) is Case else decode_case(typed(dict, value))


def _optional(read: Reader) -> Reader:
    def optional(value: Any) -> Any:
        return None if value is None else read(value)

    if read in _AT_ONCE:  # most lists have a value everywhere
        _AT_ONCE[optional] = _AT_ONCE[read]
    return optional


def _tuple(kinds: tuple[Any, ...]) -> Reader:
    """For `tuple[kind, ...]`, or for a tuple with a kind for each item."""
    if kinds[-1] is Ellipsis:
        items = _items(reader(kinds[0]))
        is_table = is_dataclass(kinds[0]) and kinds[0] is not Case
        return _table(kinds[0], items) if is_table else items
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
        if type(value) is tuple:
            return value  # JSON holds none: it is decoded already
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


def _table(kind: Any, items: Reader) -> Reader:
    """For rows of a dataclass: a list of them, or Columns."""
    is_positional = not any(field.kw_only for field in fields(kind))
    types: dict[str, Any] = {field.name: field.type for field in fields(kind)}
    readers = {name: reader(type_) for name, type_ in types.items()}
    columns = {name: _items(read) for name, read in readers.items()}
    later = {
        field.name: field.default
        for field in fields(kind)
        if "later" in field.metadata and field.default is not MISSING
    }

    def table(value: Any) -> Any:
        if type(value) is not Columns:
            return items(value)
        if not is_positional:
            return items(value.rows())
        try:
            decoded = {
                **{name: repeat(default) for name, default in later.items()},
                **{
                    name: repeat(readers[name](one))
                    for name, one in value.shared.items()
                    if name not in value.values
                },
                **{name: columns[name](some) for name, some in value.values.items()},
            }
            # A column at a time takes a third of the time of a row at a time.
            return tuple(map(kind, *(decoded[name] for name in types)))
        except (KeyError, ValueError):
            return items(value.rows())  # which names the row that is wrong

    return table


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
    whole = tuple(readers.items())

    def record(value: Any) -> Any:
        if typed(dict, value).keys() == readers.keys():
            with suppress(ValueError):
                return kind(**{name: read(value[name]) for name, read in whole})
            # The loop below says where it is wrong.
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
