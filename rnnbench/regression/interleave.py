"""A launch of the gate: two workers on one core take alternating turns."""

import random
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import TypeVar

from rnnbench.analysis.launch_estimate import log_ratio
from rnnbench.model.case import Allocator, Case, Device
from rnnbench.model.errors import CampaignError
from rnnbench.model.machine import physical_cores
from rnnbench.model.run import Environment
from rnnbench.model.status import Status
from rnnbench.regression.case_pair import CasePair, LaunchResult, Side, SideFault
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import (
    Job,
    Measured,
    MemberTurns,
    Outcome,
    Prepare,
    Report,
    Start,
    TakeTurn,
)

# In one launch each pair takes as many turns per side as fit into this time, within
# these limits. In 0.5 s two equal versions of a small layer were within 0.7 %.
PAIR_SECONDS = 0.5
LEAST_TURNS, MOST_TURNS = 5, 600
# The most time to wait for a calm core, as a multiple of the time for turns; the same
# as in a run.
PATIENCE = 4.0
# The share of memory that each worker may map; the rest is for the system and torch.
MEMORY_SHARE = 0.4


A = TypeVar("A", Report, Measured)
Workers = Mapping[Side, Worker]
TurnOfEachSide = Mapping[Side, MemberTurns]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateWorkers:
    """The command that starts each worker, and the time limit of one job in seconds."""

    commands: Mapping[Side, tuple[str, ...]]
    time_limit: float


class SideDeathError(Exception):
    """A worker died while it measured a pair."""

    def __init__(self, fault: SideFault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


@dataclass(slots=True, kw_only=True)
class InterleavedLauncher:
    """Carries out launches and calls `show` after each pair.

    `deadline` is on the clock of time.monotonic; a pair that is known to end after it
    is not begun. `memory` is the machine's, in bytes, if known.
    """

    workers: GateWorkers
    deadline: float
    show: Callable[[CasePair], None] = lambda _: None
    memory: int | None = None
    _walls: dict[CasePair, float] = field(default_factory=dict)
    # Shuffles the order in each launch.
    _random: random.Random = field(default_factory=random.Random)

    async def read_environments(self) -> Mapping[Side, Environment]:
        """Start each worker once to read its environment; CampaignError on failure."""
        found = {}
        for side in Side:
            async with await self._start(side, Setting(), Start()) as worker:
                assert worker.environment is not None  # noqa: S101  see Worker.start
                found[side] = worker.environment
        self.memory = found[Side.BASELINE].memory_bytes
        return found

    async def launch(self, pairs: Iterable[CasePair]) -> dict[CasePair, LaunchResult]:
        """Measure each pair once in fresh processes, until the deadline."""
        results: dict[CasePair, LaunchResult] = {}
        processes: dict[tuple[Setting, Device, str], list[CasePair]] = {}
        for pair in pairs:
            setting = _setting(pair.baseline)
            # The system's allocator depends on what ran before: such a pair runs alone.
            alone = pair.id if setting.allocator is Allocator.SYSTEM else ""
            process = (setting, pair.baseline.device, alone)
            processes.setdefault(process, []).append(pair)
        for (setting, device, _), members in processes.items():
            start = self._job(setting, device)
            pending = deque(self._random.sample(members, len(members)))
            while pending and self._begins(pending):
                await self._until_a_death(setting, start, pending, results)
        return results

    async def _until_a_death(
        self,
        setting: Setting,
        start: Start,
        pending: deque[CasePair],
        results: dict[CasePair, LaunchResult],
    ) -> None:
        """Measure in two fresh workers until one dies or nothing is pending."""
        async with AsyncExitStack() as stack:
            workers = {}
            for side in self._shuffled():
                worker = await self._start(side, setting, start)
                workers[side] = await stack.enter_async_context(worker)
            while pending and self._begins(pending):
                pair, began = pending.popleft(), time.monotonic()
                try:
                    results[pair] = await self._measure(workers, pair)
                except SideDeathError as death:
                    results[pair] = await self._faults(death.fault, workers, pair)
                    self.show(pair)
                    return
                self._walls[pair] = time.monotonic() - began
                self.show(pair)

    async def _measure(self, workers: Workers, pair: CasePair) -> LaunchResult:
        """Prepare the case on both sides, then take turns until there are enough."""
        faults = []
        for side in self._shuffled():
            fault = await self._prepare(side, workers, pair)
            faults += [fault] if fault else []
        if faults:
            return tuple(faults)
        calm: list[TurnOfEachSide] = []
        rough: list[TurnOfEachSide] = []
        began, waited = time.monotonic(), 0.0
        patience = PATIENCE * PAIR_SECONDS
        while (done := len(calm) + len(rough)) < LEAST_TURNS or (
            done < MOST_TURNS and time.monotonic() - began - waited < PAIR_SECONDS
        ):
            turns: dict[Side, MemberTurns] = {}
            for side in self._shuffled():
                taken = await self._turn(side, workers, max(patience - waited, 0.0))
                if isinstance(taken, SideFault):
                    return (taken,)
                waited += taken.waited
                turns[side] = taken.turns[0]
            disturbed = any(turn.rough for turn in turns.values())
            (rough if disturbed else calm).append(turns)
        return _log_ratio(calm if len(calm) >= LEAST_TURNS else calm + rough)

    async def _prepare(
        self, side: Side, workers: Workers, pair: CasePair
    ) -> SideFault | None:
        # Results are checked in the first launch; later launches run the same code.
        job = Prepare(cases=(pair.case(side),), check=pair not in self._walls)
        report = await self._ask(side, workers, job, Report)
        return _fault(side, report.outcomes)

    async def _turn(
        self, side: Side, workers: Workers, patience: float
    ) -> Measured | SideFault:
        """One turn of the only member, or the fault that prevented it."""
        job = TakeTurn(member=0, patience=patience)
        measured = await self._ask(side, workers, job, Measured)
        if fault := _fault(side, measured.outcomes):
            return fault
        if len(measured.turns) != 1 or len(measured.turns[0].seconds) != 1:
            return SideFault(side, Status.ERROR, "the worker's turn holds no time")
        return measured

    async def _ask(self, side: Side, workers: Workers, job: Job, answer: type[A]) -> A:
        try:
            return await workers[side].ask(job, answer, limit=self.workers.time_limit)
        except WorkerDeathError as death:
            fault = SideFault(side, death.status, death.reason)
            raise SideDeathError(fault) from death

    async def _faults(
        self, first: SideFault, workers: Workers, pair: CasePair
    ) -> tuple[SideFault, ...]:
        """The death of one side, and the other side's fault if it has one."""
        other = next(side for side in Side if side is not first.side)
        try:
            second = await self._prepare(other, workers, pair)
        except SideDeathError as death:
            second = death.fault
        return (first, second) if second else (first,)

    async def _start(self, side: Side, setting: Setting, start: Start) -> Worker:
        """Start a worker, with one retry; CampaignError if it can't be started."""
        command = self.workers.commands[side]
        if shutil.which(command[0]) is None:
            raise CampaignError(f"{side}: {command[0]}: no such interpreter")
        with suppress(WorkerDeathError, OSError):
            return await Worker.start(setting, start, command)
        try:
            return await Worker.start(setting, start, command)
        except (WorkerDeathError, OSError) as error:
            why = getattr(error, "reason", None) or getattr(error, "strerror", "")
            where = f"{side}: {command[0]}"
            raise CampaignError(f"{where}: no worker can be started: {why}") from error

    def _job(self, setting: Setting, device: Device) -> Start:
        """The start job of both workers: the same cores, where pinning is sound."""
        on_cpu = device is Device.CPU
        # CUDA runs the backward pass on a separate thread, so it is not pinned.
        cores = physical_cores()[-setting.threads :] if on_cpu else ()
        limit = int(MEMORY_SHARE * self.memory) if self.memory and on_cpu else None
        return Start(threads=setting.threads, cores=cores, data_limit=limit)

    def _begins(self, pending: Sequence[CasePair]) -> bool:
        """Whether the next pair can end in time, judging by its last launch."""
        return time.monotonic() + self._walls.get(pending[0], 0.0) < self.deadline

    def _shuffled(self) -> list[Side]:
        return self._random.sample(list(Side), 2)


def _log_ratio(turns: Sequence[TurnOfEachSide]) -> float:
    candidate, baseline = (
        [of_each_side[side].seconds[0] for of_each_side in turns]
        for side in (Side.CANDIDATE, Side.BASELINE)
    )
    return log_ratio(candidate, baseline)


def _setting(case: Case) -> Setting:
    return Setting(
        threads=case.threads, allocator=case.allocator, deterministic=case.deterministic
    )


def _fault(side: Side, outcomes: Sequence[Outcome]) -> SideFault | None:
    if len(outcomes) != 1:
        reason = f"the worker answered for {len(outcomes)} cases, not 1"
        return SideFault(side, Status.ERROR, reason)
    if outcomes[0].status is Status.OK:
        return None
    return SideFault(side, outcomes[0].status, outcomes[0].reason)
