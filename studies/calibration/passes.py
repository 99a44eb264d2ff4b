"""One cell of a calibration in one launch: the worker's jobs, and the sample."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

from rnnbench.analysis.launch_estimate import log_ratio
from rnnbench.model.run import Turns
from rnnbench.model.status import Status
from rnnbench.runner.timing import LEAST_ROUNDS
from rnnbench.runner.worker_process import Worker
from rnnbench.worker.protocol import (
    Blocks,
    Floor,
    Floored,
    Job,
    Measured,
    Prepare,
    Report,
    Rounds,
)
from studies.calibration.cells import Cell, Member
from studies.calibration.samples import Part, Sample
from studies.calibration.stages import Stage, blocks_that_fit

# Seconds that one member may take, many times what a cell takes.
TIME_LIMIT = 60.0
_FLOOR_CALLS = 10000

R = TypeVar("R", bound=Report)


@dataclass(slots=True)
class Lane:
    """The cores that launches run on, one after the other.

    `calm`: the fastest canary there, which a new process can't know.
    """

    cores: tuple[int, ...]
    calm: float = 0.0
    # A different order in each launch; not a matter of security.
    draw: random.Random = field(default_factory=random.Random)


class _FailedError(Exception):
    """A member failed by itself; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One cell of one launch of a stage, in one worker."""

    stage: Stage
    number: int
    cell: Cell
    worker: Worker
    lane: Lane

    async def take(self) -> Sample | str:
        """The sample, or why there is none; WorkerDeathError if the worker dies."""
        began = time.monotonic()
        try:
            if self.stage.part is Part.FLOOR:
                return await self._floor(began)
            return await self._ratios(began)
        except _FailedError as error:
            return str(error)

    async def _floor(self, began: float) -> Sample:
        job = Floor(calls=_FLOOR_CALLS)
        found = await self.worker.ask(job, Floored, limit=TIME_LIMIT)
        values = {
            "empty": found.empty,
            "clock": found.clock,
            "resolution": found.resolution,
        }
        return self._sample(values, {}, began=began, inside=0.0)

    async def _ratios(self, began: float) -> Sample:
        """Build the members in shuffled order, and measure what the part asks for."""
        members = self.lane.draw.sample(self.cell.members, len(self.cell.members))
        prepared = await self._ask(self._prepare(members), Report, members)
        if self.stage.part is Part.SETTLE:
            call = sum(outcome.call for outcome in prepared.outcomes)
            return await self._both_ways(members, blocks_that_fit(call), began)
        turns, inside = await self._by_turns(members)
        values = {
            one.name: log_ratio(
                turns[one.candidate].seconds, turns[one.baseline].seconds
            )
            for one in self.cell.comparisons
        }
        rough = tuple(
            one.name
            for one in self.cell.comparisons
            if not (turns[one.candidate].is_calm and turns[one.baseline].is_calm)
        )
        return self._sample(values, turns, began=began, inside=inside, rough=rough)

    def _prepare(self, members: Sequence[Member]) -> Prepare:
        slowed = any(member.slowdown for member in members)
        return Prepare(
            cases=tuple(member.case for member in members),
            # The same code in every launch: the first says whether it is right.
            check=self.number == 0,
            slowdowns=tuple(member.slowdown for member in members) if slowed else (),
        )

    async def _ask(self, job: Job, kind: type[R], members: Sequence[Member]) -> R:
        """The answer of the worker, in which no member failed."""
        count = len(members)
        answer = await self.worker.ask_for_each(job, kind, count, limit=TIME_LIMIT)
        for outcome, member in zip(answer.outcomes, members, strict=True):
            if outcome.status is not Status.OK:
                raise _FailedError(f"{member.name}: {outcome.reason}")
        return answer

    async def _both_ways(
        self, members: Sequence[Member], blocks: int, began: float
    ) -> Sample:
        """Measure the same built members by turns and by blocks, in random order."""
        (comparison,) = self.cell.comparisons
        values, rough = {}, []
        calls: Mapping[str, Turns] = {}
        inside = 0.0
        for way in self.lane.draw.sample(("turns", "blocks"), 2):
            if way == "turns":
                turns, spent = await self._by_turns(members)
                calls = turns
            else:
                turns, spent = await self._by_blocks(members, blocks)
            ours, theirs = turns[comparison.candidate], turns[comparison.baseline]
            values[way] = log_ratio(ours.seconds, theirs.seconds)
            if not (ours.is_calm and theirs.is_calm):
                rough.append(way)
            inside += spent
        return self._sample(
            values, calls, began=began, inside=inside, rough=tuple(rough)
        )

    async def _by_turns(
        self, members: Sequence[Member]
    ) -> tuple[Mapping[str, Turns], float]:
        job = Rounds(
            seed=self.lane.draw.getrandbits(32),
            seconds=self.cell.seconds,
            least=LEAST_ROUNDS,
            most=self.cell.most,
            calm=self.lane.calm,
        )
        measured = await self._ask(job, Measured, members)
        self.lane.calm = measured.calm
        return _turns(members, measured), measured.inside_turns

    async def _by_blocks(
        self, members: Sequence[Member], blocks: int
    ) -> tuple[Mapping[str, Turns], float]:
        job = Blocks(seed=self.lane.draw.getrandbits(32), blocks=blocks)
        measured = await self._ask(job, Measured, members)
        return _turns(members, measured), measured.inside_turns

    def _sample(
        self,
        values: Mapping[str, float],
        turns: Mapping[str, Turns],
        *,
        began: float,
        inside: float,
        rough: tuple[str, ...] = (),
    ) -> Sample:
        return Sample(
            part=self.stage.part,
            condition=self.stage.condition,
            allocator=self.stage.allocator,
            launch=self.number,
            cell=self.cell.id,
            values=values,
            calls={name: median(each.seconds) for name, each in turns.items()},
            wall=time.monotonic() - began,
            inside=inside,
            rough=rough,
        )


def _turns(members: Sequence[Member], measured: Measured) -> Mapping[str, Turns]:
    """Turns by the name of the member."""
    held = dict(zip((one.name for one in members), measured.turns, strict=True))
    if without := [name for name, each in held.items() if not each.seconds]:
        raise _FailedError(f"{without[0]}: it has no turns")
    return {
        name: Turns(0, each.seconds, rough=each.rough) for name, each in held.items()
    }
