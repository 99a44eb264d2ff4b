"""The roofline: how far a case is from the machine's limit, and what limits it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rnnbench.analysis.stats import Interval
from rnnbench.model.case import Case, Device
from rnnbench.model.cost import least_bytes, step_flops, weight_bytes_again
from rnnbench.model.profile import Ceiling, Kind, Profile
from rnnbench.model.run import Result

# Below this share of the roof the thin shapes of a recurrent step are no explanation:
# from hidden 64 on its products by themselves reach 0.2 to 0.9 of the best product (one
# Zen 5 core, float32, batch 1 to 32). The rest is lost between operators.
OVERHEAD_BELOW = 0.2
# With more than half of a profiled call outside operators, these don't limit it.
MOST_OF_A_CALL = 0.5
# Weights that are read again in each step use at least half of the rate of a copy. A
# copy also writes, so reading at half of its rate keeps the memory busy.
MEMORY_IS_BUSY = 0.5


class Bound(StrEnum):
    """What limits a case."""

    COMPUTE = "compute-bound"
    MEMORY = "memory-bound"
    OVERHEAD = "overhead-bound"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Position:
    """The position of a measured case under the roof; all rates are per second.

    `flops` and `bytes`: operations, and least bytes moved, of one call.
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
        """Operations per byte that must be moved."""
        return self.flops / self.bytes

    @property
    def attained(self) -> float:
        """Operations per second that were reached."""
        return self.flops / self.seconds

    @property
    def roof(self) -> float:
        """Operations per second that the machine can reach at this intensity."""
        return min(self.ceiling.flops, self.intensity * self.ceiling.bytes)

    @property
    def share(self) -> float:
        """The attained share of the roof."""
        return self.attained / self.roof


def ridge(ceiling: Ceiling) -> float:
    """The intensity above which arithmetic is the limit, and below which memory is."""
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
        return "the work of a layer of the user's is unknown"
    ceiling = _above(case, ceilings)
    if ceiling is None:
        return f"no ceiling was measured for {case.dtype} with {case.threads} threads"
    plain = Position(
        case, ceiling, flops, least, time.estimate, Bound.UNKNOWN, "not judged"
    )
    bound, reason = _judge(plain, result.profile)
    return Position(case, ceiling, flops, least, time.estimate, bound, reason)


def _above(case: Case, ceilings: Sequence[Ceiling]) -> Ceiling | None:
    """The ceiling of the case's type, or of the type that autocast computes in."""
    for dtype in (case.dtype.value, case.dtype.removeprefix("autocast_")):
        for ceiling in ceilings:
            same = (ceiling.device, ceiling.dtype) == (case.device, dtype)
            # Threads of the CPU don't make a GPU faster.
            threads = case.device is Device.CUDA or ceiling.threads == case.threads
            if same and threads and ceiling.flops > 0 and ceiling.bytes > 0:
                return ceiling
    return None


def _judge(position: Position, profile: Profile | None) -> tuple[Bound, str]:
    again = weight_bytes_again(position.case) or 0
    busy = again / position.seconds / position.ceiling.bytes
    if busy >= MEMORY_IS_BUSY and position.share < MEMORY_IS_BUSY:
        why = f"weights are read again in each step, at {busy:.0%} of a copy's rate"
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
    """The share of a profiled call outside operators; 0 if unknown."""
    if profile is None or profile.seconds <= 0:
        return 0.0
    waste = (Kind.FRAMEWORK, Kind.IDLE)
    return (
        sum(spent for kind, spent in profile.kinds if kind in waste) / profile.seconds
    )
