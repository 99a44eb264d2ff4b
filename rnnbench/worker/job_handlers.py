"""The worker's jobs, each with the method that answers it."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch

from rnnbench.model.case import Case, Device, Dtype
from rnnbench.model.profile import Profile
from rnnbench.model.runtime_facts import RuntimeFacts
from rnnbench.model.status import Status
from rnnbench.worker.announcements import Announcements
from rnnbench.worker.failure import attempt
from rnnbench.worker.layers.check import check_again
from rnnbench.worker.layers.reference_check import unlike_reference
from rnnbench.worker.layers.step import Step, build
from rnnbench.worker.learning.answer_jobs import describe, train_once
from rnnbench.worker.learning_jobs import DescribeTasks, Train
from rnnbench.worker.process_state import ProcessState, spoils_timing
from rnnbench.worker.profiling.capture import take_profile
from rnnbench.worker.profiling.ceilings import climb
from rnnbench.worker.profiling.energy_load import burn
from rnnbench.worker.profiling.peak_memory import peak_memory, unseen
from rnnbench.worker.protocol import (
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
    Report,
    Rounds,
    Survey,
    TakeProfile,
    TakeTurn,
)
from rnnbench.worker.runtimes.runtime_check import check_step
from rnnbench.worker.service_jobs import ServiceJob
from rnnbench.worker.serving.handlers import ServiceHandler
from rnnbench.worker.survey import NO_CUDA, survey
from rnnbench.worker.timing.blocks import take_blocks
from rnnbench.worker.timing.canary import Watch
from rnnbench.worker.timing.clock import CLOCKS, Clock
from rnnbench.worker.timing.floor import take_floor
from rnnbench.worker.timing.rounds import PreparedWorkload, take_one, take_rounds
from rnnbench.worker.timing.slowdown import Slowed
from rnnbench.worker.timing.turn import Warm, first_of, warm_up
from rnnbench.worker.timing.yardstick import make_yardstick

R = TypeVar("R", bound=Report)


class ProtocolError(Exception):
    """A job that makes no sense where it stands: the runner is not ours."""


@dataclass(slots=True)
class JobHandler:
    """The members of one workload, ready between two jobs.

    `state`: of the process, before the first layer of the user's was built in it.
    """

    watch: Watch
    announcements: Announcements | None = None
    process: int = field(default_factory=os.getpid)
    prepared: PreparedWorkload | None = None
    service: ServiceHandler = field(default_factory=ServiceHandler)
    cases: tuple[Case, ...] = ()
    state: ProcessState | None = None
    yardsticks: dict[tuple[Device, Dtype], Warm] = field(default_factory=dict)
    facts: dict[int, RuntimeFacts | None] = field(default_factory=dict)

    def end_if_forked(self) -> None:
        """Leave at once in a child that a layer forked and that came back to us."""
        if os.getpid() != self.process:
            os._exit(0)

    def announce(self, stage: str, member: int) -> None:
        """Say which member is touched next: it may be the last that is heard."""
        self.end_if_forked()
        if self.announcements is not None:
            self.announcements.announce(stage, member)

    def prepare(self, job: Prepare) -> Report:
        """Drop the workload before; build, check and warm this one, in order."""
        self._clear()
        self.cases = job.cases
        device = job.cases[0].device
        if device is Device.CUDA and not torch.cuda.is_available():
            return Report(outcomes=(NO_CUDA,) * len(job.cases))
        if self.state is None and any(case.is_foreign for case in job.cases):
            self.state = ProcessState.read()
        clock = CLOCKS[device]()
        # Before the members, which may leave it no room.
        yardstick = self._yardstick(job.cases[0], clock)
        members = [
            attempt(
                partial(self._prepare, place, job, clock),
                may_skip=not case.is_foreign,
            )
            for place, case in enumerate(job.cases)
        ]
        # A process that waits for a GPU is off its core, and nothing is wrong.
        self.watch.waits = device is Device.CUDA
        self.prepared = PreparedWorkload(members, yardstick, clock, device, self.watch)
        outcomes = (
            replace(member.outcome(), facts=self.facts.get(place))
            if isinstance(member, Warm)
            else member
            for place, member in enumerate(members)
        )
        return self._with_changes(Report(outcomes=tuple(outcomes)))

    def rounds(self, job: Rounds) -> Measured:
        """Rounds of what was prepared."""
        announce = partial(self.announce, "turn")
        return self._checked(take_rounds(self._prepared(), job, announce))

    def turn(self, job: TakeTurn) -> Measured:
        """One turn of one member of what was prepared."""
        announce = partial(self.announce, "turn")
        return self._checked(take_one(self._prepared(), job, announce))

    def blocks(self, job: Blocks) -> Measured:
        """Blocks of calls of what was prepared."""
        return take_blocks(self._prepared(), job, partial(self.announce, "turn"))

    def burn(self, job: Burn) -> Burnt:
        """Keep the device busy with what was prepared."""
        return burn(self._prepared(), job.seconds)

    def memory(self, job: Memory) -> Report:
        """The peak of each case, which is built for it and dropped after."""
        outcomes = []
        for place, case in enumerate(job.cases):
            self._clear()
            self.announce("memory", place)
            outcomes.append(attempt(partial(_read_memory, case)))
        self._clear()
        return Report(outcomes=tuple(outcomes))

    def profile(self, job: TakeProfile) -> Profiled:
        """A profile of each case, which is built for it and dropped after."""
        taken = []
        for place, case in enumerate(job.cases):
            self._clear()
            self.announce("profile", place)
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
        if isinstance(job, ServiceJob):
            self.announce("service", 0)
            return self.service.answer(job)
        if type(job) not in _ANSWERS:
            raise ProtocolError(f"{type(job).__name__} is the first job alone")
        return _ANSWERS[type(job)](self, job)

    def _prepare(self, place: int, job: Prepare, clock: Clock) -> Warm | Outcome:
        self.announce("build", place)
        step = build(job.cases[place])
        first_call = None
        if job.check:
            self.announce("check", place)
            # Timed before the check, because the check would trigger the compilation.
            first_call = first_of(step, clock)
            found = check_step(step)
            if wrong := found.wrong or unlike_reference(step.case, job.references):
                return Outcome(status=Status.ERROR, reason=f"check: {wrong}")
            self.facts[place] = found.facts
        self.announce("warm", place)
        slowed = Slowed(step, job.slowdowns[place]) if job.slowdowns else step
        return warm_up(slowed, clock, first_call)

    def _checked(self, measured: Measured) -> Measured:
        """`measured` after a last look at the answers of the user's own layers."""
        outcomes = tuple(
            self._check_again(place, outcome)
            for place, outcome in enumerate(measured.outcomes)
        )
        return self._with_changes(replace(measured, outcomes=outcomes))

    def _check_again(self, place: int, outcome: Outcome) -> Outcome:
        member = self._prepared().members[place]
        if outcome.status is not Status.OK or not self.cases[place].is_foreign:
            return outcome
        step = member.step if isinstance(member, Warm) else None
        if not isinstance(step, Step):
            return outcome
        self.announce("check", place)
        again = (
            check_again
            if step.prepared is None
            else lambda step: check_step(step).wrong
        )
        wrong = attempt(lambda: again(step))
        if isinstance(wrong, Outcome):
            return wrong
        reason = f"check after its turns: {wrong}"
        return Outcome(status=Status.ERROR, reason=reason) if wrong else outcome

    def _with_changes(self, report: R) -> R:
        """`report` with what a foreign layer has changed in this process."""
        if self.state is None:
            return report
        changed = self.state.changes(ProcessState.read())
        spoiling = next(filter(spoils_timing, changed), None)
        why = f"it replaces {spoiling}, so its times can't be trusted"
        spoiled = Outcome(status=Status.ERROR, reason=why)
        outcomes = tuple(
            spoiled if spoiling and case.is_foreign else outcome
            for case, outcome in zip(self.cases, report.outcomes, strict=True)
        )
        return replace(report, changed=changed, outcomes=outcomes)

    def _yardstick(self, case: Case, clock: Clock) -> Warm:
        kind = (case.device, case.dtype)
        if kind not in self.yardsticks:
            self.yardsticks[kind] = warm_up(make_yardstick(case), clock)
        return self.yardsticks[kind]

    def _prepared(self) -> PreparedWorkload:
        if self.prepared is None:
            raise ProtocolError("turns are asked for, and nothing is prepared")
        return self.prepared

    def _clear(self) -> None:
        """Drop the members, with what they compiled and cached."""
        self.prepared = None
        self.facts = {}
        # Else torch.compile takes the next workload for a change of shapes, and gives
        # up on a layer after its eighth. It is loaded only where a layer used it.
        if dynamo := sys.modules.get("torch._dynamo"):
            dynamo.reset()
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            torch.cuda.empty_cache()


_ANSWERS: dict[type, Callable[[JobHandler, Any], Answer]] = {
    Survey: lambda handler, job: Report(
        outcomes=survey(job.cases, partial(handler.announce, "survey"))
    ),
    Prepare: JobHandler.prepare,
    Rounds: JobHandler.rounds,
    TakeTurn: JobHandler.turn,
    Blocks: JobHandler.blocks,
    Floor: lambda _, job: take_floor(job),
    Memory: JobHandler.memory,
    TakeProfile: JobHandler.profile,
    Climb: JobHandler.climb,
    Burn: JobHandler.burn,
    DescribeTasks: lambda handler, job: describe(job, handler.announce),
    Train: lambda handler, job: train_once(job, handler.announce),
}


def _read_memory(case: Case) -> Outcome:
    if reason := unseen(step := build(case)):
        return Outcome(status=Status.OK, reason=reason)
    return Outcome(status=Status.OK, peak_memory=peak_memory(step))


def _take_profile(case: Case, job: TakeProfile) -> Profile | Outcome:
    folder = None if job.folder is None else Path(job.folder)
    if reason := unseen(step := build(case)):
        return Outcome(status=Status.OK, reason=reason)
    return take_profile(step, folder, job.trace_limit)


def _outcome(taken: Profile | Outcome) -> Outcome:
    return taken if isinstance(taken, Outcome) else Outcome(status=Status.OK)
