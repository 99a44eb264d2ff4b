"""Threads that run at a time during a call: a runtime has a pool of its own."""

import time
from collections.abc import Mapping
from pathlib import Path

from rnnbench.worker.layers.step import Step

_SECONDS = 0.05
# Of threads that hand work to each other, two are ready to run for a moment.
_SLACK = 0.5

_TASKS = Path("/proc/self/task")


def running_threads(step: Step) -> float:
    """Mean number of threads that are ready to run during a call.

    0 where the system does not count the time of each thread.
    """
    before, began = _ready_nanoseconds(), time.monotonic()
    step.enter()
    with step.context():
        step.call()
        while time.monotonic() - began < _SECONDS:
            step.call()
    seconds = time.monotonic() - began
    return threads_at_a_time(before, _ready_nanoseconds(), seconds)


def too_many_threads(count: float, allowed: int) -> str:
    """What is wrong with that number of running threads; "" if nothing.

    Fewer threads than the case allows are fine: a small case leaves some idle.
    """
    if count <= allowed + _SLACK:
        return ""
    return f"{count:.1f} threads run at the same time, but the case allows {allowed}"


def threads_at_a_time(
    before: Mapping[str, int], after: Mapping[str, int], seconds: float
) -> float:
    """Mean number of threads that were ready to run.

    By the nanoseconds that each was ready. One that waits for a core counts as well:
    the process may have fewer cores than threads.
    """
    ready = sum(now - before.get(thread, 0) for thread, now in after.items())
    return ready / (seconds * 1e9)


def _ready_nanoseconds() -> dict[str, int]:
    """For each thread its time on a core and in the queue for one."""
    found = {}
    for task in _TASKS.glob("*/schedstat"):
        try:
            running, waiting, _ = task.read_text(encoding="ascii").split()
            found[task.parent.name] = int(running) + int(waiting)
        except (OSError, ValueError):
            continue  # a thread that has just ended
    return found
