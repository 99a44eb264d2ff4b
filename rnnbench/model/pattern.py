"""Regular expressions on case ids, matched in linear time.

Python's `re` backtracks: for some patterns a match takes longer than a run may, and a
pattern can come from a file of somebody else. Here a pattern becomes one state for each
of its characters (Glushkov 1961, The abstract theory of automata). All states that are
possible advance together, as the bits of an integer.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

# What people write has some tens of characters. A step of a match looks at every state.
MOST_CHARACTERS = 500
MOST_DEPTH = 20

# What `^` and `$` match: neither is a single character.
_START, _END = "start", "end"
_TOKEN = re.compile(
    r"\\[dDsSwW]|\\[^A-Za-z0-9]|\[\^?\]?(?:\\.|[^\]\\])*\]|\^+|\$+|[^\\\[{}]", re.DOTALL
)
_REPETITIONS = ("*", "+", "?")

Test = Callable[[str], object]


@cache
def case_filter(pattern: str) -> Callable[[str], bool]:
    r"""A function that says whether a case id matches: `all`, `none`, or a pattern.

    A pattern may match anywhere in the id, as with `re.search`. It has characters, `.`,
    `[...]`, `(...)`, `|`, `*`, `+`, `?`, `^`, `$`, `\d`, `\s` and `\w`, which mean what
    they mean in `re`. ValueError for anything else, and for a pattern that is too long.

    >>> case_filter("^gru-.*-h(64|128)-")("gru-train-i64-h128-l1-t32-b16-cpu")
    True
    """
    if pattern in ("all", "none"):
        return lambda _: pattern == "all"
    if len(pattern) > MOST_CHARACTERS:
        raise ValueError(f"a pattern of more than {MOST_CHARACTERS} characters")
    return _Automaton(list(_tokens(pattern))).search


def _tokens(pattern: str) -> Iterator[str]:
    place = 0
    while place < len(pattern):
        found = _TOKEN.match(pattern, place)
        if found is None:
            shown = pattern[place : place + 10]
            raise ValueError(f"{shown!r} is not supported in a pattern")
        yield found[0]
        place = found.end()


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a pattern: the states that it can begin with and end with, as bits."""

    can_be_empty: bool
    first: int
    last: int


@dataclass(slots=True)
class _Automaton:
    """The states of a pattern; `follow`: for each state, those that can come next."""

    tokens: list[str]
    tests: list[Test] = field(default_factory=list)
    follow: list[int] = field(default_factory=list)
    steps: dict[tuple[int, str], int] = field(default_factory=dict)
    whole: _Part = field(init=False)

    def __post_init__(self) -> None:
        """Parse the tokens, which come in reverse so that the next one is the last."""
        self.tokens.reverse()
        self.whole = self._choice(0)
        if self.tokens:
            raise ValueError("a ')' without its '(' in the pattern")

    def search(self, text: str) -> bool:
        """Whether the pattern matches anywhere in `text`."""
        active = 0
        for symbol in (_START, *text, _END):
            key = (active, symbol)
            if key not in self.steps:
                self.steps[key] = self._step(active, symbol)
            active = self.steps[key]
            if active & self.whole.last:
                return True
        return self.whole.can_be_empty

    def _step(self, active: int, symbol: str) -> int:
        possible = self.whole.first
        for state in _bits(active):
            possible |= self.follow[state]
        return sum(1 << state for state in _bits(possible) if self.tests[state](symbol))

    def _choice(self, depth: int) -> _Part:
        part = self._sequence(depth)
        while self._next() == "|":
            self.tokens.pop()
            other = self._sequence(depth)
            can_be_empty = part.can_be_empty or other.can_be_empty
            part = _Part(can_be_empty, part.first | other.first, part.last | other.last)
        return part

    def _sequence(self, depth: int) -> _Part:
        part = _Part(can_be_empty=True, first=0, last=0)
        while self._next() not in ("", "|", ")"):
            then = self._repeated(depth)
            self._connect(part.last, then.first)
            part = _Part(
                part.can_be_empty and then.can_be_empty,
                part.first | (then.first if part.can_be_empty else 0),
                then.last | (part.last if then.can_be_empty else 0),
            )
        return part

    def _repeated(self, depth: int) -> _Part:
        token = self.tokens.pop()
        if token in _REPETITIONS:
            raise ValueError(f"{token!r} repeats nothing in the pattern")
        opens_group = token == "("  # noqa: S105 - no password
        part = self._group(depth + 1) if opens_group else self._state(token)
        if self._next() not in _REPETITIONS:
            return part
        repetition = self.tokens.pop()
        if token[0] in "^$":
            raise ValueError(f"{token!r} can't be repeated in a pattern")
        if self._next() == "?":
            self.tokens.pop()  # a lazy repetition matches the same texts
        if repetition != "?":
            self._connect(part.last, part.first)
        can_be_empty = part.can_be_empty or repetition != "+"
        return _Part(can_be_empty, part.first, part.last)

    def _group(self, depth: int) -> _Part:
        if depth > MOST_DEPTH:
            raise ValueError(f"more than {MOST_DEPTH} levels of '(' in the pattern")
        part = self._choice(depth)
        if self._next() != ")":
            raise ValueError("a '(' without its ')' in the pattern")
        self.tokens.pop()
        return part

    def _state(self, token: str) -> _Part:
        bit = 1 << len(self.tests)
        self.tests.append(_test(token))
        self.follow.append(0)
        return _Part(can_be_empty=False, first=bit, last=bit)

    def _connect(self, ends: int, starts: int) -> None:
        for state in _bits(ends):
            self.follow[state] |= starts

    def _next(self) -> str:
        return self.tokens[-1] if self.tokens else ""


def _test(token: str) -> Test:
    """Whether a symbol is what `token` stands for: one character, or an end."""
    if token[0] in "^$":
        return (_START if token[0] == "^" else _END).__eq__
    with warnings.catch_warnings():
        # That `[[` may have another meaning one day.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            character = re.compile(token, re.DOTALL)
        except re.error as error:
            raise ValueError(f"{token!r} in the pattern: {error}") from error
    return lambda symbol: len(symbol) == 1 and character.match(symbol)


def _bits(states: int) -> Iterator[int]:
    while states:
        lowest = states & -states
        yield lowest.bit_length() - 1
        states ^= lowest
