"""Shared by all launches of a run: its limits, what has ended, and who is suspected."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from rnnbench.model.case import Case
from rnnbench.model.errors import CampaignError
from rnnbench.model.status import FAILED, Status
from rnnbench.runner.exclusive import TimingLock
from rnnbench.runner.journal import Ended, Entry, Journal
from rnnbench.runner.launch import Launch, Order
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import Job, Report, Start

R = TypeVar("R", bound=Report)

# Deaths of a case, alone in its process, until they are no longer put down to chance.
MOST_DEATHS = 2


class Started(Protocol):
    """Workers that were started ahead of time."""

    async def take(self, setting: Setting, start: Start) -> Worker | None:
        """The worker that was started for this, or None."""


@dataclass(slots=True)
class Tally:
    """Sums over all launches of a run; times in seconds.

    `inside_turns`, `waited`: in turns, and waiting for a calm core. `capacity`: of all
    lanes that could have been at work.
    """

    launches: int = 0
    passes: int = 0
    inside_turns: float = 0.0
    waited: float = 0.0
    capacity: float = 0.0


@dataclass(slots=True)
class LaunchContext:
    """Starts workers, asks them, and gives cases their final status.

    `tell`: called with the text of what is done now, for the progress line. `deadline`:
    by time.monotonic; nothing is begun that is known to end after it. `lock`: held by
    whatever is timed, and by the start of a process. `started`: see HeadStart.
    """

    order: Order
    journal: Journal
    tell: Callable[[str], None]
    deadline: float
    stopping: bool = False
    started: Started | None = None
    lock: TimingLock = field(default_factory=TimingLock)
    tally: Tally = field(default_factory=Tally)
    # By the id of a case, how often a worker died at it: it gets a process of its own.
    deaths: Counter[str] = field(default_factory=Counter)
    # The fastest canary on the cores of a lane: a launch that is disturbed from its
    # first moment on would not know what calm is.
    calm: dict[tuple[int, ...], float] = field(default_factory=dict)
    # Seconds of the last pass of a workload, by its id.
    walls: dict[str, float] = field(default_factory=dict)

    @property
    def left(self) -> float:
        """Seconds until the deadline; none if a failure has stopped everything."""
        return 0.0 if self.stopping else max(self.deadline - time.monotonic(), 0.0)

    def live(self, members: Iterable[Case]) -> list[Case]:
        """Those that have not ended."""
        return [case for case in members if case.id not in self.journal.ended]

    def process_of(self, case: Case) -> str:
        """Name of the process of a launch that runs `case`.

        See `Case.process`. A case at which a worker died has a process of its own.
        """
        return case.id if self.deaths[case.id] else case.process

    def finish(self, case: Case, status: Status, reason: str) -> None:
        """Give `case` its final status; with -x a failure is the last thing done."""
        self.take([Ended(case=case.id, status=status, reason=reason)])

    def take(self, entries: Sequence[Entry]) -> None:
        """Journal `entries`; with -x a failure among them is the last thing done."""
        self.journal.record(*entries)
        failed = any(
            isinstance(entry, Ended) and entry.status in FAILED for entry in entries
        )
        if failed and self.order.stop_at_failure:
            self.stopping = True

    def blame(self, death: WorkerDeathError, cases: Sequence[Case]) -> None:
        """Judge the death of a worker that had `cases`.

        Nothing is final before a case has failed alone in a process of its own: by
        taking too long, or by dying for the second time. Until then it is put into such
        a process. Where no member was announced, all are suspected.
        """
        if death.out_of_time:
            return
        known = death.member is not None and death.member < len(cases)
        suspects = [cases[death.member]] if known else cases  # type: ignore[index]
        for case in suspects:
            self.deaths[case.id] += 1
            is_final = (
                death.status is Status.TIMEOUT or self.deaths[case.id] >= MOST_DEATHS
            )
            if len(cases) == 1 and is_final:
                self.finish(case, death.status, death.reason)

    async def worker(self, launch: Launch, start: Start) -> Worker:
        """A new worker; if it can't even start, once more, and then nothing can."""
        setting, command = launch.setting, self.order.command
        async with self.lock.hold(exclusive=False):
            if self.started and (worker := await self.started.take(setting, start)):
                return worker
            try:
                return await Worker.start(setting, start, command, launch.gpu)
            except WorkerDeathError:
                try:
                    return await Worker.start(setting, start, command, launch.gpu)
                except WorkerDeathError as death:
                    reason = f"worker: can't be started: {death.reason}"
                    raise CampaignError(reason) from death

    async def ask(
        self, worker: Worker, job: Job, kind: type[R], cases: Sequence[Case]
    ) -> R:
        """The answer, with an outcome for each of `cases`; WorkerDeathError if none."""
        limit = self.order.policy.time_limit
        return await worker.ask_for_each(
            job, kind, len(cases), limit=limit, latest=self.deadline + limit
        )
