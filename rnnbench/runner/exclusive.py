"""A lock for whatever is timed: lanes side by side, or one with nothing beside it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class TimingLock:
    """Held by several at a time, or by one exclusively.

    An exclusive holder goes first: those that come later wait, so that others are
    waited for only once when several exclusive ones follow each other. `exclusive`:
    seconds for which it was held so.
    """

    exclusive: float = 0.0
    _holders: int = 0
    # Those that hold it exclusively, or wait to.
    _exclusive: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def hold(self, *, exclusive: bool) -> AsyncIterator[None]:
        """Wait for the lock, and hold it for the block."""
        self._exclusive += exclusive
        try:
            async with self._changed:
                await self._changed.wait_for(
                    lambda: not (self._holders if exclusive else self._exclusive)
                )
                self._holders += 1
            began = time.monotonic()
            try:
                yield
            finally:
                self._holders -= 1
                self.exclusive += (time.monotonic() - began) * exclusive
        finally:
            self._exclusive -= exclusive
            async with self._changed:
                self._changed.notify_all()
