"""Facts of a calibration: log-ratios of launches, and what they cost.

`calibrator` measures them and `samples_file` keeps them; `findings` computes shares and
means from them, `goals` judges those, and `page` shows the result.

The names in a sample's `values`, by part:

* AA: "gru/gru" and "lstm/lstm", the same layer as two members; "gru/lstm" and
  "gru2/lstm2", one ratio from members that the two estimates do not share.
* INJECTED: "lstm+1%" and the like: the slowed member to the plain one.
* SETTLE: "turns" and "blocks": GRU to LSTM, turn by turn and by blocks of 20 calls.
* FLOOR: seconds, and no log-ratios: "empty" (an empty step, above the clock), "clock",
  "resolution".
* REPEAT: "gru/lstm", of the ratio that a whole re-run prints.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rnnbench.model.case import Allocator
from rnnbench.model.run import Environment

# No measured ratio is as large as e to the 100, and its exponential does not overflow.
_LARGEST_LOG = 100.0


class Part(StrEnum):
    """A question that the calibration answers."""

    AA = "aa"  # the same layer twice: is it called different?
    INJECTED = "injected"  # a slowdown of known size: is it found?
    SETTLE = "settle"  # do calls run alike in turns and in blocks?
    FLOOR = "floor"  # what an empty step takes
    REPEAT = "repeat"  # do whole re-runs print the same ratio?


class Condition(StrEnum):
    """Other load on the machine."""

    IDLE = "idle"
    BURSTS = "bursts"  # processes of ours that load the cores, on and off


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One launch of one cell.

    `launch`: number of the launch, or of the re-run for REPEAT. `cell`: the workload's
    id. `values`: log-ratios by name, see above. `calls`: seconds per call by member.
    `wall`: seconds of this cell in this launch; `inside`: the part inside turns.
    `rough`: names of values that were disturbed throughout this launch; a run leaves
    such launches out unless they are the majority (`model.run.paired`).
    """

    part: Part
    condition: Condition
    allocator: Allocator
    launch: int
    cell: str
    values: Mapping[str, float]
    calls: Mapping[str, float]
    wall: float
    inside: float
    rough: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values that no launch can have."""
        if self.launch < 0 or not self.cell:
            raise ValueError("a sample is of a launch and a cell")
        for name, value in self.values.items():
            if not abs(value) <= _LARGEST_LOG:
                raise ValueError(f"{name}: {value} is no log-ratio and no seconds")
        for name, seconds in self.calls.items():
            if not 0 < seconds < math.inf:
                raise ValueError(f"{name}: {seconds} is no time of a call")
        if not (0 <= self.wall < math.inf and 0 <= self.inside < math.inf):
            raise ValueError("wall and inside are seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """All samples of one machine.

    `measuring`: for each part a digest of the code that measured it.
    """

    created: str  # ISO 8601, UTC
    version: str
    commit: str | None
    measuring: Mapping[Part, str]
    command: str
    environment: Environment
    samples: tuple[Sample, ...]

    def __post_init__(self) -> None:
        """Refuse a launch of a cell that would count twice."""
        counts = Counter(
            (one.part, one.condition, one.allocator, one.cell, one.launch)
            for one in self.samples
        )
        if twice := [key for key, count in counts.items() if count > 1]:
            raise ValueError(f"twice: {', '.join(map(str, twice[0]))}")
