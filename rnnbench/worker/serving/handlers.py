"""Jobs of a service, each with the method that answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rnnbench.model.status import Status
from rnnbench.worker.failure import attempt
from rnnbench.worker.protocol import Outcome
from rnnbench.worker.service_jobs import (
    CardTaken,
    ServeStreams,
    ServiceAnswer,
    ServiceJob,
    StepsTimed,
    StreamsServed,
    TakeCard,
    TimeSteps,
)
from rnnbench.worker.serving.arrivals import Arrivals
from rnnbench.worker.serving.card import take_card
from rnnbench.worker.serving.step_times import time_steps
from rnnbench.worker.serving.stream_server import StreamServer


@dataclass(slots=True)
class ServiceHandler:
    """Answers the jobs; `server`: what the last load was served by."""

    server: StreamServer | None = None

    def answer(self, job: ServiceJob) -> ServiceAnswer:
        """Do the job; a case that fails is an answer with its status and reason."""
        act, failed = _ANSWERS[type(job)]
        found = attempt(partial(act, self, job))
        if isinstance(found, Outcome):
            found = failed(status=found.status, reason=found.reason)
        answer: ServiceAnswer = found
        return answer

    def serve(self, job: ServeStreams) -> StreamsServed:
        """One trial of a load; what serves it is built once."""
        (case,) = job.cases
        server = self.server
        if server is None or (server.case, server.threads) != (case, job.threads):
            self.server = None
            server = self.server = StreamServer.start(case, job.threads)
        load = Arrivals(
            streams=job.streams, period=job.period, periods=job.periods, seed=job.seed
        )
        found = server.serve(load)
        return StreamsServed(
            status=Status.OK,
            calls=found.calls,
            late=found.late,
            seconds=server.seconds,
        )

    def time_steps(self, job: TimeSteps) -> StepsTimed:
        """Percentiles of the case's steps."""
        latency = time_steps(job.cases[0], job.launch, job.seconds)
        return StepsTimed(status=Status.OK, latency=latency)

    def take_card(self, job: TakeCard) -> CardTaken:
        """The case's deployment card."""
        return CardTaken(status=Status.OK, card=take_card(job.cases[0], job.launch))


_ANSWERS: dict[
    type, tuple[Callable[[ServiceHandler, Any], Any], Callable[..., Any]]
] = {
    TimeSteps: (ServiceHandler.time_steps, StepsTimed),
    ServeStreams: (ServiceHandler.serve, StreamsServed),
    TakeCard: (ServiceHandler.take_card, CardTaken),
}
