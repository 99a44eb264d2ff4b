"""Progress of a run on standard error: a live table on a terminal, else plain lines.

The table is drawn only between launches, when a core is idle, so that drawing does not
disturb what is timed.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rnnbench.analysis.labels import pair_label
from rnnbench.analysis.ratio import Ratio, ratios
from rnnbench.analysis.stats import Interval
from rnnbench.model.metric import TIME
from rnnbench.model.run import Run
from rnnbench.runner.measure import OnLaunch, OnProgress
from rnnbench.runner.progress import ProgressLine, Stream, sentence
from rnnbench.runner.scheduler import Progress

# Lines of a terminal that are kept for the headings, the count and the progress.
_OTHER_LINES = 6
_LEAST_ROWS = 4


@dataclass(frozen=True, slots=True)
class Display:
    """The two callbacks that a run reports to."""

    on_progress: OnProgress
    on_launch: OnLaunch | None = None


@contextmanager
def display(stream: TextIO, *, is_shown: bool) -> Iterator[Display]:
    """A display on `stream` until the end of the block; nothing where not shown."""
    if not is_shown:
        yield Display(lambda _: None)
    elif stream.isatty():
        console = Console(file=stream, highlight=False)
        with Live(console=console, auto_refresh=False, transient=True) as live:
            table = LiveTable(console, live.update)
            table.draw()
            yield Display(table.on_progress, table.on_launch)
    else:
        with closing(ProgressLine(Stream(stream))) as line:
            yield Display(line.show)


class LiveTable:
    """The ratios so far, with their intervals, and the progress below."""

    def __init__(self, console: Console, update: Callable[..., None]) -> None:
        self._console = console
        self._update = update
        self._rows: Sequence[Ratio] = ()
        self._precision = 0.0
        self._progress = "starting worker processes"

    def on_progress(self, progress: Progress) -> None:
        """Remember the progress, and draw it now if nothing is timed."""
        self._progress = sentence(progress)
        if progress.is_idle:
            self.draw()

    def on_launch(self, run: Run) -> None:
        """Draw the ratios of `run`."""
        self._rows = [ratio for ratio in ratios(run) if ratio.metric is TIME]
        self._precision = run.sweep.policy.precision
        self.draw()

    def draw(self) -> None:
        """Draw the table once."""
        most = max(self._console.height - _OTHER_LINES, _LEAST_ROWS)
        parts: list[Table | Text] = [self._table(most)] if self._rows else []
        if left := len(self._rows[most:]):
            parts.append(Text(f"... and {left} more ratios"))
        parts.append(Text(self._progress, no_wrap=True, overflow="ellipsis"))
        self._update(Group(*parts), refresh=True)

    def _table(self, most: int) -> Table:
        goal = f"95 % interval (goal ±{self._precision:.1%})"
        table = Table("workload", "time of", "ratio", goal, "launches", box=None)
        for column in table.columns[2:]:
            column.justify = "right"
        for ratio in self._rows[:most]:
            interval = ratio.interval
            table.add_row(
                Text(ratio.workload, overflow="ellipsis", no_wrap=True),
                Text(pair_label(ratio.pair), no_wrap=True),
                f"{interval.estimate:.3f}",
                interval_words(interval),
                str(interval.count),
            )
        return table


def interval_words(interval: Interval) -> str:
    """Both ends and the half-width: `0.612 to 0.634 (±1.8%)`."""
    if not math.isfinite(interval.high):
        return "after two launches"
    width = interval.half_width / interval.estimate
    reach = f"±{width:.1%}" if width <= 1 else "not resolved"
    return f"{interval.low:.3f} to {interval.high:.3f} ({reach})"
