"""The files of a machine's calibration, and the facts that must not change."""

import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import rnnbench
from rnnbench.model.errors import ResultsError
from rnnbench.model.machine import machine_key, machine_parts, machine_text
from rnnbench.model.run import Environment
from studies.calibration.code_digest import digests
from studies.calibration.samples import Calibration, Part, Sample
from studies.calibration.samples_file import SUFFIX, load_calibration
from studies.calibration.samples_journal import Header, SampleJournal
from studies.calibration.stages import Stage

_GIT_SECONDS = 10.0


def machine_of(environment: Environment) -> str:
    """The machine's name in files, as in a history and a site."""
    return machine_key(machine_parts(environment))


def header_of(environment: Environment) -> Header:
    """Facts of this machine and version that samples must share."""
    return _header(environment, rnnbench.__version__)


def _header(environment: Environment, version: str) -> Header:
    versions = (
        f"rnnbench {version}",
        f"Python {environment.python}",
        f"numpy {environment.numpy}",
        f"torch {environment.torch}",
        environment.libc,
    )
    return Header(
        machine=machine_text(machine_parts(environment)), versions=", ".join(versions)
    )


def journal_in(
    folder: Path, environment: Environment, *, resume: bool
) -> SampleJournal:
    """The machine's journal; a new one begins with the samples of its file in `folder`.

    ResultsError as for `SampleJournal.start`, and where that file can't be read.
    """
    name, header, measuring = machine_of(environment), header_of(environment), digests()
    target = folder / f"{name}{SUFFIX}"
    return SampleJournal.start(
        folder / f"{name}.journal",
        header,
        measuring,
        resume=resume,
        published=_published(target, header, measuring) if resume else (),
    )


def calibration_of(
    journal: SampleJournal, environment: Environment, command: str
) -> Calibration:
    """The calibration of all samples in the journal, in the order of its parts."""
    keys = sorted(journal.samples)
    return Calibration(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=rnnbench.__version__,
        commit=commit(),
        measuring=journal.measuring,
        command=command,
        environment=environment,
        samples=tuple(journal.samples[key] for key in keys),
    )


def _published(
    path: Path, header: Header, measuring: Mapping[Part, str]
) -> tuple[Sample, ...]:
    """The samples of the file at `path` that share the facts of this calibration."""
    if not path.exists():
        return ()
    try:
        found = load_calibration(path)
    except ResultsError as error:
        # It is not overwritten: its samples may have taken hours.
        raise ResultsError(
            f"{error}: move it away, or start over with --fresh"
        ) from error
    if _header(found.environment, found.version) != header:
        return ()
    its = found.measuring
    same = {part for part, code in measuring.items() if its.get(part) == code}
    return tuple(sample for sample in found.samples if sample.part in same)


def share_left(journal: SampleJournal, stage: Stage) -> float:
    """The share of the stage's samples that the journal lacks."""
    wanted = stage.launches * len(stage.cells)
    ids = {cell.id for cell in stage.cells}
    held = sum(
        _is_of(sample, stage) and sample.launch < stage.launches and sample.cell in ids
        for sample in journal.samples.values()
    )
    return 1 - held / wanted


def commit() -> str | None:
    """The commit of the running code, if it is a git checkout."""
    git = shutil.which("git")
    folder = Path(rnnbench.__file__).parents[1]
    # Otherwise it would be the commit of a repository that contains the environment.
    if git is None or not (folder / ".git").exists():
        return None
    called = [git, "-C", str(folder), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(
            called, capture_output=True, text=True, timeout=_GIT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _is_of(sample: Sample, stage: Stage) -> bool:
    return (sample.part, sample.condition, sample.allocator) == (
        stage.part,
        stage.condition,
        stage.allocator,
    )
