"""The canary: whether anything else used the core while calls were timed.

On a shared machine a core has two states. While its other hardware thread is busy, code
that goes from operator to operator takes 1.5 to 1.9 times as long, and a matrix product
1.07 times: one ratio of GRU to LSTM was 3.96 in one state and 4.26 in the other. A
state lasts from 0.1 s to minutes and no clock shows it, so a mean over both is
arbitrary. The canary, a short piece of work of known length, is therefore timed before
and after timed calls, and the scheduler's count of the process's time is compared in
between. While the core is busy, a turn waits for a while. The time of a layer never
decides.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rnnbench.worker.timing.clock import Call, Clock

# About 8 µs of interpreter: much shorter than a call, much longer than a clock step.
_STEPS = 500
# The faster of two readings: an interrupt is no busy state.
_READINGS = 2
# Largest calm reading, as a multiple of the fastest one. On one machine calm readings
# were within 5 %, and busy ones beyond 50 %. On another, a Zen 5 between the turns of a
# sweep, half of the calm readings were beyond 30 %, 5 % beyond 40 % and 1 % beyond 50 %
# (`studies/canary.py`): with 1.25 it waited 44 % of the time needlessly, with 1.4 0.2
# %.
LIMIT = 1.4
# A process may be off the core for this share of the time, plus these seconds, before
# its calls count as interrupted; reading the count takes the seconds.
_AWAY = 0.02
_ASKING = 5e-6
# A new process takes this many readings before it trusts its fastest one. Where no
# process was on this core before, it reads for these seconds: a busy state may last.
_FIRST = 100
_LEARN = 0.3
# Longest wait for a calm core over all turns of a job, as a multiple of their time. On
# a core that was calm for a third of the time, 5 to 50 ms at once, one turn in three or
# four was calm without waiting; of turns with a calm start, four in five stayed calm.
# Ratios of equal layers in training, 0.6 s a launch, varied by 11 % over all turns and
# by 4 % over calm ones; GRU/LSTM over 4 s was 4.27 and 3.83.
_PATIENCE = 4.0


@dataclass(slots=True)
class Watch:
    """Detects disturbed calls, and waits for a calm core.

    Attributes:
        calm: seconds of the fastest canary so far; 0 before the first.
        waits: whether the process waits for a device. Then canary and scheduler say
            nothing, and no call counts as disturbed: beside an H200, 80 of 128 turns
            would have counted, most of them in every attempt.
        patience: seconds that are left to wait for a calm core.
        waited: seconds that were waited in this process.

    """

    calm: float = 0.0
    waits: bool = False
    patience: float = 0.0
    waited: float = 0.0

    def begin(self) -> None:
        """Read the canary often enough to know how fast it is on a calm core."""
        for _ in range(_FIRST):
            self._canary()

    def adopt(self, calm: float, seconds: float) -> None:
        """Use the fastest canary of earlier processes on this core.

        With 0 there was none: read the canary for a part of the `seconds` that turns
        will take.
        """
        if calm:
            self.calm = min(self.calm or calm, calm)
            return
        end = time.perf_counter() + min(_LEARN, seconds)
        while time.perf_counter() < end:
            self._canary()

    def allow(self, seconds: float) -> None:
        """Set the patience for turns that take about `seconds`."""
        self.patience = _PATIENCE * seconds

    def wait(self) -> None:
        """Return when the core is calm, or when no patience is left."""
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
        """Seconds of each of `count` calls, and whether none was disturbed."""
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
