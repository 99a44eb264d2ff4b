"""Limits of the whole process: its cores, its memory, its end."""

import ctypes
import os
import resource
import signal
import sys
import threading
import time
from dataclasses import dataclass

# <linux/prctl.h>
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

# Where the kernel does not signal a parent's death, a thread checks this often: too
# seldom to show in a turn.
_SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True, slots=True)
class Confinement:
    """The cores to run on (none: any) and the bytes to map at most (None: any)."""

    cores: tuple[int, ...] = ()
    data_limit: int | None = None

    def apply(self) -> None:
        """Bind this process; a system that can't is left as it is."""
        if self.cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self.cores)
        # Elsewhere RLIMIT_DATA does not bound what malloc maps.
        if self.data_limit is not None and sys.platform == "linux":
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            unbounded = hard == resource.RLIM_INFINITY
            limit = self.data_limit if unbounded else min(self.data_limit, hard)
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def die_with_parent(runner: str) -> None:
    """Let no worker outlive the runner that started it.

    `runner`: its process id, as the environment has it; empty if it is unknown. On
    Linux the kernel sends the signal when the runner's *thread* that started the worker
    ends.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    # It may have died before this process could ask the kernel.
    if runner.isdecimal() and not _is_alive(int(runner)):
        os.kill(os.getpid(), signal.SIGKILL)


def keep_orphans() -> None:
    """Become the parent of processes that a layer starts and abandons.

    The runner ends a worker with all its descendants, and finds them by this.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _is_alive(process: int) -> bool:
    if process == os.getppid():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGKILL)
