"""What two sides are held against each other in, and what comes of it."""

from dataclasses import dataclass
from enum import StrEnum

from rnnbench.model.case import Case
from rnnbench.model.run import Status


class Side(StrEnum):
    """Which of the two."""

    BASE = "base"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class Match:
    """What is held against each other: one case, or two that differ in their layer."""

    base: Case
    candidate: Case

    @property
    def id(self) -> str:
        """The candidate's, and the layer that it is held against if it is another."""
        if self.base == self.candidate:
            return self.candidate.id
        return f"{self.candidate.id} against {self.base.layer}"

    def case(self, side: Side) -> Case:
        """What `side` runs."""
        return self.base if side is Side.BASE else self.candidate


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one side could not go on with a match."""

    side: Side
    status: Status
    reason: str


# The log-ratio of candidate to base in one launch, or what went wrong.
Bout = float | tuple[Fault, ...]
