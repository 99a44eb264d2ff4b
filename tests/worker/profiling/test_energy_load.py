"""A device kept busy; the clock and the device are made up, but for one."""

import gc
from contextlib import nullcontext

import pytest
import torch

from rnnbench.model.case import Device
from rnnbench.model.status import Status
from rnnbench.worker.job_handlers import JobHandler, ProtocolError
from rnnbench.worker.profiling.energy_load import burn, keep_busy
from rnnbench.worker.protocol import Burn, Outcome, Prepare
from rnnbench.worker.timing.canary import Watch
from rnnbench.worker.timing.rounds import PreparedWorkload
from rnnbench.worker.timing.turn import Warm


class FakeStep:
    def __init__(self, fails=False):
        self.calls = 0
        self.collected = []
        self.fails = fails

    def call(self):
        if self.fails:
            raise ValueError("too hot")
        self.calls += 1
        self.collected.append(gc.isenabled())

    def enter(self):
        pass

    def context(self):
        return nullcontext()


class FakeClock:
    """A call takes the next of `seconds`, batch by batch; the last for ever."""

    def __init__(self, *seconds):
        self.seconds = list(seconds)
        self.batches = []

    def back_to_back(self, call, calls):
        for _ in range(calls):
            call()
        self.batches.append(calls)
        return self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]


def field(member, clock):
    return PreparedWorkload(
        [member], Warm(FakeStep(), 0.1, 0.1, 0), clock, Device.CUDA, Watch()
    )


@pytest.mark.parametrize(
    ("seconds", "batches", "spent"),
    [
        ((0.125,), [4, 36], 5.0),
        ((0.25, 0.125), [4, 16, 16], 5.0),  # it clocks up: too few, so some more
        ((0.0625, 0.125), [4, 76], 9.75),
        ((2.0,), [4], 8.0),
    ],
)
def test_it_is_busy_for_at_least_the_time(seconds, batches, spent):
    step, clock = FakeStep(), FakeClock(*seconds)

    found = keep_busy(Warm(step, 0.1, 0.1, 4), clock, 5.0)

    assert found == (sum(batches), spent)
    assert clock.batches == batches
    assert step.calls == sum(batches)


def test_the_collector_stands_still_and_starts_again():
    step = FakeStep()

    keep_busy(Warm(step, 0.1, 0.1, 1), FakeClock(1.0), 2.0)

    assert step.collected == [False, False]
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("member", "status", "why"),
    [
        (Outcome(status=Status.ERROR, reason="ValueError: no"), Status.ERROR, "no"),
        (Warm(FakeStep(), 0.1, 0.1, 0), Status.SKIPPED, "a CPU queues no calls"),
        (Warm(FakeStep(fails=True), 0.1, 0.1, 1), Status.ERROR, "too hot"),
    ],
)
def test_what_can_not_be_called_is_an_outcome_without_calls(member, status, why):
    found = burn(field(member, FakeClock(1.0)), 2.0)

    assert found.calls == 0
    assert found.outcomes[0].status is status
    assert why in found.outcomes[0].reason
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("properties", "uuid"),
    [(type("P", (), {"uuid": "1b2c"})(), "1b2c"), (object(), "")],
)
def test_the_gpu_is_named_where_torch_knows_it(monkeypatch, properties, uuid):
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)

    found = burn(field(Warm(FakeStep(), 0.1, 0.1, 1), FakeClock(1.0)), 2.0)

    assert (found.calls, found.seconds, found.gpu) == (2, 2.0, uuid)
    assert found.outcomes[0].status is Status.OK


def test_the_worker_burns_what_it_has_prepared(make_case):
    bench = JobHandler(Watch())
    bench.answer(Prepare(cases=(make_case(),), check=False))

    found = bench.answer(Burn(seconds=1.0))

    assert found.outcomes[0].reason == "a CPU queues no calls"


def test_to_burn_nothing_is_a_fault_of_the_campaign():
    with pytest.raises(ProtocolError, match="nothing is prepared"):
        JobHandler(Watch()).answer(Burn(seconds=1.0))
