"""A step that is slower by a known share: the truth that a harness is to find."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from rnnbench.worker.timing.turn import Timed


@dataclass(frozen=True, slots=True)
class Slowed:
    """The real step, then a spin for `share` of what this very call has just taken.

    A spin of a fixed length would be 3 % at one speed of the machine and 2 % at
    another; this one is 3 % of whatever the call took. With a share of 0 it is what the
    others are held against: it reads the clock as often as they do, and spins for
    nothing. `now`: nanoseconds.
    """

    step: Timed
    share: float
    now: Callable[[], int] = time.perf_counter_ns

    def __post_init__(self) -> None:
        """Refuse a share that no spin can give."""
        if not 0 <= self.share < float("inf"):
            raise ValueError(f"a step can't be slower by {self.share}")

    def call(self) -> None:
        """The step, whose result is freed before the spin begins; and the spin."""
        now = self.now
        began = now()
        self.step.call()
        more = self.share * (now() - began)
        # Only now: what reckoning takes is the step's own in both, and no part of the
        # spin. It was, and took 0.1 to 0.15 µs off it: 3 % of 38 µs were 2.7 %.
        until = now() + more
        while now() < until:
            pass

    def enter(self) -> None:
        """The step's own switches."""
        self.step.enter()

    def context(self) -> AbstractContextManager[object]:
        """The step's own."""
        return self.step.context()
