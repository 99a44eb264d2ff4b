"""The cost of measuring itself: reading the clock, and calling an empty function."""

import gc
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median

from rnnbench.worker.protocol import Floor, Floored
from rnnbench.worker.timing.clock import HostClock

NANO = 1e-9


def take_floor(job: Floor, now: Callable[[], int] = time.perf_counter_ns) -> Floored:
    """The floor of the host's clock; `now` returns nanoseconds."""
    clock = HostClock()
    gc.disable()
    try:
        # The time of an empty call as in a turn, and the part that is the clock's.
        empty = [clock.time(_nothing) for _ in range(job.calls)]
        between = [-(now() - now()) * NANO for _ in range(job.calls)]
    finally:
        gc.enable()
    return Floored(
        empty=median(empty) - median(between),
        clock=median(between),
        resolution=resolution([*empty, *between]),
    )


def resolution(seconds: list[float]) -> float:
    """The smallest difference between two durations, in seconds.

    Durations are compared because two readings are further apart than a step of the
    clock. 1 ns, the unit of the clock, where all durations are equal.
    """
    steps = sorted({round(each / NANO) for each in seconds})
    return min((b - a for a, b in pairwise(steps)), default=1) * NANO


def _nothing() -> None:
    """An empty step."""
