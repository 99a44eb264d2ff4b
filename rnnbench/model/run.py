"""What a run leaves behind: statuses, turns, memory, the environment, the run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from rnnbench.model.case import Case
from rnnbench.model.condition import Condition
from rnnbench.model.pattern import case_filter
from rnnbench.model.profile import Ceiling, Profile

# Marks a field that files of the same schema may lack: they are older than it.
LATER = {"later": True}


class Status(StrEnum):
    """How a case ended."""

    OK = "ok"
    IMPRECISE = (
        "imprecise"  # measured, but the budget ended before the width was reached
    )
    SKIPPED = "skipped"
    ERROR = "error"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    KILLED = "killed"


MEASURED = frozenset({Status.OK, Status.IMPRECISE})
FAILED = frozenset({Status.ERROR, Status.TIMEOUT, Status.OUT_OF_MEMORY, Status.KILLED})


@dataclass(frozen=True, slots=True)
class Turns:
    """One launch's turns of one member (or of the yardstick), in the order of rounds.

    `seconds`: seconds per call, a value a turn: see `TurnValue`.
    `faults`: minor page faults within the timed calls of each turn.
    `back_to_back`: on CUDA, seconds per call of calls that are queued without waiting.
    `first_call`: seconds of the first call in that process (compilation, for one).
    `rough`: how many of these turns were disturbed by what else ran on the core, and
    could not be taken again; `retaken`: timed calls that were, and are not here.
    """

    launch: int
    seconds: tuple[float, ...]
    faults: tuple[int, ...] = ()
    back_to_back: tuple[float, ...] = ()
    first_call: float | None = None
    rough: int = field(default=0, metadata=LATER)
    retaken: int = field(default=0, metadata=LATER)

    @property
    def is_calm(self) -> bool:
        """Whether most of these turns were undisturbed."""
        return 2 * self.rough < len(self.seconds)

    def __post_init__(self) -> None:
        """Refuse a time that no clock gives."""
        if not self.seconds or not all(
            0 < value < float("inf") for value in self.seconds
        ):
            raise ValueError(
                f"launch {self.launch}: turns are positive and finite seconds"
            )


def paired(
    candidate: Sequence[Turns], baseline: Sequence[Turns]
) -> tuple[tuple[Turns, Turns], ...]:
    """The turns of two members of one workload, launch by launch, where both have some.

    Within a launch the n-th turn of one and of the other were taken in the same round.
    Without the launches that were disturbed throughout, where they are not the rule.
    """
    theirs = {turns.launch: turns for turns in baseline}
    pairs = [(ours, theirs[ours.launch]) for ours in candidate if ours.launch in theirs]
    undisturbed = [pair for pair in pairs if all(turns.is_calm for turns in pair)]
    return tuple(undisturbed if 2 * len(undisturbed) >= len(pairs) else pairs)


def calm(turns: Iterable[Turns]) -> tuple[Turns, ...]:
    """The launches that were undisturbed; or all, where disturbed ones are the rule."""
    every = tuple(turns)
    undisturbed = tuple(each for each in every if each.is_calm)
    return undisturbed if 2 * len(undisturbed) >= len(every) else every


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case. Turns of one workload and launch are in the same rounds.

    `profile`: None with `profile_reason` where it was not taken.
    `peak_memory`: bytes that one call adds, at its peak, to what was held before it
    (weights, input and states); None with `memory_reason` where it could not be read.
    `energy`: joules per call of calls that are queued without waiting, of the whole GPU
    with the power that it takes when idle; None with `energy_reason`.
    `process_changes`: process-wide state that a layer of the user's changed in the
    process of its own that it ran in.
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


@dataclass(frozen=True, slots=True)
class YardstickTurns:
    """Turns of the fixed matrix product measured among a workload's members."""

    workload: str
    turns: tuple[Turns, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The machine and the libraries, as the worker saw them. None: can't be read.

    cpu_signature: which design the CPU is ("family 26 model 2"), where a hypervisor
    gives it a name that several designs have ("AMD EPYC").
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


def _limited(default: float, low: float, high: float) -> Any:
    """A field of `Policy` with its default and the least and greatest value."""
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a sweep is measured. The defaults and limits stand here and nowhere else.

    Attributes:
        precision: the half-width, as a share of the ratio, that each 95 % interval is
            to reach.
        launches: fresh processes for each workload, at most.
        budget: seconds for all measuring.
        time_limit: seconds that one member may take for its first call, or for a turn.
        profile: cases to profile: all, none, or a pattern for case ids; see `profiles`.

    """

    precision: float = _limited(0.02, 1e-6, 0.999)
    launches: int = _limited(20, 1, 10_000)
    budget: float = _limited(600.0, 1e-3, 1e8)
    time_limit: float = _limited(60.0, 1e-3, 1e8)
    profile: str = "none"

    def __post_init__(self) -> None:
        """Raise ValueError for a value outside its limits."""
        for limited in fields(self):
            value = getattr(self, limited.name)
            low, high = map(limited.metadata.get, ("low", "high"))
            if low is not None and high is not None and not low <= value <= high:
                limits = f"between {low:,.10g} and {high:,.10g}"
                raise ValueError(f"{limited.name}: {value:,.10g} is not {limits}")

    def profiles(self, case: Case) -> bool:
        """Whether `case` is to be profiled; ValueError if `profile` is no pattern.

        Checked where a run begins and not above: a file of an older version may hold a
        pattern that this version does not take.
        """
        return case_filter(self.profile)(case.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a layer is said to be good for, as a workload of that size.

    `said_of`: the layer that it is said of. `source`: where the sizes are from, or why
    they are ours, by `our_choice`. `why`: what of the source was not taken, and why.
    `cases`: the ids of its cases, in the order of the sweep.
    """

    name: str
    said_of: str
    source: str
    our_choice: bool
    cases: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRecord:
    """The sweep as it was read: enough to repeat it, and to tell it from another."""

    name: str
    question: str
    digest: str
    compare: tuple[str, ...]
    policy: Policy
    uses: tuple[Use, ...] = field(default=(), metadata=LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Where the wall time of measuring went, in seconds.

    `lanes`: launches that ran at the same time; `inside_turns` is summed over them, so
    the share of the machine's time that was spent in turns is inside_turns / (lanes *
    wall). `profiling`: what part of the wall went into profiles, ceilings and energy.
    `waiting`: summed likewise, for a core that nothing else disturbs.
    """

    wall: float
    lanes: float
    inside_turns: float
    launches: int
    profiling: float
    waiting: float = field(default=0.0, metadata=LATER)

    @property
    def share_inside_turns(self) -> float:
        """Between 0 and 1; 0 where nothing ran."""
        return self._share(self.inside_turns)

    @property
    def share_waiting(self) -> float:
        """Between 0 and 1; 0 where nothing ran."""
        return self._share(self.waiting)

    def _share(self, seconds: float) -> float:
        there = self.lanes * self.wall
        return seconds / there if there else 0.0


class TurnValue(StrEnum):
    """Which of a turn's timed calls its seconds are; one is never held to the other."""

    MEDIAN = "median"  # before runs said which
    FASTEST = "fastest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One invocation, one file."""

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
    # Of the machine while it measured; none in files that are older than the field.
    conditions: tuple[Condition, ...] = field(default=(), metadata=LATER)
