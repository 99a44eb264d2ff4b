"""The schedule of a run: interim looks, lanes, the budget, cases that can't run."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from rnnbench.model.case import Allocator, Case, Device
from rnnbench.model.errors import CampaignError
from rnnbench.model.machine import physical_cores
from rnnbench.model.run import Effort, Environment
from rnnbench.model.status import Status
from rnnbench.model.workload import Workload
from rnnbench.runner.energy import ENERGY
from rnnbench.runner.footprint import MEMORY_SHARE, memory_estimate, too_large
from rnnbench.runner.journal import Journal, Pass
from rnnbench.runner.lanes import MOST_LANES, Lane, in_lanes, lanes
from rnnbench.runner.launch import Launch, Order, setting_of
from rnnbench.runner.launch_context import LaunchContext, Started
from rnnbench.runner.probe import MEMORY, Probe, climb, profiling
from rnnbench.runner.stop_rule import interim_looks, is_narrow, widest
from rnnbench.runner.timing import TimedLaunches
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import Report, Start, Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The state of a run. Times in seconds; `left` is an estimate, or None."""

    at: str
    done: int
    total: int
    elapsed: float
    left: float | None


Show = Callable[[Progress], None]
_Work = Callable[[Launch, Start], Awaitable[None]]


async def survey(
    cases: Sequence[Case], command: tuple[str, ...] = ()
) -> tuple[Environment, tuple[str, ...]]:
    """The machine, and for each case the reason why it can't run on it.

    The reason is empty if it can. CampaignError if no worker can be started.
    """
    try:
        async with await Worker.start(Setting(), Start(), command) as worker:
            job = Survey(cases=tuple(cases))
            report = await worker.ask(job, Report, limit=60)
            environment = worker.environment
    except WorkerDeathError as death:
        raise CampaignError(f"worker: can't be started: {death.reason}") from death
    if environment is None or len(report.outcomes) != len(cases):
        raise CampaignError("worker: its reply does not match the cases sent")
    reasons = [
        one.reason or too_large(case, environment)
        for case, one in zip(cases, report.outcomes, strict=True)
    ]
    return environment, tuple(reasons)


class Campaign:
    """Measures an order until each interval is narrow enough, or the budget ends."""

    def __init__(
        self,
        order: Order,
        environment: Environment,
        journal: Journal,
        show: Show,
        on_launch: Callable[[], None] = lambda: None,
    ) -> None:
        self.order = order
        self.journal = journal
        self.environment = environment
        self._show = show
        self.finished = False
        self._began = time.monotonic()
        self._ended: float | None = None
        self._capacity = 0.0
        self._profiling = 0.0
        self._due_passes = 0
        deadline = self._began + order.policy.budget
        self._context = LaunchContext(order, journal, self._tell, deadline)
        self._timing = TimedLaunches(self._context, on_launch)

    async def run(self, reasons: Sequence[str], started: Started | None = None) -> None:
        """Skip the cases that have a reason to be; measure the others, look by look.

        The first launches take the workers that were `started` ahead. After the first
        look memory is read, so that the budget does not end on what widens no interval.
        """
        for case, reason in zip(self.order.cases, reasons, strict=True):
            if reason and case.id not in self.journal.ended:
                self._context.finish(case, Status.SKIPPED, reason)
        self._context.started = started
        launches = 1 if self.order.smoke else self.order.policy.launches
        first, *later = interim_looks(launches)
        await self._in_lanes(self._due(first, first), self._timing.measure)
        if not self.order.smoke:
            await self._probe(MEMORY, lambda _: True)
            began = time.monotonic()
            await self._profile()
            self._profiling = time.monotonic() - began
        for look in later:
            await self._in_lanes(self._due(look, first), self._timing.measure)
        self.finished = not self.stopped
        self._ended = time.monotonic()

    @property
    def stopped(self) -> bool:
        """Whether -x ended it early."""
        return self._context.stopping

    @property
    def effort(self) -> Effort:
        """The time spent so far, by purpose."""
        wall = (self._ended or time.monotonic()) - self._began
        return Effort(
            wall=wall,
            lanes=self._capacity / wall if self._capacity else 1.0,
            inside_turns=self._timing.inside_turns,
            waiting=self._timing.waited,
            launches=self._timing.launches,
            profiling=self._profiling,
        )

    def _due(self, look: int, first: int) -> list[Launch]:
        """The launches that bring each workload that is still too wide to `look`."""
        wanted: dict[tuple[int, str, Setting, bool], list[Workload]] = {}
        for workload in self.order.workloads:
            if not self._is_wide(workload, first):
                continue
            setting = setting_of(workload)
            # As a user gets it who sets nothing: nothing else ran in that process.
            apart = setting.allocator is Allocator.SYSTEM and not self.order.smoke
            alone = workload.id if apart else ""
            large = self._is_large(workload)
            for number in set(range(look)) - self._passes(workload).keys():
                key = (number, alone, setting, large)
                wanted.setdefault(key, []).append(workload)
        passes = sum(len(workloads) for workloads in wanted.values())
        self._due_passes = self._timing.passes + passes
        return [
            Launch(
                number=number,
                setting=setting,
                workloads=tuple(workloads),
                large=large,
            )
            for (number, _, setting, large), workloads in sorted(
                wanted.items(), key=lambda item: item[0][0]
            )
        ]

    async def _probe(self, probe: Probe, wanted: Callable[[Case], bool]) -> None:
        """Take a reading of the wanted cases that have not failed, in both lanes."""
        shares: dict[tuple[Setting, int, str], list[Workload]] = {}
        for number, workload in enumerate(self.order.workloads):
            members = self._context.live(filter(wanted, workload.members))
            for case in probe.pending(self.journal, members):
                part = Workload((case,), workload.compare)
                process = self._context.process_of(case)
                lane = (setting_of(workload), number % MOST_LANES, process)
                shares.setdefault(lane, []).append(part)
        launches = [
            Launch(number=0, setting=setting, workloads=tuple(workloads))
            for (setting, *_), workloads in shares.items()
        ]
        await self._in_lanes(launches, partial(probe.read, self._context))

    async def _profile(self) -> None:
        """Profile what is to be; then ceilings and energy, with nothing beside them."""
        await self._probe(profiling(self.order.traces), self.order.policy.profiles)
        by_kind: dict[tuple[Device, Setting], list[Workload]] = {}
        for workload in self.order.workloads:
            if any(map(self.order.policy.profiles, workload.members)):
                kind = (workload.members[0].device, setting_of(workload))
                by_kind.setdefault(kind, []).append(workload)
        for (_, setting), workloads in by_kind.items():
            launch = Launch(number=0, setting=setting, workloads=tuple(workloads))
            await self._in_lanes([launch], partial(climb, self._context))
        await self._probe(
            ENERGY,
            lambda case: (
                case.device is Device.CUDA and self.order.policy.profiles(case)
            ),
        )

    async def _in_lanes(self, launches: list[Launch], work: _Work) -> None:
        """Run launches side by side, a core each, where that is sound; else in turn."""
        cores = physical_cores()
        beside = [one for one in launches if one.goes_beside]
        await self._drain(beside, lanes(), work)
        for launch in launches:
            if not launch.goes_beside:
                # CUDA's backward pass runs on a thread of its own: no pinning there.
                wide = cores[-launch.setting.threads :] if launch.on_cpu else ()
                await self._drain([launch], [wide], work)

    async def _drain(
        self, launches: list[Launch], chosen: Sequence[Lane], work: _Work
    ) -> None:
        began, alone = time.monotonic(), self._context.lock.exclusive
        chosen = chosen[: len(launches)]

        async def run(launch: Launch, lane: Lane) -> None:
            if self._context.stopping:
                return
            limit = self._memory(len(chosen)) if launch.on_cpu else None
            threads = launch.setting.threads
            await work(launch, Start(threads=threads, cores=lane, data_limit=limit))

        try:
            await in_lanes(launches, run, chosen)
        finally:
            # While a launch holds the lock exclusively, there is no other lane.
            alone = self._context.lock.exclusive - alone
            wall = time.monotonic() - began
            self._capacity += len(chosen) * wall - max(len(chosen) - 1, 0) * alone

    def _is_large(self, workload: Workload) -> bool:
        """Whether `workload` needs more than a lane's share of the memory."""
        limit = self._memory(MOST_LANES)
        return limit is not None and max(map(memory_estimate, workload.members)) > limit

    def _memory(self, lanes: int) -> int | None:
        """Bytes that a process may have where so many run; None if that is unknown."""
        memory = self.environment.memory_bytes
        return int(MEMORY_SHARE * memory / lanes) if memory else None

    def _is_wide(self, workload: Workload, first: int) -> bool:
        """Whether `workload` needs another launch."""
        if not self._context.live(workload.members):
            return False
        done = self._passes(workload)
        if len(done) < first:
            return True
        width = widest(workload, done.values(), without=self.journal.ended)
        return not is_narrow(width, self.order.policy.precision)

    def _passes(self, workload: Workload) -> Mapping[int, Pass]:
        return self.journal.passes.get(workload.id, {})

    def _tell(self, at: str) -> None:
        done, elapsed = self._timing.passes, time.monotonic() - self._began
        total = max(self._due_passes, done)
        left = elapsed / done * (total - done) if done else None
        self._show(Progress(at=at, done=done, total=total, elapsed=elapsed, left=left))
