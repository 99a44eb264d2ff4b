"""The clocks; a GPU that is made up stands in for a real one."""

import pytest
import torch

from rnnbench.worker.timing.clock import (
    MOST_QUEUED,
    QUEUED_SECONDS,
    CudaClock,
    HostClock,
)


class FakeGpu:
    """Calls are queued at once and take `seconds` each, one after the other."""

    def __init__(self, seconds, launch=1e-6):
        self.seconds = seconds
        self.launch = launch
        self.host = self.device = 0.0
        self.log = []

    def call(self):
        self.log.append("call")
        self.host += self.launch
        self.device = max(self.device, self.host) + self.seconds

    def synchronize(self):
        self.log.append("synchronize")
        self.host = max(self.host, self.device)

    def now(self):
        self.log.append("now")
        return round(self.host * 1e9)

    def event(self):
        return FakeEvent(self)

    def clock(self):
        return CudaClock(self.synchronize, self.event, self.now)


class FakeEvent:
    def __init__(self, gpu):
        self.gpu = gpu

    def record(self):
        self.gpu.log.append("record")
        self.at = max(self.gpu.device, self.gpu.host)

    def synchronize(self):
        self.gpu.synchronize()

    def elapsed_time(self, end):
        return (end.at - self.at) * 1e3


def test_the_host_clock_calls_once_and_reads_a_positive_time():
    calls = []

    seconds = HostClock().time(lambda: calls.append(1))

    assert calls == [1]
    assert seconds > 0


def test_nothing_is_queued_on_a_cpu():
    assert HostClock().queue_length(lambda: None, 0.001) == 0
    with pytest.raises(NotImplementedError):
        HostClock().back_to_back(lambda: None, 3)


def test_latency_lasts_from_an_idle_device_to_an_idle_device():
    gpu = FakeGpu(0.003)
    gpu.call()
    gpu.log.clear()

    seconds = gpu.clock().time(gpu.call)

    assert seconds == pytest.approx(0.003, rel=0.01)
    assert gpu.log == ["synchronize", "now", "call", "synchronize", "now"]


def test_calls_that_are_queued_are_not_waited_for():
    gpu = FakeGpu(0.0005)

    seconds = gpu.clock().back_to_back(gpu.call, 4)

    assert seconds == pytest.approx(0.0005, rel=0.01)
    assert gpu.log == [
        "synchronize",
        "record",
        *["call"] * 4,
        "record",
        "synchronize",
    ]


@pytest.mark.parametrize("seconds", [0.00001, 0.0003, 0.0019, 0.5])
def test_the_queue_fills_its_time(seconds):
    gpu = FakeGpu(seconds)

    length = gpu.clock().queue_length(gpu.call, seconds * 3)

    assert length * seconds >= QUEUED_SECONDS * 0.99
    assert length <= max(2 * QUEUED_SECONDS / seconds, 1)


def test_the_queue_has_an_end():
    gpu = FakeGpu(1e-9, launch=0.0)

    assert gpu.clock().queue_length(gpu.call, 1e-9) == MOST_QUEUED


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_real_gpus_queue_is_no_slower_than_its_latency():
    clock = CudaClock()
    matrix = torch.randn(512, 512, device="cuda")

    def call():
        return matrix @ matrix

    call()
    latency = clock.time(call)
    length = clock.queue_length(call, latency)

    assert clock.back_to_back(call, length) > 0
    assert length >= 1
