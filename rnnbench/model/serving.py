"""Readings of a case as a service: latency of a step, streams per core, deployment.

Each reading comes from a fresh process, which is its launch.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

# Of the time of one step. A launch has only those that its number of steps allows.
PERCENTILES = (50.0, 95.0, 99.0, 99.9)

# Seconds between two steps of a stream, and the time in which a step must be done.
DEADLINES = (0.001, 0.005, 0.010)

# The share of steps that may be late, as speech services count (at most 1 % of frames).
MOST_MISSES = 0.01

# Fresh processes for each reading: the fewest whose smallest and largest value enclose
# the median with 95 % confidence (`analysis.stats.median_interval`).
LAUNCHES = 6


class Part(StrEnum):
    """The kind of a reading, and the setting of a sweep's policy that asks for it."""

    STREAM = "stream"
    SERVE = "serve"
    DEPLOY = "deploy"


class ServedBy(StrEnum):
    """What serves the streams of a machine: one process or one thread per core."""

    PROCESSES = "processes"
    THREADS = "threads"


def least_steps(percentile: float) -> int:
    """Fewest steps whose slowest is above the percentile with a confidence of 97.5 %.

    With fewer, a sample has no upper 95 % limit of the percentile: the probability that
    all of n steps are below it is p**n (David & Nagaraja 2003, Order Statistics, 7.1).
    72 for p95, 368 for p99, 3,688 for p99.9; 6 for a median.
    """
    return math.ceil(math.log(0.025) / math.log(percentile / 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLatency:
    """Percentiles of single steps in one process, beside those of an empty step.

    Attributes:
        launch: number of the process.
        steps: number of steps, each timed alone.
        seconds: percentiles of a step, in the order of `PERCENTILES`.
        empty: the same of a call that computes nothing for as long as a typical step,
            timed after each step. Its tail is the machine's own.

    """

    launch: int
    steps: int
    seconds: tuple[float, ...]
    empty: tuple[float, ...]

    def __post_init__(self) -> None:
        """Raise ValueError for percentiles that no sample of steps has."""
        counts = {len(self.seconds), len(self.empty)}
        if len(counts) > 1 or not 0 < len(self.seconds) <= len(PERCENTILES):
            raise ValueError(f"{sorted(counts)} percentiles")
        for values in (self.seconds, self.empty):
            if list(values) != sorted(values) or not 0 <= values[0] <= values[-1]:
                raise ValueError("percentiles do not grow from 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCapacity:
    """Most streams that were served with at most `MOST_MISSES` late steps.

    Attributes:
        launch: number of the processes.
        deadline: seconds between two steps of a stream, each due after as many seconds.
        served_by, servers: how many processes or threads, on a core each.
        streams: streams of all servers together; 0 where even one per server was late.
        misses: share of late steps with as many streams.

    """

    launch: int
    deadline: float
    served_by: ServedBy
    servers: int
    streams: int
    misses: float

    def __post_init__(self) -> None:
        """Raise ValueError for what no trial can give."""
        if self.servers < 1 or self.streams < 0 or not 0 <= self.misses <= 1:
            raise ValueError("impossible counts of streams")
        if self.deadline <= 0:
            raise ValueError("a deadline is positive")

    @property
    def per_core(self) -> float:
        """Streams for each core."""
        return self.streams / self.servers


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentCard:
    """What it takes to deploy a case, as one fresh process found it.

    Attributes:
        launch: number of the process.
        build: seconds to export or compile; of eager, to construct the layer.
        load: seconds to load what was built; None where nothing is loaded.
        first_call: seconds of the first call after that.
        call: median seconds of the calls after some warm-up calls.
        whole_call: the same with conversion from and to torch; None where there is
            nothing to convert.
        artefact: bytes of the file that is deployed; of eager, of the saved weights.
        base_memory: resident bytes of the process before the case was built.
        peak_memory: largest number of resident bytes, with the export.
        error: largest difference from eager, as a share of the norm; None for eager.

    """

    launch: int
    build: float
    load: float | None
    first_call: float
    call: float
    whole_call: float | None
    artefact: int | None
    base_memory: int | None
    peak_memory: int | None
    error: float | None

    def __post_init__(self) -> None:
        """Raise ValueError for what no process takes."""
        found = (
            *(self.build, self.load, self.whole_call, self.error),
            *(self.artefact, self.base_memory, self.peak_memory),
        )
        least = min(each or 0 for each in found)
        if min(self.first_call, self.call) <= 0 or least < 0:
            raise ValueError("a time or a size is less than 0")

    @property
    def ready(self) -> float:
        """Seconds from nothing to the end of the first call."""
        return self.build + (self.load or 0.0) + self.first_call


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """All such readings of a case; `reasons`: of a part that could not be read."""

    latencies: tuple[StepLatency, ...] = ()
    capacities: tuple[StreamCapacity, ...] = ()
    cards: tuple[DeploymentCard, ...] = ()
    reasons: tuple[tuple[Part, str], ...] = ()
