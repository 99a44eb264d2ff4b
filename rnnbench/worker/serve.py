"""The worker's loop: a job, an answer, until the jobs end."""

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import torch

from rnnbench.model.case import Case, Device, Dtype
from rnnbench.model.profile import Profile
from rnnbench.model.run import Status
from rnnbench.worker.environment import environment
from rnnbench.worker.failure import DeviceLostError, attempt
from rnnbench.worker.layers.check import check
from rnnbench.worker.layers.step import build
from rnnbench.worker.profiling.capture import take_profile
from rnnbench.worker.profiling.ceilings import climb
from rnnbench.worker.profiling.energy_load import burn
from rnnbench.worker.profiling.peak_memory import peak_memory
from rnnbench.worker.protocol import (
    SCHEMA,
    Answer,
    Blocks,
    Burn,
    Burnt,
    Climb,
    Climbed,
    Floor,
    Job,
    Measured,
    Memory,
    Outcome,
    Prepare,
    Profiled,
    Ready,
    Report,
    Rounds,
    Start,
    Survey,
    TakeProfile,
    TakeTurn,
    announcement,
    decode_job,
    encode,
)
from rnnbench.worker.survey import NO_CUDA, survey
from rnnbench.worker.timing.blocks import take_blocks
from rnnbench.worker.timing.canary import Watch
from rnnbench.worker.timing.clock import CLOCKS, Clock
from rnnbench.worker.timing.floor import take_floor
from rnnbench.worker.timing.rounds import Field, take_one, take_rounds
from rnnbench.worker.timing.slowdown import Slowed
from rnnbench.worker.timing.turn import Warm, first_of, warm_up
from rnnbench.worker.timing.yardstick import make_yardstick

FOREIGN_PROTOCOL = 3
DEVICE_LOST = 4


def serve(start: Start, jobs: BinaryIO, answers: BinaryIO) -> int:
    """Answer each line of `jobs`; the exit code once they end."""
    torch.set_num_threads(start.threads)
    torch.set_num_interop_threads(1)
    _send(answers, Ready(schema=SCHEMA, environment=environment()))
    # What was imported is never garbage: the collector need not look at it again.
    gc.freeze()
    watch = Watch()
    watch.begin()
    bench = Bench(watch)
    for line in jobs:
        try:
            answer = bench.answer(_decode(line))
        except DeviceLostError as error:
            return _end(f"the CUDA device is lost: {error}", DEVICE_LOST)
        except ProtocolError as error:
            return _end(str(error), FOREIGN_PROTOCOL)
        _send(answers, answer)
    return 0


class ProtocolError(Exception):
    """A job that makes no sense where it stands: the campaign is not ours."""


@dataclass(slots=True)
class Bench:
    """What stands ready between two jobs: the members of one workload."""

    watch: Watch
    entrants: Field | None = None
    yardsticks: dict[tuple[Device, Dtype], Warm] = field(default_factory=dict)

    def survey(self, job: Survey) -> Report:
        """Say of each case why it can't run here."""
        return Report(outcomes=survey(job.cases, partial(announce, "survey")))

    def prepare(self, job: Prepare) -> Report:
        """Drop the workload before; build, check and warm this one, in order."""
        self._clear()
        device = job.cases[0].device
        if device is Device.CUDA and not torch.cuda.is_available():
            return Report(outcomes=(NO_CUDA,) * len(job.cases))
        clock = CLOCKS[device]()
        # Before the members, which may leave it no room.
        yardstick = self._yardstick(job.cases[0], clock)
        members = [
            attempt(partial(_prepare, place, job, clock))
            for place in range(len(job.cases))
        ]
        # A process that waits for a GPU is off its core, and nothing is wrong.
        self.watch.waits = device is Device.CUDA
        self.entrants = Field(members, yardstick, clock, device, self.watch)
        outcomes = (
            member.outcome() if isinstance(member, Warm) else member
            for member in members
        )
        return Report(outcomes=tuple(outcomes))

    def rounds(self, job: Rounds) -> Measured:
        """Rounds of what was prepared."""
        return take_rounds(self._prepared(), job, partial(announce, "turn"))

    def turn(self, job: TakeTurn) -> Measured:
        """One turn of one member of what was prepared."""
        return take_one(self._prepared(), job, partial(announce, "turn"))

    def blocks(self, job: Blocks) -> Measured:
        """Blocks of calls of what was prepared."""
        return take_blocks(self._prepared(), job, partial(announce, "turn"))

    def burn(self, job: Burn) -> Burnt:
        """Keep the device busy with what was prepared."""
        return burn(self._prepared(), job.seconds)

    def memory(self, job: Memory) -> Report:
        """The peak of each case, which is built for it and dropped after."""
        outcomes = []
        for place, case in enumerate(job.cases):
            self._clear()
            announce("memory", place)
            outcomes.append(attempt(partial(_read_memory, case)))
        self._clear()
        return Report(outcomes=tuple(outcomes))

    def profile(self, job: TakeProfile) -> Profiled:
        """A profile of each case, which is built for it and dropped after."""
        taken = []
        for place, case in enumerate(job.cases):
            self._clear()
            announce("profile", place)
            taken.append(attempt(partial(_take_profile, case, job)))
        self._clear()
        return Profiled(
            outcomes=tuple(map(_outcome, taken)),
            profiles=tuple(
                None if isinstance(each, Outcome) else each for each in taken
            ),
        )

    def climb(self, job: Climb) -> Climbed:
        """The machine's ceilings, with nothing else in memory."""
        self._clear()
        if job.device is Device.CUDA and not torch.cuda.is_available():
            return Climbed(ceilings=())
        return Climbed(ceilings=climb(job))

    def answer(self, job: Job) -> Answer:
        """Do the job; a member that fails is an outcome, never an exception."""
        if type(job) not in _ANSWERS:
            raise ProtocolError(f"{type(job).__name__} is the first job alone")
        return _ANSWERS[type(job)](self, job)

    def _yardstick(self, case: Case, clock: Clock) -> Warm:
        kind = (case.device, case.dtype)
        if kind not in self.yardsticks:
            self.yardsticks[kind] = warm_up(make_yardstick(case), clock)
        return self.yardsticks[kind]

    def _prepared(self) -> Field:
        if self.entrants is None:
            raise ProtocolError("turns are asked for, and nothing is prepared")
        return self.entrants

    def _clear(self) -> None:
        """Drop the members; what they compiled and cached goes with them."""
        self.entrants = None
        # Else torch.compile takes the next workload for a change of shapes, and gives
        # up on a layer after its eighth. It is loaded only where a layer used it.
        if dynamo := sys.modules.get("torch._dynamo"):
            dynamo.reset()
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            torch.cuda.empty_cache()


_ANSWERS: dict[type, Callable[[Bench, Any], Answer]] = {
    Survey: Bench.survey,
    Prepare: Bench.prepare,
    Rounds: Bench.rounds,
    TakeTurn: Bench.turn,
    Blocks: Bench.blocks,
    Floor: lambda _, job: take_floor(job),
    Memory: Bench.memory,
    TakeProfile: Bench.profile,
    Climb: Bench.climb,
    Burn: Bench.burn,
}


def announce(stage: str, member: int) -> None:
    """Say which member is touched next: it may be the last that is heard."""
    os.write(2, announcement(stage, member))


def _prepare(place: int, job: Prepare, clock: Clock) -> Warm | Outcome:
    announce("build", place)
    step = build(job.cases[place])
    first_call = None
    if job.check:
        announce("check", place)
        # Read before the check, which would take the compilation out of it.
        first_call = first_of(step, clock)
        if wrong := check(step):
            return Outcome(status=Status.ERROR, reason=f"check: {wrong}")
    announce("warm", place)
    slowed = Slowed(step, job.slowdowns[place]) if job.slowdowns else step
    return warm_up(slowed, clock, first_call)


def _read_memory(case: Case) -> Outcome:
    return Outcome(status=Status.OK, peak_memory=peak_memory(build(case)))


def _take_profile(case: Case, job: TakeProfile) -> Profile:
    folder = None if job.folder is None else Path(job.folder)
    return take_profile(build(case), folder, job.trace_limit)


def _outcome(taken: Profile | Outcome) -> Outcome:
    return taken if isinstance(taken, Outcome) else Outcome(status=Status.OK)


def _send(answers: BinaryIO, answer: Answer) -> None:
    answers.write(encode(answer))
    answers.flush()


def _decode(line: bytes) -> Job:
    try:
        return decode_job(line)
    except ValueError as error:
        raise ProtocolError(str(error)) from error


def _end(why: str, code: int) -> int:
    sys.stderr.write(f"rnnbench.worker: {why}\n")
    return code
