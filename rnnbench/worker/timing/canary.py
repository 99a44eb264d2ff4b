"""Whether the core was this process's own while it timed calls.

On a shared machine a core has two states. While its other hardware thread is busy, code
that runs from op to op takes 1.5 to 1.9 times as long and a matrix product 1.07 times:
one ratio of GRU to LSTM read 3.96 in the one and 4.26 in the other. A state lasts from
0.1 s to minutes, no clock shows it, and a mean over both is a mean over chance. So a
canary is read before and after timed calls, and the scheduler's own count between them;
and while the core is not calm, nothing is begun for a while. What decides is never the
time of a layer.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rnnbench.worker.timing.clock import Call, Clock

# About 8 µs of interpreter: short beside a call, long beside the clock's own step.
_STEPS = 500
# The quicker of two: an interrupt is none of a state.
_READINGS = 2
# By the fastest reading. Calm ones lay within 5 % on one machine, those of its other
# state beyond 50 %. On another, a Zen 5 between a sweep's turns, half of the calm ones
# lay beyond 30 %, 5 % beyond 40 % and 1 % beyond 50 % (`studies/canary.py`): with 1.25
# it waited 44 % of the time, for nothing; with 1.4, 0.2 %.
LIMIT = 1.4
# What a process may be off the core, as a share of the time and in seconds, before its
# calls count as interrupted; the second is what asking for it takes.
_AWAY = 0.02
_ASKING = 5e-6
# A new process reads this often before it trusts its fastest reading; where no other
# was on this core before it, for as many seconds: the busy state may last.
_FIRST = 100
_LEARN = 0.3
# How long to wait for a calm core, over all turns of a job, by what these take. A core
# that was calm for a third of the time, 5 to 50 ms at once, left one turn in three or
# four calm without waiting; given a calm start, four in five stay so. Equal layers in
# training, 0.6 s a launch, varied by 11 % over all turns and by 4 % over calm ones; and
# GRU/LSTM over 4 s read 4.27 and 3.83.
_PATIENCE = 4.0


@dataclass(slots=True)
class Watch:
    """Knows the fastest canary so far, `calm`, in seconds; 0 as long as none was read.

    `waits`: the process rests while a device works. Then neither the scheduler's count
    nor the canary says anything, and nothing is disturbed or waited for: beside an H200
    80 of 128 turns read as disturbed, most of them in every try.
    `patience`: seconds that may still be waited for a calm core; `waited`: those that
    were, over the life of the process.
    """

    calm: float = 0.0
    waits: bool = False
    patience: float = 0.0
    waited: float = 0.0

    def begin(self) -> None:
        """Learn what calm is, as far as there is any."""
        for _ in range(_FIRST):
            self._canary()

    def know(self, calm: float, seconds: float) -> None:
        """Take over what other processes on this core found.

        0: nothing is known, and it is worth some of the `seconds` that turns will take.
        """
        if calm:
            self.calm = min(self.calm or calm, calm)
            return
        end = time.perf_counter() + min(_LEARN, seconds)
        while time.perf_counter() < end:
            self._canary()

    def allow(self, seconds: float) -> None:
        """Turns that take about so many seconds are next, and may be waited for."""
        self.patience = _PATIENCE * seconds

    def wait(self) -> None:
        """Return when the core is calm, or when patience is at an end."""
        if self.waits:
            return
        began = time.perf_counter()
        end = began + self.patience
        while self._canary() > LIMIT * self.calm and time.perf_counter() < end:
            pass
        waited = time.perf_counter() - began
        self.patience = max(self.patience - waited, 0.0)
        self.waited += waited

    def time(
        self, clock: Clock, call: Call, count: int
    ) -> tuple[Sequence[float], bool]:
        """Seconds of each of `count` calls, and whether nothing disturbed them."""
        if self.waits:
            return [clock.time(call) for _ in range(count)], True
        before = self._canary()
        on_core, wall = time.process_time_ns(), time.perf_counter_ns()
        seconds = [clock.time(call) for _ in range(count)]
        wall = time.perf_counter_ns() - wall
        on_core = time.process_time_ns() - on_core
        worst = max(before, self._canary())
        away = (wall - on_core) / 1e9
        is_away = away > _AWAY * wall / 1e9 + _ASKING
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
