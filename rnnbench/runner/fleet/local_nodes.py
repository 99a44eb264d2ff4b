"""Nodes of a fleet on this machine, each a process with cores of its own."""

import asyncio
import os
import shlex
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from rnnbench.model.errors import CampaignError
from rnnbench.model.machine import physical_cores

# The environment variable that holds the process that a node must not outlive.
_PARENT = "RNNBENCH_NODE_PARENT"
# Seconds between two looks at whether it lives.
_EVERY = 2.0


def die_with_run() -> None:
    """Let a node that a run has started on this machine not outlive the run.

    A run that is killed can't end its nodes.
    """
    if parent := os.environ.pop(_PARENT, ""):
        threading.Thread(target=_watch, args=(int(parent),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_EVERY)
    os._exit(1)  # its workers die with it


@asynccontextmanager
async def local_nodes(
    address: str, count: int, worker: tuple[str, ...] = ()
) -> AsyncIterator[None]:
    """Start `count` nodes that join the head at `address`; they end with the block."""
    cores = physical_cores()
    if count > max(len(cores), 1):
        raise CampaignError(
            f"local:{count}: each node needs a core of its own, this machine has "
            f"{len(cores)}"
        )
    shares = [cores[place::count] for place in range(count)]
    processes: list[asyncio.subprocess.Process] = []
    try:
        for place, share in enumerate(shares):
            processes.append(await start_node(address, str(place), share, worker))
        yield
    finally:
        await end_nodes(processes)


async def start_node(
    address: str, name: str, cores: Sequence[int], worker: tuple[str, ...] = ()
) -> asyncio.subprocess.Process:
    """A process of this machine that is a node on `cores`."""
    options = ["--name", name, "--cores", ",".join(map(str, cores))]
    if worker:
        options += ["--worker", shlex.join(worker)]
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "rnnbench", "node", address, *options),
        stdin=asyncio.subprocess.DEVNULL,
        env={**os.environ, _PARENT: str(os.getpid())},
        # Ctrl-C is the run's, which ends them when it has ended itself.
        start_new_session=True,
    )


async def end_nodes(processes: Sequence[asyncio.subprocess.Process]) -> None:
    """End nodes of this machine, and wait until they are gone."""
    for process in processes:
        with suppress(ProcessLookupError):
            process.terminate()
    for process in processes:
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
