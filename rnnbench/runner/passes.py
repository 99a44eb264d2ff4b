"""One pass of a worker over members: they are built, then they take rounds of turns."""

from dataclasses import dataclass

from rnnbench.model.case import Case
from rnnbench.runner.worker_process import Worker
from rnnbench.worker.protocol import Measured, Prepare, Report, Rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class PassRequest:
    """Members in the order in which they are built, and their rounds.

    `limit`: seconds that one member may take. `check`: compare results before anything
    is timed. `slowdowns`: for each member the share by which it is made slower, or none
    for members as they are.
    """

    cases: tuple[Case, ...]
    rounds: Rounds
    limit: float
    check: bool = False
    slowdowns: tuple[float, ...] = ()


async def build_members(worker: Worker, request: PassRequest) -> Report:
    """Build, check and warm up the members: an outcome for each.

    WorkerDeathError where the worker dies, hangs, or answers for other members.
    """
    job = Prepare(cases=request.cases, check=request.check, slowdowns=request.slowdowns)
    count = len(request.cases)
    return await worker.ask_for_each(job, Report, count, limit=request.limit)


async def measure_rounds(worker: Worker, request: PassRequest) -> Measured:
    """Take the rounds of the members that were built; errors as `build_members`."""
    count = len(request.cases)
    return await worker.ask_for_each(
        request.rounds, Measured, count, limit=request.limit
    )
