"""What a launch is given: an order, a share of it, and a crew that carries it out."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from rnnbench.model.case import Case, Device
from rnnbench.model.errors import CampaignError
from rnnbench.model.run import FAILED, Policy, Status
from rnnbench.model.workload import Workload
from rnnbench.runner.exclusive import Room
from rnnbench.runner.journal import Ended, Journal
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import Job, Report, Start

R = TypeVar("R", bound=Report)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be measured, and how.

    `stop_at_failure`: no case is begun after one has failed. `smoke`: each case once,
    to see that it runs. `traces`: the folder for the traces of profiled cases, if any.
    `command` starts a worker, if not our own.
    """

    workloads: tuple[Workload, ...]
    policy: Policy
    stop_at_failure: bool = False
    smoke: bool = False
    traces: str | None = None
    command: tuple[str, ...] = ()

    @property
    def cases(self) -> tuple[Case, ...]:
        """Every member of every workload."""
        return tuple(case for one in self.workloads for case in one.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What one fresh process is to do. `large`: it needs more than a lane's memory."""

    number: int
    setting: Setting
    workloads: tuple[Workload, ...]
    large: bool = False

    @property
    def cases(self) -> tuple[Case, ...]:
        """Every member of every workload."""
        return tuple(case for one in self.workloads for case in one.members)

    @property
    def on_cpu(self) -> bool:
        """Whether no member of it needs another device."""
        return all(case.device is Device.CPU for case in self.cases)

    @property
    def goes_beside(self) -> bool:
        """Whether there is room for another launch, on another core."""
        return self.on_cpu and self.setting.threads == 1 and not self.large


def setting_of(workload: Workload) -> Setting:
    """What the processes of `workload` are started with; its members agree on it."""
    one = workload.members[0]
    deterministic = any(case.deterministic for case in workload.members)
    return Setting(
        threads=one.threads, allocator=one.allocator, deterministic=deterministic
    )


class Started(Protocol):
    """Workers that were started ahead of time."""

    async def take(self, setting: Setting, start: Start) -> Worker | None:
        """The worker that was started for this, or None."""


@dataclass(slots=True)
class Crew:
    """Hands out workers, and keeps what has ended.

    `tell`: called with what is being done, for the progress line. `deadline`: on the
    clock of time.monotonic; nothing is begun that is known to end after it. `room`:
    what is timed, and the start of a process, is within it. `started`: see HeadStart.
    """

    order: Order
    journal: Journal
    tell: Callable[[str], None]
    deadline: float
    stopping: bool = False
    started: "Started | None" = None
    room: Room = field(default_factory=Room)

    @property
    def left(self) -> float:
        """Seconds until the deadline; none where a failure has stopped everything."""
        return 0.0 if self.stopping else max(self.deadline - time.monotonic(), 0.0)

    def live(self, members: Iterable[Case]) -> list[Case]:
        """Those that have not ended."""
        return [case for case in members if case.id not in self.journal.ended]

    def finish(self, case: Case, status: Status, reason: str) -> None:
        """Give `case` its final status; with -x a failure is the last thing done."""
        self.journal.record(Ended(case=case.id, status=status, reason=reason))
        if status in FAILED and self.order.stop_at_failure:
            self.stopping = True

    async def worker(self, setting: Setting, start: Start) -> Worker:
        """A new worker; where it can't even start, once more, and then nothing can."""
        async with self.room.enter(alone=False):
            if self.started and (worker := await self.started.take(setting, start)):
                return worker
            try:
                return await Worker.start(setting, start, self.order.command)
            except WorkerDeathError:
                try:
                    return await Worker.start(setting, start, self.order.command)
                except WorkerDeathError as death:
                    reason = f"worker: can't be started: {death.reason}"
                    raise CampaignError(reason) from death

    async def ask(
        self, worker: Worker, job: Job, kind: type[R], cases: Sequence[Case]
    ) -> R:
        """An answer with an outcome for each of `cases`."""
        limit = self.order.policy.time_limit
        return await worker.ask_for_each(job, kind, len(cases), limit=limit)
