"""Timed launches: a fresh worker's pass over workloads, and what its death means."""

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rnnbench.model.case import Case
from rnnbench.model.run import Status, Turns
from rnnbench.model.workload import Workload
from rnnbench.runner.footprint import is_heavy, stands_alone
from rnnbench.runner.journal import Pass
from rnnbench.runner.launch import Crew, Launch
from rnnbench.runner.passes import PassRequest, build_members, measure_rounds
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import Measured, Outcome, Report, Rounds, Start

T = TypeVar("T")

# Rounds of one workload in one launch: as many as fit in this time, 4 or 5 of them. A
# ratio's variance over launches is to 27 % that of 5 rounds, on another machine to 47 %
# that of 9: the rest is between processes, so time is better spent on launches. To the
# same intervals, 10 rounds would take 1.43 of the time (`studies/rounds.py`).
ROUND_SECONDS = 0.6
LEAST_ROUNDS, MOST_ROUNDS = 4, 5


def rounds_of_a_launch(seed: int, calm: float) -> Rounds:
    """The rounds that a workload takes in one launch; `calm` as in `Rounds`."""
    return Rounds(
        seed=seed,
        seconds=ROUND_SECONDS,
        least=LEAST_ROUNDS,
        most=MOST_ROUNDS,
        calm=calm,
    )


_ONCE = Rounds(seed=0, seconds=0.0, least=1, most=1)
# A worker that dies before it names a member may do so once; then all members end.
MOST_NAMELESS = 2


@dataclass(slots=True)
class Timing:
    """Carries out timed launches, journals their passes, and judges deaths.

    `inside_turns`, `waited`: seconds, over all launches; `walls`: of the last pass.
    `on_launch` is called after a worker has ended, before the next one starts.
    """

    crew: Crew
    on_launch: Callable[[], None] = lambda: None
    inside_turns: float = 0.0
    waited: float = 0.0
    launches: int = 0
    passes: int = 0
    _walls: dict[str, float] = field(default_factory=dict)
    _suspects: set[str] = field(default_factory=set)
    _nameless: Counter[str] = field(default_factory=Counter)
    # The fastest canary on the cores of a lane: a launch that is disturbed from its
    # first moment on would not know what calm is.
    _calm: dict[tuple[int, ...], float] = field(default_factory=dict)
    # Shuffled so that no two runs share an order; not a matter of security.
    _random: random.Random = field(default_factory=random.Random)

    async def measure(self, launch: Launch, start: Start) -> None:
        """One pass over the launch's workloads; a worker that dies is replaced.

        Those that nothing may be timed beside come last, so that the other lane has to
        end what it is at only once.
        """
        pending = deque(sorted(self._shuffled(launch.workloads), key=stands_alone))
        while pending := deque(one for one in pending if self._begins(one)):
            async with await self.crew.worker(launch.setting, start) as worker:
                self.launches += 1
                while pending:
                    workload = pending[0]
                    members = self._shuffled(self.crew.live(workload.members))
                    try:
                        await self._pass(worker, launch.number, workload, members)
                    except WorkerDeathError as death:
                        await worker.end()
                        await self._judge(death, members, launch, start)
                        break
                    pending.popleft()
            self.on_launch()

    async def _pass(
        self, worker: Worker, number: int, workload: Workload, members: list[Case]
    ) -> None:
        """Take the workload's pass once there is room for it, if there is time."""
        async with self.crew.room.enter(alone=stands_alone(workload)):
            if members and self._begins(workload):
                await self._take(worker, number, workload, members)

    async def _take(
        self, worker: Worker, number: int, workload: Workload, members: list[Case]
    ) -> None:
        """Prepare the members, take their rounds, journal them."""
        began = time.monotonic()
        self.crew.tell(f"launch {number + 1}: {workload.id}")
        request = PassRequest(
            cases=tuple(members),
            rounds=self._rounds(self._calm.get(worker.cores, 0.0)),
            limit=self.crew.order.policy.time_limit,
            check=workload.id not in self.crew.journal.passes,
        )
        prepared = await build_members(worker, request)
        if self._finish_failed(members, prepared.outcomes) == len(members):
            return
        measured = await measure_rounds(worker, request)
        self._calm[worker.cores] = measured.calm
        self._finish_failed(members, measured.outcomes)
        self.inside_turns += measured.inside_turns
        self.waited += measured.waited
        turns = _turns(number, members, prepared, measured)
        if not turns:
            return
        self.passes += 1
        self._walls[workload.id] = wall = time.monotonic() - began
        self.crew.journal.record(
            Pass(
                launch=number,
                workload=workload.id,
                turns=turns,
                yardstick=Turns(number, measured.yardstick.seconds),
                inside_turns=measured.inside_turns,
                wall=wall,
            )
        )
        self.crew.tell(f"launch {number + 1}: {workload.id}")

    def _rounds(self, calm: float) -> Rounds:
        if self.crew.order.smoke:
            return _ONCE
        return rounds_of_a_launch(self._random.getrandbits(32), calm)

    def _finish_failed(self, members: list[Case], outcomes: Sequence[Outcome]) -> int:
        """Give the members that failed by themselves their status, and count them."""
        failed = [
            (case, outcome)
            for case, outcome in zip(members, outcomes, strict=True)
            if outcome.status is not Status.OK
        ]
        for case, outcome in failed:
            if case.id not in self.crew.journal.ended:
                self.crew.finish(case, outcome.status, outcome.reason)
        return len(failed)

    async def _judge(
        self,
        death: WorkerDeathError,
        members: list[Case],
        launch: Launch,
        start: Start,
    ) -> None:
        """Find out whether it was the member that was announced, by trying it alone."""
        if death.member is None or death.member >= len(members):
            together = " ".join(sorted(case.id for case in members))
            self._nameless[together] += 1
            if self._nameless[together] >= MOST_NAMELESS:
                for case in members:
                    self.crew.finish(case, death.status, death.reason)
            return
        culprit = members[death.member]
        # A second death is not put down to chance, even where it went well alone.
        again = culprit.id in self._suspects
        self._suspects.add(culprit.id)
        if again or await self._dies_alone(culprit, launch, start):
            self.crew.finish(culprit, death.status, death.reason)

    async def _dies_alone(self, case: Case, launch: Launch, start: Start) -> bool:
        self.crew.tell(f"once more, alone: {case.id}")
        limit = self.crew.order.policy.time_limit
        request = PassRequest(cases=(case,), rounds=_ONCE, limit=limit, check=True)
        try:
            async with (
                await self.crew.worker(launch.setting, start) as worker,
                self.crew.room.enter(alone=is_heavy(case)),
            ):
                await build_members(worker, request)
                await measure_rounds(worker, request)
        except WorkerDeathError:
            return True
        return False

    def _begins(self, workload: Workload) -> bool:
        """Whether there is time for `workload`, by how long it took before."""
        alive = bool(self.crew.live(workload.members))
        return alive and self.crew.left > self._walls.get(workload.id, 0.0)

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
            turns.rough,
            turns.retaken,
        )
        for case, turns, outcome in zip(
            members, measured.turns, prepared.outcomes, strict=True
        )
        if turns.seconds
    }
