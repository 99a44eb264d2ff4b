"""A load for energy: one member called for seconds while the runner reads a counter."""

import gc
import math

import torch

from rnnbench.model.status import Status
from rnnbench.worker.failure import attempt
from rnnbench.worker.protocol import Burnt, Outcome
from rnnbench.worker.timing.clock import Clock
from rnnbench.worker.timing.rounds import PreparedWorkload
from rnnbench.worker.timing.turn import Warm

_NO_QUEUE = Outcome(status=Status.SKIPPED, reason="a CPU queues no calls")


def burn(prepared: PreparedWorkload, seconds: float) -> Burnt:
    """Keep the device at the first member for at least `seconds`."""
    member = prepared.members[0]
    if isinstance(member, Outcome):
        return Burnt(outcomes=(member,))
    if not member.queued:
        return Burnt(outcomes=(_NO_QUEUE,))
    spent = attempt(lambda: keep_busy(member, prepared.clock, seconds))
    if isinstance(spent, Outcome):
        return Burnt(outcomes=(spent,))
    calls, whole = spent
    return Burnt(
        outcomes=(member.outcome(),), calls=calls, seconds=whole, gpu=_gpu_uuid()
    )


def keep_busy(member: Warm, clock: Clock, seconds: float) -> tuple[int, float]:
    """Number of calls that were made, and the seconds that they took together.

    They are counted and not stopped by a clock: the host runs ahead of the device, by a
    thousand kernels and so perhaps by a minute. A first few tell how many fill the
    time; a further batch, and its synchronisation, comes only where these were too
    few. Each call counts, since the counter has its energy, too.
    """
    step = member.step
    step.enter()
    calls, spent, batch = 0, 0.0, member.queued
    gc.disable()
    try:
        with step.context():
            while spent < seconds:
                each = clock.back_to_back(step.call, batch)
                calls, spent = calls + batch, spent + each * batch
                batch = max(math.ceil((seconds - spent) / each), 1)
    finally:
        gc.enable()
    return calls, spent


def _gpu_uuid() -> str:
    """UUID of CUDA's first device, which may have another number in NVML."""
    return str(getattr(torch.cuda.get_device_properties(0), "uuid", ""))
