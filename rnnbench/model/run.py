"""A run and what it holds: results, turns, statuses, environment, policy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rnnbench.model.case import Case
from rnnbench.model.condition import Condition
from rnnbench.model.learning import Learning, LearningPlan, LearningResult
from rnnbench.model.policy import Policy
from rnnbench.model.profile import Ceiling, Profile
from rnnbench.model.runtime_facts import RuntimeFacts
from rnnbench.model.serving import Serving
from rnnbench.model.status import Status

# Marks a field that older files of the same schema do not have.
LATER = {"later": True}

# Pairs of a layer of the user's and of the layer whose answers it must give.
References = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns of one member (or of the yardstick) in one launch, in the order of rounds.

    Attributes:
        launch: number of the launch.
        seconds: seconds per call, one value for each turn; see `TurnValue`.
        faults: minor page faults within the timed calls of each turn.
        back_to_back: on CUDA, seconds per call of calls queued without waiting.
        first_call: seconds of the first call in that process, with any compilation.
        rough: turns that were disturbed by other work on the core, in every attempt.
        retaken: timed calls that were disturbed and repeated; they are not in
            `seconds`.
        host: an opaque name of the host in a fleet; empty on a single machine.

    """

    launch: int
    seconds: tuple[float, ...]
    faults: tuple[int, ...] = ()
    back_to_back: tuple[float, ...] = ()
    first_call: float | None = None
    rough: int = field(default=0, metadata=LATER)
    retaken: int = field(default=0, metadata=LATER)
    host: str = field(default="", metadata=LATER)

    @property
    def is_calm(self) -> bool:
        """Whether most of these turns were undisturbed."""
        return 2 * self.rough < len(self.seconds)

    def __post_init__(self) -> None:
        """Raise ValueError for a time that no clock gives."""
        # The sum is NaN or infinite where a value is: most turns are right at once.
        if self.seconds and min(self.seconds) > 0 and sum(self.seconds) < float("inf"):
            return
        if not self.seconds or not all(
            0 < value < float("inf") for value in self.seconds
        ):
            raise ValueError(
                f"launch {self.launch}: turns are positive and finite seconds"
            )


def paired(
    candidate: Sequence[Turns], baseline: Sequence[Turns]
) -> tuple[tuple[Turns, Turns], ...]:
    """The turns of two members of one workload, for each launch that measured both.

    Within a launch, the n-th turns of both were taken in the same round. Launches that
    were disturbed most of the time are left out, unless they are the majority.
    """
    by_launch = {turns.launch: turns for turns in baseline}
    pairs = [
        (turns, by_launch[turns.launch])
        for turns in candidate
        if turns.launch in by_launch
    ]
    undisturbed = [pair for pair in pairs if pair[0].is_calm and pair[1].is_calm]
    return tuple(undisturbed if 2 * len(undisturbed) >= len(pairs) else pairs)


def calm(turns: Iterable[Turns]) -> tuple[Turns, ...]:
    """The turns of undisturbed launches; all, where those are the minority."""
    launches = tuple(turns)
    undisturbed = tuple(launch for launch in launches if launch.is_calm)
    return undisturbed if 2 * len(undisturbed) >= len(launches) else launches


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that was measured of one case.

    Attributes:
        case, workload: what was measured, and the id of its workload.
        status, reason: how it ended; the reason is "" where the status is ok.
        turns: one entry for each launch. Turns of one workload and launch were taken in
            the same rounds.
        peak_memory: bytes that one call adds, at its peak, to weights, input and
            states; None with `memory_reason` where it could not be read.
        profile: None with `profile_reason` where it was not taken.
        energy: joules per call, of the whole GPU including its idle power, for calls
            queued without waiting; None with `energy_reason`.
        process_changes: process-wide state that a layer of the user's changed in its
            process.
        serving: latency of its steps, streams per core and deployment; None where the
            sweep asks for none of them.
        facts: build, size and error of a runtime other than eager.

    """

    case: Case
    workload: str
    status: Status
    reason: str = ""
    turns: tuple[Turns, ...] = ()
    peak_memory: int | None = None
    memory_reason: str = ""
    profile: Profile | None = None
    profile_reason: str = ""
    energy: float | None = None
    energy_reason: str = ""
    process_changes: tuple[str, ...] = field(default=(), metadata=LATER)
    serving: Serving | None = field(default=None, metadata=LATER)
    facts: RuntimeFacts | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, slots=True)
class YardstickTurns:
    """Turns of the fixed matrix product that is measured beside a workload."""

    workload: str
    turns: tuple[Turns, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The machine and the libraries, as the worker saw them; None: unreadable.

    cpu_signature: the design of the CPU by numbers ("family 26 model 2"), since a
    hypervisor may give several designs one name ("AMD EPYC").
    """

    cpu_model: str | None
    cpu_flags: str | None
    cpu_signature: str | None = field(default=None, metadata=LATER)
    physical_cores: int | None
    logical_cores: int | None
    memory_bytes: int | None
    system: str
    machine: str
    kernel: str
    libc: str
    python: str
    numpy: str
    torch: str
    torch_git: str | None
    parallel_backend: str
    onednn: str | None
    mkl: str | None
    cuda: str | None
    cudnn: str | None
    gpu: str | None
    gpu_memory_bytes: int | None
    gpu_capability: str | None
    gpu_multiprocessors: int | None
    driver: str | None
    cpu_capability: str | None
    allocator: str  # "glibc", or "uncontrolled" where `allocator` has no effect
    # The user's variables that change a measurement, as `NAME=value`.
    variables: tuple[str, ...] = field(default=(), metadata=LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A use that a layer is recommended for, with its sizes.

    Attributes:
        name: the use.
        said_of: the layer that is recommended for it.
        source: where the sizes come from; the reason for them if `our_choice`.
        our_choice: whether the sizes have no source.
        cases: the ids of its cases, in the order of the sweep.
        why: which sizes differ from the source, and why.

    """

    name: str
    said_of: str
    source: str
    our_choice: bool
    cases: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRecord:
    """The sweep of a run: enough to repeat it and to identify it.

    `digest`: SHA-256 of the compared axes and the ids of the cases. `learning`: what is
    trained, if anything. `references`: pairs of a layer of the user's and of the layer
    whose answers it has to give.
    """

    name: str
    question: str
    digest: str
    compare: tuple[str, ...]
    policy: Policy
    uses: tuple[Use, ...] = field(default=(), metadata=LATER)
    references: References = field(default=(), metadata=LATER)
    learning: LearningPlan | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Use of the time of a measurement, in seconds.

    Attributes:
        wall: wall time of everything that is timed, profiled or read.
        lanes: launches that ran at the same time, on average.
        inside_turns: time in turns, summed over lanes.
        launches: number of launches.
        profiling: part of the wall time spent on profiles, ceilings and energy.
        waiting: time spent waiting for an undisturbed core, summed over lanes.
        training: wall time of training runs, which is not part of `wall`.

    """

    wall: float
    lanes: float
    inside_turns: float
    launches: int
    profiling: float
    waiting: float = field(default=0.0, metadata=LATER)
    training: float = field(default=0.0, metadata=LATER)

    @property
    def total(self) -> float:
        """Wall time of the whole measurement, with its training runs."""
        return self.wall + self.training

    @property
    def share_inside_turns(self) -> float:
        """Share of the lanes' time spent in turns, from 0 to 1; 0 where nothing ran."""
        return self._share(self.inside_turns)

    @property
    def share_waiting(self) -> float:
        """Share of the lanes' time spent waiting, from 0 to 1; 0 where nothing ran."""
        return self._share(self.waiting)

    def _share(self, seconds: float) -> float:
        available = self.lanes * self.wall
        return seconds / available if available else 0.0


class TurnValue(StrEnum):
    """Statistic of a turn's timed calls that is its value; never compare the two."""

    MEDIAN = "median"  # of files from before this field
    FASTEST = "fastest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One measurement: everything that a results file holds."""

    created: str  # ISO 8601, UTC
    version: str  # of rnnbench
    commit: str | None
    command: str
    sweep: SweepRecord
    environment: Environment
    effort: Effort
    results: tuple[Result, ...]
    yardsticks: tuple[YardstickTurns, ...]
    ceilings: tuple[Ceiling, ...] = ()
    turn: TurnValue = field(default=TurnValue.MEDIAN, metadata=LATER)
    # State of the machine while it measured; older files have none.
    conditions: tuple[Condition, ...] = field(default=(), metadata=LATER)
    learning: Learning = field(default=Learning(), metadata=LATER)

    @property
    def outcomes(self) -> tuple[Result | LearningResult, ...]:
        """Everything that was measured and learned, each with its status and reason."""
        return (*self.results, *self.learning.results)
