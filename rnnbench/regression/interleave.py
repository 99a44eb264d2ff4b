"""One launch of a gate: two workers on one core exchange turns, one at a time."""

import random
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

from rnnbench.analysis.launch_estimate import log_ratio
from rnnbench.model.case import Allocator, Case, Device
from rnnbench.model.cores import physical_cores
from rnnbench.model.errors import CampaignError
from rnnbench.model.run import Environment, Status
from rnnbench.regression.pair import Bout, Fault, Match, Side
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import (
    Measured,
    MemberTurns,
    Outcome,
    Prepare,
    Report,
    Start,
    TakeTurn,
)

# Exchanges of one match in one launch: as many as fit, but at least and at most so
# many. In 0.5 s two equal versions of a small layer were within 0.7 % of each other.
MATCH_SECONDS = 0.5
LEAST_EXCHANGES, MOST_EXCHANGES = 5, 600
# How long to wait beside them for a calm core, by what they take: as `worker/watch`.
PATIENCE = 4.0
# What one of the two may map of the memory: the rest is the system's, torch's and ours.
MEMORY_SHARE = 0.4


Workers = Mapping[Side, Worker]
Exchange = Mapping[Side, MemberTurns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corners:
    """How the two workers are started, and how long one job of theirs may take."""

    commands: Mapping[Side, tuple[str, ...]]
    time_limit: float


class DuelDeathError(Exception):
    """A worker died in a match: the side, and whatever else is known of it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


@dataclass(slots=True, kw_only=True)
class Duel:
    """Carries out launches. `show` is told of each match once it is over.

    `deadline`: on the clock of time.monotonic; no match is begun that is known to end
    after it. `memory`: bytes that this machine has, if known.
    """

    corners: Corners
    deadline: float
    show: Callable[[Match], None] = lambda _: None
    memory: int | None = None
    _walls: dict[Match, float] = field(default_factory=dict)
    # Another order in each launch; not a matter of security.
    _random: random.Random = field(default_factory=random.Random)

    async def meet(self) -> Mapping[Side, Environment]:
        """Start both once, to learn what they are; CampaignError if one can't."""
        found = {}
        for side in Side:
            async with await self._start(side, Setting(), Start()) as worker:
                assert worker.environment is not None  # noqa: S101  see Worker.start
                found[side] = worker.environment
        self.memory = found[Side.BASE].memory_bytes
        return found

    async def launch(self, matches: Iterable[Match]) -> dict[Match, Bout]:
        """One bout of each match in fresh processes, as far as the time goes."""
        bouts: dict[Match, Bout] = {}
        processes: dict[tuple[Setting, Device, str], list[Match]] = {}
        for match in matches:
            setting = _setting(match.base)
            # As a user gets it who sets nothing: nothing else ran in that process.
            alone = match.id if setting.allocator is Allocator.SYSTEM else ""
            process = (setting, match.base.device, alone)
            processes.setdefault(process, []).append(match)
        for (setting, device, _), members in processes.items():
            start = self._job(setting, device)
            pending = deque(self._random.sample(members, len(members)))
            while pending and self._begins(pending):
                await self._until_a_death(setting, start, pending, bouts)
        return bouts

    async def _until_a_death(
        self,
        setting: Setting,
        start: Start,
        pending: deque[Match],
        bouts: dict[Match, Bout],
    ) -> None:
        """Go on with two fresh workers until one dies, or all is done."""
        async with AsyncExitStack() as stack:
            workers = {}
            for side in self._shuffled():
                worker = await self._start(side, setting, start)
                workers[side] = await stack.enter_async_context(worker)
            while pending and self._begins(pending):
                match, began = pending.popleft(), time.monotonic()
                try:
                    bouts[match] = await self._bout(workers, match)
                except DuelDeathError as death:
                    bouts[match] = await self._faults(death.fault, workers, match)
                    self.show(match)
                    return
                self._walls[match] = time.monotonic() - began
                self.show(match)

    async def _bout(self, workers: Workers, match: Match) -> Bout:
        """Prepare it on both sides, then exchange turns until there are enough."""
        faults = []
        for side in self._shuffled():
            fault = await self._prepare(side, workers, match)
            faults += [fault] if fault else []
        if faults:
            return tuple(faults)
        calm: list[Exchange] = []
        rough: list[Exchange] = []
        began, waited = time.monotonic(), 0.0
        patience = PATIENCE * MATCH_SECONDS
        while (done := len(calm) + len(rough)) < LEAST_EXCHANGES or (
            done < MOST_EXCHANGES and time.monotonic() - began - waited < MATCH_SECONDS
        ):
            turns: dict[Side, MemberTurns] = {}
            for side in self._shuffled():
                taken = await self._turn(side, workers, max(patience - waited, 0.0))
                if isinstance(taken, Fault):
                    return (taken,)
                waited += taken.waited
                turns[side] = taken.turns[0]
            disturbed = any(turn.rough for turn in turns.values())
            (rough if disturbed else calm).append(turns)
        return _log_ratio(calm if len(calm) >= LEAST_EXCHANGES else calm + rough)

    async def _prepare(
        self, side: Side, workers: Workers, match: Match
    ) -> Fault | None:
        # Checked but once: a wrong answer is never timed, and does not turn right.
        job = Prepare(cases=(match.case(side),), check=match not in self._walls)
        limit = self.corners.time_limit
        try:
            report = await workers[side].ask(job, Report, limit=limit)
        except WorkerDeathError as death:
            raise _death(side, death) from death
        return _fault(side, report.outcomes)

    async def _turn(
        self, side: Side, workers: Workers, patience: float
    ) -> Measured | Fault:
        """The answer for one turn of its one member."""
        limit = self.corners.time_limit
        try:
            job = TakeTurn(member=0, patience=patience)
            measured = await workers[side].ask(job, Measured, limit=limit)
        except WorkerDeathError as death:
            raise _death(side, death) from death
        if fault := _fault(side, measured.outcomes):
            return fault
        if len(measured.turns) != 1 or len(measured.turns[0].seconds) != 1:
            return Fault(side, Status.ERROR, "the worker's turn holds no time")
        return measured

    async def _faults(
        self, first: Fault, workers: Workers, match: Match
    ) -> tuple[Fault, ...]:
        """A death on one side, and whether the other side can run the case at all."""
        other = next(side for side in Side if side is not first.side)
        try:
            second = await self._prepare(other, workers, match)
        except DuelDeathError as death:
            second = death.fault
        return (first, second) if second else (first,)

    async def _start(self, side: Side, setting: Setting, start: Start) -> Worker:
        """A new worker; where it can't even start, once more, and then nothing can."""
        command = self.corners.commands[side]
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
        """Both on the same core, where pinning is sound."""
        on_cpu = device is Device.CPU
        # CUDA's backward pass runs on a thread of its own: no pinning there.
        cores = physical_cores()[-setting.threads :] if on_cpu else ()
        limit = int(MEMORY_SHARE * self.memory) if self.memory and on_cpu else None
        return Start(threads=setting.threads, cores=cores, data_limit=limit)

    def _begins(self, pending: Sequence[Match]) -> bool:
        """Whether there is time for the next match, by how long it took before."""
        return time.monotonic() + self._walls.get(pending[0], 0.0) < self.deadline

    def _shuffled(self) -> list[Side]:
        return self._random.sample(list(Side), 2)


def _log_ratio(exchanges: Sequence[Exchange]) -> float:
    candidate, base = (
        [turns[side].seconds[0] for turns in exchanges]
        for side in (Side.CANDIDATE, Side.BASE)
    )
    return log_ratio(candidate, base)


def _setting(case: Case) -> Setting:
    return Setting(
        threads=case.threads, allocator=case.allocator, deterministic=case.deterministic
    )


def _fault(side: Side, outcomes: Sequence[Outcome]) -> Fault | None:
    if len(outcomes) != 1:
        reason = f"the worker answered for {len(outcomes)} cases, not 1"
        return Fault(side, Status.ERROR, reason)
    if outcomes[0].status is Status.OK:
        return None
    return Fault(side, outcomes[0].status, outcomes[0].reason)


def _death(side: Side, death: WorkerDeathError) -> DuelDeathError:
    return DuelDeathError(Fault(side, death.status, death.reason))
