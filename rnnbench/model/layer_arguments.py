"""Further arguments of a layer of the user's: each is an axis called `args.NAME`."""

import re
from collections.abc import Collection, Iterable
from keyword import iskeyword
from math import isfinite
from typing import Any, Protocol

Scalar = bool | int | float | str
# Names and values, in alphabetical order of the names.
Arguments = tuple[tuple[str, Scalar], ...]

PREFIX = "args."
# Never like a number, so that two values never have the same text.
_TEXT = re.compile(r"(?!true$|false$)[A-Za-z_][A-Za-z0-9_.]{0,59}")
_MOST = 20


class HasArguments(Protocol):
    """A case: it imports this module, so that its class can't be named here."""

    @property
    def args(self) -> Arguments:
        """The arguments."""


def check_arguments(args: Arguments, axes: Collection[str]) -> None:
    """Raise ValueError for what a factory can't be called with, beside `axes`."""
    names = [name for name, _ in args]
    if names != sorted(set(names)) or len(names) > _MOST:
        raise ValueError(f"args: not up to {_MOST} different names in order")
    for name, value in args:
        try:
            check_name(name, axes)
            check_value(value)
        except ValueError as error:
            raise ValueError(f"{PREFIX}{name[:60]}: {error}") from error


def check_name(name: str, axes: Collection[str]) -> None:
    """ValueError if `name` is none of an argument, or one of `axes`."""
    if not name.isascii() or not name.isidentifier() or iskeyword(name):
        raise ValueError(f"{name[:60]!r} is not the name of an argument")
    if name in axes:
        raise ValueError(f"{name} is an axis itself")


def check_value(value: object) -> None:
    """ValueError if `value` can't be the value of an argument."""
    is_text = isinstance(value, str) and _TEXT.fullmatch(value)
    is_number = isinstance(value, float) and isfinite(value)
    is_whole = isinstance(value, int) and abs(value) < 2**63
    if not (is_text or is_number or is_whole):
        shown = repr(value)[:60]
        raise ValueError(f"{shown} is not a number, a plain name, true or false")


def text(value: Scalar) -> str:
    """A value as in an id and on a page: true and false as in a sweep."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def value_of(case: HasArguments, axis: str) -> Any:
    """The value of an axis; of `args.NAME`, None where the case has no such argument.

    >>> value_of(case, "args.expansion")
    """
    if not axis.startswith(PREFIX):
        return getattr(case, axis)
    return dict(case.args).get(axis.removeprefix(PREFIX))


def argument_axes(cases: Iterable[HasArguments]) -> tuple[str, ...]:
    """The axes of all arguments of `cases`, in the order in which they appear."""
    names = dict.fromkeys(name for case in cases for name, _ in case.args)
    return tuple(f"{PREFIX}{name}" for name in names)
