"""One call of `rnnbench calibrate`: what it will do, stage by stage, and its files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rnnbench.model.cores import physical_cores
from rnnbench.model.run import Environment
from rnnbench.report.html import render
from rnnbench.runner.progress import clock
from rnnbench.runner.scheduler import Progress
from rnnbench.storage.files import write_whole
from studies.calibration.calibrate import Calibrator
from studies.calibration.calibration import Calibration
from studies.calibration.calibration_file import write_calibration
from studies.calibration.calibration_journal import SampleJournal
from studies.calibration.calibration_place import calibration_of, share_left, walls_of
from studies.calibration.calibration_plan import Stage, Wish, left_out, plan, seconds_of
from studies.calibration.page import page_of, text_of

# Lines of what was left out: what is more is of the same kind.
MOST_LINES = 10


@dataclass(slots=True, kw_only=True)
class CalibrationSession:
    """Measures what was wished for and the journal lacks; keeps it as file and page."""

    wish: Wish
    environment: Environment
    journal: SampleJournal
    target: Path
    page: Path
    command: str
    stages: tuple[Stage, ...] = field(init=False)

    def __post_init__(self) -> None:
        """The stages follow from the wish."""
        self.stages = plan(self.wish)

    def announcement(self) -> Iterator[str]:
        """What will be done, how long it takes, and what a short one leaves out."""
        total = 0.0
        for stage in self.stages:
            seconds = self._seconds(stage)
            total += seconds
            lasting = f"about {clock(seconds)}" if seconds else "done before"
            yield (
                f"{stage.name}: {stage.launches} launches of {len(stage.cells)} "
                f"cells, {lasting}"
            )
        yield (
            f"together about {clock(total)} (minutes:seconds) on a calm machine; on a "
            "busy one it waits"
        )
        for line in left_out(self.wish):
            yield f"left out by --short: {line}"

    def run(
        self,
        show: Callable[[Progress], None],
        say: Callable[[str], None],
        worker: tuple[str, ...] = (),
    ) -> None:
        """Carry out the stages; after each, and whatever ends it, the files are new.

        `worker`: what starts one, if not our own.
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
        write_whole(self.page, render(page_of(calibration)))
        return calibration

    def _seconds(self, stage: Stage) -> float:
        """What is left of it, by what it took before as far as it was measured."""
        walls = walls_of(self.journal, stage)
        whole = seconds_of(stage, walls, len(physical_cores()) or 1)
        return whole * share_left(self.journal, stage)
