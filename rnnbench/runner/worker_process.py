"""A worker process, seen from the runner: started, asked, timed out, ended."""

import asyncio
import math
import os
import secrets
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Self, TypeVar

from rnnbench.model.run import Environment
from rnnbench.model.status import Status
from rnnbench.runner import process_tree
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_output import OutputTail, judge_exit
from rnnbench.worker.announcements import PLACE_VARIABLE, Announcements
from rnnbench.worker.protocol import (
    RUNNER_VARIABLE,
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
# An answer holds the turns of one workload in one launch; more than this is garbage.
_LINE_LIMIT = 1 << 26
# How often the runner checks a worker that works: too seldom to disturb it.
_MOST_BETWEEN_CHECKS = 0.5
# After a worker has ended or closed its answers: for what is still in the pipe, and for
# its end. A killed process that is gone by then waits for a device.
_GRACE = 2.0
_MOST_ENDING = 10.0

A = TypeVar("A", bound=Answer)
R = TypeVar("R", bound=Report)


class WorkerDeathError(Exception):
    """A worker that ended, hung or answered nonsense; with a status and a reason.

    `member`: the index, in the job, of the case that it was at; None if at none.
    `out_of_time`: it was ended since the time for all measuring was over.
    """

    def __init__(
        self,
        status: Status,
        reason: str,
        member: int | None,
        *,
        out_of_time: bool = False,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.member = member
        self.out_of_time = out_of_time


@dataclass(slots=True, eq=False)
class Worker:
    """A running worker; `async with await Worker.start(...)` ends it with the block.

    While a worker that runs layers of the user's is not asked for anything, it is
    stopped, with all that such a layer has started: nothing of it runs beside others.
    """

    process: subprocess.Popen[bytes]
    announcements: Announcements
    answers: asyncio.StreamReader
    pipe: asyncio.ReadTransport
    output: OutputTail
    token: str
    cores: tuple[int, ...] = ()
    environment: Environment | None = None
    is_foreign: bool = False
    _ended: bool = False

    @classmethod
    async def start(
        cls, setting: Setting, job: Start, command: tuple[str, ...] = (), gpu: str = ""
    ) -> Self:
        """Start a worker and wait until it has imported torch.

        `gpu`: the UUID of the only GPU that it may see; empty: it sees all.
        """
        worker = await cls._start(setting, job, command or COMMAND, gpu)
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

    @classmethod
    async def _start(
        cls, setting: Setting, job: Start, command: tuple[str, ...], gpu: str
    ) -> Self:
        announcements, token = Announcements.create(), secrets.token_hex(8)
        own = {
            PLACE_VARIABLE: str(announcements.descriptor),
            RUNNER_VARIABLE: str(os.getpid()),
            process_tree.TOKEN: token,
        }
        if gpu:
            own["CUDA_VISIBLE_DEVICES"] = gpu
        try:
            process = subprocess.Popen(  # noqa: ASYNC220 - it takes 2 ms
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=setting.variables(os.environ) | own,
                pass_fds=(announcements.descriptor,),
                # Ctrl-C is the runner's: a worker that got it would look like a crash.
                start_new_session=True,
            )
        except OSError as error:
            announcements.close()
            reason = f"{command[0]}: {error.strerror}"
            raise WorkerDeathError(Status.ERROR, reason, None) from error
        assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018
        os.set_blocking(process.stdin.fileno(), False)
        answers = asyncio.StreamReader(_LINE_LIMIT)
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(answers), process.stdout
        )
        output = OutputTail(process.stderr.fileno())
        return cls(process, announcements, answers, pipe, output, token, job.cores)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def ask(
        self, job: Job, kind: type[A], *, limit: float, latest: float = math.inf
    ) -> A:
        """Hand over `job` and wait for its answer; WorkerDeathError if none comes.

        `limit`: seconds that may pass without the next member being announced.
        `latest`: the moment, by time.monotonic, at which it is ended in any case.
        """
        self.announcements.clear()
        self.output.clear()
        cases = getattr(job, "cases", ())
        self.is_foreign |= any(case.is_foreign for case in cases)
        try:
            if self.is_foreign:
                process_tree.resume(self.process.pid)
            await self._send(encode(job), limit)
            line = await self._line(limit, latest)
            if not line.endswith(b"\n"):
                raise await self._death()
            answer = decode_answer(line)
            if not isinstance(answer, kind):
                raise TypeError(f"{type(answer).__name__}, not {kind.__name__}")
        except (ValueError, TypeError) as error:
            reason = f"the worker's answer can't be read: {error}"
            raise WorkerDeathError(Status.ERROR, reason, self._member()) from error
        if self.is_foreign:
            process_tree.pause(self.process.pid)
        return answer

    async def ask_for_each(
        self,
        job: Job,
        kind: type[R],
        count: int,
        *,
        limit: float,
        latest: float = math.inf,
    ) -> R:
        """An answer with an outcome for each of `count` cases; as `ask`.

        An answer for more or fewer cases is as good as none: WorkerDeathError.
        """
        answer = await self.ask(job, kind, limit=limit, latest=latest)
        if len(answer.outcomes) != count:
            counts = f"{len(answer.outcomes)} cases, not {count}"
            reason = f"the worker answered for {counts}"
            raise WorkerDeathError(Status.ERROR, reason, None)
        return answer

    async def end(self) -> None:
        """Kill the process with all that it has started, if it was not done yet."""
        if self._ended:
            return
        self._ended = True
        # To its end even if the lane is cancelled meanwhile, as the other lane failed.
        ending = asyncio.ensure_future(self._end())
        try:
            await asyncio.shield(ending)
        finally:
            await ending

    async def _end(self) -> None:
        has_ended = self.process.poll() is not None
        token = self.token if self.is_foreign else ""
        process_tree.end(self.process.pid, token, has_ended=has_ended)
        await self._exit_code(_MOST_ENDING)
        self.output.close()
        self.pipe.close()
        for pipe in (self.process.stdin, self.process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.announcements.close()

    async def _send(self, content: bytes, limit: float) -> None:
        """Write all of `content`; a worker that does not read it is judged later."""
        assert self.process.stdin is not None  # noqa: S101 - it is a pipe, see start
        descriptor, began = self.process.stdin.fileno(), time.monotonic()
        while content and time.monotonic() - began < limit:
            try:
                content = content[os.write(descriptor, content) :]
            except BlockingIOError:
                await asyncio.sleep(0.01)
            except OSError:
                return

    async def _line(self, limit: float, latest: float) -> bytes:
        """The next line of the answers, or its beginning if the worker ends.

        By this process's clock alone: a worker can't extend its time by what it prints.
        """
        reading = asyncio.ensure_future(self.answers.readline())
        every = min(limit / 4, _MOST_BETWEEN_CHECKS)
        place, since = self.announcements.last(), time.monotonic()
        try:
            while not (await asyncio.wait({reading}, timeout=every))[0]:
                now = time.monotonic()
                if self.process.poll() is not None:
                    # A child of it may hold the pipe open for as long as it likes.
                    await asyncio.wait({reading}, timeout=_GRACE)
                    return reading.result() if reading.done() else b""
                if (found := self.announcements.last()) != place:
                    place, since = found, now
                elif now - since > limit:
                    raise WorkerDeathError(
                        Status.TIMEOUT, f"no answer within {limit:g} s", self._member()
                    )
                if now > latest:
                    reason = "no answer before the time for measuring ended"
                    raise WorkerDeathError(
                        Status.TIMEOUT, reason, self._member(), out_of_time=True
                    )
            return reading.result()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _death(self) -> WorkerDeathError:
        """The death of a process that has closed its answers."""
        code = await self._exit_code(_GRACE)
        if code is None:
            reason = "the worker closed its answers and went on"
            return WorkerDeathError(Status.ERROR, reason, self._member())
        status, reason = judge_exit(code, self.output.lines())
        return WorkerDeathError(status, reason, self._member())

    async def _exit_code(self, seconds: float) -> int | None:
        """Of a process that is about to end; None if it does not within `seconds`."""
        latest = time.monotonic() + seconds
        # By polling: what asyncio offers waits for the pipes as well.
        while (code := self.process.poll()) is None:
            if time.monotonic() > latest:
                break
            await asyncio.sleep(0.002)
        return code

    def _member(self) -> int | None:
        place = self.announcements.last()
        return place.member if place else None
