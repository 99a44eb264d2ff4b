"""Statistics: intervals, tests and multiple testing; every method names its source."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import truediv
from statistics import fmean, median

from scipy.special import betaincinv, stdtr, stdtrit

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its confidence interval, from `count` independent values.

    With one value the interval is infinitely wide.
    """

    estimate: float
    low: float
    high: float
    count: int

    @property
    def half_width(self) -> float:
        """Half of the interval's length, in the unit of the estimate."""
        return (self.high - self.low) / 2


def mean_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Mean and t interval (Student 1908, Biometrika 6) of independent values.

    ValueError without a value.
    """
    if not values:
        raise ValueError("an interval needs at least one value")
    mean = fmean(values)
    if len(values) == 1:
        return Interval(mean, -math.inf, math.inf, 1)
    half = reach(len(values), confidence) * stdev(values) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half, len(values))


def median_interval(
    values: Sequence[float], confidence: float = CONFIDENCE
) -> Interval:
    """Median and its interval from two of the values, whatever their distribution.

    The k-th smallest and the k-th largest of n values enclose the median with
    probability 1 - 2 P(B < k), where B is binomial(n, 1/2) (Conover 1999, Practical
    Nonparametric Statistics, 3.2; Le Boudec 2010, Performance Evaluation, theorem 2.1).
    The largest such k is taken. At 95 % there is none for fewer than 6 values: the
    interval is then infinitely wide. ValueError without a value.
    """
    if not values:
        raise ValueError("an interval needs at least one value")
    ordered, count = sorted(values), len(values)
    rank, below = 0, 1  # P(B < rank) in units of 2**-count, for the next rank
    while 2 * below <= (1 - confidence) * 2**count:
        rank += 1
        below += math.comb(count, rank)
    if not rank:
        return Interval(median(ordered), -math.inf, math.inf, count)
    return Interval(median(ordered), ordered[rank - 1], ordered[-rank], count)


def stdev(values: Sequence[float]) -> float:
    """The standard deviation of a sample: to the last bit what `statistics` gives.

    Both are exact before they are rounded; this one takes integers in place of
    fractions, a tenth of the time.
    """
    return _root(*_exact_variance(values))


def _exact_variance(values: Sequence[float]) -> tuple[int, int]:
    """The variance of a sample as numerator and denominator."""
    ratios = [value.as_integer_ratio() for value in values]
    # Each denominator is a power of two.
    scale = max(denominator for _, denominator in ratios)
    wholes = [number * (scale // denominator) for number, denominator in ratios]
    count = len(wholes)
    squares = count * sum(whole * whole for whole in wholes) - sum(wholes) ** 2
    return squares, count * (count - 1) * scale * scale


def _root(numerator: int, denominator: int) -> float:
    """The square root of a fraction, rightly rounded.

    The root has two bits more than a float, and its last bit is set where it is not
    exact (round to odd), so that the division rounds once.
    """
    shift = (numerator.bit_length() - denominator.bit_length() - 2 * 53 - 3) // 2
    if shift >= 0:
        return float(_odd_root(numerator, denominator << 2 * shift) << shift)
    return _odd_root(numerator << -2 * shift, denominator) / (1 << -shift)


def _odd_root(numerator: int, denominator: int) -> int:
    root = math.isqrt(numerator // denominator)
    return root | (root * root * denominator != numerator)


@cache
def reach(count: int, confidence: float = CONFIDENCE) -> float:
    """Half-width of the t interval of `count` values, in standard errors."""
    return float(stdtrit(count - 1, (1 + confidence) / 2))


def rate_interval(found: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """The share of trials that succeeded, with its interval; `count` is of trials.

    Clopper & Pearson (1934, Biometrika 26): coverage is at least the confidence.
    ValueError unless 0 <= found <= trials and there is a trial.
    """
    if not 0 <= found <= trials or not trials:
        raise ValueError(f"{found} of {trials} is no share")
    tail, missed = (1 - confidence) / 2, trials - found
    low = float(betaincinv(found, missed + 1, tail)) if found else 0.0
    high = float(betaincinv(found + 1, missed, 1 - tail)) if missed else 1.0
    return Interval(found / trials, low, high, trials)


def expected_hold(count: int, others: int) -> float:
    """Probability that a 95 % interval of `count` normal values covers another mean.

    `others` is the number of values in that other mean. The result is below 0.95,
    because the other mean has an error, too (Student 1908, difference of two means).
    """
    share = reach(count) / math.sqrt(1 + count / others)
    return 1 - 2 * float(stdtr(count - 1, -share))


def ratio_interval(
    log_ratios: Sequence[float], confidence: float = CONFIDENCE
) -> Interval:
    """The ratio and its interval from one log-ratio for each launch.

    Mean and t interval are computed of logarithms, where a ratio and its inverse are
    equally far from 1, and transformed back: a geometric mean (Fleming & Wallace 1986,
    CACM 29).
    """
    logs = mean_interval(log_ratios, confidence)
    return Interval(
        math.exp(logs.estimate), math.exp(logs.low), _exp(logs.high), logs.count
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """Difference of the means of two independent samples of logarithms.

    Attributes:
        estimate: the difference.
        error: its standard error.
        degrees: degrees of freedom; 0 where a sample has only one value, and the
            interval is infinite.
        count: number of values of the smaller sample.

    """

    estimate: float
    error: float
    degrees: float
    count: int

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """The ratio that the difference is the logarithm of, with its interval."""
        if not self.degrees:
            return Interval(math.exp(self.estimate), 0.0, math.inf, self.count)
        half = float(stdtrit(self.degrees, (1 + confidence) / 2)) * self.error
        low, high = self.estimate - half, self.estimate + half
        return Interval(_exp(self.estimate), _exp(low), _exp(high), self.count)

    def p_beyond(self, reach: float) -> float:
        """p-value of the difference lying beyond plus or minus `reach`.

        It is that of the nearer bound, doubled because the data choose the bound.
        """
        off = abs(self.estimate) - reach
        if not self.degrees:
            return 1.0
        if not self.error:
            return 0.0 if off > 0 else 1.0
        return min(1.0, 2 * float(stdtr(self.degrees, -off / self.error)))


def welch(candidate: Sequence[float], baseline: Sequence[float]) -> Gap:
    """Difference of two means; the samples may have different variances.

    Welch (1947, Biometrika 34); degrees of freedom after Satterthwaite (1946,
    Biometrics Bulletin 2).
    """
    estimate = fmean(candidate) - fmean(baseline)
    count = min(len(candidate), len(baseline))
    if count < 2:
        return Gap(estimate, math.inf, 0, count)
    variances = (truediv(*_exact_variance(side)) for side in (candidate, baseline))
    counts = (len(candidate), len(baseline))
    shares = [each / count for each, count in zip(variances, counts, strict=True)]
    freedom = [
        share**2 / (len(sample) - 1)
        for share, sample in zip(shares, (candidate, baseline), strict=True)
    ]
    degrees = sum(shares) ** 2 / sum(freedom) if sum(freedom) else math.inf
    return Gap(estimate, math.sqrt(sum(shares)), degrees, count)


def unpaired_ratio_interval(
    candidate: Sequence[float],
    baseline: Sequence[float],
    confidence: float = CONFIDENCE,
) -> Interval:
    """The ratio of two independent samples of logarithms, one value for each launch.

    For cases that can't be measured in one process.
    """
    return welch(candidate, baseline).interval(confidence)


def discoveries(p_values: Sequence[float], level: float) -> tuple[bool, ...]:
    """Which tests are significant, with a false discovery rate of at most `level`.

    Benjamini & Hochberg (1995, JRSS B 57). It also holds for positively dependent tests
    (Benjamini & Yekutieli 2001, Annals of Statistics 29), such as those of one launch.
    """
    ordered = sorted(p_values)
    small_enough = [
        value
        for rank, value in enumerate(ordered, start=1)
        if value <= level * rank / len(ordered)
    ]
    return tuple(value <= max(small_enough, default=-1.0) for value in p_values)


def excess(values: Sequence[float], bound: float) -> float:
    """One-sided p-value (Student 1908) of a mean that is at most `bound`."""
    if len(values) < 2:
        return 1.0
    beyond, error = fmean(values) - bound, stdev(values) / math.sqrt(len(values))
    if not error:
        return 0.0 if beyond > 0 else 1.0
    return float(stdtr(len(values) - 1, -beyond / error))


def holm(p_values: Sequence[float], level: float) -> tuple[bool, ...]:
    """Which tests are significant, with a probability of any false one of `level`.

    Holm (1979, Scandinavian Journal of Statistics 6): from the smallest p-value on,
    each is compared with the level divided by the number of remaining tests, up to the
    first that fails.
    """
    found = [False] * len(p_values)
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    for rank, place in enumerate(order):
        if p_values[place] > level / (len(p_values) - rank):
            break
        found[place] = True
    return tuple(found)


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf
