"""The launcher for a fleet: it sends errands to nodes and journals deliveries."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Protocol

from rnnbench.model.errors import CampaignError
from rnnbench.model.status import Status
from rnnbench.model.workload import Workload
from rnnbench.runner.fleet_board import Beside, Board, company, split
from rnnbench.runner.journal import Entry, Pass
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.runner.launcher import Errand, exceeds, memory_share
from rnnbench.runner.parcel import (
    Delivery,
    NodeFacts,
    Parcel,
    decode_delivery,
    encode,
)

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
    _yardsticks: dict[str, list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )
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
        limits = [
            share
            for node in self._board.nodes.values()
            if (share := memory_share(node.environment.memory_bytes, node.lanes))
        ]
        return exceeds(workload, min(limits, default=None))

    async def carry_out(self, errands: Sequence[Errand]) -> None:
        """Do all of `errands` on the hosts; see `ErrandLauncher`."""
        self._look()
        await self._wait_for_a_node()
        board, began = self._board, time.monotonic()
        board.share_out(errands)
        running: set[asyncio.Task[None]] = set()
        try:
            while board or running:
                if not self.context.left:
                    board.clear()
                for at, errand in board.startable():
                    running.add(asyncio.ensure_future(self._do(at, errand)))
                if not running:
                    if board:
                        await self._wait_for_a_node()
                    continue
                done, running = await asyncio.wait(
                    running, timeout=_EVERY, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    task.result()
                if time.monotonic() - self._looked > _EVERY:
                    self._look()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            self.context.tally.capacity += self.width * (time.monotonic() - began)

    async def _do(self, at: str, errand: Errand) -> None:
        """Have one errand done by the node at an address, and journal the delivery."""
        node = self._board.nodes[at]
        launch = errand.launch
        self.context.tell(f"launch {launch.number + 1}: {launch.workloads[0].id}")
        cost = node.lanes if company(errand) is Beside.NOTHING else 1
        try:
            text = await self.cluster.send(at, encode(self._parcel(errand)), cost)
            delivery = decode_delivery(text)
        except NodeLostError as error:
            self._board.done(at, errand)
            self._look()
            self._take_loss(node, errand, str(error))
            return
        except ValueError as error:
            raise CampaignError(f"host {node.name}: {error}") from error
        self._board.done(at, errand)
        self._take(node, delivery)
        if delivery.fault:
            self._set_aside(at, delivery.fault)
            self._board.put_back(errand)
        else:
            self._check_yardstick(at)
        self.context.tell(f"launch {launch.number + 1}: {launch.workloads[-1].id}")

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

    def _take(self, node: NodeFacts, delivery: Delivery) -> None:
        """Journal what a node did: one write for all of it."""
        context = self.context
        entries = [_at_host(entry, node.host) for entry in delivery.entries]
        context.take(entries)
        for case, deaths in delivery.deaths.items():
            context.deaths[case] = max(context.deaths[case], deaths)
        tally = context.tally
        tally.launches += delivery.launches
        tally.inside_turns += delivery.inside_turns
        tally.waited += delivery.waited
        passes = [entry for entry in entries if isinstance(entry, Pass)]
        tally.passes += len(passes)
        self._yardsticks[node.host] += [min(each.yardstick.seconds) for each in passes]

    def _take_loss(self, node: NodeFacts, errand: Errand, reason: str) -> None:
        """Queue again what was lost with a host, unless it is what hosts die of."""
        self.notice(f"host {node.name}: lost: {reason}")
        workloads = errand.launch.workloads
        for workload in workloads:
            self._lost[workload.id] += 1
        if max(self._lost[workload.id] for workload in workloads) <= MOST_LOSSES:
            self._board.put_back(errand)
        elif len(workloads) > 1:
            for workload in workloads:
                self._lost[workload.id] = 0
            for part in split(errand):
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
        self.notice(f"host {node.name}: set aside: {reason}")
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
            self._set_aside(at, f"its yardstick takes {off:.2f} times the others'")

    def _look(self) -> None:
        """Take in who has joined and who is gone."""
        self._looked = time.monotonic()
        there = self.cluster.nodes()
        self._board.update({at: there[at] for at in there if at not in self._aside})

    async def _wait_for_a_node(self) -> None:
        began = time.monotonic()
        while not self._board.nodes:
            if self._aside and not self.cluster.nodes().keys() - self._aside.keys():
                raise CampaignError(next(iter(self._aside.values())))
            if time.monotonic() - began > _PATIENCE or not self.context.left:
                raise CampaignError("no node is left; --resume continues the run")
            await asyncio.sleep(_EVERY / 4)
            self._look()


def _at_host(entry: Entry, host: str) -> Entry:
    return replace(entry, host=host) if isinstance(entry, Pass) else entry
