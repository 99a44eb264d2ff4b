"""Open-loop load: steps arrive on a schedule, whether or not the server keeps up.

Latency counts from the moment at which a step was due. A server that stalls is charged
for every step that waits meanwhile; a load that waits for answers would leave those out
(coordinated omission: G. Tene, How NOT to measure latency; HdrHistogram).
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol


class Timer(Protocol):
    """A clock that can wait; both in seconds."""

    def now(self) -> float:
        """The time, from any origin."""

    def sleep(self, seconds: float) -> None:
        """Wait for at least that long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Steps of `streams` streams, one each `period` for `periods` periods.

    Each stream begins at a moment of its own within the first period, drawn by `seed`.
    """

    streams: int
    period: float
    periods: int
    seed: int = 0

    @property
    def count(self) -> int:
        """The number of steps."""
        return self.streams * self.periods

    def times(self) -> Iterator[float]:
        """Seconds from the beginning at which each step is due, in order."""
        draw = random.Random(self.seed)  # noqa: S311 - an order, not a secret
        offsets = sorted(draw.random() * self.period for _ in range(self.streams))
        for number in range(self.periods):
            for offset in offsets:
                yield number * self.period + offset


@dataclass(frozen=True, slots=True)
class Served:
    """Calls that were due until the end, or until enough of them were late."""

    calls: int
    late: int


def serve(
    arrivals: Arrivals, call: Callable[[], object], timer: Timer, most_late: int
) -> Served:
    """Do each step when it is due, or as soon as those before it are done.

    A step is late where it ends more than a period after it was due. Ends once more
    than `most_late` are: the outcome is decided, and a queue would only grow.
    """
    began, late = timer.now(), 0
    for place, due in enumerate(arrivals.times(), start=1):
        if (early := began + due - timer.now()) > 0:
            timer.sleep(early)
        call()
        late += timer.now() - began - due > arrivals.period
        if late > most_late:
            return Served(place, late)
    return Served(arrivals.count, late)
