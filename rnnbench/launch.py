"""One launch: a fresh worker's pass over workloads, and what its death means."""

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rnnbench.case import Case, Device
from rnnbench.errors import CampaignError
from rnnbench.journal import Ended, Journal, Pass
from rnnbench.process import Setting, Worker, WorkerDeathError
from rnnbench.protocol import Measured, Outcome, Prepare, Report, Rounds, Start
from rnnbench.record import FAILED, Policy, Status, Turns
from rnnbench.workload import Workload

T = TypeVar("T")

# Rounds of one workload in one launch: as many as fit in this time, 4 to 12 of them.
# From 68 rounds to 12 the interval of a small cell grew from 1.45 to 1.55 % only: what
# is left is between processes, so time is better spent on launches.
ROUND_SECONDS = 0.8
LEAST_ROUNDS, MOST_ROUNDS = 4, 12
_ONCE = Rounds(seed=0, seconds=0.0, least=1, most=1)
# A worker that dies before it names a member may do so once; then all members end.
MOST_NAMELESS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be measured, and how.

    `stop_at_failure`: no case is begun after one has failed. `smoke`: each case once,
    to see that it runs. `command` starts a worker, if not our own.
    """

    workloads: tuple[Workload, ...]
    policy: Policy
    stop_at_failure: bool = False
    smoke: bool = False
    command: tuple[str, ...] = ()

    @property
    def cases(self) -> tuple[Case, ...]:
        """Every member of every workload."""
        return tuple(case for one in self.workloads for case in one.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What one fresh process is to do."""

    number: int
    setting: Setting
    workloads: tuple[Workload, ...]

    @property
    def cases(self) -> tuple[Case, ...]:
        """Every member of every workload."""
        return tuple(case for one in self.workloads for case in one.members)

    @property
    def on_cpu(self) -> bool:
        """Whether no member of it needs another device."""
        return all(case.device is Device.CPU for case in self.cases)


@dataclass(slots=True)
class Supervisor:
    """Carries out launches, journals what came of them, and judges deaths.

    `tell`: called with what is being done, for the progress line. `deadline`: on the
    clock of time.monotonic; nothing is begun that is known to end after it.
    """

    order: Order
    journal: Journal
    tell: Callable[[str], None]
    deadline: float
    stopping: bool = False
    inside_turns: float = 0.0
    launches: int = 0
    passes: int = 0
    _walls: dict[str, float] = field(default_factory=dict)
    _suspects: set[str] = field(default_factory=set)
    _nameless: Counter[str] = field(default_factory=Counter)
    # Shuffled so that no two runs share an order; not a matter of security.
    _random: random.Random = field(default_factory=random.Random)

    async def measure(self, launch: Launch, start: Start) -> None:
        """One pass over the launch's workloads; a worker that dies is replaced."""
        pending = deque(self._shuffled(launch.workloads))
        while pending := deque(one for one in pending if self._begins(one)):
            async with await self.worker(launch.setting, start) as worker:
                self.launches += 1
                while pending:
                    workload = pending[0]
                    members = self._shuffled(self.live(workload.members))
                    try:
                        if members and self._begins(workload):
                            await self._pass(worker, launch.number, workload, members)
                    except WorkerDeathError as death:
                        await self._judge(death, members, launch.setting, start)
                        break
                    pending.popleft()

    @property
    def goes_on(self) -> bool:
        """Whether anything more is to be begun."""
        return not self.stopping and time.monotonic() < self.deadline

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
        try:
            return await Worker.start(setting, start, self.order.command)
        except WorkerDeathError:
            try:
                return await Worker.start(setting, start, self.order.command)
            except WorkerDeathError as death:
                reason = f"worker: can't be started: {death.reason}"
                raise CampaignError(reason) from death

    async def _pass(
        self, worker: Worker, number: int, workload: Workload, members: list[Case]
    ) -> None:
        """Prepare the members, take their rounds, journal them."""
        began = time.monotonic()
        self.tell(f"launch {number + 1}: {workload.id}")
        check = workload.id not in self.journal.passes
        prepared = await self._ask(worker, Prepare(cases=tuple(members), check=check))
        if self._finish_failed(members, prepared.outcomes) == len(members):
            return
        rounds = (
            _ONCE
            if self.order.smoke
            else Rounds(
                seed=self._random.getrandbits(32),
                seconds=ROUND_SECONDS,
                least=LEAST_ROUNDS,
                most=MOST_ROUNDS,
            )
        )
        limit = self.order.policy.time_limit
        measured = await worker.ask(rounds, Measured, limit=limit)
        self._finish_failed(members, measured.outcomes)
        self.inside_turns += measured.inside_turns
        self.passes += 1
        self._walls[workload.id] = wall = time.monotonic() - began
        self.journal.record(
            Pass(
                launch=number,
                workload=workload.id,
                turns=_turns(number, members, prepared, measured),
                yardstick=Turns(number, measured.yardstick.seconds),
                inside_turns=measured.inside_turns,
                wall=wall,
            )
        )
        self.tell(f"launch {number + 1}: {workload.id}")

    async def _ask(self, worker: Worker, job: Prepare) -> Report:
        limit = self.order.policy.time_limit
        report = await worker.ask(job, Report, limit=limit)
        await self.require_all(worker, report.outcomes, job.cases)
        return report

    async def require_all(
        self, worker: Worker, outcomes: Sequence[Outcome], cases: Sequence[Case]
    ) -> None:
        """A worker that answers for more or less than it was asked is done with."""
        if len(outcomes) != len(cases):
            await worker.end()
            reason = f"the worker answered for {len(outcomes)} cases, not {len(cases)}"
            raise WorkerDeathError(Status.ERROR, reason, None)

    def _finish_failed(self, members: list[Case], outcomes: Sequence[Outcome]) -> int:
        """Give the members that failed by themselves their status, and count them."""
        failed = [
            (case, outcome)
            for case, outcome in zip(members, outcomes, strict=True)
            if outcome.status is not Status.OK
        ]
        for case, outcome in failed:
            if case.id not in self.journal.ended:
                self.finish(case, outcome.status, outcome.reason)
        return len(failed)

    async def _judge(
        self,
        death: WorkerDeathError,
        members: list[Case],
        setting: Setting,
        start: Start,
    ) -> None:
        """Find out whether it was the member that was announced, by trying it alone."""
        if death.member is None or death.member >= len(members):
            key = members[0].id
            self._nameless[key] += 1
            if self._nameless[key] >= MOST_NAMELESS:
                for case in members:
                    self.finish(case, death.status, death.reason)
            return
        culprit = members[death.member]
        # A second death is not put down to chance, even where it went well alone.
        again = culprit.id in self._suspects
        self._suspects.add(culprit.id)
        if again or await self._dies_alone(culprit, setting, start):
            self.finish(culprit, death.status, death.reason)

    async def _dies_alone(self, case: Case, setting: Setting, start: Start) -> bool:
        self.tell(f"once more, alone: {case.id}")
        try:
            async with await self.worker(setting, start) as worker:
                await self._ask(worker, Prepare(cases=(case,), check=True))
                limit = self.order.policy.time_limit
                await worker.ask(_ONCE, Measured, limit=limit)
        except WorkerDeathError:
            return True
        return False

    def _begins(self, workload: Workload) -> bool:
        """Whether there is time for `workload`, by how long it took before."""
        if self.stopping or not self.live(workload.members):
            return False
        left = self.deadline - time.monotonic()
        return left > self._walls.get(workload.id, 0.0)

    def _shuffled(self, items: Sequence[T]) -> list[T]:
        return self._random.sample(items, len(items))


def _turns(
    number: int, members: list[Case], prepared: Report, measured: Measured
) -> dict[str, Turns]:
    """By case, the turns of those that came through, with their first call."""
    return {
        case.id: Turns(
            number,
            turns.seconds,
            turns.faults,
            turns.back_to_back,
            outcome.first_call,
        )
        for case, turns, outcome in zip(
            members, measured.turns, prepared.outcomes, strict=True
        )
        if turns.seconds
    }
