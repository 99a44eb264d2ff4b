"""A profile: one call of a case under the PyTorch profiler. It is never a timed one."""

import gc
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.profiler import (
    ProfilerActivity,
    profile,
    record_function,
    schedule,
)

from rnnbench.model.case import Case, Device
from rnnbench.model.profile import Profile
from rnnbench.worker.layers.step import Step
from rnnbench.worker.profiling.breakdown import kinds, operators, seen, timeline
from rnnbench.worker.profiling.events import CALL, MODULE, read
from rnnbench.worker.profiling.memory_parts import UNSEEN, memory_parts
from rnnbench.worker.profiling.trace import write_trace

# The first calls choose kernels and fill caches; those under the profiler of memory
# come on top.
_WARM_CALLS = 2

# One call while the profiler starts, whose record is discarded; one that misses frees
# of older blocks; and the one that counts.
_STARTING, _HEARD = 1, 2

_ACTIVITIES = {
    Device.CPU: (ProfilerActivity.CPU,),
    Device.CUDA: (ProfilerActivity.CPU, ProfilerActivity.CUDA),
}


def take_profile(step: Step, folder: Path | None, trace_limit: int) -> Profile:
    """The profile of a warm call; its trace is written to `folder`."""
    step.enter()
    with step.context():
        for _ in range(_WARM_CALLS):
            step.call()
    peak = memory_parts(step)
    device_memory = tuple(_device_memory(step))
    profiler = _record(step)
    recorded = read(profiler.profiler.kineto_results)
    spans, left_out = timeline(recorded)
    trace, why = _trace(profiler, step.case, folder, trace_limit, recorded.events)
    return Profile(
        seconds=recorded.call.duration * 1e-9,
        operators=operators(recorded),
        kinds=kinds(recorded),
        memory=peak.parts,
        unseen=UNSEEN[step.case.device],
        seen=seen(recorded),
        timeline=spans,
        left_out=left_out,
        device_memory=device_memory,
        trace=trace,
        trace_reason=why,
    )


def _record(step: Step) -> Any:
    """The profiler after calls of which the last counts; without stacks, which cost."""
    step.enter()
    finish = _FINISH[step.case.device]
    gc.disable()
    try:
        with (
            step.context(),
            _named(step.module),
            profile(
                activities=_ACTIVITIES[step.case.device],
                schedule=schedule(wait=0, warmup=_STARTING, active=_HEARD, repeat=1),
                record_shapes=True,
                profile_memory=True,
            ) as profiler,
        ):
            for _ in range(_STARTING + _HEARD):
                step.release()
                finish()
                with record_function(CALL):
                    step.call()
                    finish()
                profiler.step()
    finally:
        gc.enable()
    step.release()
    return profiler


@contextmanager
def _named(module: nn.Module) -> Iterator[None]:
    """A span around the layer, named as the profiler would name it with its stacks."""
    spans: list[AbstractContextManager[object]] = []

    def enter(_module: object, _arguments: object) -> None:
        spans.append(record_function(f"{MODULE}{type(module).__name__}_0"))
        spans[-1].__enter__()

    def leave(_module: object, _arguments: object, _output: object) -> None:
        spans.pop().__exit__(None, None, None)

    hooks = (
        module.register_forward_pre_hook(enter),
        module.register_forward_hook(leave, always_call=True),
    )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _nothing() -> None:
    """A CPU has finished a call when it returns."""


_FINISH = {Device.CPU: _nothing, Device.CUDA: torch.cuda.synchronize}


def _device_memory(step: Step) -> Iterator[tuple[str, int]]:
    """Bytes in use as reported by the allocator and the driver of a GPU."""
    if step.case.device is not Device.CUDA:
        return
    step.release()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    with step.context():
        step.call()
        torch.cuda.synchronize()
    yield "max_memory_allocated", torch.cuda.max_memory_allocated()
    yield "max_memory_reserved", torch.cuda.max_memory_reserved()
    free, total = torch.cuda.mem_get_info()
    yield "used on the device", total - free


def _trace(
    profiler: Any, case: Case, folder: Path | None, limit: int, events: int
) -> tuple[str, str]:
    if folder is None:
        return "", "no folder for traces was given"
    return write_trace(profiler, case, folder, limit, events)
