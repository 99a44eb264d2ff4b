"""The estimate of a launch: its turns as one number.

A module of its own, since every measurement depends on this code: the digest that says
which calibrations are still valid covers all of it.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import fmean


def launch_log(seconds: Sequence[float]) -> float:
    """Logarithm of the seconds of a call in one launch: mean over the fastest third.

    `seconds`: seconds per call, one value for each turn; ValueError if there are none.

    Disturbances only slow turns down, so the slow ones say more about the machine than
    about the layer (Chen & Revels 2016, Robust benchmarking in noisy environments, who
    use the minimum). On a calm machine the fastest half and the minimum are equally
    good: for 13 layers compared with themselves, 24 builds each of 10 rounds, the ratio
    varied by 1.0 % with either, and by 1.4 % with the median over rounds of the ratio
    within each round; the third lies between the two. On a disturbed machine, with 5, 8
    and 12 turns of 10 pairs, it varied by 2.4, 1.5 and 1.1 % with the half, by 1.9, 1.3
    and 1.0 % with the third, and by 1.7, 1.2 and 0.9 % with the minimum. The third
    rests on more than one turn.
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
    """Log-ratio of two members that took turns in the same rounds of one launch.

    Turns of one round are milliseconds apart, so a longer disturbance slows both down
    and cancels in the ratio (Bulej et al. 2020, Duet benchmarking). ValueError where
    their numbers of turns differ.
    """
    if len(candidate) != len(baseline):
        raise ValueError(f"{len(candidate)} and {len(baseline)} turns: no rounds")
    return launch_log(candidate) - launch_log(baseline)
