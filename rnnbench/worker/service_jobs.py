"""Jobs and answers of `model.serving`: latency of steps, streams, deployment cards.

Each job is for one case, and is part of `worker.protocol`.
"""

from dataclasses import dataclass

from rnnbench.model.case import Case
from rnnbench.model.serving import DeploymentCard, StepLatency
from rnnbench.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSteps:
    """Time steps of the case one by one, for about `seconds`."""

    cases: tuple[Case, ...]
    launch: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeStreams:
    """Serve streams of the case under an open load, on `threads` threads.

    Each thread has `streams` streams of a call each `period`, due after as long, for
    `periods` periods. 0 streams: the case is built, and the seconds of a call read.
    """

    cases: tuple[Case, ...]
    threads: int
    streams: int = 0
    period: float = 0.0
    periods: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeCard:
    """Read what the deployment of the case takes, in a process that is fresh."""

    cases: tuple[Case, ...]
    launch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsTimed:
    """The answer to TimeSteps."""

    status: Status
    reason: str = ""
    latency: StepLatency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamsServed:
    """The answer to ServeStreams: late calls of all, and the seconds of a call.

    It may have ended before all calls were due, once too many of them were late.
    """

    status: Status
    reason: str = ""
    calls: int = 0
    late: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        """Refuse counts that no load gives."""
        if not 0 <= self.late <= self.calls or self.seconds < 0:
            raise ValueError(f"{self.late} late calls of {self.calls}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTaken:
    """The answer to TakeCard."""

    status: Status
    reason: str = ""
    card: DeploymentCard | None = None


ServiceJob = TimeSteps | ServeStreams | TakeCard
ServiceAnswer = StepsTimed | StreamsServed | CardTaken
