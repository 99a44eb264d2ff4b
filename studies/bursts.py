"""A load in bursts, as other users of a shared machine cause it.

    python -m studies.bursts pytest bench/ --sweep configs/sixty.yaml

runs a command under that load and ends with the command's exit status. A results file
does not record the load: keep files measured under it apart from others.

Two processes, bound to no core, are busy for about 0.3 s and idle for about 0.7 s.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import repeat
from pathlib import Path

PROCESSES = 2
# Seconds on average; the length of each burst and pause is drawn at random.
BUSY, IDLE = 0.3, 0.7

_ROOT = Path(__file__).parents[1]
# How often a load process checks whether its parent is still there.
_CHECK_SECONDS = 0.1
# Larger than a core's own caches, so that a burst evicts its neighbours' data, too.
_BYTES = 1 << 22
_STEPS = 5000
_END_SECONDS = 5.0
# The first argument of a load process; its parent's id and a seed follow.
_LOAD = "--load-until-ended"


@contextmanager
def bursts(seed: int = 0) -> Iterator[tuple[int, ...]]:
    """Load the machine within the block; yield the ids of the load processes.

    They end with the block, or by themselves where this process dies first.
    """
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(PROCESSES):
            arguments = (_LOAD, str(os.getpid()), str(seed + number))
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "studies.bursts", *arguments],
                    cwd=_ROOT,
                    stdin=subprocess.DEVNULL,
                    # Ctrl-C is handled here, and ends them through the block.
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
    """Wait until the process has ended; kill it where it ignores SIGTERM."""
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
    """Repeat `action` for `seconds`, or until `alive` is false."""
    end = time.monotonic() + seconds
    check = time.monotonic() + _CHECK_SECONDS
    while (now := time.monotonic()) < end:
        if now >= check:
            if not alive():
                return
            check = now + _CHECK_SECONDS
        action()


def _work(block: bytearray) -> int:
    """About a millisecond of arithmetic and copied memory."""
    total = len(bytes(block))
    for _ in repeat(None, _STEPS):
        total += total & 3
    return total


def main(arguments: Sequence[str]) -> int:
    """Run a command under the load, or be one of the load's processes."""
    if arguments[:1] == [_LOAD]:
        parent, seed = map(int, arguments[1:])
        with suppress(KeyboardInterrupt):
            load(seed, alive=lambda: os.getppid() == parent)
        return 0
    if not arguments:
        sys.exit("name a command to run under the load")
    with bursts():
        return subprocess.run(arguments, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
