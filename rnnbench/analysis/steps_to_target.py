"""Statistics of the steps that training needs to reach a target, over seeds.

A seed that does not reach the target within the budget is censored: its steps are only
known to be more than the budget. Coverage of each interval: `studies/learning.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist, fmean, variance

from rnnbench.analysis.stats import (
    CONFIDENCE,
    Gap,
    Interval,
    rate_interval,
    stdev,
)

# Probability of finding a difference that is there (Colas et al. 2018, arXiv
# 1806.08295), and the number of seeds beyond which nobody will look for it.
POWER = 0.8
MOST_SEEDS = 200


@dataclass(frozen=True, slots=True)
class StepsToTarget:
    """Steps to the target of each seed; None: not within the budget.

    Attributes:
        reached: one value for each seed; a diverged seed never reaches the target.
        budget: the most steps of a seed.
        every: steps between two evaluations, the resolution of `reached`.

    """

    reached: tuple[int | None, ...]
    budget: int
    every: int

    @property
    def solved(self) -> int:
        """Number of seeds that reached the target."""
        return sum(steps is not None for steps in self.reached)

    @property
    def is_complete(self) -> bool:
        """Whether there are seeds and each of them reached the target."""
        return 0 < self.solved == len(self.reached)

    @property
    def share(self) -> Interval:
        """Share of seeds that reached the target (Clopper & Pearson 1934)."""
        return rate_interval(self.solved, len(self.reached))

    @property
    def median(self) -> int | None:
        """Kaplan-Meier median (1958, JASA 53), None where fewer than half solved.

        Every seed has the same budget, so the estimator is the empirical distribution:
        the first step at which at least half of the seeds have reached the target.
        """
        steps = sorted(_or_budget(self, math.inf))
        middle = steps[(len(steps) - 1) // 2]
        return None if math.isinf(middle) else int(middle)

    @property
    def restricted_mean(self) -> float:
        """Mean steps, where a seed that did not reach the target counts the budget.

        The area under the survival curve up to the budget (Royston & Parmar 2013, BMC
        Medical Research Methodology 13). It is no estimate of the steps to the target,
        and has no interval here: that of five seeds covers too little.
        """
        return fmean(_or_budget(self, self.budget))

    @property
    def log_mean(self) -> Gap:
        """Mean of the logarithms of the steps; ValueError where a seed is censored."""
        if not self.is_complete:
            raise ValueError("a censored seed has no number of steps")
        logs = [math.log(steps) for steps in self.reached if steps]
        mean, count = fmean(logs), len(logs)
        if count < 2:
            return Gap(mean, math.inf, 0, count)
        # Seeds that stop at the same evaluation still differ by up to `every` steps:
        # the variance is at least that of rounding (Sheppard 1898).
        rounding = (self.every / math.exp(mean)) ** 2 / 12
        spread = max(variance(logs), rounding)
        return Gap(mean, math.sqrt(spread / count), count - 1, count)


def steps_ratio(candidate: StepsToTarget, baseline: StepsToTarget) -> Gap | None:
    """Logarithm of the ratio of geometric mean steps; None where a seed is censored.

    Its interval is that of Welch (1947, Biometrika 34). A percentile bootstrap of five
    seeds covers too little (see `studies/learning.py`).
    """
    if not (candidate.is_complete and baseline.is_complete):
        return None
    return combined(candidate.log_mean, baseline.log_mean, sign=-1)


def mean_gap(logs: Sequence[float]) -> Gap:
    """Mean of logarithms with its standard error, for sums with other estimates."""
    count = len(logs)
    if count < 2:
        return Gap(fmean(logs), math.inf, 0, count)
    return Gap(fmean(logs), stdev(logs) / math.sqrt(count), count - 1, count)


def combined(first: Gap, second: Gap, *, sign: int = 1) -> Gap:
    """Sum (or difference, `sign` -1) of two independent estimates of logarithms.

    Degrees of freedom after Satterthwaite (1946, Biometrics Bulletin 2). The seconds to
    a target are the product of steps and step time, so their logarithms add up.
    """
    estimate = first.estimate + sign * second.estimate
    parts = (first, second)
    count = min(part.count for part in parts)
    if not all(part.degrees for part in parts):
        return Gap(estimate, math.inf, 0, count)
    error = math.hypot(first.error, second.error)
    freedom = sum(part.error**4 / part.degrees for part in parts)
    return Gap(estimate, error, error**4 / freedom if freedom else math.inf, count)


def improvement(
    candidate: StepsToTarget, baseline: StepsToTarget, confidence: float = CONFIDENCE
) -> Interval:
    """Probability that the candidate needs fewer steps than the baseline, seed by seed.

    Mann-Whitney's U divided by the number of pairs (Agarwal et al. 2021, NeurIPS); ties
    count half. A censored seed needs more steps than every other one of the same
    budget, and ties with another censored one. Interval: Newcombe (2006, Statistics in
    Medicine 25, method 5). `count` is the smaller number of seeds.
    """
    sides = _or_budget(candidate, math.inf), _or_budget(baseline, math.inf)
    pairs = list(product(*sides))
    share = fmean((ours < theirs) + (ours == theirs) / 2 for ours, theirs in pairs)
    low = _newcombe(share, sides, confidence)
    high = 1 - _newcombe(1 - share, sides, confidence)
    return Interval(share, low, high, min(map(len, sides)))


def seeds_needed(gap: Gap, confidence: float = CONFIDENCE) -> int | None:
    """Seeds of each side that would tell the ratio from 1, were it what it seems.

    Sample size of Welch's test at a power of 80 % for the observed difference and
    spread (Colas et al. 2018, arXiv 1806.08295). None: more than `MOST_SEEDS`.
    """
    if not gap.degrees or not gap.estimate:
        return None
    normal = NormalDist()
    reach = normal.inv_cdf((1 + confidence) / 2) + normal.inv_cdf(POWER)
    needed = gap.count * (reach * gap.error / gap.estimate) ** 2
    # t in place of the normal distribution adds about reach² / 4 to a sample of each.
    seeds = math.ceil(needed + normal.inv_cdf((1 + confidence) / 2) ** 2 / 4)
    return seeds if seeds <= MOST_SEEDS else None


def _or_budget(cell: StepsToTarget, censored: float) -> list[float]:
    return [censored if steps is None else steps for steps in cell.reached]


def _newcombe(
    share: float, sides: Sequence[Sequence[float]], confidence: float
) -> float:
    """Lower limit of the share: the smallest that is within z errors of it."""
    first, second = map(len, sides)
    z, half = NormalDist().inv_cdf((1 + confidence) / 2), (first + second) / 2 - 1

    def is_too_low(value: float) -> bool:
        spread = half * ((1 - value) / (2 - value) + value / (1 + value))
        error = value * (1 - value) * (1 + spread) / (first * second)
        return share - value > z * math.sqrt(error)

    low, high = 0.0, share
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if is_too_low(middle) else (low, middle)
    return low
