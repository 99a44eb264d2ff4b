"""What measuring itself costs: the clock, and a call of nothing."""

import gc
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median

from rnnbench.worker.protocol import Floor, Floored
from rnnbench.worker.timing.clock import HostClock

NANO = 1e-9


def take_floor(job: Floor, now: Callable[[], int] = time.perf_counter_ns) -> Floored:
    """The floor of the clock on the host; `now`: nanoseconds."""
    clock = HostClock()
    gc.disable()
    try:
        # What a turn does with a step, and what of it is the clock's own.
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
    """The smallest step between two readings of the clock that are not the same.

    Of durations, since two moments are further apart than the clock's step. A whole
    nanosecond, in which the clock is read, where they are all the same.
    """
    steps = sorted({round(each / NANO) for each in seconds})
    return min((b - a for a, b in pairwise(steps)), default=1) * NANO


def _nothing() -> None:
    """The empty step."""
