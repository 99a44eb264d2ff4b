"""A step that is slower by a known share, to test whether the harness finds it."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from rnnbench.worker.timing.turn import Timed


@dataclass(frozen=True, slots=True)
class Slowed:
    """The real step, then a busy loop for `share` of the time that this call took.

    A loop of a fixed length would be 3 % at one speed of the machine and 2 % at
    another; this one is 3 % of whatever the call took. A share of 0 is the baseline of
    the others: it reads the clock equally often, and does not loop. `now` returns
    nanoseconds.
    """

    step: Timed
    share: float
    now: Callable[[], int] = time.perf_counter_ns

    def __post_init__(self) -> None:
        """Raise ValueError for a share that is negative or not finite."""
        if not 0 <= self.share < float("inf"):
            raise ValueError(f"a step can't be slower by {self.share}")

    def call(self) -> None:
        """The step, whose result is freed before the loop begins; then the loop."""
        now = self.now
        began = now()
        self.step.call()
        more = self.share * (now() - began)
        # Computed before the loop begins, so that the computation is part of the step
        # with every share. Inside the loop's time it took 0.1 to 0.15 µs off it: 3 % of
        # 38 µs became 2.7 %.
        until = now() + more
        while now() < until:
            pass

    def enter(self) -> None:
        """Set the step's switches."""
        self.step.enter()

    def context(self) -> AbstractContextManager[object]:
        """The context of the step."""
        return self.step.context()
