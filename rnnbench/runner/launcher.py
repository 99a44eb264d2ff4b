"""Launchers get launches done: the protocol, and the one for this machine's lanes."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Protocol

from rnnbench.model.case import Case
from rnnbench.model.machine import physical_cores
from rnnbench.model.serving import Part
from rnnbench.model.workload import Workload
from rnnbench.runner.footprint import MEMORY_SHARE, memory_estimate
from rnnbench.runner.journal import Journal
from rnnbench.runner.lanes import Lane, in_lanes
from rnnbench.runner.launch import Launch
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.runner.readings.energy import ENERGY
from rnnbench.runner.readings.probe import MEMORY, Probe, climb, profiling
from rnnbench.runner.readings.service_probe import read_service, service_probe
from rnnbench.runner.timing import TimedLaunches
from rnnbench.worker.protocol import Start


class Work(StrEnum):
    """Kinds of work that a launch does with its cases."""

    TIME = "time"
    MEMORY = "memory"
    PROFILE = "profile"
    CEILINGS = "ceilings"
    ENERGY = "energy"
    STREAM = "stream"
    SERVE = "serve"
    DEPLOY = "deploy"


# Readings of cases as services; the number of the launch is that of the process.
SERVICES = {
    Work.STREAM: Part.STREAM,
    Work.SERVE: Part.SERVE,
    Work.DEPLOY: Part.DEPLOY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A launch and what it is for."""

    work: Work
    launch: Launch


class ErrandLauncher(Protocol):
    """Gets launches done, on whatever machines it has.

    `width`: launches that it runs at the same time.
    """

    @property
    def width(self) -> int:
        """The number of lanes."""

    def is_large(self, workload: Workload) -> bool:
        """Whether `workload` needs more than a lane's share of the memory."""

    async def carry_out(self, errands: Sequence[Errand]) -> None:
        """Do all of `errands`; what is measured is in the journal of the context.

        It is there as soon as it is known, so that no crash takes it back. A launch may
        leave out what it has no time for. CampaignError where nothing can be measured.
        """


@dataclass(slots=True)
class LaneWork:
    """Carries out one errand in one lane of this machine."""

    context: LaunchContext
    on_launch: Callable[[], None] = lambda: None
    _work: Mapping[Work, Callable[[Launch, Start], Awaitable[None]]] = field(init=False)

    def __post_init__(self) -> None:
        """Make the function of each kind of work."""
        self._work = {
            Work.TIME: TimedLaunches(self.context, self.on_launch).measure,
            Work.CEILINGS: partial(climb, self.context),
            **{
                work: partial(probe.read, self.context)
                for work, probe in probes(self.context.order.traces).items()
            },
            **{
                work: partial(read_service, part, self.context)
                for work, part in SERVICES.items()
            },
        }

    async def carry_out(self, errand: Errand, start: Start) -> None:
        """Do the work of `errand` in fresh processes that begin with `start`."""
        await self._work[errand.work](errand.launch, start)


def probes(traces: str | None = None) -> Mapping[Work, Probe]:
    """The reading of cases that each kind of work takes; `traces`: see `Order`."""
    return {
        Work.MEMORY: MEMORY,
        Work.PROFILE: profiling(traces),
        Work.ENERGY: ENERGY,
    }


def unread(
    work: Work, journal: Journal, cases: Sequence[Case], number: int
) -> list[Case]:
    """Those of `cases` of which the journal lacks the reading that `work` takes."""
    service = work in SERVICES
    probe = service_probe(SERVICES[work], number) if service else probes()[work]
    return probe.pending(journal, cases)


def memory_share(memory: int | None, count: int) -> int | None:
    """Bytes that each of `count` processes may have; None if `memory` is unknown."""
    return int(MEMORY_SHARE * memory / count) if memory else None


def exceeds(workload: Workload, limit: int | None) -> bool:
    """Whether a member of `workload` needs more than `limit` bytes."""
    return limit is not None and max(map(memory_estimate, workload.members)) > limit


@dataclass(slots=True)
class LocalLauncher:
    """Runs launches in the lanes of this machine; `memory`: its bytes, if known."""

    context: LaunchContext
    memory: int | None
    work: LaneWork

    @property
    def width(self) -> int:
        """The number of lanes for work on the CPU."""
        return len(self.context.order.lanes)

    def is_large(self, workload: Workload) -> bool:
        """Whether `workload` needs more than a lane's share of the memory."""
        return exceeds(workload, memory_share(self.memory, self.width))

    async def carry_out(self, errands: Sequence[Errand]) -> None:
        """Do errands side by side, a core or a GPU each, where sound; else in turn."""
        order, cores = self.context.order, physical_cores()
        beside = [one for one in errands if one.launch.goes_beside]
        await self._drain(beside, order.lanes)
        on_gpus = [one for one in errands if one.launch.fits_gpu_lane]
        await self._drain(on_gpus, order.gpu_lanes)
        for errand in errands:
            launch = errand.launch
            if not (launch.goes_beside or launch.fits_gpu_lane):
                wide = cores[-launch.setting.threads :] if launch.on_cpu else ()
                await self._drain([errand], [Lane(wide)])

    async def _drain(self, errands: Sequence[Errand], chosen: Sequence[Lane]) -> None:
        tally, lock = self.context.tally, self.context.lock
        began, alone = time.monotonic(), lock.exclusive
        chosen = chosen[: len(errands)]

        async def run(errand: Errand, lane: Lane) -> None:
            if not self.context.stopping:
                share = memory_share(self.memory, len(chosen))
                await self.work.carry_out(*placed(errand, lane, share))

        try:
            await in_lanes(errands, run, chosen)
        finally:
            # While a launch holds the lock exclusively, there is no other lane.
            alone = lock.exclusive - alone
            wall = time.monotonic() - began
            tally.capacity += len(chosen) * wall - max(len(chosen) - 1, 0) * alone


def placed(errand: Errand, lane: Lane, share: int | None) -> tuple[Errand, Start]:
    """`errand` in `lane`, and how its processes start; `share`: of the memory."""
    launch = replace(errand.launch, gpu=lane.gpu)
    start = Start(
        threads=launch.setting.threads,
        cores=lane.cores,
        data_limit=share if launch.on_cpu else None,
    )
    return replace(errand, launch=launch), start
