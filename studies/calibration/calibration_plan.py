"""What a calibration does, stage by stage, and about how long that takes."""

from collections.abc import Mapping
from dataclasses import dataclass

from rnnbench.model.case import Allocator
from rnnbench.model.run import Policy
from rnnbench.runner.duration import estimate, pass_seconds
from rnnbench.runner.footprint import seconds_guess
from rnnbench.runner.scheduler import MOST_LANES
from studies.calibration.calibration import Condition, Part
from studies.calibration.calibration_cells import Cell, cells_of, sweep_of

# 100 launches of 40 pairs of equals: coverage is held against the mean of the others,
# and with 60 the error of that mean alone brings a perfect harness down to 92.8 %. 56
# are 8 trials of 7 launches for each of 26 layers, so more than 200 for each slowdown.
# 120 of settling: 40 know its longest cell to 1.2 % either way, and it is held to 1.
LAUNCHES = {
    Part.AA: 100,
    Part.INJECTED: 56,
    Part.SETTLE: 120,
    Part.FLOOR: 10,
    Part.REPEAT: 10,
}
# Launches, and cells, of a calibration that is over in 3 minutes. With the system's
# allocator, too, so many launches, of all cells: there each cell has a process of its
# own, which costs as much again.
SHORT = {
    Part.AA: (14, 8),
    Part.INJECTED: (14, 6),
    Part.SETTLE: (4, 3),
    Part.FLOOR: (4, 1),
    Part.REPEAT: (3, 3),
}
# What a re-run is told: as a sweep that says nothing about it.
RERUN = Policy()

# Of blocks of one cell: as many as fit in this time, but at least and at most so many.
BLOCK_SECONDS = 1.2
LEAST_BLOCKS, MOST_BLOCKS = 4, 12
_CALLS_OF_A_BLOCK = 20
# Of a fresh process until it has imported torch.
_START = 1.6
# What a launch takes under bursts: they have 0.3 of each core, and disturbed turns are
# taken again.
_SLOWER_UNDER_BURSTS = 1.9


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
class Wish:
    """What was asked for; `launches`: in place of our own numbers, if not 0."""

    parts: tuple[Part, ...] = tuple(Part)
    conditions: tuple[Condition, ...] = tuple(Condition)
    allocators: tuple[Allocator, ...] = tuple(Allocator)
    launches: int = 0
    short: bool = False


def plan(wish: Wish) -> tuple[Stage, ...]:
    """The stages, those without a load first."""
    conditions = (Condition.IDLE,) if wish.short else wish.conditions
    allocators = (Allocator.STEADY,) if wish.short else wish.allocators
    return tuple(
        _stage(wish, part, condition, allocator)
        for condition in Condition
        for allocator in Allocator
        for part in Part
        if part in wish.parts
        if condition in conditions
        if allocator in allocators
    )


def _stage(wish: Wish, part: Part, condition: Condition, allocator: Allocator) -> Stage:
    few, count = SHORT[part]
    launches = LAUNCHES[part] if allocator is Allocator.STEADY else few
    cells = cells_of(part, allocator)
    if wish.short:
        launches, cells = few, cells[:count]
    return Stage(
        part=part,
        condition=condition,
        allocator=allocator,
        launches=wish.launches or launches,
        cells=cells,
    )


def left_out(wish: Wish) -> tuple[str, ...]:
    """What a short calibration does not say, a line for each."""
    if not wish.short:
        return ()
    fewer = (
        f"{part}: {SHORT[part][0]} launches of {SHORT[part][1]} cells, "
        f"not {LAUNCHES[part]} of {len(cells_of(part, Allocator.STEADY))}"
        for part in Part
        if part in wish.parts
    )
    return ("nothing under bursts", "nothing with the system's allocator", *fewer)


def seconds_of(stage: Stage, walls: Mapping[str, float], cores: int) -> float:
    """About how long `stage` takes on so many cores.

    `walls`: seconds of a launch of a cell by its id, as far as they were measured here.
    """
    lanes = max(1, min(cores, MOST_LANES))
    if stage.part is Part.REPEAT:
        lasting = estimate(sweep_of(stage.cells), RERUN, cores)
        # Most re-runs end at the first looks; the line is a guess.
        return stage.launches * (lasting.least + _START) * _load(stage)
    apart = len(stage.cells) if stage.allocator is Allocator.SYSTEM else 1
    each = sum(
        walls.get(cell.id) or _guess(stage.part, cell) * _load(stage)
        for cell in stage.cells
    )
    launch = each + apart * _START * _load(stage)
    return stage.launches * launch / min(lanes, stage.launches)


def _load(stage: Stage) -> float:
    return _SLOWER_UNDER_BURSTS if stage.condition is Condition.BURSTS else 1.0


def _guess(part: Part, cell: Cell) -> float:
    """Seconds of one launch of `cell`."""
    if not cell.members:
        return 0.05
    cases = [member.case for member in cell.members]
    seconds = pass_seconds(cases, cell.seconds, cell.most)
    if part is Part.SETTLE:
        call = sum(map(seconds_guess, cases))
        seconds += blocks_that_fit(call) * call * _CALLS_OF_A_BLOCK
    return seconds


def blocks_that_fit(call: float) -> int:
    """How many blocks of each member; `call`: seconds of a call of all of them."""
    fit = int(BLOCK_SECONDS / (call * _CALLS_OF_A_BLOCK))
    return min(max(fit, LEAST_BLOCKS), MOST_BLOCKS)
