"""Carries out the stages of a calibration: fresh workers, samples, a journal."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial

from rnnbench.model.case import Allocator
from rnnbench.model.errors import CampaignError
from rnnbench.runner.lanes import Lane as Place
from rnnbench.runner.lanes import in_lanes, lanes
from rnnbench.runner.scheduler import Progress
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import Start
from studies.bursts import bursts
from studies.calibration.cells import Cell
from studies.calibration.passes import Lane, Pass
from studies.calibration.rerun import rerun
from studies.calibration.samples import Condition, Part, Sample
from studies.calibration.samples_journal import SampleJournal
from studies.calibration.stages import Stage

# So many deaths in a row are neither chance nor a single layer.
MOST_DEATHS = 3


@dataclass(frozen=True, slots=True)
class Launch:
    """The work of one fresh process."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(slots=True, kw_only=True)
class Calibrator:
    """Carries out stages; `show` gets the progress, `command` starts a worker.

    `missed`: a line for each sample that was left out because its worker died or its
    layer failed.
    """

    journal: SampleJournal
    show: Callable[[Progress], None] = lambda _: None
    command: tuple[str, ...] = ()
    missed: list[str] = field(default_factory=list)
    _deaths: int = 0
    _done: int = 0
    _due: int = 0
    _began: float = 0.0
    # A different order in each launch; not a matter of security.
    _random: random.Random = field(default_factory=random.Random)

    def carry_out(self, stage: Stage) -> None:
        """Measure what the journal lacks of `stage`, under its condition.

        Measured samples stay, whatever ends this. CampaignError where no worker lives.
        """
        due = self._pending(stage)
        self._done, self._deaths = 0, 0
        self._due = sum(len(launch.cells) for launch in due)
        if not due:
            return
        self._began = time.monotonic()
        with _condition(stage.condition):
            if stage.part is Part.REPEAT:
                self._rerun(stage, due)
            else:
                asyncio.run(self._in_lanes(stage, due))

    def _pending(self, stage: Stage) -> list[Launch]:
        """The launches, each with its missing cells."""
        lacking = (
            Launch(
                number,
                tuple(
                    cell
                    for cell in stage.cells
                    if (stage.part, stage.condition, stage.allocator, number, cell.id)
                    not in self.journal.samples
                ),
            )
            for number in range(stage.launches)
        )
        return [launch for launch in lacking if launch.cells]

    def _rerun(self, stage: Stage, due: Sequence[Launch]) -> None:
        """Whole runs, one after the other: each has lanes of its own."""
        for launch in due:
            at = f"re-run {launch.number + 1}"
            samples, faults = rerun(
                stage,
                launch.number,
                launch.cells,
                command=self.command,
                show=partial(self._within, at),
            )
            for sample in samples:
                self.journal.record(sample)
            self.missed += [f"{stage.name}, {at}: {fault}" for fault in faults]
            self._done += len(launch.cells)
            self._tell(at)

    async def _in_lanes(self, stage: Stage, due: Sequence[Launch]) -> None:
        """Launches side by side, a core each, as a run does it."""
        # One draw and one calm canary for each lane, whatever the launch.
        own: dict[Place, Lane] = {}

        async def work(launch: Launch, place: Place) -> None:
            lane = own.setdefault(place, Lane(place.cores))
            await self._launch(stage, launch, lane)

        await in_lanes(_processes(stage.allocator, due), work, lanes())

    async def _launch(self, stage: Stage, launch: Launch, lane: Lane) -> None:
        """Measure every cell of the launch once; a worker that dies is replaced."""
        setting = Setting(allocator=stage.allocator)
        start = Start(threads=1, cores=lane.cores)
        pending = deque(self._random.sample(launch.cells, len(launch.cells)))
        while pending:
            try:
                async with await Worker.start(setting, start, self.command) as worker:
                    while pending:
                        await self._cell(stage, launch.number, pending[0], worker, lane)
                        pending.popleft()
            except WorkerDeathError as death:
                self._mourn(death)
                if death.member is not None:
                    where = f"{stage.name}, launch {launch.number + 1}"
                    cell = pending.popleft()
                    self.missed.append(f"{where}, {cell.id}: {death.reason}")

    async def _cell(
        self, stage: Stage, number: int, cell: Cell, worker: Worker, lane: Lane
    ) -> None:
        self._tell(f"launch {number + 1}: {cell.id}")
        taken = await Pass(stage, number, cell, worker, lane).take()
        self._deaths = 0
        self._done += 1
        if isinstance(taken, Sample):
            self.journal.record(taken)
        else:
            where = f"{stage.name}, launch {number + 1}"
            self.missed.append(f"{where}, {cell.id}: {taken}")

    def _mourn(self, death: WorkerDeathError) -> None:
        """Count a death; CampaignError after too many in a row."""
        self._deaths += 1
        if self._deaths >= MOST_DEATHS:
            times = f"{MOST_DEATHS} times in a row"
            raise CampaignError(f"worker: it died {times}: {death.reason}") from death

    def _within(self, at: str, progress: Progress) -> None:
        self._tell(f"{at}, {progress.at}")

    def _tell(self, at: str) -> None:
        done, elapsed = self._done, time.monotonic() - self._began
        left = elapsed / done * (self._due - done) if done else None
        self.show(
            Progress(at=at, done=done, total=self._due, elapsed=elapsed, left=left)
        )


def _processes(allocator: Allocator, due: Sequence[Launch]) -> Sequence[Launch]:
    """The launches by process: with the system's allocator, one for each cell.

    That is what a user gets who sets nothing: nothing else ran in that process.
    """
    if allocator is Allocator.STEADY:
        return due
    return [Launch(launch.number, (cell,)) for launch in due for cell in launch.cells]


def _condition(condition: Condition) -> AbstractContextManager[object]:
    return bursts() if condition is Condition.BURSTS else nullcontext()
