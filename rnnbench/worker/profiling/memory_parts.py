"""Parts of the memory at the peak of a call, from the events of the allocator."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.profiler import record_function

from rnnbench.model.case import Device
from rnnbench.model.profile import MemoryPart
from rnnbench.worker.layers.step import Step
from rnnbench.worker.profiling.peak_memory import record_call

UNSEEN = {
    Device.CPU: "what oneDNN, MKL or an extension takes past PyTorch's allocator "
    "(scratchpads, caches of kernels), the interpreter and the code",
    Device.CUDA: "the CUDA context, the code of kernels and what libraries take past "
    "PyTorch's allocator; blocks count as rounded by it",
}

# A span of no length in the profile: the block at this address is of this part.
_MARK = "rnnbench.part:"


@dataclass(slots=True)
class MemoryBlock:
    """Allocated memory; its part becomes known later than its size."""

    size: int
    part: MemoryPart = MemoryPart.OTHER


@dataclass(frozen=True, slots=True)
class Event:
    """An allocation (`size` > 0), a free (< 0), or a mark with a block's part (0)."""

    address: int
    size: int = 0
    part: MemoryPart = MemoryPart.OTHER


@dataclass(frozen=True, slots=True)
class Peak:
    """Bytes by part, which sum to the peak; `growth`: bytes that the call added."""

    parts: tuple[tuple[MemoryPart, int], ...]
    growth: int


def memory_parts(step: Step) -> Peak:
    """The parts at the peak of a second profiled call: of the first, frees are missed.

    What autograd saves and what the layer gives are marked when they are; gradients are
    known by what holds them after the call.
    """
    step.enter()
    with step.context(), _marked(step):
        record_call(step)
        results = record_call(step)
    events = list(_events(results, step.case.device))
    if not any(event.size for event in events):
        raise NotImplementedError(
            f"PyTorch {torch.__version__} records no allocations with addresses"
        )
    grads = {address for address, _ in _storages(_grads(step))}
    return at_peak(events, _held(step), grads)


def at_peak(
    events: Iterable[Event], held: dict[int, MemoryBlock], gradients: Iterable[int]
) -> Peak:
    """Replay the events over what was held before, by address, and stop at the peak.

    A free of a block that nobody knew shows that it was held before, too.
    """
    blocks = list(held.values())
    live = dict(held)
    changes: list[tuple[MemoryBlock, int]] = []
    for event in events:
        if event.size > 0:
            live[event.address] = MemoryBlock(event.size)
            changes.append((live[event.address], event.size))
        elif event.size < 0:
            if (freed := live.pop(event.address, None)) is None:
                freed = MemoryBlock(-event.size)
                blocks.append(freed)
            freed.size = -event.size
            changes.append((freed, event.size))
        else:
            _set_part(live, event.address, event.part)
    for address in gradients:
        _set_part(live, address, MemoryPart.GRADIENTS)
    return _replay(blocks, changes)


def _replay(blocks: list[MemoryBlock], changes: list[tuple[MemoryBlock, int]]) -> Peak:
    sums = [0, *accumulate(size for _, size in changes)]
    growth = max(sums)
    # By identity: blocks of one size and part are equal.
    live = {id(block): block for block in blocks}
    for block, size in changes[: sums.index(growth)]:
        if size > 0:
            live[id(block)] = block
        else:
            del live[id(block)]
    bytes_of = dict.fromkeys(MemoryPart, 0)
    for block in live.values():
        bytes_of[block.part] += block.size
    return Peak(tuple(bytes_of.items()), growth)


# A block that belongs to several parts counts for the one with the highest rank.
_RANK = {
    MemoryPart.OTHER: 0,
    MemoryPart.SAVED: 1,
    MemoryPart.OUTPUT: 2,
    MemoryPart.GRADIENTS: 3,
}
_HIGHEST = 4  # what was held before stays what it is


def _set_part(live: dict[int, MemoryBlock], address: int, part: MemoryPart) -> None:
    block = live.get(address)
    if block is not None and _RANK[part] > _RANK.get(block.part, _HIGHEST):
        block.part = part


def _marked(step: Step) -> AbstractContextManager[object]:
    """Mark in the profile the blocks of the output and those saved for backward."""

    def tell(part: MemoryPart, tensors: Any) -> None:
        for address, _ in _storages(tensors):
            with record_function(f"{_MARK}{address}:{part}"):
                pass

    def save(tensor: Tensor) -> Tensor:
        tell(MemoryPart.SAVED, tensor)
        return tensor

    def give(_module: object, _arguments: object, output: Any) -> None:
        tell(MemoryPart.OUTPUT, output)

    stack = ExitStack()
    stack.enter_context(saved_tensors_hooks(save, lambda tensor: tensor))
    stack.callback(step.module.register_forward_hook(give).remove)
    return stack


def _events(results: Any, device: Device) -> Iterator[Event]:
    """The events in order, from the tree: the flat list has no addresses."""
    kinds = getattr(getattr(torch._C, "_profiler", None), "_EventType", None)  # noqa: SLF001
    if kinds is None or not hasattr(results, "experimental_event_tree"):
        return
    found: list[tuple[int, Event]] = []
    waiting = list(results.experimental_event_tree())
    while waiting:
        event = waiting.pop()
        waiting.extend(event.children)
        fields = event.extra_fields
        if event.tag == kinds.Allocation and fields.device.type == device:
            change = Event(fields.ptr, fields.alloc_size)
            found.append((event.start_time_ns, change))
        elif event.name.startswith(_MARK):
            address, _, part = event.name.removeprefix(_MARK).partition(":")
            found.append(
                (event.start_time_ns, Event(int(address), part=MemoryPart(part)))
            )
    for _, each in sorted(found, key=lambda timed: timed[0]):
        yield each


def _held(step: Step) -> dict[int, MemoryBlock]:
    """Blocks from before the call, by address; shared ones count for the first part."""
    kept = step.kept
    buffers = list(step.module.buffers())
    state = list(kept.optimizer.state.values()) if kept.optimizer else []
    held: dict[int, MemoryBlock] = {}
    for part, tensors in (
        (MemoryPart.PARAMETERS, list(step.module.parameters())),
        (MemoryPart.OPTIMIZER, state),
        (MemoryPart.INPUT, [kept.given, kept.grads]),
        (MemoryPart.OTHER, buffers),
    ):
        for address, size in _storages(tensors):
            held.setdefault(address, MemoryBlock(size, part))
    return held


def _grads(step: Step) -> list[Tensor]:
    return [each.grad for each in step.module.parameters() if each.grad is not None]


def _storages(value: Any) -> Iterator[tuple[int, int]]:
    """Address and bytes of the memory of each tensor in `value`, however nested."""
    if isinstance(value, Tensor):
        # Those of other layouts (sparse, oneDNN's own) have no one storage.
        if value.layout is torch.strided and value.untyped_storage().nbytes():
            storage = value.untyped_storage()
            yield storage.data_ptr(), storage.nbytes()
    elif isinstance(value, dict):
        yield from _storages(list(value.values()))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _storages(each)
