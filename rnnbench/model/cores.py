"""The physical cores that this process may use."""

import os
from pathlib import Path


def physical_cores() -> tuple[int, ...]:
    """One logical core of each physical one that this process may use.

    Empty where the system has no pinning. Two launches on the two threads of one core
    would slow each other by turns.
    """
    if not hasattr(os, "sched_getaffinity"):
        return ()
    chosen: dict[str, int] = {}
    for core in sorted(os.sched_getaffinity(0)):
        siblings = Path(
            f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list"
        )
        try:
            chosen.setdefault(siblings.read_text(encoding="ascii"), core)
        except OSError:
            chosen.setdefault(str(core), core)
    return tuple(chosen.values())
