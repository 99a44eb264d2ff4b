"""Workers that start before it is known what this machine can run.

Importing torch takes most of the time until the first ratio. So the workers of the
first launches import it at once, in place of a worker that only answers questions, or
while that one does.
"""

import asyncio
import resource
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from rnnbench.model.case import Allocator, Case, Device, Dtype
from rnnbench.model.run import Environment
from rnnbench.model.workload import Workload
from rnnbench.runner.launch import Launch, Order, setting_of
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import Start

_Place = tuple[Setting, tuple[int, ...]]


@dataclass(slots=True)
class HeadStart:
    """Workers by their setting and cores; each is taken once, or ended by `close`."""

    _starting: dict[_Place, asyncio.Task[Worker]] = field(default_factory=dict)

    @classmethod
    def begin(cls, order: Order) -> Self:
        """Start a worker for each lane, and don't wait for it."""
        starting = {}
        for setting, cores in _places(order):
            start = Start(threads=setting.threads, cores=cores)
            starting[setting, cores] = asyncio.ensure_future(
                Worker.start(setting, start, order.command)
            )
        return cls(starting)

    async def environment(self) -> Environment | None:
        """The environment that one of the workers reports; None if there is none."""
        for task in self._starting.values():
            with suppress(WorkerDeathError):
                return (await task).environment
        return None

    async def take(self, setting: Setting, start: Start) -> Worker | None:
        """The worker that was started for this; None where there is none, or it died.

        Its memory is limited now, as that of any other worker is when it starts.
        """
        task = self._starting.pop((setting, start.cores), None)
        if task is None:
            return None
        try:
            worker = await task
        except WorkerDeathError:
            return None
        if start.data_limit is not None:
            _limit_memory(worker.process.pid, start.data_limit)
        return worker

    async def close(self) -> None:
        """End the workers that were not taken."""
        tasks = list(self._starting.values())
        self._starting.clear()
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Worker):
                await ended.end()


def needs_survey(cases: Iterable[Case]) -> bool:
    """Whether PyTorch may lack something that one of `cases` needs.

    It runs its own layers on the CPU in its standard types everywhere. A layer that is
    not PyTorch's is tried where it is measured.
    """
    return any(
        case.device is not Device.CPU
        or case.dtype not in (Dtype.FLOAT32, Dtype.FLOAT64)
        or case.is_foreign
        for case in cases
    )


def _places(order: Order) -> Iterable[_Place]:
    """The lanes of the first launches: setting and core."""
    # Only on Linux can the memory of a process that runs be limited; see take().
    if sys.platform != "linux":
        return ()
    settings = list(
        dict.fromkeys(map(setting_of, filter(_goes_beside, order.workloads)))
    )
    if not settings:
        return ()
    lanes = [lane for lane in order.lanes if lane.cores]
    count = len(settings) if order.smoke else len(settings) * order.policy.launches
    return [
        (settings[number % len(settings)], lane.cores)
        for number, lane in enumerate(lanes[:count])
    ]


def _goes_beside(workload: Workload) -> bool:
    setting = setting_of(workload)
    launch = Launch(number=0, setting=setting, workloads=(workload,))
    return launch.goes_beside and setting.allocator is not Allocator.SYSTEM


def _limit_memory(pid: int, limit: int) -> None:
    """As `Confinement` limits it, from outside."""
    with suppress(OSError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_DATA)
        unbounded = hard == resource.RLIM_INFINITY
        soft = limit if unbounded else min(limit, hard)
        resource.prlimit(pid, resource.RLIMIT_DATA, (soft, hard))
