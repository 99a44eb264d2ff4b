"""What holds for the whole process: its cores, its memory, its end."""

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

# Where the kernel tells no child of its parent's death, a thread looks this often: it
# wakes too seldom to show in a turn.
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


def die_with_parent(parent: int) -> None:
    """Let no worker outlive the process `parent` that started it.

    On Linux the kernel sends the signal when the parent's *thread* that started the
    worker ends.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # It may have died before the kernel knew of our wish.
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGKILL)
