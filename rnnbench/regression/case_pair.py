"""The two cases that a gate compares, and what one launch finds out about them."""

from dataclasses import dataclass
from enum import StrEnum

from rnnbench.model.case import Case
from rnnbench.model.status import Status


class Side(StrEnum):
    """One of the two versions."""

    BASELINE = "baseline"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class CasePair:
    """The case that each side runs: the same one, or two that differ in their layer."""

    baseline: Case
    candidate: Case

    @property
    def id(self) -> str:
        """The candidate's id, with the baseline's layer where that is a different one.

        >>> CasePair(gru, my_gru).id
        'my.layers:gru-inference-i8-h8-l1-t4-b2-cpu over gru'
        """
        if self.baseline == self.candidate:
            return self.candidate.id
        return f"{self.candidate.id} over {self.baseline.layer}"

    def case(self, side: Side) -> Case:
        """The case that `side` runs."""
        return self.baseline if side is Side.BASELINE else self.candidate


@dataclass(frozen=True, slots=True)
class SideFault:
    """The reason why one side could not measure its case."""

    side: Side
    status: Status
    reason: str


# The log-ratio of candidate to baseline in one launch, or the faults that prevented it.
LaunchResult = float | tuple[SideFault, ...]
