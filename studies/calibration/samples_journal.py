"""The journal of a calibration: samples are appended, synced, and read again."""

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
    """Facts that samples must share to belong together, in words."""

    machine: str
    versions: str


def key_of(sample: Sample) -> Key:
    """The key of a sample, which is not measured twice."""
    return (
        sample.part,
        sample.condition,
        sample.allocator,
        sample.launch,
        sample.cell,
    )


@dataclass(slots=True)
class SampleJournal(HoldsFile):
    """An append-only file of samples, and the samples that count: see `start`.

    `measuring`: for each part a digest of the code that measures it. Samples of other
    code stay in the file and do not count.
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
        """Open `path` and resume it, or move it aside under a dated name.

        Where there is no journal, as in a fresh clone, it begins with the `published`
        samples. ResultsError where it can't be read, is of another machine, or another
        process is writing to it.
        """
        journal = cls(path, measuring)
        first = map(journal._line, published) if resume else ()
        journal._file = AppendOnly.hold(
            path,
            ({"kind": "Header", "schema": SCHEMA, **asdict(header)}, *first),
            journal._take_in,
            resume=resume,
            otherwise="start over with --fresh, which keeps this file under another "
            "name",
        )
        return journal

    def record(self, sample: Sample) -> None:
        """Append `sample`; it is on disk when this returns."""
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
