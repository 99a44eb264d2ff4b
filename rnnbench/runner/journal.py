"""The finished pieces of a run: appended, fsynced, and read again to resume it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from rnnbench.model.codec import WrongValue, fields_of, reader
from rnnbench.model.learning import SeedRun
from rnnbench.model.profile import Ceiling, Profile
from rnnbench.model.run import LATER, Turns
from rnnbench.model.runtime_facts import RuntimeFacts
from rnnbench.model.serving import (
    DeploymentCard,
    Part,
    StepLatency,
    StreamCapacity,
)
from rnnbench.model.status import MEASURED, Status
from rnnbench.storage.append_only import AppendOnly, HoldsFile
from rnnbench.storage.results_file import require_possible

# 1: the first. 2: a turn is the fastest of its calls, no longer their median.
SCHEMA = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The facts that must be equal for a journal to be continued, by readable names.

    `machine`: what changes a measurement (CPU, libraries); never what moves by itself.
    """

    sweep: str
    digest: str
    policy: str
    machine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One workload in one launch: members finish together. Cases by their ids.

    `changed`: process-wide state that a layer of the user's changed in its process.
    `host`: an opaque name of the host in a fleet; empty on a single machine. `facts`:
    of cases that this launch checked in a runtime other than eager.
    """

    launch: int
    workload: str
    turns: Mapping[str, Turns]
    yardstick: Turns
    inside_turns: float
    wall: float
    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict, metadata=LATER)
    host: str = field(default="", metadata=LATER)
    facts: Mapping[str, RuntimeFacts] = field(default_factory=dict, metadata=LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A case with a final status: it takes no part in any further launch."""

    case: str
    status: Status
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The peak memory of one call of a case, or why it could not be read."""

    case: str
    peak_memory: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseProfile:
    """The time and memory of a call by part, or the reason why there is none."""

    case: str
    profile: Profile | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """The best that the machine can do, on one device with one number of threads."""

    setting: str
    ceilings: tuple[Ceiling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEnergy:
    """Joules per call of a case, or why they were not read."""

    case: str
    energy: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseServing:
    """One reading of a case as a service, or why there is none; see `model.serving`."""

    case: str
    launch: int
    part: Part
    latency: StepLatency | None = None
    capacities: tuple[StreamCapacity, ...] = ()
    card: DeploymentCard | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A training run of a learning case, by the id of the case."""

    case: str
    run: SeedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningEnded:
    """A learning case that failed: none of its runs begins again."""

    case: str
    status: Status
    reason: str


_Reading = Remembered | CaseProfile | Ceilings | CaseEnergy | CaseServing
Entry = Pass | Ended | _Reading | Learned | LearningEnded


@dataclass(slots=True)
class Journal(HoldsFile):
    """An append-only file, and what it says: state that no crash takes back.

    Without a path it keeps its entries in memory alone.
    """

    path: Path | None
    passes: dict[str, dict[int, Pass]] = field(default_factory=dict)
    ended: dict[str, Ended] = field(default_factory=dict)
    memory: dict[str, Remembered] = field(default_factory=dict)
    profiles: dict[str, CaseProfile] = field(default_factory=dict)
    ceilings: dict[str, Ceilings] = field(default_factory=dict)
    energies: dict[str, CaseEnergy] = field(default_factory=dict)
    # By part and launch, then by case.
    serving: dict[tuple[Part, int], dict[str, CaseServing]] = field(
        default_factory=dict
    )
    # Runs by case, and then by learning rate and seed.
    learned: dict[str, dict[tuple[float, int], SeedRun]] = field(default_factory=dict)
    learning_ended: dict[str, LearningEnded] = field(default_factory=dict)
    resumed: int = 0
    _file: AppendOnly | None = None

    @classmethod
    def start(cls, path: Path | None, header: Header, *, resume: bool) -> Self:
        """Open `path`: go on with what is there, or set it aside under a dated name.

        ResultsError where it can't be read, was made by another sweep or machine, or
        another process measures into it.
        """
        journal = cls(path)
        if path is not None:
            journal._file = AppendOnly.hold(
                path,
                [{"kind": "Header", "schema": SCHEMA, **asdict(header)}],
                journal._take_in,
                resume=resume,
                otherwise="start a new journal, or use the options of this one",
            )
        return journal

    def record(self, *entries: Entry) -> None:
        """Append `entries`; they are on the disk when this returns."""
        self.write(*map(encode_entry, entries))
        for entry in entries:
            self._apply(entry)

    def unread(self, part: Part) -> frozenset[str]:
        """The cases of which a process could not read `part`."""
        return frozenset(
            entry.case
            for (found, _), by_case in self.serving.items()
            for entry in by_case.values()
            if found is part and entry.reason
        )

    def _take_in(self, data: dict[str, Any]) -> None:
        self._apply(decode_entry(data))
        self.resumed += 1

    def _apply(self, entry: Entry) -> None:
        if isinstance(entry, Pass):
            self.passes.setdefault(entry.workload, {})[entry.launch] = entry
        elif isinstance(entry, Ended):
            self.ended[entry.case] = entry
        elif isinstance(entry, Remembered):
            self.memory[entry.case] = entry
        elif isinstance(entry, CaseProfile):
            self.profiles[entry.case] = entry
        elif isinstance(entry, CaseEnergy):
            self.energies[entry.case] = entry
        elif isinstance(entry, CaseServing):
            place = (entry.part, entry.launch)
            self.serving.setdefault(place, {})[entry.case] = entry
        elif isinstance(entry, Learned):
            runs = self.learned.setdefault(entry.case, {})
            runs[entry.run.rate, entry.run.seed] = entry.run
        elif isinstance(entry, LearningEnded):
            self.learning_ended[entry.case] = entry
        else:
            self.ceilings[entry.setting] = entry


_ENTRIES: dict[str, Callable[[dict[str, Any]], Entry]] = {
    "Pass": reader(Pass),
    "Ended": reader(Ended),
    "Remembered": reader(Remembered),
    "CaseProfile": reader(CaseProfile),
    "Ceilings": reader(Ceilings),
    "CaseEnergy": reader(CaseEnergy),
    "CaseServing": reader(CaseServing),
    "Learned": reader(Learned),
    "LearningEnded": reader(LearningEnded),
}


def encode_entry(entry: Entry) -> dict[str, Any]:
    """The entry by its fields, for `json.dumps(..., default=fields_of)`."""
    return {"kind": type(entry).__name__, **fields_of(entry)}


def decode_entry(data: dict[str, Any]) -> Entry:
    """The entry in plain values; KeyError, TypeError or ValueError if there is none.

    ValueError also for an entry that no run can write: the results file would be
    refused at the end, with all that was measured until then.
    """
    entry = _ENTRIES[data.pop("kind")](data)
    if isinstance(entry, Pass):
        for name, turns in (*entry.turns.items(), (entry.workload, entry.yardstick)):
            try:
                require_possible((turns,))
            except ValueError as error:
                raise WrongValue.at(name, error) from error
            if turns.launch != entry.launch or not turns.seconds:
                raise ValueError(f"{name}: no turns of launch {entry.launch}")
        if len({len(turns.seconds) for turns in entry.turns.values()}) > 1:
            raise ValueError(f"{entry.workload}: members with unequal numbers of turns")
    elif isinstance(entry, Ended) and entry.status in MEASURED:
        raise ValueError(f"{entry.case}: {entry.status} without turns")
    elif isinstance(entry, Remembered) and (entry.peak_memory or 0) < 0:
        raise ValueError(f"{entry.case}: {entry.peak_memory} is less than 0")
    elif isinstance(entry, CaseEnergy) and (entry.energy or 0) < 0:
        raise ValueError(f"{entry.case}: {entry.energy} is less than 0")
    return entry
