"""A worker's process with all that a layer in it has started.

On Linux the descendants are found in /proc, whatever session they moved to: a worker
adopts orphans of its own (`worker.confine`), and each process inherits a token in its
environment. Elsewhere it is the worker's process group alone.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# A variable with a value of its own for each worker: by it a child that outlives the
# worker is recognized.
TOKEN = "RNNBENCH_WORKER"  # noqa: S105 - it protects nothing

_PROC = Path("/proc")
# A fork bomb is stopped process by process, and may be ahead for some passes.
_MOST_SECONDS = 2.0


def pause(leader: int) -> None:
    """Stop the process `leader` and its descendants, until `resume`."""
    _signal(leader, signal.SIGSTOP)


def resume(leader: int) -> None:
    """Let them run again."""
    _signal(leader, signal.SIGCONT)


def end(leader: int, token: str = "", *, has_ended: bool = False) -> None:
    """Kill `leader` and its descendants; those with `token`, too, if it is not empty.

    All are stopped before the first is killed, so that none can start another.
    `has_ended`: the leader was waited for, and its number may be another's.
    """
    stopped: set[int] = set()
    began = time.monotonic()
    while time.monotonic() - began < _MOST_SECONDS:
        tree = () if has_ended else _tree(leader)
        found = {*tree, *(_bearers(token) if token else ())} - stopped
        if not found:
            break
        for process in found:
            _send(process, signal.SIGSTOP)
        stopped |= found
    # The leader last: it adopts what the others leave.
    for process in (*(stopped - {leader}), *({leader} & stopped)):
        _send(process, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _signal(leader: int, number: int) -> None:
    # A group of its own: see `Worker.start`.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
    for process in _tree(leader):
        if _group(process) != leader:
            _send(process, number)


def _tree(leader: int) -> Iterator[int]:
    """`leader`, its children, their children."""
    yield leader
    for listing in _PROC.glob(f"{leader}/task/*/children"):
        with suppress(OSError):
            for child in listing.read_text("ascii").split():
                yield from _tree(int(child))


def _bearers(token: str) -> Iterator[int]:
    """The processes that inherited `token` in their environment."""
    entry = f"{TOKEN}={token}".encode()
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            if entry in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def _group(process: int) -> int:
    try:
        return os.getpgid(process)
    except (ProcessLookupError, PermissionError):
        return 0


def _send(process: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)
