"""The JSON lines between a campaign and a worker, and the only module that knows them.

The worker reads jobs on its standard input and answers each with one line on what was
its standard output; what torch and foreign layers print goes to standard error.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from rnnbench.model.case import Case, Device, Dtype
from rnnbench.model.codec import fields_of, reader
from rnnbench.model.profile import Ceiling, Profile
from rnnbench.model.run import LATER, Environment, References
from rnnbench.model.runtime_facts import RuntimeFacts
from rnnbench.model.status import Status
from rnnbench.worker.learning_jobs import Described, DescribeTasks, Train, Trained
from rnnbench.worker.service_jobs import ServiceAnswer, ServiceJob

# 1: the first. 2: waiting for a calm core (TakeTurn.patience, Measured.waited).
SCHEMA = 2

# The environment variable with the process id of the runner that starts a worker.
RUNNER_VARIABLE = "RNNBENCH_RUNNER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The first job: what must hold before torch is imported.

    `cores` is empty where the worker may run anywhere; `data_limit` bounds the bytes
    that the process may map for itself (RLIMIT_DATA), so that a greedy layer ends
    alone.
    """

    schema: int = SCHEMA
    threads: int = 1
    cores: tuple[int, ...] = ()
    data_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Say of each case why this machine can't run it: a tiny twin is tried."""

    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """Build the members in this order, check each if `check`, and warm them up.

    `slowdowns`: for each member the share by which it is to be slower than it is
    (worker/slowed); none: they are as they are. `references`: pairs of a layer and of
    the layer that it is compared with in the check.
    """

    cases: tuple[Case, ...]
    check: bool
    slowdowns: tuple[float, ...] = ()
    references: References = field(default=(), metadata=LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """Take rounds of turns of what was prepared, in an order shuffled by `seed`.

    `least` to `most` of them, as fit in `seconds`. `calm`: seconds of the canary on
    this core while nothing disturbs it; 0: not known yet.
    """

    seed: int
    seconds: float
    least: int
    most: int
    calm: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeTurn:
    """One turn of one prepared member: the smallest job, for two interpreters.

    `patience`: seconds that may be waited for a calm core.
    """

    member: int
    patience: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Take so many blocks of each prepared member, in an order shuffled by `seed`."""

    seed: int
    blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Read what the clock and a call of nothing take, `calls` times each."""

    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Read the peak memory of one call of each case, under a profiler."""

    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeProfile:
    """Look at one call of each case under a profiler, which slows it.

    `folder`: of the run's traces, where each case gets one; None: none is written.
    `trace_limit`: bytes of a trace, beyond which it is left out.
    """

    cases: tuple[Case, ...]
    folder: str | None
    trace_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """Find the machine's ceilings: its best matrix product and its best copy."""

    device: Device
    dtypes: tuple[Dtype, ...]
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """Call the one prepared member back to back, for at least `seconds`."""

    seconds: float


_Timed = Prepare | Rounds | TakeTurn | Blocks | Floor
_Learning = DescribeTasks | Train
_Read = Memory | TakeProfile | Climb | Burn
Job = Start | Survey | _Timed | _Read | _Learning | ServiceJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The answer to Start."""

    schema: int
    environment: Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of one member.

    `call`, `first_call`: seconds of a warm and of the first call. `peak_memory`: bytes,
    in answer to Memory. `facts`: of a runtime other than eager.
    """

    status: Status
    reason: str = ""
    call: float = 0.0
    first_call: float = 0.0
    peak_memory: int | None = None
    facts: RuntimeFacts | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTurns:
    """Turns of one member, in the order of the rounds; see `record.Turns`."""

    seconds: tuple[float, ...] = ()
    faults: tuple[int, ...] = ()
    back_to_back: tuple[float, ...] = ()
    rough: int = 0
    retaken: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The answer to Survey, Prepare and Memory: an outcome for each case, in order.

    `changed`: names of process-wide state that a layer of the user's has changed.
    """

    outcomes: tuple[Outcome, ...]
    changed: tuple[str, ...] = field(default=(), metadata=LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Report):
    """The answer to Rounds, TakeTurn and Blocks.

    Members are in the order of Prepare; one that failed has its outcome and no turns.
    `inside_turns`: seconds with warm-up calls; `waited`: seconds of waiting for a calm
    core. `calm`: seconds of the fastest canary so far.
    """

    turns: tuple[MemberTurns, ...]
    yardstick: MemberTurns
    inside_turns: float
    waited: float = 0.0
    calm: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no rounds can have given."""
        if len(self.turns) != len(self.outcomes):
            raise ValueError(
                f"turns of {len(self.turns)} of {len(self.outcomes)} members"
            )
        taken = [one.seconds for one in (*self.turns, self.yardstick) if one.seconds]
        if len({len(seconds) for seconds in taken}) > 1:
            raise ValueError("members of the same rounds have not as many turns")
        if not all(0 < value < float("inf") for one in taken for value in one):
            raise ValueError("a turn took no positive and finite time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiled(Report):
    """The answer to TakeProfile: a profile for each outcome that is ok, else None."""

    profiles: tuple[Profile | None, ...]

    def __post_init__(self) -> None:
        """Refuse profiles of other cases than were asked for."""
        if len(self.profiles) != len(self.outcomes):
            counts = f"{len(self.profiles)} profiles, {len(self.outcomes)} outcomes"
            raise ValueError(counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Climbed:
    """The answer to Climb, in the order of its types; without those that can't run."""

    ceilings: tuple[Ceiling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Burnt(Report):
    """The answer to Burn: calls, their seconds, UUID of the GPU or "" if unknown."""

    calls: int = 0
    seconds: float = 0.0
    gpu: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floored:
    """The answer to Floor, in seconds: an empty call above the clock; the clock itself.

    `resolution`: the smallest step of the clock.
    """

    empty: float
    clock: float
    resolution: float


_Measured = Report | Measured | Profiled | Climbed | Burnt | Floored
Answer = Ready | _Measured | Described | Trained | ServiceAnswer

_JOBS: dict[str, type] = {kind.__name__: kind for kind in get_args(Job)}
_ANSWERS: dict[str, type] = {kind.__name__: kind for kind in get_args(Answer)}


def encode(message: Job | Answer) -> bytes:
    """One line. Strict JSON: a time that is not a number is an error here."""
    line = {"kind": type(message).__name__, **fields_of(message)}
    text = json.dumps(line, allow_nan=False, separators=(",", ":"), default=fields_of)
    return text.encode() + b"\n"


def decode_job(line: bytes) -> Job:
    """Read a job; ValueError says what is wrong with it."""
    job: Job = _decode(line, _JOBS)
    return job


def decode_answer(line: bytes) -> Answer:
    """Read an answer; ValueError says what is wrong with it."""
    answer: Answer = _decode(line, _ANSWERS)
    return answer


def _decode(line: bytes, kinds: Mapping[str, type]) -> Any:
    try:
        body = json.loads(line, parse_constant=_refuse_constant)
        return reader(kinds[body.pop("kind")])(body)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        start = line[:80].decode(errors="replace")
        raise ValueError(f"no message of the protocol: {start!r}: {error}") from error


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")
