"""Whether the core was this process's own while it timed calls.

On a shared machine a core has two states. While its other hardware thread is busy, code
that runs from op to op takes 1.5 to 1.9 times as long and a matrix product 1.07 times:
one ratio of GRU to LSTM read 3.96 in the one and 4.26 in the other. A state lasts from
0.1 s to minutes, no clock shows it, and a mean over both is a mean over chance. So a
canary is read before and after timed calls, and the scheduler's own count between them.
What decides is never the time of a layer.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rnnbench.worker.clock import Call, Clock

# About 8 µs of interpreter: short beside a call, long beside the clock's own step.
_STEPS = 500
# The quicker of two: an interrupt is none of a state.
_READINGS = 2
# Calm readings lie within 5 % of the fastest, those of the other state beyond 50 %.
LIMIT = 1.25
# What a process may be off the core, as a share of the time and in seconds, before its
# calls count as interrupted; the second is what asking for it takes.
_AWAY = 0.02
_ASKING = 5e-6
# A new process reads this often before it trusts its fastest reading.
_FIRST = 100


@dataclass(slots=True)
class Watch:
    """Knows the fastest canary so far, `calm`, in seconds; 0 as long as none was read.

    `waits`: the process may rest while a device works, so that nothing follows from it.
    """

    calm: float = 0.0
    waits: bool = False

    def begin(self) -> None:
        """Learn what calm is, as far as there is any."""
        for _ in range(_FIRST):
            self._canary()

    def know(self, calm: float) -> None:
        """Take over what other processes on this core found; 0: nothing is known."""
        if calm:
            self.calm = min(self.calm or calm, calm)

    def time(
        self, clock: Clock, call: Call, count: int
    ) -> tuple[Sequence[float], bool]:
        """Seconds of each of `count` calls, and whether nothing disturbed them."""
        before = self._canary()
        on_core, wall = time.process_time_ns(), time.perf_counter_ns()
        seconds = [clock.time(call) for _ in range(count)]
        wall = time.perf_counter_ns() - wall
        on_core = time.process_time_ns() - on_core
        worst = max(before, self._canary())
        away = (wall - on_core) / 1e9
        is_away = not self.waits and away > _AWAY * wall / 1e9 + _ASKING
        return seconds, worst <= LIMIT * self.calm and not is_away

    def _canary(self) -> float:
        reading = min(_read() for _ in range(_READINGS))
        self.calm = min(self.calm or reading, reading)
        return reading


def _read() -> float:
    total = 0
    started = time.perf_counter_ns()
    for step in range(_STEPS):
        total += step
    return max(time.perf_counter_ns() - started, 1) / 1e9
