"""Breakdown of a recorded call: by operator, by kind, and over time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rnnbench.model.profile import Kind, Operator, Span
from rnnbench.worker.profiling.events import Kernel, Node, Recorded
from rnnbench.worker.profiling.kinds import (
    kind_of_kernel,
    kind_of_operator,
    tells_backend,
)

# Spans that a chart can show; a GRU of 100 time steps has thousands.
MOST_SPANS = 300

# Names of kernels are whole C++ types; they differ at the beginning.
_LONGEST_NAME = 160
_MOST_SEEN = 64


def operators(recorded: Recorded) -> tuple[Operator, ...]:
    """A row for each name, by time on host and device, the longest first."""
    rows: dict[str, _Row] = {}
    names: dict[int, str] = {}
    for node in recorded.nodes():
        row = rows.setdefault(node.name, _Row(kind_of_operator(node.name)))
        row.calls += 1
        row.host += node.own
        row.allocated += node.allocated
        names[node.id] = node.name
    for kernel, kind in _kernels(recorded):
        name = names.get(kernel.launcher) or kernel.name[:_LONGEST_NAME]
        rows.setdefault(name, _Row(kind, calls=1)).device += kernel.duration
    found = [row.operator(name) for name, row in rows.items()]
    return tuple(sorted(found, key=lambda row: -row.host_seconds - row.device_seconds))


def kinds(recorded: Recorded) -> tuple[tuple[Kind, float], ...]:
    """Seconds of each kind; every moment of the call counts once.

    Of a call that ran kernels these are moments of the device, else of the host's
    thread: what no operator of another kind covers there is overhead.
    """
    call = recorded.call
    of_kind = dict.fromkeys(Kind, 0)
    for node in () if recorded.kernels else recorded.call.inner:
        for each in node.walk():
            of_kind[kind_of_operator(each.name)] += each.own
    moment, end = call.start, call.start + call.duration
    for kernel, kind in _kernels(recorded):
        last = min(kernel.start + kernel.duration, end)
        of_kind[kind] += max(last - max(kernel.start, moment), 0)
        moment = max(moment, last)
    rest = Kind.IDLE if recorded.kernels else Kind.FRAMEWORK
    of_kind[rest] += call.duration - sum(of_kind.values())
    return tuple((kind, spent / 1e9) for kind, spent in of_kind.items())


def seen(recorded: Recorded) -> tuple[str, ...]:
    """Operators, and kernels of a fused layer, that show which backend ran."""
    names = {node.name for node in recorded.nodes() if tells_backend(node.name)}
    for kernel, kind in _kernels(recorded):
        if kind is Kind.FUSED:
            names.add(kernel.name[:_LONGEST_NAME])
    return tuple(sorted(names)[:_MOST_SEEN])


def timeline(recorded: Recorded) -> tuple[tuple[Span, ...], int]:
    """The longest spans in the order of time, and how many shorter ones there are.

    On the host the outermost operators that do something themselves: what lies between
    them is overhead. On a device every kernel.
    """
    start = recorded.call.start
    spans = [
        _span(f"thread {node.lane}", node, kind, start)
        for root in (*recorded.call.inner, *recorded.others)
        for node, kind in _outermost(root)
    ]
    spans += [
        _span(f"stream {kernel.lane}", kernel, kind, start)
        for kernel, kind in _kernels(recorded)
    ]
    longest = sorted(spans, key=lambda span: -span.seconds)[:MOST_SPANS]
    in_time = sorted(longest, key=lambda span: (span.lane, span.start))
    return tuple(in_time), len(spans) - len(longest)


@dataclass(slots=True)
class _Row:
    kind: Kind
    calls: int = 0
    host: int = 0
    device: int = 0
    allocated: int = 0

    def operator(self, name: str) -> Operator:
        """The finished row."""
        return Operator(
            name=name,
            kind=self.kind,
            calls=self.calls,
            host_seconds=self.host / 1e9,
            device_seconds=self.device / 1e9,
            allocated_bytes=self.allocated,
        )


def _kernels(recorded: Recorded) -> list[tuple[Kernel, Kind]]:
    """Each kernel with its kind, in the order of time."""
    launchers: dict[int, Kind] = {}
    if recorded.kernels:
        for root in (*recorded.call.inner, *recorded.others):
            launchers.update(_launching(root))
    ordered = sorted(recorded.kernels, key=lambda kernel: kernel.start)
    return [
        (
            kernel,
            kind_of_kernel(kernel.name, launchers.get(kernel.launcher, Kind.FRAMEWORK)),
        )
        for kernel in ordered
    ]


def _launching(root: Node) -> Iterator[tuple[int, Kind]]:
    """For each operator, the kind that its kernels inherit; a fused caller's wins.

    A wrapper's own kind says nothing, so it hands on its caller's.
    """
    waiting = [(root, Kind.FRAMEWORK)]
    while waiting:
        node, above = waiting.pop()
        own = kind_of_operator(node.name)
        kind = above if Kind.FUSED is above or own is Kind.FRAMEWORK else own
        yield node.id, kind
        waiting.extend((each, kind) for each in node.inner)


def _outermost(root: Node) -> Iterable[tuple[Node, Kind]]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        kind = kind_of_operator(node.name)
        if kind is Kind.FRAMEWORK:
            waiting.extend(node.inner)
        else:
            yield node, kind


def _span(lane: str, each: Node | Kernel, kind: Kind, start: int) -> Span:
    return Span(
        lane=lane,
        name=each.name[:_LONGEST_NAME],
        kind=kind,
        start=round((each.start - start) / 1e9, 9),
        seconds=round(each.duration / 1e9, 9),
    )
