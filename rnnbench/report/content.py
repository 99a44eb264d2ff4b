"""What a page is made of: finished strings, and points to be drawn."""

from dataclasses import dataclass
from enum import StrEnum

from rnnbench.analysis.stats import Interval
from rnnbench.model.metric import Metric
from rnnbench.report.charts.over_nights import Trend


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
    """One cell of a table; `note` stands below its text, smaller.

    `link`: where its text leads, as an anchor of the page (`#tradeoff`).
    """

    text: str
    tone: Tone = Tone.PLAIN
    note: str = ""
    link: str = ""


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
    A `guide` is what closed forms say: thin, dashed, without a mark. A `hollow` line
    is its layer's with the backend off.
    """

    label: str
    style: int
    points: tuple[Point, ...]
    connected: bool = True
    guide: bool = False
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One small chart among its like: of ratios, or of a metric in its base unit."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    metric: Metric | None = None


@dataclass(frozen=True, slots=True)
class Cloud:
    """Two ratios of each of many workloads. `shape` is its place among the markers."""

    label: str
    style: int
    shape: int
    spots: tuple[tuple[Interval, Interval], ...]


@dataclass(frozen=True, slots=True)
class Plane:
    """Ratio against ratio, cut in four at 1; the words of the corners by rows."""

    title: str
    x_label: str
    y_label: str
    clouds: tuple[Cloud, ...]
    corners: tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Effect:
    """A mark of a forest plot, and who it is of."""

    label: str
    interval: Interval
    style: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """What one thing does, under its name: an effect for each layer."""

    label: str
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """A forest plot narrow enough for a phone: names above, ratios beside."""

    title: str
    x_label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels of one question, on one scale. `id` is unique on the page."""

    id: str
    title: str
    caption: str
    panels: tuple[Panel | Plane | Rows, ...]


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


Raw = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Raw figures in base units, to be saved as `name` and a suffix."""

    name: str
    columns: tuple[str, ...]
    records: tuple[tuple[Raw, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to sort, filter and save. `id` is unique on the page.

    `keys`: for each column of the table the one of the ledger that it is sorted by, or
    nothing. `shown`: for each row of the table the place of its record.
    """

    id: str
    table: Table
    ledger: Ledger
    keys: tuple[str, ...]
    shown: tuple[int, ...]


Block = Text | Listing | Table | Chart | Bars | Timeline | Roof | Trend | Sheet


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
