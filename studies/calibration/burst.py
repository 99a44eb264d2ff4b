"""A load that comes in bursts: what else runs on a shared machine, made on purpose.

`python -m studies.calibration.burst PARENT SEED` is one of its processes: busy for about 0.3 s,
idle for about 0.7 s, until its parent ends. It is bound to no core.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import repeat

PROCESSES = 2
# Seconds on average; each burst and each pause has a length of its own.
BUSY, IDLE = 0.3, 0.7

# How often a process looks whether its parent is still there.
_LOOK_SECONDS = 0.1
# Larger than a core's own caches, so that a burst takes them from its neighbours, too.
_BYTES = 1 << 22
_STEPS = 5000
_END_SECONDS = 5.0


@contextmanager
def bursts(seed: int = 0) -> Iterator[tuple[int, ...]]:
    """The load runs within the block; gives the ids of its processes.

    They are ended by these ids. Where this process dies first, they end by themselves.
    """
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(PROCESSES):
            arguments = (str(os.getpid()), str(seed + number))
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "studies.calibration.burst", *arguments],
                    stdin=subprocess.DEVNULL,
                    # Ctrl-C is ours to handle, and ends them through the block.
                    start_new_session=True,
                )
            )
        yield tuple(process.pid for process in processes)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            _wait(process)


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Until it has ended, which it is made to where it does not heed."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECONDS)
        return
    process.kill()
    process.wait()


def load(seed: int, *, alive: Callable[[], bool]) -> None:
    """Bursts and pauses of exponentially distributed lengths, as long as `alive`."""
    draw = random.Random(seed)
    block = bytearray(_BYTES)
    while alive():
        _until(draw.expovariate(1 / IDLE), lambda: time.sleep(0.01), alive)
        _until(draw.expovariate(1 / BUSY), lambda: _work(block), alive)


def _until(
    seconds: float, action: Callable[[], object], alive: Callable[[], bool]
) -> None:
    """Repeat `action` for that long, and look in between whether to go on."""
    end = time.monotonic() + seconds
    look = time.monotonic() + _LOOK_SECONDS
    while (now := time.monotonic()) < end:
        if now >= look:
            if not alive():
                return
            look = now + _LOOK_SECONDS
        action()


def _work(block: bytearray) -> int:
    """About a millisecond of what others do: arithmetic, and memory that is copied."""
    total = len(bytes(block))
    for _ in repeat(None, _STEPS):
        total += total & 3
    return total


def main() -> int:
    """Load the machine as long as the parent lives."""
    parent, seed = map(int, sys.argv[1:])
    with suppress(KeyboardInterrupt):
        load(seed, alive=lambda: os.getppid() == parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
