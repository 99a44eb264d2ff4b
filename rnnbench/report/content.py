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


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a bar, in the unit of its axis. `text` stands in it, if it fits."""

    style: int
    value: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """Parts end to end."""

    label: str
    parts: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class BarPanel:
    """Bars under each other, on a scale of their own."""

    title: str
    x_label: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Stacked bars; `legend` names each style. `id` is unique on the page."""

    id: str
    title: str
    caption: str
    legend: tuple[tuple[int, str], ...]
    panels: tuple[BarPanel, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """What one thread or stream did: for each style the stretches, start and length."""

    label: str
    stretches: tuple[tuple[int, tuple[tuple[float, float], ...]], ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Lanes under each other, on one scale of time. `id` is unique on the page."""

    id: str
    title: str
    caption: str
    x_label: str
    legend: tuple[tuple[int, str], ...]
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """Points of one label: x, y."""

    label: str
    style: int
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Roof:
    """Points under two ceilings, `flat` and `slope` times x. `id` is unique."""

    id: str
    title: str
    caption: str
    x_label: str
    y_label: str
    flat: float
    slope: float
    marks: tuple[Marks, ...]


Block = Text | Listing | Table | Chart | Forest | Bars | Timeline | Roof


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
