"""What a campaign has done so far: appended, fsynced, and read again to resume."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rnnbench.decode import reader
from rnnbench.errors import ResultsError
from rnnbench.profile import Ceiling, Profile
from rnnbench.record import Status, Turns

# 1: the first.
SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What must be equal for a journal to be gone on with, each by its name for people.

    `machine`: what changes a measurement (CPU, libraries); never what moves by itself.
    """

    sweep: str
    digest: str
    policy: str
    machine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One workload in one launch: members finish together. Cases by their ids."""

    launch: int
    workload: str
    turns: Mapping[str, Turns]
    yardstick: Turns
    inside_turns: float
    wall: float


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
    """Where time and memory of a call went, or why it was not found out."""

    case: str
    profile: Profile | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """What the machine can do at best, on one device with so many threads."""

    setting: str
    ceilings: tuple[Ceiling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEnergy:
    """Joules per call of a case, or why they were not read."""

    case: str
    energy: float | None
    reason: str = ""


Entry = Pass | Ended | Remembered | CaseProfile | Ceilings | CaseEnergy


@dataclass(slots=True)
class Journal:
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
    resumed: int = 0
    _descriptor: int | None = None

    @classmethod
    def start(cls, path: Path | None, header: Header, *, resume: bool) -> Self:
        """Open `path`: go on with what is there, or set it aside under a dated name.

        ResultsError where it can't be read, or was made by another sweep or machine.
        """
        journal = cls(path)
        if path is None:
            return journal
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and resume:
                journal._read(path, header)
            elif path.exists():
                stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S")
                path.rename(path.with_name(f"{path.name}.{stamp}"))
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
            journal._descriptor = os.open(path, flags, 0o644)
            if not os.fstat(journal._descriptor).st_size:
                journal._write({"kind": "Header", "schema": SCHEMA, **asdict(header)})
        except OSError as error:
            journal.close()
            raise ResultsError(f"{path}: journal: {error.strerror}") from error
        return journal

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def record(self, entry: Entry) -> None:
        """Append `entry`; it is on the disk when this returns."""
        self._write({"kind": type(entry).__name__, **asdict(entry)})
        self._apply(entry)

    def close(self) -> None:
        """Close the file, and leave it where it is."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def discard(self) -> None:
        """Remove the file: what it kept is in the results file now."""
        self.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

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
        else:
            self.ceilings[entry.setting] = entry

    def _write(self, line: Mapping[str, Any]) -> None:
        if self._descriptor is None:
            return
        text = json.dumps(line, allow_nan=False, separators=(",", ":")) + "\n"
        try:
            # One write of a whole line, so that a torn line can only be the last.
            os.write(self._descriptor, text.encode())
            os.fsync(self._descriptor)
        except OSError as error:
            raise ResultsError(f"{self.path}: journal: {error.strerror}") from error

    def _read(self, path: Path, header: Header) -> None:
        """Take in every whole line; cut off a last one that a crash left torn."""
        whole, _, torn = path.read_bytes().rpartition(b"\n")
        lines = whole.splitlines()
        if lines:
            _require_same(path, _line(path, 1, lines[0]), header)
        for number, line in enumerate(lines[1:], start=2):
            data = _line(path, number, line)
            try:
                self._apply(_ENTRIES[data.pop("kind")](data))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise ResultsError(f"{path}:{number}: not an entry: {error}") from error
            self.resumed += 1
        if torn:
            os.truncate(path, len(whole) + bool(lines))


def _require_same(path: Path, found: Mapping[str, Any], header: Header) -> None:
    expected = {"kind": "Header", "schema": SCHEMA, **asdict(header)}
    for name, value in expected.items():
        if found.get(name) != value:
            raise ResultsError(
                f"{path}: its {name} is {found.get(name)!r}, this run's is {value!r}: "
                "start without --resume, or with what it was begun with"
            )


def _line(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{path}:{number}: {error}") from error
    if not isinstance(data, dict):
        raise ResultsError(f"{path}:{number}: not an object")
    return data


def _pass(data: dict[str, Any]) -> Pass:
    read = reader(Turns)
    turns = {case: read(values) for case, values in data.pop("turns").items()}
    return Pass(turns=turns, yardstick=read(data.pop("yardstick")), **data)


_ENTRIES: dict[str, Callable[[dict[str, Any]], Entry]] = {
    "Pass": _pass,
    "Ended": reader(Ended),
    "Remembered": reader(Remembered),
    "CaseProfile": reader(CaseProfile),
    "Ceilings": reader(Ceilings),
    "CaseEnergy": reader(CaseEnergy),
}
