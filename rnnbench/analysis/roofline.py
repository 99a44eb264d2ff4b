"""How far a case is from the machine's limit, and what holds it there."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rnnbench.analysis.stats import Interval
from rnnbench.model.case import Case, Device
from rnnbench.model.cost import least_bytes, step_flops, weight_bytes_again
from rnnbench.model.profile import Ceiling, Kind, Profile
from rnnbench.model.run import Result

# Below this share of the roof the shapes of a recurrent step are no excuse: from hidden
# 64 on its thin products alone reach 0.2 to 0.9 of the best product (one Zen 5 core,
# float32, batch 1 to 32); what is lost beyond that is lost between operators.
OVERHEAD_BELOW = 0.2
# More than half of a profiled call outside of any operator's work: the rest can't be
# what decides.
MOST_OF_A_CALL = 0.5
# Weights that are read again at each step take at least half of what a copy reaches:
# a copy also writes, so this much of reading alone keeps the memory busy.
MEMORY_IS_BUSY = 0.5


class Bound(StrEnum):
    """What holds a case back."""

    COMPUTE = "compute-bound"
    MEMORY = "memory-bound"
    OVERHEAD = "overhead-bound"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a measured case stands under the roof. All rates are per second.

    `intensity`: operations for each byte that must be moved. `attained`: operations.
    `roof`: what the machine could do of them at that intensity.
    """

    case: Case
    ceiling: Ceiling
    flops: int
    bytes: int
    seconds: float
    bound: Bound
    reason: str

    @property
    def intensity(self) -> float:
        """Operations for each byte."""
        return self.flops / self.bytes

    @property
    def attained(self) -> float:
        """Operations a second."""
        return self.flops / self.seconds

    @property
    def roof(self) -> float:
        """The lower of the two ceilings at this intensity."""
        return min(self.ceiling.flops, self.intensity * self.ceiling.bytes)

    @property
    def share(self) -> float:
        """Of the roof, what was attained."""
        return self.attained / self.roof


def ridge(ceiling: Ceiling) -> float:
    """The intensity from which on arithmetic is the limit, not memory."""
    return ceiling.flops / ceiling.bytes


def place(
    result: Result, time: Interval | None, ceilings: Sequence[Ceiling]
) -> Position | str:
    """The position of a case that takes `time` a call; a string says why none is known.

    `time`: as `absolute` gives it for the turns of `result`.
    """
    case = result.case
    if time is None:
        return "not measured"
    flops, least = step_flops(case), least_bytes(case)
    if not flops or not least:
        return "the work of a layer of the user's own is not known"
    ceiling = _above(case, ceilings)
    if ceiling is None:
        return f"no ceiling was measured for {case.dtype}, {case.threads} threads"
    plain = Position(
        case, ceiling, flops, least, time.estimate, Bound.UNKNOWN, "not judged"
    )
    bound, reason = _judge(plain, result.profile)
    return Position(case, ceiling, flops, least, time.estimate, bound, reason)


def _above(case: Case, ceilings: Sequence[Ceiling]) -> Ceiling | None:
    """The ceiling of the case's own type; with autocast, of the type it computes in."""
    for dtype in (case.dtype.value, case.dtype.removeprefix("autocast_")):
        for ceiling in ceilings:
            same = (ceiling.device, ceiling.dtype) == (case.device, dtype)
            # The threads of the CPU don't make a GPU faster.
            threads = case.device is Device.CUDA or ceiling.threads == case.threads
            if same and threads and ceiling.flops > 0 and ceiling.bytes > 0:
                return ceiling
    return None


def _judge(position: Position, profile: Profile | None) -> tuple[Bound, str]:
    again = weight_bytes_again(position.case) or 0
    busy = again / position.seconds / position.ceiling.bytes
    if busy >= MEMORY_IS_BUSY and position.share < MEMORY_IS_BUSY:
        why = f"weights are read again at each step, at {busy:.0%} of a copy's rate"
        return Bound.MEMORY, why
    launch = position.case.device is Device.CUDA
    lost = "launching kernels" if launch else "dispatching operators"
    if position.share < OVERHEAD_BELOW:
        return Bound.OVERHEAD, f"too far below the roof: {lost}"
    outside = _outside(profile)
    if outside > MOST_OF_A_CALL:
        return Bound.OVERHEAD, f"{outside:.0%} of its profile is no operator: {lost}"
    if position.intensity >= ridge(position.ceiling):
        return Bound.COMPUTE, "under the ceiling of arithmetic"
    return Bound.MEMORY, "under the ceiling of memory"


def _outside(profile: Profile | None) -> float:
    """The share of a profiled call in which no operator did its work; 0 if unknown."""
    if profile is None or profile.seconds <= 0:
        return 0.0
    waste = (Kind.FRAMEWORK, Kind.IDLE)
    return (
        sum(spent for kind, spent in profile.kinds if kind in waste) / profile.seconds
    )
