"""The launcher for a fleet: it sends errands to nodes and journals deliveries."""

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol

from rnnbench.model.errors import CampaignError
from rnnbench.model.status import Status
from rnnbench.model.workload import Workload
from rnnbench.runner.fleet.fleet_board import Beside, Board, Queued, split
from rnnbench.runner.fleet.parcel import (
    Delivery,
    NodeFacts,
    Parcel,
    decode_delivery,
    encode,
)
from rnnbench.runner.journal import Pass
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.runner.launcher import Errand, exceeds, memory_share
from rnnbench.storage.results_file import without_collector

# Hosts that may be lost with one errand until its workloads are sent one by one; a
# workload that still costs so many is at fault itself.
MOST_LOSSES = 2
# Seconds without any node after which a run ends: nodes are started again meanwhile.
_PATIENCE = 120.0
# How often the list of nodes is looked at.
_EVERY = 1.0
# A host whose yardstick takes so many times the others' measures something else: it is
# throttled, or shared. Hosts of one kind differ by a few percent.
_MOST_OFF = 1.25
_LEAST_PASSES = 5
# The latest passes of a host: what it is now, and a median that takes no time.
_MOST_PASSES = 99


class NodeLostError(Exception):
    """A node ended, or was cut off, before it had delivered."""


class Cluster(Protocol):
    """The nodes of a kind that there are now, and a way to send them parcels."""

    def nodes(self) -> Mapping[str, NodeFacts]:
        """The nodes by their address."""

    async def send(self, address: str, parcel: str, cost: int) -> str:
        """The delivery for a parcel; NodeLostError if there will be none.

        `cost`: lanes of the node that it takes.
        """


@dataclass(slots=True)
class FleetLauncher:
    """Runs launches on the nodes of a cluster, at most one for each of their lanes.

    Our own queue feeds them: a scheduler that has tasks in advance does not give them
    to hosts that join later, and 100,000 tasks at once are too many for it. `notice` is
    called with a line about each host that is lost or set aside.
    """

    context: LaunchContext
    cluster: Cluster
    notice: Callable[[str], object] = lambda _: None
    _board: Board = field(default_factory=Board)
    _lost: Counter[str] = field(default_factory=Counter)
    # By address, why a host gets no more errands.
    _aside: dict[str, str] = field(default_factory=dict)
    # By host, what its latest passes took for the yardstick.
    _yardsticks: dict[str, deque[float]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=_MOST_PASSES))
    )
    # Bytes for a case in a lane of the smallest host, if known.
    _share: int | None = None
    _looked: float = 0.0

    def __post_init__(self) -> None:
        """Look at what nodes there are."""
        self._look()

    @property
    def width(self) -> int:
        """The lanes of all hosts."""
        return max(self._board.lanes, 1)

    @property
    def hosts(self) -> int:
        """The number of hosts that take part."""
        return len(self._board.nodes)

    def is_large(self, workload: Workload) -> bool:
        """Whether `workload` needs more than a lane's share of the smallest host."""
        return exceeds(workload, self._share)

    async def carry_out(self, errands: Sequence[Errand]) -> None:
        """Do all of `errands` on the hosts; see `ErrandLauncher`."""
        self._look()
        await self._wait_for_a_node()
        board, began = self._board, time.monotonic()
        for errand in errands:
            board.share_out(errand, len(errands))
            # 50,000 workloads take a second: the cluster is answered in between.
            await asyncio.sleep(0)
        running: set[asyncio.Task[_Answer]] = set()
        try:
            while board or running:
                if not self.context.left:
                    board.clear()
                for at, queued in board.startable():
                    running.add(asyncio.ensure_future(self._send(at, queued)))
                if not running:
                    if board:
                        await self._wait_for_a_node()
                    continue
                done, running = await asyncio.wait(
                    running, timeout=_EVERY, return_when=asyncio.FIRST_COMPLETED
                )
                self._settle(await asyncio.gather(*done, return_exceptions=True))
                if time.monotonic() - self._looked > _EVERY:
                    self._look()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            self.context.tally.capacity += self.width * (time.monotonic() - began)

    async def _send(self, at: str, queued: Queued) -> "_Answer":
        """Have one errand done by the node at an address."""
        node, launch = self._board.nodes[at], queued.errand.launch
        self.context.tell(f"launch {launch.number + 1}: {launch.workloads[0].id}")
        cost = node.lanes if queued.beside is Beside.NOTHING else 1
        try:
            parcel = encode(self._parcel(queued.errand))
            text = await self.cluster.send(at, parcel, cost)
            return _Answer(at, node, queued, decode_delivery(text, node.host))
        except NodeLostError as error:
            return _Answer(at, node, queued, None, loss=str(error))
        except ValueError as error:
            raise CampaignError(f"host {node.name}: {error}") from error

    def _settle(self, answers: Sequence["_Answer | BaseException"]) -> None:
        """Journal what nodes delivered, in one write; queue again what they did not.

        A disk takes milliseconds for a write: while it does, further nodes answer, and
        the next write is of all of them. The first error is raised at the end.
        """
        found = [each for each in answers if isinstance(each, _Answer)]
        for each in found:
            self._board.done(each.at, each.queued)
        with without_collector():
            self._take([(each.node, each.delivery) for each in found if each.delivery])
        for each in found:
            launch = each.queued.errand.launch
            if each.delivery is None:
                self._look()
                self._take_loss(each.node, each.queued, each.loss)
            elif each.delivery.fault:
                self._set_aside(each.at, each.delivery.fault)
                self._board.put_back(each.queued)
            else:
                self._check_yardstick(each.at)
            self.context.tell(f"launch {launch.number + 1}: {launch.workloads[-1].id}")
        for error in answers:
            if isinstance(error, BaseException):
                raise error

    def _parcel(self, errand: Errand) -> Parcel:
        context = self.context
        cases = [case.id for case in errand.launch.cases]
        return Parcel(
            errand=errand,
            policy=context.order.policy,
            smoke=context.order.smoke,
            seconds_left=context.left,
            ended=tuple(case for case in cases if case in context.journal.ended),
            checked=tuple(
                workload.id
                for workload in errand.launch.workloads
                if workload.id in context.journal.passes
            ),
            deaths={
                case: context.deaths[case] for case in cases if context.deaths[case]
            },
        )

    def _take(self, deliveries: Sequence[tuple[NodeFacts, Delivery]]) -> None:
        """Journal what nodes did: one write for all of it."""
        context = self.context
        context.take(
            [entry for _, delivery in deliveries for entry in delivery.entries]
        )
        tally = context.tally
        for node, delivery in deliveries:
            for case, deaths in delivery.deaths.items():
                context.deaths[case] = max(context.deaths[case], deaths)
            passes = [entry for entry in delivery.entries if isinstance(entry, Pass)]
            tally.launches += delivery.launches
            tally.inside_turns += delivery.inside_turns
            tally.waited += delivery.waited
            tally.passes += len(passes)
            yardsticks = self._yardsticks[node.host]
            yardsticks += [min(each.yardstick.seconds) for each in passes]

    def _take_loss(self, node: NodeFacts, queued: Queued, reason: str) -> None:
        """Queue again what was lost with a host, unless it has cost several hosts."""
        self.notice(f"host {node.name}: lost: {reason}")
        workloads = queued.errand.launch.workloads
        for workload in workloads:
            self._lost[workload.id] += 1
        if max(self._lost[workload.id] for workload in workloads) <= MOST_LOSSES:
            self._board.put_back(queued)
        elif len(workloads) > 1:
            for workload in workloads:
                self._lost[workload.id] = 0
            for part in split(queued):
                self._board.put_back(part)
        else:
            count = self._lost[workloads[0].id]
            for case in self.context.live(workloads[0].members):
                self.context.finish(
                    case,
                    Status.KILLED,
                    f"{count} hosts were lost while it was measured",
                )

    def _set_aside(self, at: str, reason: str) -> None:
        node = self._board.nodes.get(at)
        if node is None:
            return
        self._aside[at] = reason
        self.notice(f"host {node.name}: gets no more work: {reason}")
        self._look()

    def _check_yardstick(self, at: str) -> None:
        """Set a host aside whose yardstick is off, as long as there are others."""
        node = self._board.nodes.get(at)
        others = [
            median(times)
            for host, times in self._yardsticks.items()
            if len(times) >= _LEAST_PASSES and node and host != node.host
        ]
        own = self._yardsticks[node.host] if node else []
        if len(others) < 2 or len(own) < _LEAST_PASSES:
            return
        off = median(own) / median(others)
        if off > _MOST_OFF:
            self._set_aside(
                at, f"its yardstick takes {off:.2f} times as long as the others'"
            )

    def _look(self) -> None:
        """Update the list of nodes."""
        self._looked = time.monotonic()
        there = self.cluster.nodes()
        nodes = {at: there[at] for at in there if at not in self._aside}
        self._board.update(nodes)
        shares = [
            share
            for node in nodes.values()
            if (share := memory_share(node.environment.memory_bytes, node.lanes))
        ]
        self._share = min(shares, default=None)

    async def _wait_for_a_node(self) -> None:
        began = time.monotonic()
        while not self._board.nodes:
            if self._aside and not self.cluster.nodes().keys() - self._aside.keys():
                raise CampaignError(next(iter(self._aside.values())))
            if time.monotonic() - began > _PATIENCE or not self.context.left:
                raise CampaignError("no node is left; --resume continues the run")
            await asyncio.sleep(_EVERY / 4)
            self._look()


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of an errand: a delivery, or the reason why its node was lost."""

    at: str
    node: NodeFacts
    queued: Queued
    delivery: Delivery | None
    loss: str = ""
