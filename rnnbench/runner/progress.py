"""The progress line: what is measured now, and how long the rest takes."""

import shutil
import time
from typing import Protocol, TextIO

from rnnbench.model.formatting import counted
from rnnbench.runner.scheduler import Progress

# Without a terminal, a plain line this often: a log stays readable.
PLAIN_EVERY = 15.0
# On a terminal, no more often than this: a redraw costs time on a core that measures.
REDRAW_EVERY = 0.5


class Writer(Protocol):
    """The part of pytest's terminal writer that a progress line needs."""

    hasmarkup: bool
    fullwidth: int

    def write(self, msg: str, *, flush: bool = False) -> None:
        """Write `msg` as it is."""

    def line(self, s: str = "") -> None:
        """Write `s` and end the line."""


class Stream:
    """A writer to a plain stream, for a command."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.hasmarkup = stream.isatty()
        self.fullwidth = shutil.get_terminal_size().columns

    def write(self, msg: str, *, flush: bool = False) -> None:
        """Write `msg` as it is."""
        self._stream.write(msg)
        if flush:
            self._stream.flush()

    def line(self, s: str = "") -> None:
        """Write `s` and end the line."""
        self._stream.write(f"{s}\n")


class ProgressLine:
    """Redraws itself on a terminal, and writes a plain line now and then elsewhere."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._last: float | None = None

    def show(self, progress: Progress) -> None:
        """Show the progress, unless the line was drawn a moment ago."""
        now = time.monotonic()
        every = REDRAW_EVERY if self._writer.hasmarkup else PLAIN_EVERY
        if self._last is not None and now - self._last < every:
            return
        if self._last is None:
            self._writer.line()
        self._last = now
        if self._writer.hasmarkup:
            width = self._writer.fullwidth - 1
            text = sentence(progress)[:width].ljust(width)
            self._writer.write(f"\r{text}", flush=True)
        else:
            self._writer.line(sentence(progress))

    def write(self, text: str) -> None:
        """Write a line of its own, such as a notice."""
        self.close()
        self._writer.line(text)

    def close(self) -> None:
        """End the line."""
        if self._last is not None and self._writer.hasmarkup:
            self._writer.line()


def sentence(progress: Progress) -> str:
    """The text of the line: work done, time elapsed, time left, and what runs."""
    left = f", about {clock(progress.left)} left" if progress.left is not None else ""
    fleet = ""
    if progress.hosts:
        rate = progress.launches_a_minute
        fleet = f", {counted(progress.hosts, 'host')}, {rate:.0f} launches a minute"
    return (
        f"rnnbench {progress.done}/{progress.total}, "
        f"{clock(progress.elapsed)}{left}{fleet}: {progress.at}"
    )


def clock(seconds: float) -> str:
    """Minutes and seconds: 3:07."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
