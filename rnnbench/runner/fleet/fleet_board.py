"""The errands of a fleet by host: who does what, and what may run side by side."""

import random
import zlib
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import lru_cache
from math import ceil

from rnnbench.model.workload import Workload
from rnnbench.runner.fleet.parcel import NodeFacts, needs_host
from rnnbench.runner.launcher import Errand, Work

# Workloads in one errand: half a minute of work, which is lost with a host, behind a
# start of a process that takes 1.5 s.
CHUNK = 24
# Errands for each lane, so that none is idle while the last of the others end. More of
# them start more processes, each of which takes 2 s before its first pass.
_ERRANDS_A_LANE = 2


class Beside(IntEnum):
    """What runs at the same time on one machine; in the order in which it is done."""

    CPU = 0
    GPU = 1
    NOTHING = 2


@dataclass(frozen=True, slots=True)
class Queued:
    """An errand, and what may run beside it."""

    errand: Errand
    beside: Beside


@dataclass(slots=True)
class Board:
    """Queues of errands, one for each host and each `Beside`.

    Each host takes its own first; one without work takes another's.
    """

    nodes: dict[str, NodeFacts] = field(default_factory=dict)
    _queues: dict[str, dict[Beside, deque[Queued]]] = field(default_factory=dict)
    _running: dict[str, list[Beside]] = field(default_factory=dict)
    # Errands that were queued while no host was connected.
    _unplaced: list[Queued] = field(default_factory=list)
    # By the id of a workload, and whether it is large: the same for all its launches.
    _besides: dict[tuple[str, bool], Beside] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether an errand waits."""
        queued = any(queue for own in self._queues.values() for queue in own.values())
        return queued or bool(self._unplaced)

    @property
    def lanes(self) -> int:
        """Lanes of all hosts."""
        return sum(node.lanes for node in self.nodes.values())

    def update(self, nodes: Mapping[str, NodeFacts]) -> None:
        """Take the nodes that there are now; errands of lost ones go to the others."""
        lost = [queues for at, queues in self._queues.items() if at not in nodes]
        self.nodes = dict(nodes)
        self._queues = {
            at: self._queues.get(at) or defaultdict(deque) for at in self.nodes
        }
        self._running = {at: self._running.get(at, []) for at in self.nodes}
        waiting = [each for own in lost for queue in own.values() for each in queue]
        waiting, self._unplaced = [*self._unplaced, *waiting], []
        for place, each in enumerate(waiting):
            self._put(each, place)

    def share_out(self, errand: Errand, together: int = 1) -> None:
        """Spread an errand over the hosts: see `host_of`.

        `together`: errands that are shared out at the same time. Only as many parts are
        made of each as keep all lanes busy.
        """
        hosts = max(len(self.nodes), 1)
        parts = min(ceil(_ERRANDS_A_LANE * max(self.lanes, 1) / together), hosts)
        for place, part in _shares(errand, hosts, parts, self._besides):
            self._put(part, place)

    def put_back(self, each: Queued) -> None:
        """Queue an errand that a host did not do, in front of others."""
        if not self.nodes:
            self._unplaced.append(each)
            return
        at = min(self.nodes, key=self._load)
        self._queues[at][each.beside].appendleft(each)

    def clear(self) -> None:
        """Forget what waits."""
        self._unplaced.clear()
        for own in self._queues.values():
            own.clear()

    def startable(self) -> Iterator[tuple[str, Queued]]:
        """Take errands for which there is a free lane, until there is none."""
        for at in sorted(self.nodes, key=self._load):
            while (found := self._next(at)) is not None:
                self._running[at].append(found.beside)
                yield at, found

    def done(self, at: str, each: Queued) -> None:
        """Free the lane of an errand."""
        if at in self._running:
            self._running[at].remove(each.beside)

    def _next(self, at: str) -> Queued | None:
        machine = self.nodes[at].machine
        busy = {
            kind
            for other, node in self.nodes.items()
            if node.machine == machine
            for kind in self._running[other]
        }
        for kind in Beside:
            if busy - {kind} or len(self._running[at]) >= self._capacity(at, kind):
                continue
            if kind is Beside.NOTHING and busy:
                continue
            if queue := self._longest(at, kind):
                return (
                    queue.popleft()
                    if queue is self._queues[at][kind]
                    else (queue.pop())
                )
        return None

    def _capacity(self, at: str, kind: Beside) -> int:
        node = self.nodes[at]
        return {Beside.CPU: node.lanes, Beside.GPU: node.gpus, Beside.NOTHING: 1}[kind]

    def _longest(self, at: str, kind: Beside) -> deque[Queued] | None:
        """The host's own queue, or the longest of the others if it is long.

        A host's last errand is left to it: the launches of a workload stay spread.
        """
        if own := self._queues[at][kind]:
            return own
        found = max((queues[kind] for queues in self._queues.values()), key=len)
        return found if len(found) > 1 else None

    def _load(self, at: str) -> int:
        own = self._queues[at]
        return len(self._running[at]) + sum(map(len, own.values()))

    def _put(self, each: Queued, place: int) -> None:
        if not self.nodes:
            self._unplaced.append(each)
            return
        hosts = sorted(self.nodes, key=lambda at: self.nodes[at].host)
        self._queues[hosts[place % len(hosts)]][each.beside].append(each)


def beside_of(errand: Errand) -> Beside:
    """What may run beside `errand`."""
    if errand.work in (Work.CEILINGS, Work.ENERGY) or needs_host(errand):
        return Beside.NOTHING
    return Beside.GPU if errand.launch.fits_gpu_lane else Beside.CPU


def host_of(group: str, launch: int, hosts: int) -> int:
    """The place of the host that a launch of a group of workloads is for.

    Of as many launches in a row as there are hosts, each is on another one, in an order
    of the group's own: a host that reads a ratio differently then widens intervals, as
    it should, instead of shifting them. Where an errand is spread over all hosts, each
    workload is a group, and the order is shuffled for each such row, so that no two
    workloads always share a process.
    """
    row, place = divmod(launch, hosts)
    return _host_order(group, row, hosts)[place]


# Launches of a workload are shared out one by one, and shuffling takes 15 µs.
@lru_cache(maxsize=2**16)
def _host_order(group: str, row: int, hosts: int) -> list[int]:
    return random.Random(f"{group} {row}").sample(range(hosts), hosts)  # noqa: S311 - not a matter of security


def _shares(
    errand: Errand, hosts: int, parts: int, known: dict[tuple[str, bool], Beside]
) -> Iterator[tuple[int, Queued]]:
    """Parts of an errand, each for one host: at most `CHUNK` workloads of one kind.

    `parts`: how many hosts an errand is spread over. `known`: what may run beside
    workloads of other launches; it is added to.
    """
    launch = errand.launch
    if errand.work is not Work.TIME:
        yield launch.number, Queued(errand, beside_of(errand))
        return
    by_place: dict[tuple[int, Beside], list[Workload]] = defaultdict(list)
    for workload in launch.workloads:
        group = workload.id
        if parts < hosts:
            group = str(zlib.crc32(group.encode()) % parts)
        place = host_of(group, launch.number, hosts)
        key = (workload.id, launch.large)
        if key not in known:
            known[key] = beside_of(_with(errand, [workload]))
        by_place[place, known[key]].append(workload)
    for (place, beside), workloads in by_place.items():
        for start in range(0, len(workloads), CHUNK):
            part = _with(errand, workloads[start : start + CHUNK])
            yield place, Queued(part, beside)


def _with(errand: Errand, workloads: Sequence[Workload]) -> Errand:
    return replace(errand, launch=replace(errand.launch, workloads=tuple(workloads)))


def split(each: Queued) -> Iterator[Queued]:
    """An errand for each workload."""
    for workload in each.errand.launch.workloads:
        part = _with(each.errand, [workload])
        yield Queued(part, beside_of(part))
