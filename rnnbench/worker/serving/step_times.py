"""Percentiles of single steps, each timed alone, with an empty step after each."""

import math
import time
from collections.abc import Sequence
from functools import partial

from rnnbench.model.case import Case
from rnnbench.model.serving import PERCENTILES, StepLatency, least_steps
from rnnbench.worker.layers.step import build
from rnnbench.worker.timing.clock import CLOCKS
from rnnbench.worker.timing.turn import Warm, warm_up

# Enough for p99.9, with a margin.
_MOST_STEPS = 4000
# Steps that are not timed, after the ones that every layer is warmed up with: the
# threads, caches and allocator of a runtime settle within them.
_SETTLE_STEPS = 200
_SETTLE_SHARE = 0.05


def time_steps(case: Case, launch: int, seconds: float) -> StepLatency:
    """Time as many steps as fit in `seconds`, up to those that p99.9 needs."""
    clock = CLOCKS[case.device]()
    step = build(case)
    warm = warm_up(step, clock)
    step.enter()
    idle = partial(_idle, warm.call)
    taken, empty = [], []
    with step.context():
        for _ in range(_settling(warm, seconds)):
            step.call()
        for _ in range(steps_that_fit(seconds, warm.call)):
            taken.append(clock.time(step.call))
            empty.append(clock.time(idle))
    return StepLatency(
        launch=launch,
        steps=len(taken),
        seconds=percentiles(taken),
        empty=percentiles(empty),
    )


def steps_that_fit(seconds: float, step: float) -> int:
    """Number of steps to time: at least those that p95 needs."""
    return min(max(int(seconds / step), least_steps(PERCENTILES[1])), _MOST_STEPS)


def percentiles(values: Sequence[float]) -> tuple[float, ...]:
    """Those of `PERCENTILES` that so many values allow, by nearest rank.

    The smallest value that is not below the share of all (Hyndman & Fan 1996, American
    Statistician 50, definition 1): a time that was measured, not one in between.
    """
    ordered = sorted(values)
    return tuple(
        ordered[math.ceil(round(percentile * len(ordered) / 100, 9)) - 1]
        for percentile in PERCENTILES
        if len(ordered) >= least_steps(percentile)
    )


def _settling(warm: Warm, seconds: float) -> int:
    return min(_SETTLE_STEPS, int(_SETTLE_SHARE * seconds / warm.call))


def _idle(seconds: float) -> None:
    """An empty step: it keeps the core for as long as a step, and computes nothing.

    A call that returns at once would be interrupted far less often than a step.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
