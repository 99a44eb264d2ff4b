"""What a calibration has measured so far: appended, fsynced, and read again."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rnnbench.calibration import Condition, Part, Sample
from rnnbench.case import Allocator
from rnnbench.decode import reader
from rnnbench.errors import ResultsError

# 1: the first.
SCHEMA = 1

Key = tuple[Part, Condition, Allocator, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What must be equal for samples to belong together, by its name for people.

    `measuring`: a digest of the code that measures, constants and all.
    """

    machine: str
    versions: str
    measuring: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Wall seconds that went into a stage, of one invocation."""

    stage: str
    seconds: float


def key_of(sample: Sample) -> Key:
    """What is not measured twice."""
    return (
        sample.part,
        sample.condition,
        sample.allocator,
        sample.launch,
        sample.cell,
    )


@dataclass(slots=True)
class SampleJournal:
    """An append-only file of samples, and what it says."""

    path: Path
    samples: dict[Key, Sample] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    _descriptor: int | None = None

    @classmethod
    def start(cls, path: Path, header: Header, *, resume: bool) -> Self:
        """Open `path`: go on with what is there, or set it aside under a dated name.

        ResultsError where it can't be read, or is of another machine or code.
        """
        journal = cls(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and resume:
                journal._read(header)
            elif path.exists():
                stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S")
                path.rename(path.with_name(f"{path.name}.{stamp}"))
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
            journal._descriptor = os.open(path, flags, 0o644)
            if not os.fstat(journal._descriptor).st_size:
                journal._write(_plain(header))
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

    def record(self, entry: Sample | Spent) -> None:
        """Append `entry`; it is on the disk when this returns."""
        self._write({"kind": type(entry).__name__, **asdict(entry)})
        self._apply(entry)

    def close(self) -> None:
        """Close the file, and leave it where it is: a later call goes on with it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _apply(self, entry: Sample | Spent) -> None:
        if isinstance(entry, Sample):
            self.samples[key_of(entry)] = entry
        else:
            spent = self.seconds.get(entry.stage, 0.0)
            self.seconds[entry.stage] = spent + entry.seconds

    def _write(self, line: Mapping[str, Any]) -> None:
        if self._descriptor is None:
            raise ResultsError(f"{self.path}: journal: it is closed")
        text = json.dumps(line, allow_nan=False, separators=(",", ":")) + "\n"
        try:
            # One write of a whole line, so that a torn line can only be the last.
            os.write(self._descriptor, text.encode())
            os.fsync(self._descriptor)
        except OSError as error:
            raise ResultsError(f"{self.path}: journal: {error.strerror}") from error

    def _read(self, header: Header) -> None:
        """Take in every whole line; cut off a last one that a crash left torn."""
        whole, _, torn = self.path.read_bytes().rpartition(b"\n")
        lines = whole.splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                data = json.loads(line)
                if number == 1:
                    _require_same(data, header)
                else:
                    self._apply(_READERS[data.pop("kind")](data))
            except (
                *(KeyError, TypeError, ValueError, AttributeError, RecursionError),
            ) as error:
                raise ResultsError(f"{self.path}:{number}: {error}") from error
        if torn:
            os.truncate(self.path, len(whole) + bool(lines))


def _require_same(found: Any, header: Header) -> None:
    for name, value in _plain(header).items():
        if found.get(name) != value:
            raise ValueError(
                f"its {name} is {found.get(name)!r}, here it is {value!r}: begin anew "
                "with --fresh, which keeps this file under another name"
            )


def _plain(header: Header) -> dict[str, Any]:
    return {"kind": "Header", "schema": SCHEMA, **asdict(header)}


_READERS = {"Sample": reader(Sample), "Spent": reader(Spent)}
