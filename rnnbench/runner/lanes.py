"""Work side by side: lanes of this machine, each of which takes the next item."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from rnnbench.model.condition import Condition, ConditionLevel
from rnnbench.model.errors import RnnbenchError
from rnnbench.model.machine import physical_cores
from rnnbench.runner.lane_limit import load_lane_limit

T = TypeVar("T")

# Beyond this many cores one is left to the system and to the runner.
_MOST_WITHOUT_SPARE = 8
# Memory for a lane: a worker that has imported torch takes 0.3 GB, and a lane that
# could hold no more than small cases would send the others to run alone.
LANE_MEMORY = 2**30


@dataclass(frozen=True, slots=True)
class Lane:
    """A place for one launch at a time.

    `cores`: logical cores to run on; empty: any. `gpu`: the UUID of its GPU, or empty.
    """

    cores: tuple[int, ...] = ()
    gpu: str = ""


def lane_count(cores: int, memory: int | None, limit: int | None = None) -> int:
    """Number of launches that may run side by side, at least 1.

    One for each physical core, without a spare one above eight. `memory`: bytes that
    all may take together, if known. `limit`: the most that a self-check allows.
    """
    counts = [cores if cores <= _MOST_WITHOUT_SPARE else cores - 1]
    if memory is not None:
        counts.append(memory // LANE_MEMORY)
    if limit is not None:
        counts.append(limit)
    return max(min(counts), 1)


def most_lanes() -> int:
    """The lanes of this machine, whatever a self-check found."""
    return lane_count(len(physical_cores()), _memory())


def lanes(count: int | None = None) -> tuple[Lane, ...]:
    """The lanes of this machine, on its last cores; one without a core if unknown.

    `count`: so many, if there are as many cores; None: the default number, see
    `lane_count`.
    """
    cores = physical_cores()
    if count is None:
        count = lane_count(len(cores), _memory(), load_lane_limit())
    return tuple(Lane((core,)) for core in cores[-count:]) or (Lane(),)


def lane_condition() -> Condition:
    """The default number of lanes on this machine, and where it comes from."""
    name, most, limit = "lanes", most_lanes(), load_lane_limit()
    if limit is None:
        return Condition(
            name=name,
            level=ConditionLevel.UNKNOWN,
            state=f"{most}; not checked whether ratios shift when all are busy",
            fix="rnnbench calibrate",
        )
    if limit >= most:
        state = f"{most}, as rnnbench calibrate found"
        return Condition(name=name, level=ConditionLevel.OK, state=state)
    return Condition(
        name=name,
        level=ConditionLevel.NOTE,
        state=f"{limit} of {most}, as rnnbench calibrate found",
        effect="with more lanes busy, ratios shift; a run uses no more by default",
    )


def gpu_lanes(gpus: Sequence[str], cores: Sequence[int]) -> tuple[Lane, ...]:
    """A lane for each GPU, with an equal share of the cores for itself.

    A single GPU gets no cores: nothing runs beside it, and CUDA's backward pass has a
    thread of its own. Without a GPU that is known there is one lane.
    """
    if len(gpus) < 2:
        return (Lane(),)
    share = len(cores) // len(gpus)
    return tuple(
        Lane(tuple(cores[place * share : (place + 1) * share]), gpu)
        for place, gpu in enumerate(gpus)
    )


def visible_gpus(variables: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """UUIDs of the GPUs of the first one's model that CUDA_VISIBLE_DEVICES allows.

    Empty where NVIDIA's tool is not there or lists none.
    """
    tool = shutil.which("nvidia-smi", path=variables.get("PATH"))
    if tool is None:
        return ()
    query = [tool, "--query-gpu=uuid,name", "--format=csv,noheader"]
    try:
        listing = subprocess.run(
            query, capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    found = [line.partition(", ") for line in listing.stdout.splitlines()]
    names = {uuid: name for uuid, _, name in found if uuid.startswith("GPU-")}
    chosen = _chosen(list(names), variables.get("CUDA_VISIBLE_DEVICES"))
    return tuple(uuid for uuid in chosen if names[uuid] == names[chosen[0]])


def _chosen(uuids: Sequence[str], visible: str | None) -> list[str]:
    """Those that CUDA_VISIBLE_DEVICES names, by their number or UUID."""
    if visible is None:
        return list(uuids)
    found = []
    for name in visible.split(","):
        if name.strip().isdecimal() and int(name) < len(uuids):
            found.append(uuids[int(name)])
        elif name.strip().startswith("GPU-"):
            found += [uuid for uuid in uuids if uuid.startswith(name.strip())]
    return list(dict.fromkeys(found))


def _memory() -> int | None:
    """Bytes of this machine's memory; None where the system does not say."""
    with suppress(ValueError, OSError, AttributeError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


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
