"""What a calibration has measured so far: appended, fsynced, and read again."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from rnnbench.model.case import Allocator
from rnnbench.model.codec import reader
from rnnbench.storage.append_only import AppendOnly, HoldsFile
from studies.calibration.samples import Condition, Part, Sample

# 1: the first. 2: samples alone, no seconds of stages. 3: each names its code.
SCHEMA = 3

Key = tuple[Part, Condition, Allocator, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What must be equal for samples to belong together, by its name for people."""

    machine: str
    versions: str


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
class SampleJournal(HoldsFile):
    """An append-only file of samples, and what it says: see `start`.

    `measuring`: for each part a digest of the code that measures it. Samples of other
    code stay in the file, and are none of `samples`.
    """

    path: Path
    measuring: Mapping[Part, str]
    samples: dict[Key, Sample] = field(default_factory=dict)
    _file: AppendOnly | None = None

    @classmethod
    def start(
        cls,
        path: Path,
        header: Header,
        measuring: Mapping[Part, str],
        *,
        resume: bool,
        published: Iterable[Sample] = (),
    ) -> Self:
        """Open `path`: go on with what is there, or set it aside under a dated name.

        Where nothing is there to go on with, as in a fresh clone, the journal begins
        with what was `published`. ResultsError where it can't be read, is of another
        machine, or another process measures into it.
        """
        journal = cls(path, measuring)
        first = map(journal._line, published) if resume else ()
        journal._file = AppendOnly.hold(
            path,
            ({"kind": "Header", "schema": SCHEMA, **asdict(header)}, *first),
            journal._take_in,
            resume=resume,
            otherwise="begin anew with --fresh, which keeps this file under another "
            "name",
        )
        return journal

    def record(self, sample: Sample) -> None:
        """Append `sample`; it is on the disk when this returns."""
        self.write(self._line(sample))
        self.samples[key_of(sample)] = sample

    def _take_in(self, data: dict[str, Any]) -> None:
        code = data.pop("measuring")
        sample = _READERS[data.pop("kind")](data)
        if code == self.measuring[sample.part]:
            self.samples[key_of(sample)] = sample

    def _line(self, sample: Sample) -> dict[str, Any]:
        code = self.measuring[sample.part]
        return {"kind": "Sample", "measuring": code, **asdict(sample)}


_READERS = {"Sample": reader(Sample)}
