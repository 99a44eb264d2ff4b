"""A cluster of Dask distributed: its nodes, and the client of a run."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from rnnbench.model.case import Case
from rnnbench.model.errors import CampaignError
from rnnbench.runner.fleet import node as node_work
from rnnbench.runner.fleet.cluster_address import ClusterAddress
from rnnbench.runner.fleet.dask_head import (
    CONNECT,
    HERE_ALONE,
    QUIET,
    WORKER_TTL,
    head,
    security_of,
)
from rnnbench.runner.fleet.fleet_launcher import NodeLostError
from rnnbench.runner.fleet.local_nodes import local_nodes
from rnnbench.runner.fleet.node import FleetNode
from rnnbench.runner.fleet.parcel import NodeFacts, decode_facts, encode
from rnnbench.storage.files import reason_of

try:
    import dask
    import distributed
except ImportError:
    distributed = None  # type: ignore[assignment]

# For nodes of this machine to import torch and join.
_JOIN = 180.0
_POLL = 0.5
_FACTS = "rnnbench"


@dataclass(slots=True)
class DaskCluster:
    """The client of a run: its nodes, and parcels to and from them.

    `strangers`: addresses of workers that are no nodes of rnnbench.
    """

    client: Any
    _nodes: dict[str, NodeFacts] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    _gone: dict[str, asyncio.Event] = field(default_factory=dict)
    _sent: int = 0
    _watching: asyncio.Task[None] | None = None

    def nodes(self) -> Mapping[str, NodeFacts]:
        """The nodes by their address; CampaignError where the head is gone."""
        if self._watching is not None and self._watching.done():
            self._watching.result()
        return dict(self._nodes)

    async def send(self, address: str, parcel: str, cost: int) -> str:
        """The delivery for a parcel; NodeLostError if the node leaves first."""
        return str(await self._call(address, _carry_out, parcel, cost=cost))

    async def unable(self, address: str, cases: Sequence[Case]) -> tuple[str, ...]:
        """For each case the reason why that node can't run it; empty if it can."""
        found = await self._call(address, _unable, tuple(cases), cost=0)
        return tuple(map(str, found))

    async def code_digests(self, address: str, layers: Sequence[str]) -> list[str]:
        """Digests of the code of layers, as that node has it."""
        found = await self._call(address, _code_digests, tuple(layers), cost=0)
        return list(map(str, found))

    async def _call(
        self, address: str, function: Callable[..., Any], argument: Any, *, cost: int
    ) -> Any:
        gone = self._gone.get(address)
        if gone is None:
            raise NodeLostError("it has left the cluster")
        self._sent += 1
        future = self.client.submit(
            function,
            argument,
            key=f"rnnbench-{self.client.id}-{self._sent}",
            workers=[address],
            resources={"core": cost} if cost else None,
            # In the order in which they are sent: Dask starts them in any other.
            priority=-self._sent,
            pure=False,
            retries=0,
        )
        waiting = asyncio.ensure_future(gone.wait())
        result = asyncio.ensure_future(_result(future))
        try:
            await asyncio.wait({waiting, result}, return_when=asyncio.FIRST_COMPLETED)
            if not result.done():
                raise NodeLostError("it has left the cluster")
            return result.result()
        finally:
            for task in (waiting, result):
                task.cancel()
            await asyncio.gather(waiting, result, return_exceptions=True)
            future.release()

    async def watch(self) -> None:
        """Keep the list of nodes up to date until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_POLL)

    async def look(self) -> None:
        """Read the list of nodes once; CampaignError where the head is gone."""
        try:
            identity = await asyncio.wait_for(
                self.client.scheduler.identity(n_workers=-1), WORKER_TTL
            )
        except (OSError, TimeoutError) as error:
            raise CampaignError(
                "the head of the cluster does not answer; --resume continues the run"
            ) from error
        there = identity["workers"]
        for address, worker in there.items():
            if address in self._nodes or address in self.strangers:
                continue
            try:
                self._nodes[address] = decode_facts(worker[_FACTS])
                self._gone[address] = asyncio.Event()
            except (KeyError, TypeError, ValueError):
                self.strangers.add(address)
        for address in self._nodes.keys() - there.keys():
            del self._nodes[address]
            self._gone.pop(address).set()

    async def _wait_for(self, nodes: int, address: str) -> None:
        loop = asyncio.get_running_loop()
        latest = loop.time() + _JOIN
        await self.look()
        while len(self._nodes) < nodes:
            if loop.time() > latest:
                raise CampaignError(
                    f"{address}: no rnnbench node joined within {_JOIN:g} s"
                )
            await asyncio.sleep(_POLL / 2)
            await self.look()

    @classmethod
    @asynccontextmanager
    async def connected(
        cls, address: str, certificates: Mapping[str, str], *, nodes: int = 1
    ) -> AsyncIterator[Self]:
        """A client of the cluster at `address`, once it has `nodes` nodes."""
        async with AsyncExitStack() as stack:
            stack.enter_context(dask.config.set(QUIET))
            try:
                make: Any = distributed.Client
                client = await stack.enter_async_context(
                    make(
                        address,
                        security=security_of(certificates),
                        asynchronous=True,
                        timeout=CONNECT,
                        set_as_default=False,
                    )
                )
            except (OSError, TimeoutError, ValueError) as error:
                raise CampaignError(f"{address}: {reason_of(error)}") from error
            cluster = cls(client)
            await cluster._wait_for(nodes, address)
            cluster._watching = asyncio.ensure_future(cluster.watch())
            stack.push_async_callback(_ended, cluster._watching)
            yield cluster


async def _result(future: Any) -> Any:
    try:
        return await future
    except (distributed.CancelledError, distributed.scheduler.KilledWorker) as error:
        raise NodeLostError(reason_of(error)) from error


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def open_cluster(
    where: ClusterAddress, worker: tuple[str, ...] = ()
) -> AsyncIterator[DaskCluster]:
    """The cluster at an address, or nodes of this machine for local:N.

    CampaignError, in one line, where there is none, or it is not safe to use.
    """
    security_of({})
    if where.local_nodes:
        count = where.local_nodes
        async with (
            head("tcp://127.0.0.1:0", {}) as here,
            local_nodes(here.address, count, worker),
            DaskCluster.connected(here.address, {}, nodes=count) as cluster,
        ):
            yield cluster
    else:
        connected = DaskCluster.connected(where.address, where.certificates())
        async with connected as cluster:
            yield cluster


# The node of this process: Dask calls plain functions, by their names.
_HERE: list[FleetNode] = []


async def serve_node(
    where: ClusterAddress, node: FleetNode, tell: Callable[[str], object]
) -> None:
    """Be a node until the head is gone; CampaignError where it can't be reached."""
    security = security_of(where.certificates())
    tell(f"connecting to {where.address}")
    await _require_head(where.address, security)
    _HERE[:] = [node]
    facts = encode(node.facts)
    with dask.config.set(QUIET):
        while True:
            worker: Any = distributed.Worker(
                where.address,
                name=f"{node.facts.name}-{node.facts.host}-{os.getpid()}",
                nthreads=max(node.facts.lanes, node.facts.gpus) + 2,
                resources={"core": max(node.facts.lanes, node.facts.gpus)},
                security=security,
                memory_limit=0,
                death_timeout=CONNECT * 3,
                dashboard=False,
                dashboard_address=HERE_ALONE,
                startup_information={_FACTS: lambda _: facts},
            )
            try:
                async with worker:
                    tell(f"node {node.facts.name}: joined {where.address}")
                    await worker.finished()
            except (OSError, TimeoutError, ValueError) as error:
                raise CampaignError(f"{where.address}: {reason_of(error)}") from error
            # Cut off, as after a pause of the process: join again, if there is a head.


async def _require_head(address: str, security: Any) -> None:
    """CampaignError where no head answers; a node would look for one for a minute."""
    options = security.get_connection_args("worker")
    connect: Any = distributed.rpc
    try:
        async with connect(address, timeout=CONNECT, connection_args=options) as found:
            await asyncio.wait_for(found.identity(n_workers=0), CONNECT)
    except ssl.SSLError as error:
        raise CampaignError(f"{address}: the certificates do not match") from error
    except (OSError, TimeoutError, ValueError) as error:
        raise CampaignError(
            f"{address}: no head of a cluster answers that accepts this certificate"
        ) from error


async def _carry_out(parcel: str) -> str:
    return await _HERE[0].carry_out(parcel)


async def _unable(cases: Sequence[Case]) -> tuple[str, ...]:
    return await node_work.unable(_HERE[0], cases)


def _code_digests(layers: Sequence[str]) -> list[str]:
    return [node_work.code_digest(layer) for layer in layers]
