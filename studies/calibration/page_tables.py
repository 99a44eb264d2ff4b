"""The tables of a calibration's page: how a rate, a bias and a share are written."""

from collections.abc import Sequence

from rnnbench.analysis.stats import Interval
from rnnbench.report.content import Cell, Column, Table

_ARM = Column("machine, allocator")


def table(
    title: str,
    words: tuple[str, ...],
    numbers: tuple[str, ...],
    rows: Sequence[tuple[Cell, ...]],
) -> Table:
    """Columns of words, the arm, columns of numbers."""
    columns = (
        *map(Column, words),
        _ARM,
        *(Column(name, number=True) for name in numbers),
    )
    return Table(title, columns, tuple(rows))


def rate_cell(found: Interval | None, over: str) -> Cell:
    """A share with its interval, and of how many."""
    if found is None:
        return Cell("too few launches")
    return Cell(
        f"{percent(found.estimate)} ({percent(found.low)} to {percent(found.high)})",
        note=f"{found.count:,} {over}",
    )


def off_cell(ratio: Interval) -> Cell:
    """A ratio as what it is off by."""
    if ratio.count < 2:
        return Cell(percent(ratio.estimate - 1), note="no interval")
    ends = f"{percent(ratio.low - 1)} to {percent(ratio.high - 1)}"
    return Cell(f"{percent(ratio.estimate - 1)} ({ends})", note=f"of {ratio.count}")


def percent(share: float) -> str:
    """To a hundredth of a percent: a rate of one in 10,000 is told from none."""
    # No minus before a zero.
    return f"{round(100 * share, 2) + 0.0:.2f} %"
