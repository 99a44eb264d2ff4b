"""All findings of a calibration, for each arm."""

from dataclasses import dataclass

from studies.calibration.arms import Arm, arms_of
from studies.calibration.coverage import Coverage, coverages
from studies.calibration.reliability import (
    Alarms,
    Bias,
    Found,
    alarms,
    biases,
    slowdowns,
)
from studies.calibration.samples import Calibration
from studies.calibration.steadiness import (
    Effort,
    Floor,
    Repeated,
    Settled,
    effort,
    floor,
    repeated,
    settled,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The findings of one arm."""

    arm: Arm
    alarms: tuple[Alarms, ...]
    biases: tuple[Bias, ...]
    coverages: tuple[Coverage, ...]
    slowdowns: tuple[Found, ...]
    effort: Effort | None
    settled: tuple[Settled, ...]
    floor: Floor | None
    repeated: tuple[Repeated, ...]


def findings_of(calibration: Calibration) -> tuple[Findings, ...]:
    """The findings of each arm; computing them takes seconds."""
    return tuple(
        Findings(
            arm=arm,
            alarms=alarms(calibration, arm),
            biases=biases(calibration, arm),
            coverages=coverages(calibration, arm),
            slowdowns=slowdowns(calibration, arm),
            effort=effort(calibration, arm),
            settled=settled(calibration, arm),
            floor=floor(calibration, arm),
            repeated=repeated(calibration, arm),
        )
        for arm in arms_of(calibration)
    )
