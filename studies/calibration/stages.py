"""The stages of a calibration: which part, under which condition, how often."""

from dataclasses import dataclass

from rnnbench.model.case import Allocator
from rnnbench.model.policy import Policy
from studies.calibration.cells import Cell, cells_of
from studies.calibration.samples import Condition, Part

# 100 launches of 40 pairs of equal layers: coverage compares with the mean of the other
# launches, and with 60 the error of that mean alone lowers perfect intervals to 92.8 %.
# 56 launches are 8 trials of 7 for each of 26 layers, so over 200 for each slowdown.
# 120 of turns and blocks: 40 know the longest cell to 1.2 %, and the goal is 1 %.
LAUNCHES = {
    Part.AA: 100,
    Part.INJECTED: 56,
    Part.SETTLE: 120,
    Part.FLOOR: 10,
    Part.REPEAT: 10,
}
# With the system's allocator each cell has a process of its own, which costs as much
# again: fewer launches.
SYSTEM_LAUNCHES = {
    Part.AA: 14,
    Part.INJECTED: 14,
    Part.SETTLE: 4,
    Part.FLOOR: 4,
    Part.REPEAT: 3,
}
# Policy of a re-run: that of a sweep which names none.
RERUN = Policy()

# Of blocks of one cell: as many as fit in this time, but at least and at most so many.
BLOCK_SECONDS = 1.2
LEAST_BLOCKS, MOST_BLOCKS = 4, 12
_CALLS_OF_A_BLOCK = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One part under one condition with one allocator."""

    part: Part
    condition: Condition
    allocator: Allocator
    launches: int
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """For a line on the terminal."""
        return f"{self.part}/{self.condition}/{self.allocator}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Stages that were asked for; `launches`: of each part, 0 for the plan's number."""

    parts: tuple[Part, ...] = tuple(Part)
    conditions: tuple[Condition, ...] = tuple(Condition)
    allocators: tuple[Allocator, ...] = tuple(Allocator)
    launches: int = 0


def plan(selection: Selection) -> tuple[Stage, ...]:
    """The selected stages, those of an idle machine first."""
    return tuple(
        Stage(
            part=part,
            condition=condition,
            allocator=allocator,
            launches=selection.launches or _launches(part, allocator),
            cells=cells_of(part, allocator),
        )
        for condition in Condition
        for allocator in Allocator
        for part in Part
        if part in selection.parts
        if condition in selection.conditions
        if allocator in selection.allocators
    )


def _launches(part: Part, allocator: Allocator) -> int:
    counts = LAUNCHES if allocator is Allocator.STEADY else SYSTEM_LAUNCHES
    return counts[part]


def blocks_that_fit(call: float) -> int:
    """The number of blocks of each member; `call`: seconds of a call of all of them."""
    fit = int(BLOCK_SECONDS / (call * _CALLS_OF_A_BLOCK))
    return min(max(fit, LEAST_BLOCKS), MOST_BLOCKS)
