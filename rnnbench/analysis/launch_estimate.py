"""What a launch says: its turns as one number."""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import fmean


def launch_log(seconds: Sequence[float]) -> float:
    """The logarithm of what a call takes in one launch: the mean of the lower third.

    `seconds`: per call, a value a turn. What disturbs a turn adds to it and never takes
    away, so that the rest is mostly of the machine (Chen & Revels 2016, Robust
    benchmarking in noisy environments, who go on to the minimum). On a calm machine
    half and minimum are alike: of 13 layers beside themselves, 24 builds each of 10
    rounds, the ratio varied by 1.0 % by either, and by 1.4 % by the median over rounds
    of the ratio within each; the third lies between the two. On a disturbed one, of 5,
    8 and 12 turns of 10 pairs, it varied by 2.4, 1.5 and 1.1 % by half, by 1.9, 1.3 and
    1.0 % by a third, by 1.7, 1.2 and 0.9 % by the minimum; the third leans on more than
    one turn.
    """
    if not seconds:
        raise ValueError("a launch needs at least one turn")
    return _lower_third(tuple(seconds))


# The turns of a launch stand in several ratios, and in the time of their case.
@lru_cache(maxsize=2**17)
def _lower_third(seconds: tuple[float, ...]) -> float:
    lower = sorted(seconds)[: math.ceil(len(seconds) / 3)]
    return fmean(map(math.log, lower))


def log_ratio(candidate: Sequence[float], baseline: Sequence[float]) -> float:
    """The log-ratio of two that took their turns in the same rounds of one launch.

    Turns of one round are milliseconds apart, so what disturbs the machine for longer
    disturbs both, and the ratio is free of it (Bulej et al. 2020, Duet benchmarking).
    """
    if len(candidate) != len(baseline):
        raise ValueError(f"{len(candidate)} and {len(baseline)} turns: no rounds")
    return launch_log(candidate) - launch_log(baseline)
