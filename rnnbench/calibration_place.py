"""Where the calibration of a machine is kept, and what must not change meanwhile."""

import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import rnnbench
from rnnbench.calibration import Calibration, Sample
from rnnbench.calibration_journal import Header, SampleJournal
from rnnbench.calibration_plan import Stage
from rnnbench.fingerprint import machine_key, machine_parts, machine_text
from rnnbench.measuring import digest
from rnnbench.record import Environment

_GIT_SECONDS = 10.0


def machine_of(environment: Environment) -> str:
    """For a file and a folder, as a history and a site name the machine."""
    return machine_key(machine_parts(environment))


def header_of(environment: Environment) -> Header:
    """What samples must share to belong together."""
    versions = (
        f"rnnbench {rnnbench.__version__}",
        f"Python {environment.python}",
        f"numpy {environment.numpy}",
        f"torch {environment.torch}",
        environment.libc,
    )
    return Header(
        machine=machine_text(machine_parts(environment)),
        versions=", ".join(versions),
        measuring=digest(),
    )


def calibration_of(
    journal: SampleJournal, environment: Environment, command: str
) -> Calibration:
    """All that the journal holds by now, in the order of its parts."""
    keys = sorted(journal.samples)
    return Calibration(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=rnnbench.__version__,
        commit=commit(),
        command=command,
        environment=environment,
        samples=tuple(journal.samples[key] for key in keys),
        seconds=dict(journal.seconds),
    )


def walls_of(journal: SampleJournal, stage: Stage) -> Mapping[str, float]:
    """What a launch of each cell took before in this stage, by the cell's id."""
    taken: dict[str, list[float]] = {}
    for sample in journal.samples.values():
        if _is_of(sample, stage):
            taken.setdefault(sample.cell, []).append(sample.wall)
    return {cell: median(walls) for cell, walls in taken.items()}


def share_left(journal: SampleJournal, stage: Stage) -> float:
    """What part of the stage's samples is not in the journal."""
    wanted = stage.launches * len(stage.cells)
    ids = {cell.id for cell in stage.cells}
    held = sum(
        _is_of(sample, stage) and sample.launch < stage.launches and sample.cell in ids
        for sample in journal.samples.values()
    )
    return 1 - held / wanted


def commit() -> str | None:
    """The commit of the code that runs, where it is a checkout with git."""
    git = shutil.which("git")
    folder = Path(rnnbench.__file__).parents[1]
    # Elsewhere it would be the commit of whatever repository it is installed in.
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
