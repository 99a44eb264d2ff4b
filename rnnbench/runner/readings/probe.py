"""Readings of a case outside of timed launches: its peak memory, its profile."""

from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rnnbench.model.case import Case
from rnnbench.runner.journal import CaseProfile, Ceilings, Entry, Journal, Remembered
from rnnbench.runner.launch import Launch
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import (
    Climb,
    Climbed,
    Job,
    Memory,
    Profiled,
    Report,
    Start,
    TakeProfile,
)

# Cases in one request: what was read is journalled with each answer.
CHUNK = 8
# A trace of a GRU, which PyTorch unrolls, has thousands of events; one beyond this is
# left out, and its size said.
TRACE_LIMIT = 8 << 20

A = TypeVar("A", bound=Report)
Take = Callable[[LaunchContext, Worker, Sequence[Case]], Awaitable[tuple[Entry, ...]]]


def _nothing() -> str:
    """No reason: it can be read anywhere."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A reading that a worker takes of cases. A profiler may run: it is never timed.

    `take`: reads a chunk of cases and returns a journal entry of each. `lost`: the
    entry of a case, by its id, at which the worker died, with the reason. `known`: ids
    of the cases that were read. `seconds`: the least time of a chunk. `refused`: the
    reason why no case can be read on this machine; empty if some can. `fresh`: whether
    each chunk has a process of its own.
    """

    name: str
    take: Take
    lost: Callable[[str, str], Entry]
    known: Callable[[Journal], Container[str]]
    chunk: int = CHUNK
    seconds: float = 0.0
    refused: Callable[[], str] = _nothing
    fresh: bool = False

    async def read(self, context: LaunchContext, launch: Launch, start: Start) -> None:
        """Read the launch's cases in a process of their own, or more if it dies."""
        pending, most = self.pending(context.journal, launch.cases), self.chunk
        if pending and (reason := self.refused()):
            for case in pending:
                context.journal.record(self.lost(case.id, reason))
            return
        while pending and context.left > self.seconds:
            async with await context.worker(launch, start) as worker:
                while pending and context.left > self.seconds:
                    context.tell(f"{self.name}: {pending[0].id}")
                    chunk = pending[:most]
                    try:
                        for entry in await self.take(context, worker, chunk):
                            context.journal.record(entry)
                    except WorkerDeathError as death:
                        if culprit := _culprit(death, chunk):
                            lost = self.lost(culprit.id, death.reason)
                            context.journal.record(lost)
                        # No member was announced: one at a time, to find out which.
                        most = most if culprit else 1
                        break
                    finally:
                        pending = self.pending(context.journal, pending)
                    if self.fresh:
                        break

    def pending(self, journal: Journal, cases: Sequence[Case]) -> list[Case]:
        """Those that were not read yet."""
        known = self.known(journal)
        return [case for case in cases if case.id not in known]


def _culprit(death: WorkerDeathError, chunk: Sequence[Case]) -> Case | None:
    """The case at which the worker died, as far as that is known."""
    if len(chunk) == 1:
        return chunk[0]
    known = death.member is not None and death.member < len(chunk)
    return chunk[death.member] if known else None  # type: ignore[index]


def _in_one_job(
    job: Callable[[tuple[Case, ...]], Job],
    kind: type[A],
    entry: Callable[[Case, A, int], Entry],
) -> Take:
    """A reading that one job gives of all; `entry`: of a case, from its place there."""

    async def take(
        context: LaunchContext, worker: Worker, chunk: Sequence[Case]
    ) -> tuple[Entry, ...]:
        answer = await context.ask(worker, job(tuple(chunk)), kind, chunk)
        return tuple(entry(case, answer, place) for place, case in enumerate(chunk))

    return take


def _remembered(case: Case, answer: Report, place: int) -> Entry:
    outcome = answer.outcomes[place]
    return Remembered(
        case=case.id, peak_memory=outcome.peak_memory, reason=outcome.reason
    )


MEMORY = Probe(
    name="memory",
    take=_in_one_job(lambda cases: Memory(cases=cases), Report, _remembered),
    lost=lambda case, reason: Remembered(case=case, peak_memory=None, reason=reason),
    known=lambda journal: journal.memory,
)


def profiling(folder: str | None) -> Probe:
    """The profile of each case, with a trace in `folder` if there is one."""
    return Probe(
        name="profile",
        take=_in_one_job(
            lambda cases: TakeProfile(
                cases=cases, folder=folder, trace_limit=TRACE_LIMIT
            ),
            Profiled,
            _profile,
        ),
        lost=lambda case, reason: CaseProfile(case=case, profile=None, reason=reason),
        known=lambda journal: journal.profiles,
    )


def _profile(case: Case, answer: Profiled, place: int) -> Entry:
    reason = answer.outcomes[place].reason
    return CaseProfile(case=case.id, profile=answer.profiles[place], reason=reason)


async def climb(context: LaunchContext, launch: Launch, start: Start) -> None:
    """Find the ceilings for the device and the types of the launch's cases."""
    device = launch.cases[0].device
    name = f"{device}, {start.threads} threads"
    if name in context.journal.ceilings or not context.left:
        return
    context.tell(f"ceilings: {name}")
    job = Climb(
        device=device,
        dtypes=tuple(dict.fromkeys(case.dtype for case in launch.cases)),
        threads=start.threads,
    )
    limit = context.order.policy.time_limit
    try:
        async with await context.worker(launch, start) as worker:
            answer = await worker.ask(job, Climbed, limit=limit)
    except WorkerDeathError:
        # A machine without ceilings has no roofline, and everything else all the same.
        return
    context.journal.record(Ceilings(setting=name, ceilings=answer.ceilings))
