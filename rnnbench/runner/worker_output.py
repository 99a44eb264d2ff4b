"""The output of a worker: drained at a bounded rate; its end says how it died."""

import asyncio
import os
import signal
from contextlib import suppress

from rnnbench.model.status import Status

# Bytes that are kept: enough for a traceback and a reason.
_TAIL = 1 << 16
# A layer that prints without end is slowed to this rate, 3 MiB/s, and costs the runner
# no core. One that prints nothing wakes nobody.
_CHUNK = 1 << 16
_PAUSE = 0.02


class OutputTail:
    """Reads the descriptor of a pipe in the background of the running event loop."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._tail = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._read)

    def clear(self) -> None:
        """Forget what was printed so far."""
        self._tail.clear()

    def lines(self) -> list[str]:
        """The last lines, with what is still in the pipe."""
        # A pipe holds no more than this, and a child may go on printing.
        for _ in range(2):
            self._take()
        return self._tail.decode(errors="replace").strip().splitlines()

    def close(self) -> None:
        """Stop reading."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._descriptor)

    def _read(self) -> None:
        self._loop.remove_reader(self._descriptor)
        if self._take():
            self._timer = self._loop.call_later(
                _PAUSE, self._loop.add_reader, self._descriptor, self._read
            )

    def _take(self) -> bool:
        """Take what is there; False at the end of the pipe."""
        with suppress(BlockingIOError):
            chunk = os.read(self._descriptor, _CHUNK)
            self._tail += chunk
            del self._tail[:-_TAIL]
            return bool(chunk)
        return True


_NO_MEMORY = ("std::bad_alloc", "MemoryError", "can't allocate memory", "out of memory")


def judge_exit(code: int, said: list[str]) -> tuple[Status, str]:
    """The status and reason of a worker that ended by itself or by a signal."""
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
