"""One call of the study: its stages, carried out one by one, and its files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rnnbench.model.run import Environment
from rnnbench.runner.scheduler import Progress
from rnnbench.storage.files import write_text
from studies.calibration.calibrator import Calibrator
from studies.calibration.machine_files import calibration_of, share_left
from studies.calibration.page import page_of, text_of
from studies.calibration.samples import Calibration
from studies.calibration.samples_file import write_calibration
from studies.calibration.samples_journal import SampleJournal
from studies.calibration.stages import Selection, Stage, plan

# Lines about what could not be measured: further ones are of the same kind.
MOST_LINES = 10


@dataclass(slots=True, kw_only=True)
class CalibrationSession:
    """Measures the selected stages that the journal lacks; writes file and page."""

    selection: Selection
    environment: Environment
    journal: SampleJournal
    target: Path
    page: Path
    command: str
    stages: tuple[Stage, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Derive the stages from the selection."""
        self.stages = plan(self.selection)

    def announcement(self) -> Iterator[str]:
        """A line for each stage: what it measures, and what is measured already."""
        for stage in self.stages:
            done = 1 - share_left(self.journal, stage)
            state = f", {done:.0%} measured before" if done else ""
            yield (
                f"{stage.name}: {stage.launches} launches of {len(stage.cells)} "
                f"cells{state}"
            )

    def run(
        self,
        show: Callable[[Progress], None],
        say: Callable[[str], None],
        worker: tuple[str, ...] = (),
    ) -> None:
        """Carry out the stages; after each one write the files.

        `worker`: the command that starts a worker; empty: the package's.
        """
        calibrator = Calibrator(journal=self.journal, show=show, command=worker)
        for stage in self.stages:
            if not share_left(self.journal, stage):
                continue
            calibrator.carry_out(stage)
            say(f"{stage.name}: measured")
            self._write()
        for line in text_of(self._write()):
            say(line)
        missed = calibrator.missed
        for line in missed[:MOST_LINES]:
            say(f"left out: {line}")
        if len(missed) > MOST_LINES:
            say(f"left out: {len(missed) - MOST_LINES} more; the next call tries again")

    def _write(self) -> Calibration:
        calibration = calibration_of(self.journal, self.environment, self.command)
        write_calibration(self.target, calibration)
        write_text(self.page, page_of(calibration))
        return calibration
