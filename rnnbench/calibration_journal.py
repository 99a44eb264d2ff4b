"""What a calibration has measured so far: appended, fsynced, and read again."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rnnbench.append_only import AppendOnly
from rnnbench.calibration import Condition, Part, Sample
from rnnbench.case import Allocator
from rnnbench.decode import reader

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
    """An append-only file of samples, and what it says: see `start`."""

    path: Path
    samples: dict[Key, Sample] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    _file: AppendOnly | None = None

    @classmethod
    def start(cls, path: Path, header: Header, *, resume: bool) -> Self:
        """Open `path`: go on with what is there, or set it aside under a dated name.

        ResultsError where it can't be read, is of another machine or code, or another
        process measures into it.
        """
        journal = cls(path)
        journal._file = AppendOnly.hold(
            path,
            {"kind": "Header", "schema": SCHEMA, **asdict(header)},
            journal._take_in,
            resume=resume,
            otherwise="begin anew with --fresh, which keeps this file under another "
            "name",
        )
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
        if self._file is not None:
            self._file.append({"kind": type(entry).__name__, **asdict(entry)})
        self._apply(entry)

    def close(self) -> None:
        """Close the file, and leave it where it is: a later call goes on with it."""
        if self._file is not None:
            self._file.release()

    def _take_in(self, data: dict[str, Any]) -> None:
        self._apply(_READERS[data.pop("kind")](data))

    def _apply(self, entry: Sample | Spent) -> None:
        if isinstance(entry, Sample):
            self.samples[key_of(entry)] = entry
        else:
            spent = self.seconds.get(entry.stage, 0.0)
            self.seconds[entry.stage] = spent + entry.seconds


_READERS = {"Sample": reader(Sample), "Spent": reader(Spent)}
