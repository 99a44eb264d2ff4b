"""A node of a fleet: it carries out launches in the lanes of its host.

It knows nothing of the cluster: texts come in and go out.
"""

import asyncio
import hashlib
import importlib.util
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import rnnbench
from rnnbench.model.case import Case
from rnnbench.model.errors import CampaignError
from rnnbench.model.status import Status
from rnnbench.runner.exclusive import TimingLock
from rnnbench.runner.fleet.parcel import (
    Delivery,
    NodeFacts,
    Parcel,
    decode_parcel,
    encode_delivery,
)
from rnnbench.runner.journal import Ended, Entry, Journal
from rnnbench.runner.lane_limit import load_lane_limit
from rnnbench.runner.lanes import Lane, gpu_lanes, lane_count, visible_gpus
from rnnbench.runner.launch import Order
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.runner.launcher import LaneWork, memory_share, placed
from rnnbench.runner.scheduler import survey

# Set by a cluster's nanny for its own sake; a worker would inherit them.
_FOREIGN_VARIABLES = ("OPENBLAS_NUM_THREADS", "MALLOC_TRIM_THRESHOLD_")


@dataclass(slots=True)
class _Recorder(Journal):
    """A journal in memory that keeps the order of what was recorded."""

    recorded: list[Entry] = field(default_factory=list)

    def record(self, *entries: Entry) -> None:
        """Keep `entries`."""
        for entry in entries:
            self._apply(entry)
        self.recorded += entries


@dataclass(slots=True)
class FleetNode:
    """The lanes of a host and what is known of its cores.

    `command`: starts a worker, if not this interpreter's own. `cores`: the physical
    cores of the node.
    """

    facts: NodeFacts
    cores: tuple[int, ...]
    lanes: tuple[Lane, ...]
    gpu_lanes: tuple[Lane, ...]
    command: tuple[str, ...] = ()
    calm: dict[tuple[int, ...], float] = field(default_factory=dict)
    walls: dict[str, float] = field(default_factory=dict)
    lock: TimingLock = field(default_factory=TimingLock)
    _taken: set[Lane] = field(default_factory=set)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def carry_out(self, text: str) -> str:
        """Do the errand of a parcel in a free lane, and return the delivery."""
        parcel = decode_parcel(text)
        deadline = time.monotonic() + parcel.seconds_left
        journal = _Recorder(None)
        journal.ended = {case: _ended(case) for case in parcel.ended}
        journal.passes = {workload: {} for workload in parcel.checked}
        context = LaunchContext(
            self._order(parcel),
            journal,
            tell=lambda _: None,
            deadline=deadline,
            lock=self.lock,
            deaths=Counter(parcel.deaths),
            calm=self.calm,
            walls=self.walls,
        )
        fault = ""
        try:
            async with self._lane(parcel) as lane:
                await self._work(context, parcel, lane)
        except CampaignError as error:
            fault = str(error)
        tally = context.tally
        delivery = Delivery(
            entries=tuple(journal.recorded),
            deaths=dict(context.deaths),
            launches=tally.launches,
            inside_turns=tally.inside_turns,
            waited=tally.waited,
            fault=fault,
        )
        return encode_delivery(delivery)

    def _order(self, parcel: Parcel) -> Order:
        return Order(
            workloads=parcel.errand.launch.workloads,
            policy=parcel.policy,
            smoke=parcel.smoke,
            command=self.command,
            lanes=self.lanes,
            gpu_lanes=self.gpu_lanes,
        )

    async def _work(self, context: LaunchContext, parcel: Parcel, lane: Lane) -> None:
        launch = parcel.errand.launch
        memory = self.facts.environment.memory_bytes
        beside = launch.goes_beside and not launch.large
        share = memory_share(memory, len(self.lanes) if beside else 1)
        errand, start = placed(parcel.errand, lane, share)
        await LaneWork(context).carry_out(errand, start)

    @asynccontextmanager
    async def _lane(self, parcel: Parcel) -> AsyncIterator[Lane]:
        """A lane that is free; for a parcel that needs the host, all of them are.

        A client sends no more parcels than there are lanes. But a node that was cut off
        may still be at work for a run that has forgotten it, and nothing may overlap.
        """
        launch = parcel.errand.launch
        everything = {*self.lanes, *self.gpu_lanes}
        wanted = self.gpu_lanes if launch.fits_gpu_lane else self.lanes
        async with self._changed:
            if parcel.needs_host:
                await self._changed.wait_for(lambda: not self._taken)
                taken = everything
            else:
                await self._changed.wait_for(lambda: set(wanted) - self._taken)
                taken = {next(lane for lane in wanted if lane not in self._taken)}
            self._taken |= taken
        try:
            yield (
                self._whole(launch.setting.threads, on_cpu=launch.on_cpu)
                if (parcel.needs_host and not launch.goes_beside)
                else next(lane for lane in wanted if lane in taken)
            )
        finally:
            async with self._changed:
                self._taken -= taken
                self._changed.notify_all()

    def _whole(self, threads: int, *, on_cpu: bool) -> Lane:
        """As many cores as a launch has threads; none are pinned beside a GPU."""
        return Lane(self.cores[-threads:] if on_cpu else ())


async def this_node(
    name: str, cores: tuple[int, ...], command: tuple[str, ...] = ()
) -> FleetNode:
    """The node of this host on `cores`; CampaignError where no worker starts."""
    for variable in _FOREIGN_VARIABLES:
        os.environ.pop(variable, None)
    environment, _ = await survey((), command)
    count = lane_count(len(cores), environment.memory_bytes, load_lane_limit())
    lanes = tuple(Lane((core,)) for core in cores[-count:]) or (Lane(),)
    on_gpus = gpu_lanes(visible_gpus() if environment.gpu else (), cores)
    machine = _opaque(_machine_id())
    facts = NodeFacts(
        host=_opaque(f"{_machine_id()}\n{name}"),
        machine=machine,
        name=name,
        lanes=len(lanes),
        gpus=len(on_gpus),
        version=rnnbench.__version__,
        environment=environment,
    )
    return FleetNode(facts, cores, lanes, on_gpus, command)


async def unable(node: FleetNode, cases: Sequence[Case]) -> tuple[str, ...]:
    """For each case the reason why the node can't run it; empty if it can."""
    _, reasons = await survey(cases, node.command)
    return reasons


def code_digest(layer: str) -> str:
    """A digest of the file that defines a layer "module:name"; empty if unknown."""
    module = layer.partition(":")[0]
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    with suppress(ImportError, ValueError, OSError, AttributeError):
        spec = importlib.util.find_spec(module)
        if spec is not None and spec.origin:
            content = Path(spec.origin).read_bytes()
            return hashlib.sha256(content).hexdigest()
    return ""


def _ended(case: str) -> Ended:
    return Ended(case=case, status=Status.SKIPPED, reason="")


def _machine_id() -> str:
    with suppress(OSError):
        found = Path("/etc/machine-id").read_text("ascii").strip()
        return f"{found}\n{platform.node()}"
    return platform.node()


def _opaque(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
