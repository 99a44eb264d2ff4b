"""The processes of one launch: one for PyTorch's layers, one for each of the user's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

from rnnbench.model.case import TORCH_LAYERS, Case
from rnnbench.model.runtimes import RUNTIMES
from rnnbench.runner.launch import Launch
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import Job, Report, Start

R = TypeVar("R", bound=Report)


class LaunchDeathError(Exception):
    """A process of a launch died; it was judged, and its workload is to be repeated."""


@dataclass(slots=True)
class LaunchProcesses:
    """Workers by the name of their process; `async with` ends all of them."""

    context: LaunchContext
    launch: Launch
    start: Start
    _workers: dict[str, Worker] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for name in tuple(self._workers):
            await self._end(name)

    def groups(self, members: Iterable[Case]) -> Mapping[str, list[Case]]:
        """The members by the process that runs them."""
        found: dict[str, list[Case]] = {}
        for case in members:
            found.setdefault(self.context.process_of(case), []).append(case)
        return found

    async def ready(self, names: Iterable[str]) -> None:
        """Start the processes of these names that do not run yet."""
        for name in names:
            if name not in self._workers:
                start = replace(self.start, data_limit=self._data_limit(name))
                self._workers[name] = await self.context.worker(self.launch, start)

    async def ask(self, name: str, job: Job, kind: type[R], cases: Sequence[Case]) -> R:
        """Ask one process about its `cases`; LaunchDeathError if it died of one."""
        try:
            return await self.context.ask(self._workers[name], job, kind, cases)
        except WorkerDeathError as death:
            await self._end(name)
            self.context.blame(death, cases)
            raise LaunchDeathError(death.reason) from death

    async def _end(self, name: str) -> None:
        await self._workers.pop(name).end()

    def _data_limit(self, name: str) -> int | None:
        """Bytes that a process may map; the user's code shares one such limit.

        A runtime that rnnbench brings has all of it: it is not greedy, but maps several
        GB that it never touches.
        """
        limit = self.start.data_limit
        groups = self.groups(self.launch.cases)
        users = {each for each, cases in groups.items() if any(map(_is_users, cases))}
        return limit // len(users) if limit is not None and name in users else limit


def _is_users(case: Case) -> bool:
    return case.layer not in TORCH_LAYERS or case.runtime not in RUNTIMES
