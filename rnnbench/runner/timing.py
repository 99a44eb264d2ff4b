"""Timed launches: fresh processes make one pass over workloads."""

import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from rnnbench.model.case import Case
from rnnbench.model.status import Status
from rnnbench.model.turn_plan import rounds_that_fit
from rnnbench.model.workload import Workload
from rnnbench.runner.footprint import stands_alone
from rnnbench.runner.journal import Pass
from rnnbench.runner.launch import Launch
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.runner.launch_processes import LaunchDeathError, LaunchProcesses
from rnnbench.runner.round_exchange import Answered, facts_of, merged
from rnnbench.worker.protocol import Measured, Outcome, Prepare, Report, Rounds, Start

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


@dataclass(slots=True)
class TimedLaunches:
    """Carries out launches and journals their passes.

    `on_launch` is called after the processes of a launch have ended.
    """

    context: LaunchContext
    on_launch: Callable[[], None] = lambda: None
    # Shuffled so that no two runs share an order; not a matter of security.
    _random: random.Random = field(default_factory=random.Random)

    async def measure(self, launch: Launch, start: Start) -> None:
        """One pass over the launch's workloads; a process that dies is replaced.

        Workloads that nothing may be timed beside come last, so that the other lane has
        to stop only once.
        """
        pending = deque(sorted(self._shuffled(launch.workloads), key=stands_alone))
        async with LaunchProcesses(self.context, launch, start) as processes:
            self.context.tally.launches += bool(pending)
            while pending := deque(one for one in pending if self._begins(one)):
                try:
                    await self._pass(processes, pending[0])
                except LaunchDeathError:
                    continue
                pending.popleft()
        self.on_launch()

    async def _pass(self, processes: LaunchProcesses, workload: Workload) -> None:
        """Measure the workload once no lane is in its way, if there is time."""
        members = self._shuffled(self.context.live(workload.members))
        groups = processes.groups(members)
        await processes.ready(groups)
        async with self.context.lock.hold(exclusive=stands_alone(workload)):
            if members and self._begins(workload):
                await self._take(processes, workload, groups)

    async def _take(
        self,
        processes: LaunchProcesses,
        workload: Workload,
        groups: Mapping[str, list[Case]],
    ) -> None:
        """Prepare the members, take their rounds, journal them."""
        began, number = time.monotonic(), processes.launch.number
        self.context.tell(f"launch {number + 1}: {workload.id}")
        answered = await self._prepared(processes, workload, groups)
        if not answered:
            return
        if len(answered) == 1:
            await self._ask_rounds(processes, answered[0], self._all_rounds())
        else:
            await self._exchange(processes, answered)
        turns, changed, yardstick = merged(number, answered)
        if not turns:
            return
        self.context.tally.passes += 1
        self.context.walls[workload.id] = wall = time.monotonic() - began
        inside = sum(part.inside_turns for one in answered for part in one.measured)
        self.context.journal.record(
            Pass(
                launch=number,
                workload=workload.id,
                turns=turns,
                yardstick=yardstick,
                inside_turns=inside,
                wall=wall,
                changed=changed,
                facts=facts_of(answered),
            )
        )
        self.context.tell(f"launch {number + 1}: {workload.id}")

    async def _prepared(
        self,
        processes: LaunchProcesses,
        workload: Workload,
        groups: Mapping[str, list[Case]],
    ) -> list[Answered]:
        """The processes in which at least one member can be timed."""
        check = workload.id not in self.context.journal.passes
        found = []
        for name, cases in groups.items():
            references = self.context.order.references
            prepare = Prepare(cases=tuple(cases), check=check, references=references)
            report = await processes.ask(name, prepare, Report, cases)
            if self._finish_failed(cases, report.outcomes) < len(cases):
                found.append(Answered(name, cases, report))
        return found

    async def _exchange(
        self, processes: LaunchProcesses, answered: Sequence[Answered]
    ) -> None:
        """Take rounds in several processes, one process at a time.

        All are on the same core, and a process that is not asked is stopped. A round of
        each, in shuffled order, is a round of the workload.
        """
        began, done, wanted = time.monotonic(), 0, 1
        while done < wanted:
            for one in self._shuffled([one for one in answered if one.is_alive]):
                await self._ask_rounds(processes, one, self._one_round())
            done += 1
            if done == 1 and not self.context.order.smoke:
                spent = time.monotonic() - began
                limits = (LEAST_ROUNDS, MOST_ROUNDS)
                wanted = rounds_that_fit(ROUND_SECONDS, limits, spent)

    async def _ask_rounds(
        self, processes: LaunchProcesses, one: Answered, job: Rounds
    ) -> None:
        cores = processes.start.cores
        calm = self.context.calm.get(cores, 0.0)
        job = replace(job, seed=self._random.getrandbits(32), calm=calm)
        measured = await processes.ask(one.name, job, Measured, one.cases)
        self.context.calm[cores] = measured.calm
        self.context.tally.inside_turns += measured.inside_turns
        self.context.tally.waited += measured.waited
        self._finish_failed(one.cases, measured.outcomes)
        one.measured.append(measured)

    def _all_rounds(self) -> Rounds:
        if self.context.order.smoke:
            return Rounds(seed=0, seconds=0.0, least=1, most=1)
        return rounds_of_a_launch(seed=0, calm=0.0)

    def _one_round(self) -> Rounds:
        """One round; its seconds are those that it may wait for a calm core."""
        return replace(
            self._all_rounds(), seconds=ROUND_SECONDS / LEAST_ROUNDS, least=1, most=1
        )

    def _finish_failed(self, members: list[Case], outcomes: Sequence[Outcome]) -> int:
        """Give the members that failed by themselves their status, and count them."""
        failed = [
            (case, outcome)
            for case, outcome in zip(members, outcomes, strict=True)
            if outcome.status is not Status.OK
        ]
        for case, outcome in failed:
            if case.id not in self.context.journal.ended:
                self.context.finish(case, outcome.status, outcome.reason)
        return len(failed)

    def _begins(self, workload: Workload) -> bool:
        """Whether there is time for `workload`, by how long it took before."""
        alive = bool(self.context.live(workload.members))
        return alive and self.context.left > self.context.walls.get(workload.id, 0.0)

    def _shuffled(self, items: Sequence[T]) -> list[T]:
        return self._random.sample(items, len(items))
