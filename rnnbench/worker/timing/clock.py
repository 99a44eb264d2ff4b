"""Clocks: the only code that reads a clock around a step, one for each device."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from rnnbench.model.case import Device

Call = Callable[[], object]

# Below this many seconds, the events themselves matter more than the calls in between.
QUEUED_SECONDS = 0.002

# A limit for calls that are too short to fill the time.
MOST_QUEUED = 4096


class Clock(Protocol):
    """Measures the time of calls on one device."""

    def time(self, call: Call) -> float:
        """Seconds of one call, until the device has finished it."""

    def queue_length(self, call: Call, seconds: float) -> int:
        """Number of calls of about `seconds` to queue; 0 where nothing is queued."""

    def back_to_back(self, call: Call, calls: int) -> float:
        """Seconds per call of `calls` calls that are queued without waiting."""


@dataclass(frozen=True, slots=True)
class HostClock:
    """The clock of a CPU; a call's result is freed within its time, as in a loop."""

    def time(self, call: Call) -> float:
        """Seconds of one call."""
        started = time.perf_counter_ns()
        call()
        return (time.perf_counter_ns() - started) / 1e9

    def queue_length(self, call: Call, seconds: float) -> int:  # noqa: ARG002
        """0: nothing is queued on a CPU."""
        return 0

    def back_to_back(self, call: Call, calls: int) -> float:
        """Not available, since nothing is queued."""
        raise NotImplementedError("a CPU queues no calls")


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class CudaClock:
    """The clock of a CUDA device: the host's, between synchronisations; or events."""

    synchronize: Callable[[], object] = torch.cuda.synchronize
    event: Callable[[], Any] = _event
    now: Callable[[], int] = time.perf_counter_ns

    def time(self, call: Call) -> float:
        """Latency in seconds: the device is idle before and after."""
        self.synchronize()
        started = self.now()
        call()
        self.synchronize()
        return (self.now() - started) / 1e9

    def queue_length(self, call: Call, seconds: float) -> int:
        """Number of calls that fill QUEUED_SECONDS, by trial: queued calls overlap."""
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
