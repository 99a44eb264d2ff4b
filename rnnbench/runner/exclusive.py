"""Where lanes measure: side by side, or one with nothing beside it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Room:
    """Lets in whoever may be beside others, or one alone.

    Whoever is to be alone goes first: who comes later waits, so that others are waited
    for once where several follow each other. `alone`: seconds for which somebody was.
    """

    alone: float = 0.0
    _inside: int = 0
    # Those that are alone, or wait to be.
    _closed: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def enter(self, *, alone: bool) -> AsyncIterator[None]:
        """Wait for admission, and stay for the block."""
        self._closed += alone
        try:
            async with self._changed:
                await self._changed.wait_for(
                    lambda: not (self._inside if alone else self._closed)
                )
                self._inside += 1
            began = time.monotonic()
            try:
                yield
            finally:
                self._inside -= 1
                self.alone += (time.monotonic() - began) * alone
        finally:
            self._closed -= alone
            async with self._changed:
                self._changed.notify_all()
