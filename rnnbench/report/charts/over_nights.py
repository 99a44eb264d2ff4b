"""What a trend is made of: levels over nights, and where they changed."""

from dataclasses import dataclass

from rnnbench.analysis.stats import Interval


@dataclass(frozen=True, slots=True)
class TrendPanel:
    """One series: days since 1970 with a level each. `marks`: where it changed."""

    title: str
    y_label: str
    points: tuple[tuple[float, Interval], ...]
    marks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """Series over nights, each on a scale of its own. `id` is unique on the page."""

    id: str
    title: str
    caption: str
    panels: tuple[TrendPanel, ...]
