"""The schedule of a run: interim looks, the budget, cases that can't run."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

from rnnbench.model.case import Allocator, Case, Device
from rnnbench.model.errors import CampaignError
from rnnbench.model.run import Effort, Environment
from rnnbench.model.serving import LAUNCHES as SERVICE_LAUNCHES
from rnnbench.model.status import Status
from rnnbench.model.workload import Workload
from rnnbench.runner.footprint import too_large
from rnnbench.runner.journal import Journal, Pass
from rnnbench.runner.launch import Launch, Order, setting_of
from rnnbench.runner.launch_context import LaunchContext, Started
from rnnbench.runner.launcher import (
    SERVICES,
    Errand,
    ErrandLauncher,
    LaneWork,
    LocalLauncher,
    Work,
    unread,
)
from rnnbench.runner.learning.training_runs import TrainingRuns
from rnnbench.runner.stop_rule import interim_looks
from rnnbench.runner.wide_workloads import unfinished
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.storage.results_file import without_collector
from rnnbench.worker.protocol import Report, Start, Survey


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a run. Times in seconds; `left` is an estimate, or None.

    `hosts`: of a fleet that take part; 0 for this machine alone. `is_idle`: nothing is
    timed now, so that drawing disturbs nothing.
    """

    at: str
    done: int
    total: int
    elapsed: float
    left: float | None
    hosts: int = 0
    launches_a_minute: float = 0.0
    is_idle: bool = False


Show = Callable[[Progress], None]
MakeLauncher = Callable[[LaunchContext], ErrandLauncher]


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
        make_launcher: MakeLauncher | None = None,
    ) -> None:
        self.order = order
        self.journal = journal
        self.environment = environment
        self._show = show
        self.finished = False
        self._began = time.monotonic()
        self._ended: float | None = None
        self._profiling = 0.0
        self._training = 0.0
        self._due_passes = 0
        deadline = self._began + order.policy.budget
        self._context = LaunchContext(order, journal, self._tell, deadline)
        make = make_launcher or local_launcher(environment)
        self._launcher = make(self._context)

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
        await self._launcher.carry_out(self._due(first, first))
        if not self.order.smoke:
            await self._probe(Work.MEMORY, self._ids(lambda _: True))
            began = time.monotonic()
            await self._profile()
            self._profiling = time.monotonic() - began
        for look in later:
            await self._launcher.carry_out(self._due(look, first))
        if not self.order.smoke:
            await self._read_services()
        self._ended = time.monotonic()
        await self._train()
        self.finished = not self.stopped

    @property
    def stopped(self) -> bool:
        """Whether -x ended it early."""
        return self._context.stopping

    @property
    def effort(self) -> Effort:
        """The time spent so far, by purpose."""
        wall = (self._ended or time.monotonic()) - self._began
        tally = self._context.tally
        return Effort(
            wall=wall,
            lanes=tally.capacity / wall if tally.capacity else 1.0,
            inside_turns=tally.inside_turns,
            waiting=tally.waited,
            launches=tally.launches,
            profiling=self._profiling,
            training=self._training,
        )

    async def _train(self) -> None:
        """Do the training runs of the order, after everything that is timed."""
        if self.order.learning is None:
            return
        began = time.monotonic()
        runs = TrainingRuns(self._context, self.order.learning, self._tell_training)
        try:
            await runs.run()
        finally:
            self._training = time.monotonic() - began

    def _tell_training(
        self, at: str, done: int, total: int, left: float | None
    ) -> None:
        elapsed = time.monotonic() - self._began
        self._show(Progress(at, done, total, elapsed, left, is_idle=True))

    def _due(self, look: int, first: int) -> list[Errand]:
        """The launches that bring each workload that is still too wide to `look`."""
        wanted: dict[tuple[int, str, Setting, bool], list[Workload]] = {}
        precision = self.order.policy.precision
        with without_collector():
            left = unfinished(self.order.workloads, self.journal, precision, first)
        for workload in left:
            setting = setting_of(workload)
            # As a user gets it who sets nothing: nothing else ran in that process.
            apart = setting.allocator is Allocator.SYSTEM and not self.order.smoke
            alone = workload.id if apart else ""
            large = self._launcher.is_large(workload)
            for number in set(range(look)) - self._passes(workload).keys():
                key = (number, alone, setting, large)
                wanted.setdefault(key, []).append(workload)
        passes = sum(len(workloads) for workloads in wanted.values())
        self._due_passes = self._context.tally.passes + passes
        return [
            Errand(
                work=Work.TIME,
                launch=Launch(
                    number=number,
                    setting=setting,
                    workloads=tuple(workloads),
                    large=large,
                ),
            )
            for (number, _, setting, large), workloads in sorted(
                wanted.items(), key=lambda item: item[0][0]
            )
        ]

    async def _read_services(self) -> None:
        """Read the cases as services, as far as the sweep asks for it.

        A case that can't be read in one process is not tried in the next. Each kind of
        reading comes once before the second of any: a budget that ends widens
        intervals, and leaves out nothing.
        """
        began = time.monotonic()
        for number, (work, part) in product(range(SERVICE_LAUNCHES), SERVICES.items()):
            asked = self._ids(partial(self.order.policy.reads, part))
            await self._probe(work, asked - self.journal.unread(part), number)
        self._profiling += time.monotonic() - began

    async def _probe(
        self, work: Work, wanted: Collection[str], number: int = 0
    ) -> None:
        """Take a reading of the wanted cases that have not failed, in all lanes.

        `wanted`: their ids.
        """
        live = self._context.live(self.order.cases)
        asked = [case for case in live if case.id in wanted]
        pending = {case.id for case in unread(work, self.journal, asked, number)}
        if not pending:
            return
        width = self._launcher.width
        shares: dict[tuple[Setting, int, str], list[Workload]] = {}
        for place, workload in enumerate(self.order.workloads):
            for case in workload.members:
                if case.id not in pending:
                    continue
                process = self._context.process_of(case)
                lane = (setting_of(workload), place % width, process)
                part = Workload((case,), workload.compare)
                shares.setdefault(lane, []).append(part)
        await self._launcher.carry_out(
            [
                _errand(work, setting, workloads, number)
                for (setting, *_), workloads in shares.items()
            ]
        )

    async def _profile(self) -> None:
        """Profile what is to be; then ceilings and energy, with nothing beside them."""
        await self._probe(Work.PROFILE, self._ids(self.order.policy.profiles))
        by_kind: dict[tuple[Device, Setting], list[Workload]] = {}
        for workload in self.order.workloads:
            if any(map(self.order.policy.profiles, workload.members)):
                kind = (workload.members[0].device, setting_of(workload))
                by_kind.setdefault(kind, []).append(workload)
        for (_, setting), workloads in by_kind.items():
            # One at a time: nothing runs beside it.
            errand = _errand(Work.CEILINGS, setting, workloads)
            await self._launcher.carry_out([errand])
        on_gpu = self._ids(
            lambda case: case.device is Device.CUDA and self.order.policy.profiles(case)
        )
        await self._probe(Work.ENERGY, on_gpu)

    def _ids(self, is_wanted: Callable[[Case], bool]) -> set[str]:
        """The ids of the wanted cases."""
        return {case.id for case in self.order.cases if is_wanted(case)}

    def _passes(self, workload: Workload) -> Mapping[int, Pass]:
        return self.journal.passes.get(workload.id, {})

    def _tell(self, at: str) -> None:
        done, elapsed = self._context.tally.passes, time.monotonic() - self._began
        total = max(self._due_passes, done)
        # After the last pass come readings, whose time is not known.
        left = elapsed / done * (total - done) if 0 < done < total else None
        self._show(Progress(at=at, done=done, total=total, elapsed=elapsed, left=left))


def local_launcher(
    environment: Environment, on_launch: Callable[[], None] = lambda: None
) -> MakeLauncher:
    """A maker of launchers for this machine; `on_launch`: see `measure`."""

    def make(context: LaunchContext) -> ErrandLauncher:
        work = LaneWork(context, on_launch)
        return LocalLauncher(context, environment.memory_bytes, work)

    return make


def _errand(
    work: Work, setting: Setting, workloads: Sequence[Workload], number: int = 0
) -> Errand:
    launch = Launch(
        number=number,
        setting=setting,
        workloads=tuple(workloads),
        # A load takes several cores: nothing runs beside it.
        large=work is Work.SERVE,
    )
    return Errand(work=work, launch=launch)
