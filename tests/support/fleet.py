"""A fleet in memory, and one of processes on this machine, for tests."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import rnnbench
from rnnbench.model.case import Case
from rnnbench.model.policy import Policy
from rnnbench.model.run import Environment, SweepRecord, Turns
from rnnbench.model.workload import DEFAULT_COMPARE, group
from rnnbench.runner.fleet.dask_head import head
from rnnbench.runner.fleet.fleet_launcher import NodeLostError
from rnnbench.runner.fleet.local_nodes import end_nodes, start_node
from rnnbench.runner.fleet.parcel import (
    Delivery,
    NodeFacts,
    decode_parcel,
    encode_delivery,
)
from rnnbench.runner.journal import Pass, Remembered
from rnnbench.runner.launcher import Work

FAKE = (sys.executable, str(Path(__file__).parents[1] / "data" / "fake_worker.py"))


def workloads(count):
    """Pairs of an LSTM and a GRU."""
    cases = [
        Case(layer=layer, input_size=8, hidden_size=size, seq_len=4, batch_size=2)
        for size in range(1, count + 1)
        for layer in ("lstm", "gru")
    ]
    return group(cases, DEFAULT_COMPARE)


def sweep(**policy):
    """The record of a sweep with that policy."""
    chosen = Policy(**{"launches": 6, "budget": 60, "time_limit": 5} | policy)
    return SweepRecord(
        name="s", question="?", digest="d", compare=DEFAULT_COMPARE, policy=chosen
    )


def environment(**changes):
    """An environment that a fake worker could report."""
    values = dict.fromkeys(Environment.__dataclass_fields__) | {"variables": ()}
    texts = ("system", "machine", "kernel", "libc", "python", "numpy", "torch")
    values |= dict.fromkeys((*texts, "parallel_backend", "allocator"), "fake")
    return Environment(**values | changes)


def facts(name, **changes):
    """A node with one lane on a machine of its own."""
    plain = NodeFacts(
        host=f"id-{name}",
        machine=f"machine-{name}",
        name=name,
        lanes=1,
        gpus=1,
        version=rnnbench.__version__,
        environment=environment(),
    )
    return replace(plain, **changes)


@dataclass
class MemoryCluster:
    """Nodes that answer at once, without a process; `on_send` may raise or change."""

    there: dict[str, NodeFacts]
    on_send: object = lambda at, parcel, passes: passes
    sent: list = field(default_factory=list)

    def nodes(self) -> Mapping[str, NodeFacts]:
        return self.there

    async def send(self, address, parcel, cost):
        decoded = decode_parcel(parcel)
        self.sent.append((address, decoded))
        await asyncio.sleep(0)
        if address not in self.there:
            raise NodeLostError("gone")
        launch, entries = decoded.errand.launch, []
        for workload in launch.workloads:
            live = [case for case in workload.members if case.id not in decoded.ended]
            if decoded.errand.work is Work.TIME:
                entries.append(made_pass(workload.id, launch.number, live))
            elif decoded.errand.work is Work.MEMORY:
                entries += [Remembered(case=c.id, peak_memory=1) for c in live]
        entries = self.on_send(address, decoded, entries)
        delivery = Delivery(entries=tuple(entries), deaths={}, launches=1)
        return encode_delivery(delivery)


def made_pass(workload, launch, cases):
    """A pass whose ratios vary a little from launch to launch."""
    turns = {
        case.id: Turns(launch, (1e-3 * (1 + 1e-4 * ((launch + place) % 3)),) * 4)
        for place, case in enumerate(cases)
    }
    yardstick = Turns(launch, (1e-3,) * 4)
    return Pass(
        launch=launch,
        workload=workload,
        turns=turns,
        yardstick=yardstick,
        inside_turns=0.1,
        wall=0.1,
    )


class LocalFleet:
    """A head in this process and nodes that measure with the fake worker."""

    def __init__(self, address):
        self.address = address
        self.nodes = {}

    async def start(self, name, **variables):
        """Start a node under a name, with variables of the fake worker."""
        os.environ.update(variables)
        try:
            core = len(self.nodes)
            if name in self.nodes:
                core, _ = self.nodes[name]
            process = await start_node(self.address, name, [core], FAKE)
        finally:
            for variable in variables:
                del os.environ[variable]
        self.nodes[name] = core, process

    def signal(self, name, number):
        """Send a signal to a node's process."""
        self.nodes[name][1].send_signal(number)


@asynccontextmanager
async def local_fleet(ttl=30.0):
    """A fleet whose nodes end with the block."""
    async with head("tcp://127.0.0.1:0", {}, ttl) as found:
        fleet = LocalFleet(found.address)
        try:
            yield fleet
        finally:
            await end_nodes([process for _, process in fleet.nodes.values()])
