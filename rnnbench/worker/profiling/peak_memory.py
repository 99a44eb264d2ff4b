"""Peak memory: the bytes that one call adds, at its peak, to those in use before.

On a CPU it counts what PyTorch's own allocator hands out. What oneDNN, MKL or an
extension keep for themselves is not seen.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from rnnbench.model.case import Device
from rnnbench.worker.layers.step import Step

Change = tuple[int, int]  # nanoseconds, bytes


def peak_memory(step: Step) -> int:
    """Peak memory of a step in bytes; gradients count, since the call makes them."""
    step.enter()
    with step.context():
        return _READERS[step.case.device](step)


def unseen(step: Step) -> str:
    """Why PyTorch's profiler sees nothing of the calls of a step; "" if it does."""
    if step.prepared is None or step.prepared.module is not None:
        return ""
    return f"PyTorch's profiler sees nothing of {step.case.runtime}"


def running_peak(changes: Iterable[Change]) -> int:
    """The highest running sum of the changes, starting from 0.

    Of the changes, not of the profiler's running total: that one goes on from the
    first profile of the process.
    """
    held = peak = 0
    for _, size in sorted(changes, key=lambda change: change[0]):
        held += size
        peak = max(peak, held)
    return peak


def _on_cpu(step: Step) -> int:
    # The first profiled call reads too high, since it misses frees of older blocks.
    record_call(step)
    return running_peak(_changes(record_call(step)))


def record_call(step: Step) -> Any:
    """The profiler's record of one call and its allocations, without old gradients.

    Of a process's first such call it misses the frees of older blocks.
    """
    step.release()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step.call()
    return getattr(profiler.profiler, "kineto_results", None)


def _changes(results: Any) -> list[Change]:
    """Allocations and frees of a profile, in whichever form this PyTorch has them."""
    for read in (_from_tree, _from_events):
        if changes := list(read(results)):
            return changes
    raise NotImplementedError(
        f"PyTorch {torch.__version__} records no allocations on a CPU"
    )


def _from_tree(results: Any) -> Iterator[Change]:
    kinds = getattr(getattr(torch._C, "_profiler", None), "_EventType", None)  # noqa: SLF001
    if kinds is None or not hasattr(results, "experimental_event_tree"):
        return
    waiting = list(results.experimental_event_tree())
    while waiting:
        event = waiting.pop()
        waiting.extend(event.children)
        if event.tag == kinds.Allocation:
            yield event.start_time_ns, event.extra_fields.alloc_size


def _from_events(results: Any) -> Iterator[Change]:
    """The same from the flat list, where there is no tree (it is experimental)."""
    for event in results.events():
        if event.name() == "[memory]":
            yield event.start_ns(), event.nbytes()


def _on_cuda(step: Step) -> int:
    # In the first call cuBLAS and cuDNN allocate workspaces that stay.
    step.call()
    step.release()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    step.call()
    torch.cuda.synchronize()
    return int(torch.cuda.max_memory_allocated() - before)


_READERS: dict[Device, Callable[[Step], int]] = {
    Device.CPU: _on_cpu,
    Device.CUDA: _on_cuda,
}
