"""How fast the gradient shrinks or grows from one step back to the next."""

import math
from collections.abc import Iterable, Sequence

from rnnbench.analysis.stats import Interval, ratio_interval

# Below this share of the gradient of the last step nothing is learned from a step, and
# float32 begins to round.
GONE = 1e-6
# Smaller than this share: the lag that the report names.
VANISHED = 1e-3
# A gradient that is this many times larger at some lag has exploded.
EXPLODED = 1e3


def factor_interval(profiles: Iterable[Sequence[float]]) -> Interval | None:
    """Factor from one lag to the next: geometric mean over seeds, with its interval.

    `profiles`: for each seed, the norm of the gradient by lag as a share of that at lag
    0. None where no profile has two values.
    """
    logs = [log for each in profiles if (log := _log_factor(each)) is not None]
    return ratio_interval(logs) if logs else None


def vanishes_at(profiles: Sequence[Sequence[float]]) -> int | None:
    """First lag at which the mean gradient of the seeds is below `VANISHED`."""
    return next(
        (lag for lag, value in enumerate(mean_profile(profiles)) if value < VANISHED),
        None,
    )


def explodes(profiles: Sequence[Sequence[float]]) -> bool:
    """Whether the mean gradient of the seeds is above `EXPLODED` at some lag."""
    return any(value > EXPLODED for value in mean_profile(profiles))


def mean_profile(profiles: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Geometric mean over seeds at each lag that all of them have; 0 where one is 0."""
    return tuple(map(_geometric_mean, zip(*profiles, strict=False)))


def _geometric_mean(values: Sequence[float]) -> float:
    if min(values) <= 0:
        return 0.0
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def _log_factor(profile: Sequence[float]) -> float | None:
    """Logarithm of the mean factor up to the first lag that is below `GONE`."""
    below = (lag for lag, value in enumerate(profile) if value < GONE)
    last = next(below, len(profile) - 1)
    if last > 0 and profile[last] <= 0:
        last -= 1
    if last < 1 or profile[0] <= 0:
        return None
    return math.log(profile[last] / profile[0]) / last
