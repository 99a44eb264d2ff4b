"""Servers of streams in this process: a thread for each core that it may use."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from rnnbench.model.case import Case, Device
from rnnbench.model.serving import MOST_MISSES
from rnnbench.worker.layers.step import Step, build
from rnnbench.worker.runtimes.prepared import NotHereError
from rnnbench.worker.serving.arrivals import Arrivals, Served, serve
from rnnbench.worker.timing.clock import HostClock
from rnnbench.worker.timing.turn import warm_up

# Steps from which the seconds of a step are read, before any load.
_TRIED = 50


class MonotonicTimer:
    """The clock of the system; it sleeps as a server does that waits for data."""

    now = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


@dataclass(slots=True)
class StreamServer:
    """A case, built once for each of `threads` servers, and warm.

    Streams of a server share its carried state: their own would be a few kilobytes
    each, and take the same time.
    """

    case: Case
    threads: int
    steps: list[Step] = field(default_factory=list)
    seconds: float = 0.0

    @classmethod
    def start(cls, case: Case, threads: int) -> "StreamServer":
        """Build every server, and read how long a step takes without any load.

        NotHereError: on a GPU, where all threads share one device, no stream has a
        core of its own.
        """
        if case.device is Device.CUDA:
            raise NotHereError("streams per core are measured on a CPU only")
        server = cls(case, threads, [build(case) for _ in range(threads)])
        clock = HostClock()
        for step in server.steps:
            warm_up(step, clock)
        step = server.steps[0]
        step.enter()
        with step.context():
            times = [clock.time(step.call) for _ in range(_TRIED)]
        server.seconds = median(times)
        return server

    def serve(self, arrivals: Arrivals) -> Served:
        """Serve the load on every thread at once; counts of all together."""
        most_late = int(MOST_MISSES * arrivals.count)
        found: list[Served] = []
        failed: list[BaseException] = []
        barrier = threading.Barrier(self.threads)

        def run(step: Step, number: int) -> None:
            try:
                step.enter()
                with step.context():
                    step.call()
                    barrier.wait()
                    found.append(_serve(arrivals, number, step.call, most_late))
            except BaseException as error:  # noqa: BLE001 - raised again below
                failed.append(error)
                barrier.abort()

        _at_once([partial(run, step, place) for place, step in enumerate(self.steps)])
        if failed:
            raise failed[0]
        return Served(sum(one.calls for one in found), sum(one.late for one in found))


def _serve(
    arrivals: Arrivals, number: int, call: Callable[[], object], most_late: int
) -> Served:
    own = Arrivals(
        streams=arrivals.streams,
        period=arrivals.period,
        periods=arrivals.periods,
        seed=arrivals.seed + number,
    )
    return serve(own, call, MonotonicTimer(), most_late)


def _at_once(calls: list[Callable[[], None]]) -> None:
    """Run each call on a thread; a single one on this thread, which is warm."""
    if len(calls) == 1:
        calls[0]()
        return
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
