"""The building blocks of a page: tables and folded parts, with finished text."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from rnnbench.report.forest import Forest
from rnnbench.report.plot_svg import DrawnPlot
from rnnbench.report.sentences import Sentence
from rnnbench.report.tokens import Hue

Key = TypeVar("Key")


class Tone(StrEnum):
    """How a cell may be tinted; its word says the same."""

    PLAIN = ""
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; `note` stands below its text, smaller.

    `tone`: the layer whose colour it has, or another tint. `link`: where its text
    leads, as an anchor of the page (`#uses`).
    """

    text: str
    tone: Tone | Hue = Tone.PLAIN
    note: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title; numbers are set right-aligned, with figures of one width."""

    title: str
    number: bool = False


def titled(texts: Iterable[str], numbers: Iterable[str] = ()) -> tuple[Column, ...]:
    """Columns of text with these titles, then columns of numbers."""
    return (*map(Column, texts), *(Column(title, number=True) for title in numbers))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as long as `columns`; the first cell of a row is its heading."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        """Refuse a row whose length differs from the number of headings."""
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"{self.title}: a row is not as long as the header")


@dataclass(frozen=True, slots=True)
class Fold:
    """A part of the page that is folded until the reader opens it.

    `id` is unique on the page. `lead`: sentences above the content. `key`: the hue, the
    style and the name of each series of the plots. `notes`: terms with their
    explanation.
    """

    id: str
    title: str
    lead: tuple[Sentence, ...] = ()
    forests: tuple[Forest, ...] = ()
    plots: tuple[DrawnPlot, ...] = ()
    key: tuple[tuple[str, int, str], ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    is_open: bool = False


def cases_by(pairs: Iterable[tuple[Key, str]]) -> list[tuple[Key, list[str]]]:
    """The ids of the cases of each key, such as a reason; the most frequent first."""
    found: dict[Key, list[str]] = {}
    for key, case in pairs:
        found.setdefault(key, []).append(case)
    return sorted(found.items(), key=lambda item: -len(item[1]))
