"""One worker process, seen from outside: started, asked, watched, ended."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Self, TypeVar

from rnnbench.model.run import Environment, Status
from rnnbench.runner.worker_env import Setting
from rnnbench.worker.announcements import last_announced, without_announcements
from rnnbench.worker.protocol import (
    SCHEMA,
    Answer,
    Job,
    Ready,
    Report,
    Start,
    decode_answer,
    encode,
)

COMMAND = (sys.executable, "-m", "rnnbench.worker")

# Importing torch takes 1 to 2 s, and many times that from a cold or busy disk.
START_LIMIT = 180.0
# What is kept of a worker's prints, from the end: enough for a traceback and a reason.
_TAIL = 1 << 16
# An answer holds the turns of one workload in one launch; more than this is garbage.
_LINE_LIMIT = 1 << 26

A = TypeVar("A", bound=Answer)
R = TypeVar("R", bound=Report)


class WorkerDeathError(Exception):
    """A worker that ended, hung or talked nonsense: the status and reason of its cell.

    `member` is the index, in the job, of the case that it was at; None if at none.
    """

    def __init__(self, status: Status, reason: str, member: int | None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.member = member


@dataclass(slots=True)
class Worker:
    """A running worker; `async with await Worker.start(...)` ends it with the block."""

    process: asyncio.subprocess.Process
    prints: IO[bytes]
    cores: tuple[int, ...] = ()
    environment: Environment | None = field(default=None)

    @classmethod
    async def start(
        cls, setting: Setting, job: Start, command: tuple[str, ...] = ()
    ) -> Self:
        """Start a worker and wait until it has imported torch."""
        prints = tempfile.TemporaryFile()  # noqa: SIM115  closed by __aexit__
        called = command or COMMAND
        try:
            process = await asyncio.create_subprocess_exec(
                *called,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=prints,
                env=setting.variables(os.environ),
                limit=_LINE_LIMIT,
                # Ctrl-C is ours to handle: a worker that it reached looks like a crash.
                start_new_session=True,
            )
        except OSError as error:
            prints.close()
            reason = f"{called[0]}: {error.strerror}"
            raise WorkerDeathError(Status.ERROR, reason, None) from error
        worker = cls(process, prints, job.cores)
        try:
            answer = await worker.ask(job, Ready, limit=START_LIMIT)
            if answer.schema != SCHEMA:
                raise WorkerDeathError(
                    Status.ERROR,
                    f"the worker speaks schema {answer.schema}, this is {SCHEMA}",
                    None,
                )
            worker.environment = answer.environment
        except BaseException:
            await worker.end()
            raise
        return worker

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def ask(self, job: Job, kind: type[A], *, limit: float) -> A:
        """Hand over `job` and wait for its answer; WorkerDeathError if none comes.

        `limit`: seconds that may pass without the next member being announced.
        """
        position = self.prints.seek(0, os.SEEK_END)
        try:
            stdin = self.process.stdin
            if stdin is not None:
                stdin.write(encode(job))
                # A worker that died before it read is judged by how it died, below.
                with suppress(ConnectionError):
                    await stdin.drain()
            line = await self._line(position, limit)
            if not line.endswith(b"\n"):
                raise await self._death(position)
            answer = decode_answer(line)
            if not isinstance(answer, kind):
                raise TypeError(f"{type(answer).__name__}, not {kind.__name__}")
        except (ValueError, TypeError) as error:
            await self._kill()
            reason = f"the worker's answer can't be read: {error}"
            raise WorkerDeathError(Status.ERROR, reason, self._at(position)) from error
        return answer

    async def ask_for_each(
        self, job: Job, kind: type[R], count: int, *, limit: float
    ) -> R:
        """An answer with an outcome for each of `count` cases; as `ask`.

        An answer for more or fewer cases is as good as none, and ends the worker.
        """
        answer = await self.ask(job, kind, limit=limit)
        if len(answer.outcomes) != count:
            await self.end()
            counts = f"{len(answer.outcomes)} cases, not {count}"
            raise WorkerDeathError(Status.ERROR, f"the worker spoke of {counts}", None)
        return answer

    async def end(self) -> None:
        """Kill the process if it still runs, and leave nothing of it."""
        # To its end even where the lane is cancelled meanwhile, as the other lane
        # failed.
        killing = asyncio.ensure_future(self._kill())
        try:
            await asyncio.shield(killing)
        finally:
            await killing
            if self.process.stdin is not None:
                self.process.stdin.close()
            self.prints.close()

    async def _kill(self) -> None:
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.kill()
        # What it still had to say is read to its end, or the pipe outlives the loop.
        with suppress(TimeoutError):
            await asyncio.wait_for(self.process.communicate(), timeout=10)

    async def _line(self, position: int, limit: float) -> bytes:
        """The next line, or its beginning; no member may take longer than `limit`."""
        assert self.process.stdout is not None  # noqa: S101  it is a pipe, see start
        reading = asyncio.ensure_future(self.process.stdout.readline())
        # A look at a file once in a while: nothing that would disturb a measurement.
        every = min(limit / 4, 1.0)
        said, since = self._said(position), time.monotonic()
        try:
            while not (await asyncio.wait({reading}, timeout=every))[0]:
                if (now := self._said(position)) != said:
                    said, since = now, time.monotonic()
                elif time.monotonic() - since > limit:
                    reason = f"no answer within {limit:g} s"
                    raise WorkerDeathError(Status.TIMEOUT, reason, self._at(position))
            return reading.result()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _death(self, position: int) -> WorkerDeathError:
        """How the process ended, once it has closed its answers."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), timeout=10)
        if self.process.returncode is None:
            reason = "the worker closed its answers and went on"
            return WorkerDeathError(Status.ERROR, reason, self._at(position))
        said = without_announcements(self._tail(position)).splitlines()
        status, reason = judge_exit(self.process.returncode, said)
        return WorkerDeathError(status, reason, self._at(position))

    def _said(self, position: int) -> int:
        """Where the last announcement stands in the prints."""
        return self._tail(position).rfind(b"\nrnnbench-at ") + self._start(position)

    def _at(self, position: int) -> int | None:
        announced = last_announced(self._tail(position))
        return announced[1] if announced else None

    def _start(self, position: int) -> int:
        return max(os.fstat(self.prints.fileno()).st_size - _TAIL, position)

    def _tail(self, position: int) -> bytes:
        return os.pread(self.prints.fileno(), _TAIL, self._start(position))


_NO_MEMORY = ("std::bad_alloc", "MemoryError", "can't allocate memory", "out of memory")


def judge_exit(code: int, said: list[str]) -> tuple[Status, str]:
    """The status and the reason of a worker that ended by itself or by a signal."""
    last = said[-1].strip()[:300] if said else ""
    if code < 0:
        name = signal.Signals(-code).name
        reason = f"killed by {name}"
        if name == "SIGKILL":
            reason += ", as the kernel does where memory runs out"
        status = Status.KILLED
    else:
        reason = f"the worker left with exit code {code}"
        status = Status.ERROR
    if any(mark in line for mark in _NO_MEMORY for line in said):
        status = Status.OUT_OF_MEMORY
    return status, f"{reason}: {last}" if last and code >= 0 else reason
