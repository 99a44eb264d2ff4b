"""The one clock of each device; nobody else reads a clock around a step."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from rnnbench.model.case import Device

Call = Callable[[], object]

# Below this, the time between two events says more of the events than of the calls.
QUEUED_SECONDS = 0.002

# A bound for a call that is so short that no number of them fills the time.
MOST_QUEUED = 4096


class Clock(Protocol):
    """Times calls of one device."""

    def time(self, call: Call) -> float:
        """Seconds of one call, until the device has finished it."""

    def queue_length(self, call: Call, seconds: float) -> int:
        """How many calls, each of about `seconds`, to queue; 0: it can't be asked."""

    def back_to_back(self, call: Call, calls: int) -> float:
        """Seconds per call of `calls` that are queued without waiting in between."""


@dataclass(frozen=True, slots=True)
class HostClock:
    """The CPU's. What a call gives is freed inside the clock, as in a loop."""

    def time(self, call: Call) -> float:
        """Seconds of one call."""
        started = time.perf_counter_ns()
        call()
        return (time.perf_counter_ns() - started) / 1e9

    def queue_length(self, call: Call, seconds: float) -> int:  # noqa: ARG002
        """Nothing is queued on a CPU."""
        return 0

    def back_to_back(self, call: Call, calls: int) -> float:
        """Never asked for, since nothing is queued."""
        raise NotImplementedError("a CPU queues no calls")


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class CudaClock:
    """A CUDA device's: the host's clock between synchronisations, or events."""

    synchronize: Callable[[], object] = torch.cuda.synchronize
    event: Callable[[], Any] = _event
    now: Callable[[], int] = time.perf_counter_ns

    def time(self, call: Call) -> float:
        """Seconds from an idle device to an idle device: the latency."""
        self.synchronize()
        started = self.now()
        call()
        self.synchronize()
        return (self.now() - started) / 1e9

    def queue_length(self, call: Call, seconds: float) -> int:
        """As many as fill QUEUED_SECONDS, found by trying: queued calls overlap."""
        calls = min(max(math.ceil(QUEUED_SECONDS / seconds), 1), MOST_QUEUED)
        while calls < MOST_QUEUED:
            if self.back_to_back(call, calls) * calls >= QUEUED_SECONDS:
                break
            calls = min(calls * 2, MOST_QUEUED)
        return calls

    def back_to_back(self, call: Call, calls: int) -> float:
        """Seconds per call between two events, the first on an idle device."""
        start, end = self.event(), self.event()
        self.synchronize()
        start.record()
        for _ in range(calls):
            call()
        end.record()
        end.synchronize()
        return float(start.elapsed_time(end)) * 1e-3 / calls  # milliseconds


CLOCKS: dict[Device, Callable[[], Clock]] = {
    Device.CPU: HostClock,
    Device.CUDA: CudaClock,
}
