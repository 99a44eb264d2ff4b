"""Energy per call, by the counter that an NVIDIA GPU keeps of itself.

NVML's total energy counter is read before and after a worker kept the GPU busy with one
case. It counts the whole GPU: nothing is subtracted, so the power that it takes when
idle is part of each call, as is what any other process does there. Elsewhere there is a
reason instead: an estimate from a rated power would be no measurement.
"""

from collections.abc import Mapping, Sequence

from rnnbench.model.case import Case
from rnnbench.model.status import Status
from rnnbench.runner.journal import CaseEnergy
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.runner.readings.probe import Probe
from rnnbench.runner.worker_process import Worker
from rnnbench.worker.protocol import Burn, Burnt, Prepare, Report

# The extra `nvidia`. It is no more than a door to the driver's own library.
try:
    import pynvml
except ImportError:
    pynvml = None

# The counter moves every 20 to 100 ms (PETSc's PetscLogGpuEnergyMeter warns of it), so
# either reading may be that much too old. Of 2 s that is up to 5 %, of 5 s 2 %.
SECONDS = 5.0


class NoCounterError(Exception):
    """There is no reading; the message is the reason, in a sentence."""


async def _take(
    context: LaunchContext, worker: Worker, chunk: Sequence[Case]
) -> tuple[CaseEnergy, ...]:
    """Warm the chunk's only case, then count while it runs."""
    (case,) = chunk
    prepare = Prepare(cases=(case,), check=False)
    (ready,) = (await context.ask(worker, prepare, Report, chunk)).outcomes
    if ready.status is not Status.OK:
        return (_unread(case.id, ready.reason),)
    limit = SECONDS + context.order.policy.time_limit
    try:
        before = counters()
        burnt = await worker.ask(Burn(seconds=SECONDS), Burnt, limit=limit)
        energy = joules(before, counters(), burnt)
    except NoCounterError as error:
        return (_unread(case.id, str(error)),)
    return (CaseEnergy(case=case.id, energy=energy),)


def joules(before: Mapping[str, int], after: Mapping[str, int], burnt: Burnt) -> float:
    """Per call, from two readings of every counter; NoCounterError if they say none."""
    if not burnt.calls:
        reasons = [one.reason for one in burnt.outcomes if one.reason]
        raise NoCounterError(reasons[0] if reasons else "the worker made no call")
    gpu = _plain(burnt.gpu)
    if gpu not in before or gpu not in after:
        # Before Volta there is none; a slice of a GPU (MIG) has a UUID of its own.
        raise NoCounterError(f"NVML has no energy counter of the GPU {gpu or '?'}")
    if after[gpu] <= before[gpu]:
        raise NoCounterError("NVML's energy counter did not go up")
    return (after[gpu] - before[gpu]) / 1000 / burnt.calls  # it counts millijoules


def counters() -> dict[str, int]:
    """Millijoules since the driver was loaded, of each GPU that counts them, by UUID.

    By UUID, since the first device of CUDA may be any of NVML's: CUDA_VISIBLE_DEVICES
    chooses, and CUDA puts the fastest first. All are read, since the worker names its
    own only when it answers.
    """
    if pynvml is None:
        raise NoCounterError("NVML can't be read: install rnnbench[nvidia]")
    try:
        pynvml.nvmlInit()
        try:
            places = range(pynvml.nvmlDeviceGetCount())
            return dict(filter(None, map(_counter, places)))
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        raise NoCounterError(f"NVML can't be read: {error}") from error


def _counter(place: int) -> tuple[str, int] | None:
    """The UUID of a GPU and its millijoules; None where it has no such counter."""
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(place)
        count = pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
        return _plain(pynvml.nvmlDeviceGetUUID(handle)), int(count)
    except pynvml.NVMLError:
        return None


def _plain(uuid: str) -> str:
    """NVML writes GPU- before a UUID, PyTorch does not."""
    return uuid.lower().removeprefix("gpu-")


def _refused() -> str:
    """The reason why no energy can be read here; empty if it can."""
    try:
        return "" if counters() else "no counter: no GPU here has one that NVML reads"
    except NoCounterError as error:
        return str(error)


def _unread(case: str, reason: str) -> CaseEnergy:
    return CaseEnergy(case=case, energy=None, reason=reason)


ENERGY = Probe(
    name="energy",
    take=_take,
    lost=_unread,
    known=lambda journal: journal.energies,
    # One at a time: the counter is of whatever runs between two readings.
    chunk=1,
    seconds=SECONDS,
    refused=_refused,
)
