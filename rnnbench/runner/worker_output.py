"""The output of a worker: drained at a bounded rate, and kept by its end."""

import asyncio
import os
from contextlib import suppress

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
