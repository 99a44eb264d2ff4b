"""Readings of a case as a service: latency of steps, streams per core, deployment."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

from rnnbench.model.case import Case
from rnnbench.model.serving import (
    DEADLINES,
    MOST_MISSES,
    Part,
    ServedBy,
    StreamCapacity,
)
from rnnbench.model.status import Status
from rnnbench.model.workload import Workload
from rnnbench.runner.footprint import is_heavy
from rnnbench.runner.journal import CaseServing
from rnnbench.runner.launch import Launch, setting_of
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.runner.readings.probe import Probe
from rnnbench.runner.worker_process import Worker
from rnnbench.worker.protocol import Start
from rnnbench.worker.service_jobs import (
    CardTaken,
    ServeStreams,
    StepsTimed,
    StreamsServed,
    TakeCard,
    TimeSteps,
)

# Seconds of timed steps of a case in a launch; a faster case needs less.
STEP_SECONDS = 2.0

# Of one trial of a load. Fewer calls than this could not tell 1 % of misses from none.
TRIAL_SECONDS = 0.3
LEAST_CALLS = 200

# More servers say little more about one core, and each is a process to start.
MOST_SERVERS = 4

# A trial begins at this share of the calls that would keep a core busy.
FIRST_LOAD = 0.85
# The search ends when the streams that are served and those that are not are so near.
RESOLUTION = 0.05
_GROW, _SHRINK = 1.25, 0.7
MOST_STREAMS = 100_000


async def read_service(
    part: Part, context: LaunchContext, launch: Launch, start: Start
) -> None:
    """Take the reading `part` of the launch's cases."""
    if part is Part.SERVE:
        start = replace(start, cores=served_cores(context))
    await service_probe(part, launch.number).read(context, launch, start)


def service_probe(part: Part, launch: int) -> Probe:
    """The reading `part` of each case, in processes that are fresh for this launch."""
    take = {Part.STREAM: _take_steps, Part.SERVE: _serve, Part.DEPLOY: _take_card}[part]
    return Probe(
        name=f"{part}, process {launch + 1}",
        take=partial(take, launch),
        lost=lambda case, reason: CaseServing(
            case=case, launch=launch, part=part, reason=reason
        ),
        known=lambda journal: journal.serving.get((part, launch), {}),
        chunk=1,
        fresh=part is not Part.STREAM,
    )


async def _take_steps(
    launch: int, context: LaunchContext, worker: Worker, chunk: Sequence[Case]
) -> tuple[CaseServing, ...]:
    job = TimeSteps(cases=tuple(chunk), launch=launch, seconds=STEP_SECONDS)
    limit = context.order.policy.time_limit + 2 * STEP_SECONDS
    async with context.lock.hold(exclusive=is_heavy(chunk[0])):
        found = await worker.ask(job, StepsTimed, limit=limit)
    return (
        CaseServing(
            case=chunk[0].id,
            launch=launch,
            part=Part.STREAM,
            latency=found.latency,
            reason=found.reason,
        ),
    )


async def _take_card(
    launch: int, context: LaunchContext, worker: Worker, chunk: Sequence[Case]
) -> tuple[CaseServing, ...]:
    job = TakeCard(cases=tuple(chunk), launch=launch)
    limit = context.order.policy.time_limit
    found = await worker.ask(job, CardTaken, limit=limit)
    return (
        CaseServing(
            case=chunk[0].id,
            launch=launch,
            part=Part.DEPLOY,
            card=found.card,
            reason=found.reason,
        ),
    )


async def _serve(
    launch: int, context: LaunchContext, worker: Worker, chunk: Sequence[Case]
) -> tuple[CaseServing, ...]:
    """Search the load of a process on each core, then that of a thread on each.

    `worker` may use all cores: it has the threads.
    """
    (case,) = chunk
    entry = partial(CaseServing, case=case.id, launch=launch, part=Part.SERVE)
    found: list[StreamCapacity] = []
    try:
        async with AsyncExitStack() as stack:
            workload = Workload((case,), ("layer",))
            place = Launch(
                number=launch, setting=setting_of(workload), workloads=(workload,)
            )
            cores = served_cores(context)
            places: list[tuple[int, ...]] = [(core,) for core in cores] or [()]
            workers = [
                await stack.enter_async_context(
                    await context.worker(place, Start(threads=1, cores=own))
                )
                for own in places
            ]
            crew = _Crew(context, tuple(workers), case, 1)
            found += await _capacities(crew, launch, ServedBy.PROCESSES)
        if len(cores) > 1:
            crew = _Crew(context, (worker,), case, len(cores))
            found += await _capacities(crew, launch, ServedBy.THREADS)
    except _FailedTrialError as error:
        return (entry(reason=str(error)),)
    return (entry(capacities=tuple(found)),)


def served_cores(context: LaunchContext) -> tuple[int, ...]:
    """The cores that serve: those of the lanes, up to `MOST_SERVERS`."""
    cores = tuple(core for lane in context.order.lanes for core in lane.cores)
    return cores[-MOST_SERVERS:]


class _FailedTrialError(Exception):
    """A worker could not serve the case; the message is its reason."""


@dataclass(frozen=True, slots=True)
class _Crew:
    """Workers that serve one case together, each on `threads` threads."""

    context: LaunchContext
    workers: tuple[Worker, ...]
    case: Case
    threads: int

    @property
    def servers(self) -> int:
        """Threads of all workers."""
        return len(self.workers) * self.threads

    async def ask(self, job: ServeStreams) -> tuple[StreamsServed, ...]:
        """The answers of all workers, which begin at the same time."""
        limit = self.context.order.policy.time_limit + job.period * job.periods
        asked = [
            asyncio.ensure_future(worker.ask(job, StreamsServed, limit=limit))
            for worker in self.workers
        ]
        try:
            found = await asyncio.gather(*asked)
        finally:
            for task in asked:
                task.cancel()
        for each in found:
            if each.status is not Status.OK:
                raise _FailedTrialError(each.reason)
        return tuple(found)


async def _capacities(
    crew: _Crew, launch: int, served_by: ServedBy
) -> list[StreamCapacity]:
    """The most streams for each deadline."""
    job = ServeStreams(cases=(crew.case,), threads=crew.threads)
    ready = await crew.ask(job)
    seconds = max(each.seconds for each in ready)
    found = []
    for deadline in DEADLINES:
        misses: dict[int, float] = {0: 0.0}

        async def trial(
            count: int, deadline: float = deadline, misses: dict[int, float] = misses
        ) -> bool:
            load = ServeStreams(
                cases=(crew.case,),
                threads=crew.threads,
                streams=count,
                period=deadline,
                periods=periods(count, deadline),
                seed=launch,
            )
            answers = await crew.ask(load)
            calls = sum(each.calls for each in answers)
            misses[count] = sum(each.late for each in answers) / max(calls, 1)
            return misses[count] <= MOST_MISSES

        most = await most_streams(trial, int(FIRST_LOAD * deadline / seconds))
        found.append(
            StreamCapacity(
                launch=launch,
                deadline=deadline,
                served_by=served_by,
                servers=crew.servers,
                streams=most * crew.servers * crew.case.batch_size,
                misses=misses[most],
            )
        )
    return found


def periods(streams: int, period: float) -> int:
    """Periods of a trial: enough seconds, and enough calls to count misses of."""
    return max(round(TRIAL_SECONDS / period), -(-LEAST_CALLS // streams))


async def most_streams(trial: Callable[[int], Awaitable[bool]], guess: int) -> int:
    """The largest number of streams that passes `trial`, to within `RESOLUTION`.

    From `guess` it grows or shrinks until one number passes and another does not, then
    it halves what lies between. 0 where not even one stream passes.
    """
    passed, failed, count = 0, MOST_STREAMS + 1, min(max(guess, 1), MOST_STREAMS)
    while failed - passed > max(1, RESOLUTION * passed):
        if await trial(count):
            passed = count
        else:
            failed = count
        if failed > MOST_STREAMS:
            count = min(max(passed + 1, int(passed * _GROW)), MOST_STREAMS)
        elif not passed:
            count = max(1, int(failed * _SHRINK))
        else:
            count = (passed + failed) // 2
        if passed >= MOST_STREAMS:
            break
    return passed
