"""Training runs in lanes: each is journalled when it ends, so that none is repeated."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from rnnbench.model.case import Device
from rnnbench.model.learning import LearningCase
from rnnbench.model.status import FAILED, Status
from rnnbench.runner.journal import Learned, LearningEnded
from rnnbench.runner.lanes import Lane, in_lanes
from rnnbench.runner.launch import Launch
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.runner.learning.learning_order import DescribedPlan, process_of
from rnnbench.runner.learning.learning_results import Unit, is_searched, pending_units
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.learning_jobs import Train, Trained
from rnnbench.worker.protocol import Start

# Deaths of a case's worker until they are no longer put down to chance.
_MOST_DEATHS = 2

_Run = tuple[LearningCase, Unit]
# Called with what is done now, runs done, runs in all, and seconds left, or None.
Tell = Callable[[str, int, int, float | None], None]


@dataclass(slots=True)
class TrainingRuns:
    """The training runs of a plan, in the lanes of this machine."""

    context: LaunchContext
    described: DescribedPlan
    tell: Tell
    _busy: set[tuple[str, Unit]] = field(default_factory=set)
    _deaths: Counter[str] = field(default_factory=Counter)
    _seconds: dict[str, list[float]] = field(default_factory=dict)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Train what the journal does not have, side by side."""
        order = self.context.order
        for device, lanes in (
            (Device.CPU, order.lanes),
            (Device.CUDA, order.gpu_lanes),
        ):
            plan = self.described.plan
            cases = [case for case in plan.cases if case.device is device]

            async def train(
                _: int, lane: Lane, cases: list[LearningCase] = cases
            ) -> None:
                await self._train_all(cases, lane)

            if cases:
                await in_lanes(range(len(lanes)), train, lanes)

    async def _train_all(self, cases: list[LearningCase], lane: Lane) -> None:
        """Take the next run that can begin until there is none."""
        worker, process = None, ""
        try:
            while self.context.left and (found := await self._next(cases)):
                case, unit = found
                if worker is not None and process != process_of(case):
                    await worker.end()
                    worker = None
                if worker is None:
                    worker, process = await self._worker(case, lane), process_of(case)
                try:
                    is_alive = await self._train(worker, case, unit)
                finally:
                    self._busy.discard((case.id, unit))
                    self._ended.set()
                if not is_alive:
                    await worker.end()
                    worker = None
        finally:
            if worker is not None:
                await worker.end()

    async def _next(self, cases: list[LearningCase]) -> _Run | None:
        """A run that no lane does; waits where another lane decides what comes next."""
        while True:
            self._ended.clear()
            for case in cases:
                for unit in self._pending(case):
                    if (case.id, unit) not in self._busy:
                        self._busy.add((case.id, unit))
                        return case, unit
            if not self._busy:
                return None
            await self._ended.wait()

    def _pending(self, case: LearningCase) -> list[Unit]:
        journal = self.context.journal
        if case.id in journal.learning_ended:
            return []
        return pending_units(self.described, case, journal.learned.get(case.id, {}))

    async def _worker(self, case: LearningCase, lane: Lane) -> Worker:
        setting = Setting(deterministic=case.device is Device.CUDA)
        launch = Launch(number=0, setting=setting, workloads=(), gpu=lane.gpu)
        return await self.context.worker(launch, Start(cores=lane.cores))

    async def _train(self, worker: Worker, case: LearningCase, unit: Unit) -> bool:
        """Train once and journal it; whether the worker is still alive."""
        rate, seed = unit
        self._show(f"learning: {case.id}, seed {seed}, rate {rate:g}")
        job = Train(
            cases=(case,),
            hidden_size=self.described.layer_of(case).hidden_size,
            seed=seed,
            rate=rate,
            goal=self.described.plan.goal_of(case),
        )
        limit, began = self.context.order.policy.time_limit, time.monotonic()
        try:
            answer = await worker.ask(
                job, Trained, limit=limit, latest=self.context.deadline + limit
            )
        except WorkerDeathError as death:
            self._deaths[case.id] += 1
            is_final = death.status is Status.TIMEOUT
            is_final |= self._deaths[case.id] >= _MOST_DEATHS
            if is_final and not death.out_of_time:
                self._finish(case, death.status, death.reason)
            return False
        if answer.run is None:
            self._finish(case, answer.status, answer.reason)
        else:
            self.context.journal.record(Learned(case=case.id, run=answer.run))
            self._seconds.setdefault(case.id, []).append(time.monotonic() - began)
        return True

    def _finish(self, case: LearningCase, status: Status, reason: str) -> None:
        self.context.journal.record(
            LearningEnded(case=case.id, status=status, reason=reason)
        )
        if status in FAILED and self.context.order.stop_at_failure:
            self.context.stopping = True

    def _show(self, text: str) -> None:
        """Tell what is done and left; a case takes as long as its runs took so far."""
        left = {case.id: self._runs_left(case) for case in self.described.plan.cases}
        learned = self.context.journal.learned
        done = sum(len(learned.get(name, {})) for name in left)
        known = [seconds for each in self._seconds.values() for seconds in each]
        seconds = None
        if known:
            usual = sum(known) / len(known)
            seconds = sum(
                count * _mean(self._seconds.get(name), usual)
                for name, count in left.items()
            ) / max(len(self._busy), 1)
        self.tell(text, done, done + sum(left.values()), seconds)

    def _runs_left(self, case: LearningCase) -> int:
        """Runs that the case still needs, with those of seeds that wait for a rate."""
        pending = self._pending(case)
        plan, seeds = self.described.plan, {seed for _, seed in pending}
        waits = is_searched(self.described, case) and seeds & set(plan.search_seeds)
        return len(pending) + (len(plan.seeds) if waits else 0)


def _mean(seconds: list[float] | None, usual: float) -> float:
    return sum(seconds) / len(seconds) if seconds else usual
