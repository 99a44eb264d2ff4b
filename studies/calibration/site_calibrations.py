"""The calibrations of a site: the newest of each machine, and what lies beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnnbench.model.errors import ResultsError
from rnnbench.report.content import Page
from rnnbench.report.site.catalogue import ListedCalibration, machine_id
from rnnbench.storage.results_file import load_run
from studies.calibration.calibration import Calibration
from studies.calibration.calibration_file import load_calibration
from studies.calibration.page import page_of, said_of
from studies.calibration.page_speed import Beside
from studies.calibration.scaling import load_scaling

# The sweep that the speed of the harness is held to.
_SIXTY = "sixty"

Unread = list[tuple[Path, ResultsError]]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A calibration: its page, and what the page of a run says of it."""

    listed: ListedCalibration
    page: Page
    said: tuple[str, ...]


def calibrations_in(results: Path, unread: Unread) -> dict[str, Calibrated]:
    """By machine. A file that can't be read goes to `unread`, with its reason."""
    newest: dict[str, tuple[Calibration, Path]] = {}
    for path in json_files(results / "calibration"):
        try:
            read = load_calibration(path)
        except ResultsError as error:
            unread.append((path, error))
            continue
        machine = machine_id(read.environment)
        if machine not in newest or read.created > newest[machine][0].created:
            newest[machine] = read, path
    return {
        machine: Calibrated(
            ListedCalibration(machine, read.created, read.environment),
            page_of(read, _beside(results, path, machine, unread)),
            said_of(read),
        )
        for machine, (read, path) in sorted(newest.items())
    }


def json_files(*folders: Path) -> Iterator[Path]:
    """Those of each folder in their order, less what is being written."""
    for folder in folders:
        for path in sorted(folder.glob("*.json")):
            # What starts with a dot is being written, or was when it was killed.
            if not path.name.startswith("."):
                yield path


def _beside(results: Path, path: Path, machine: str, unread: Unread) -> Beside:
    """The newest run of sixty ratios on that machine, and the harness by size."""
    scaling = None
    found = path.parent / "scaling" / path.name
    try:
        scaling = load_scaling(found) if found.is_file() else None
    except ResultsError as error:
        unread.append((found, error))
    runs = []
    for one in json_files(results / "reference", results):
        if one.name.startswith(_SIXTY):
            try:
                runs.append(load_run(one))
            except ResultsError:
                # It is named where all runs are read.
                continue
    ours = [run for run in runs if machine_id(run.environment) == machine]
    sixty = max(ours, key=lambda run: run.created, default=None)
    return Beside(sixty, scaling)
