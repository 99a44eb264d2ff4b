"""What a page is made of: finished strings, and points to be drawn."""

from dataclasses import dataclass
from enum import StrEnum

from rnnbench.stats import Interval


class Tone(StrEnum):
    """How a cell may be tinted; its word says the same."""

    PLAIN = ""
    FIRST = "first"
    SECOND = "second"
    EVEN = "even"
    OPEN = "open"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; `note` stands below its text, smaller."""

    text: str
    tone: Tone = Tone.PLAIN
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title; numbers are set right-aligned, with figures of one width."""

    title: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as long as `columns`; the first cell of a row is its heading.

    `folded`: shown when asked for.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: bool = False

    def __post_init__(self) -> None:
        """Refuse a row that would slip under another heading."""
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"{self.title}: a row is not as long as the header")


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `label` opens it, as the term that it is about."""

    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Statements of one kind."""

    items: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A value of the axis, and what was measured there."""

    x: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Line:
    """Points of one label; `style` is its place among the colours and the markers.

    Connected, or pale and apart where the other sizes than the line's are shown.
    """

    label: str
    style: int
    points: tuple[Point, ...]
    connected: bool = True


@dataclass(frozen=True, slots=True)
class Panel:
    """One small chart among its like."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels of one question, on one scale of ratios. `id` is unique on the page."""

    id: str
    title: str
    caption: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """One row of a forest plot."""

    label: str
    interval: Interval
    style: int = 0


@dataclass(frozen=True, slots=True)
class Forest:
    """Effects under each other, on one scale of ratios. `id` is unique on the page."""

    id: str
    title: str
    caption: str
    x_label: str
    effects: tuple[Effect, ...]


Block = Text | Listing | Table | Chart | Forest


@dataclass(frozen=True, slots=True)
class Section:
    """A question of the reader, and what the run says to it."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that is said, in the order in which a reader asks."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
