"""Events: the PyTorch profiler's record of one call as a tree; its only reader.

From the flat list of events, as torch.autograd.profiler reads it: operators nest where
one lies within another on the same thread, and a kernel names the operator that
launched it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from torch.autograd import DeviceType  # type: ignore[attr-defined]

# The name of the span around each profiled call, and of that around the layer in it.
CALL = "rnnbench.call"
MODULE = "nn.Module: "

_MEMORY = "[memory]"
_STEP = "ProfilerStep#"


@dataclass(slots=True)
class Node:
    """An operator's call on the host and the calls in it; times in nanoseconds."""

    name: str
    lane: int
    start: int
    duration: int
    id: int
    allocated: int = 0
    inner: list["Node"] = field(default_factory=list)

    @property
    def own(self) -> int:
        """Nanoseconds without those of the calls in it."""
        return max(self.duration - sum(each.duration for each in self.inner), 0)

    def walk(self) -> Iterator["Node"]:
        """Itself and all calls in it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.inner)


@dataclass(frozen=True, slots=True)
class Kernel:
    """Work of a GPU; `launcher` is the `id` of the operator that launched it."""

    name: str
    lane: int
    start: int
    duration: int
    launcher: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """The last profiled call: its tree, those of other threads, and its kernels."""

    call: Node
    others: tuple[Node, ...]
    kernels: tuple[Kernel, ...]
    events: int  # in the whole profile

    def nodes(self) -> Iterator[Node]:
        """Every operator of the call, on whatever thread; not the call itself."""
        for root in (*self.call.inner, *self.others):
            yield from root.walk()


def read(results: Any) -> Recorded:
    """The last call of the profile; LookupError where the profiler missed it."""
    events = list(results.events())
    calls = [each for each in events if each.name() == CALL and _on_host(each)]
    if not calls:
        raise LookupError("the profiler recorded no call")
    last = max(calls, key=lambda each: each.start_ns())
    start, end = last.start_ns(), last.start_ns() + last.duration_ns()
    within = [each for each in events if start <= each.start_ns() <= end]
    host = [each for each in within if _on_host(each)]
    roots = _nest(each for each in host if not each.name().startswith(_STEP))
    call = next(root for root in roots if root.name == CALL)
    others = tuple(root for root in roots if root is not call)
    kernels = tuple(_kernel(each) for each in within if _is_work(each))
    return Recorded(call, others, kernels, len(events))


def _on_host(event: Any) -> bool:
    return bool(event.device_type() == DeviceType.CPU)


def _is_work(event: Any) -> bool:
    """Whether it is a kernel or a copy, and not a span of rnnbench's own."""
    if _on_host(event) or event.is_user_annotation():
        return False
    name = event.name()
    return name not in (CALL, _MEMORY) and not name.startswith((_STEP, MODULE))


def _kernel(event: Any) -> Kernel:
    return Kernel(
        event.name(),
        event.device_resource_id(),
        event.start_ns(),
        event.duration_ns(),
        event.linked_correlation_id(),
    )


def _nest(events: Iterable[Any]) -> list[Node]:
    """The outermost operators of each thread, the others within them."""
    roots: list[Node] = []
    open_calls: dict[int, list[Node]] = {}
    # Of two that start at the same time, the longer one is the caller.
    for event in sorted(
        events, key=lambda each: (each.start_ns(), -each.duration_ns())
    ):
        stack = open_calls.setdefault(event.start_thread_id(), [])
        while stack and stack[-1].start + stack[-1].duration <= event.start_ns():
            stack.pop()
        if event.name() == _MEMORY:
            if stack:
                stack[-1].allocated += max(event.nbytes(), 0)
            continue
        node = Node(
            event.name(),
            event.start_thread_id(),
            event.start_ns(),
            event.duration_ns(),
            event.correlation_id(),
        )
        (stack[-1].inner if stack else roots).append(node)
        stack.append(node)
    return roots
