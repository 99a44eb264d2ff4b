"""Work side by side: a lane for each core, which takes the next item when free."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from rnnbench.model.errors import RnnbenchError
from rnnbench.model.machine import physical_cores

T = TypeVar("T")

# The cores of a lane; empty where the system does not say which there are.
Lane = tuple[int, ...]

# Side by side, one a core, the ratio shifts by 0.03 %, the absolute time by 1 %, unless
# both need the cache that they share: see `footprint.HEAVY`. More were not tried.
MOST_LANES = 2


def lanes() -> tuple[Lane, ...]:
    """A lane for each of the last physical cores; one without a core if unknown."""
    return tuple((core,) for core in physical_cores()[-MOST_LANES:]) or ((),)


async def in_lanes(
    items: Iterable[T],
    work: Callable[[T, Lane], Awaitable[None]],
    chosen: Sequence[Lane],
) -> None:
    """Do `work` for every item; each lane takes the next one when it is free.

    An error in one lane cancels the others; of several, the first that we raise
    ourselves is the one to report.
    """
    queue = iter(items)

    async def run_lane(lane: Lane) -> None:
        for item in queue:
            await work(item, lane)

    try:
        async with asyncio.TaskGroup() as group:
            for lane in chosen:
                group.create_task(run_lane(lane))
    except BaseExceptionGroup as group:
        # A full disk, a worker that can't start: one line is enough of it.
        known = group.subgroup(RnnbenchError)
        raise known.exceptions[0] if known else group from None
