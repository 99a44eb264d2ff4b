"""The rule by which each tool compares two measurements, applied to its own numbers.

Rewritten from the tools' sources (the versions that tox.ini pins), so that the table
needs none of them. A rule takes the values of a repeat and the name of a cell twice,
first of the baseline, then of the new one. It returns "slower", "faster" or "same".
"""

import math
import warnings
from functools import cache
from statistics import fmean, median

import numpy as np
from scipy.stats import bootstrap, mannwhitneyu, ttest_ind

from rnnbench.analysis.stats import discoveries, welch
from rnnbench.regression.compare import FALSE_SHARE, TOLERANCE

SAME, SLOWER, FASTER = "same", "slower", "faster"


def compare_fail(field, percent):
    """pytest-benchmark `--benchmark-compare-fail=FIELD:PERCENT%`: worse alone counts.

    pytest_benchmark/utils.py, PercentageRegressionCheck.
    """

    def rule(base, base_cell, new, new_cell):
        change = new[new_cell][field] / base[base_cell][field] * 100 - 100
        return SLOWER if change > percent else SAME

    return rule


def torch_compare(base, base_cell, new, new_cell):
    """`Compare.colorize` marks what takes over 1.01 times the best and 100 ns more.

    torch/utils/benchmark/utils/compare.py, _Row.color_segment.
    """
    times = base[base_cell]["median"], new[new_cell]["median"]
    best, other = min(times), max(times)
    if other <= best * 1.01 or other <= best + 100e-9:
        return SAME
    return word(times[1] - times[0])


def pyperf_compare(base, base_cell, new, new_cell):
    """`pyperf compare_to`: Student's t of all values at 95 %; _utils.is_significant."""
    before, after = (
        [value for process in each["processes"] for value in process]
        for each in (base[base_cell], new[new_cell])
    )
    if ttest_ind(after, before).pvalue > 0.05:
        return SAME
    return word(fmean(after) - fmean(before))


def asv_compare(factor):
    """`asv compare`: Mann-Whitney at 0.002, then the factor; commands/compare.py."""

    def rule(base, base_cell, new, new_cell):
        before, after = base[base_cell], new[new_cell]
        if not asv_differs(before, after):
            return SAME
        if after["median"] < before["median"] / factor:
            return FASTER
        return SLOWER if before["median"] < after["median"] / factor else SAME

    return rule


def asv_differs(before, after):
    """asv/_stats.py, is_different: by intervals where the samples are too few."""
    samples = before["samples"], after["samples"]
    least = min(map(len, samples))
    if 1 / math.comb(sum(map(len, samples)), least) < 0.002:
        return mannwhitneyu(*samples, method="exact").pvalue < 0.002
    (low, high), (its_low, its_high) = before["ci"], after["ci"]
    return not (high >= its_low and low <= its_high)


def benchmatrix_compare(percent):
    """`benchmatrix compare`: the whole interval beyond the threshold.

    bench_compare.py, _classify_inference; Bonferroni over the cells of the matrix.
    """

    def rule(base, base_cell, new, new_cell):
        runs = tuple(base[base_cell]["runs"]), tuple(new[new_cell]["runs"])
        low, high = median_ratio_interval(*runs, len(base))
        if low > 1 + percent / 100:
            return SLOWER
        return FASTER if high < 1 - percent / 100 else SAME

    return rule


@cache
def median_ratio_interval(before, after, family):
    """BCa of 50,000 resamples (Efron 1987), of percentiles where that is degenerate."""

    def ratio(after, before, axis):
        return np.median(after, axis=axis) / np.median(before, axis=axis)

    def interval(method):
        return bootstrap(
            (after, before),
            ratio,
            n_resamples=50_000,
            batch=10_000,
            confidence_level=1 - 0.05 / family,
            method=method,
            rng=np.random.default_rng(0),
        ).confidence_interval

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = interval("BCa")
        if not np.isfinite(found).all():
            found = interval("percentile")
    return found


def rnnbench_compare(base, base_cell, new, new_cell):
    """`rnnbench compare`: 1 % band, false discoveries among all cells of the two files.

    Of two layers of one file, that pair is the only one.
    """
    if base_cell == new_cell:
        names = [
            (cell, kind)
            for cell in new
            for kind in ("sticks", "ratio")
            if cell in base and new[cell].get(kind) and base[cell].get(kind)
        ]
        gaps = [welch(new[cell][kind], base[cell][kind]) for cell, kind in names]
        place = names.index((new_cell, "sticks"))
    else:
        gaps = [welch(new[new_cell]["sticks"], base[base_cell]["sticks"])]
        place = 0
    reach = math.log1p(TOLERANCE)
    found = discoveries([gap.p_beyond(reach) for gap in gaps], FALSE_SHARE)
    return word(gaps[place].estimate) if found[place] else SAME


def rnnbench_ratio(base, base_cell, new, new_cell):
    """The verdict of the results file on two layers of one run."""
    assert base is new, base_cell
    verdict = new[new_cell]["verdict"]
    return verdict if verdict in (SLOWER, FASTER) else SAME


def word(gap):
    return SLOWER if gap > 0 else FASTER


PYTEST = {
    f"{field}:{percent}%": compare_fail(field, percent)
    for percent in (5, 2)
    for field in ("mean", "median", "min")
}
TORCH = {"Compare colours": torch_compare}
# Beside each default a rule that is set to find a difference of 3 %.
RULES = {
    "rnnbench": {
        "ratio within a run": rnnbench_ratio,
        "compare of two runs": rnnbench_compare,
    },
    "pytest-benchmark": PYTEST,
    "pytest-benchmark --benchmark-precision": PYTEST,
    "torch blocked_autorange": TORCH,
    "torch adaptive_autorange": TORCH,
    "pyperf --fast": {"compare_to": pyperf_compare},
    "asv": {
        "compare (factor 1.1)": asv_compare(1.1),
        "compare --factor 1.02": asv_compare(1.02),
    },
    "benchmatrix": {
        "compare (5 %)": benchmatrix_compare(5),
        "compare --threshold 2%": benchmatrix_compare(2),
    },
}
WITHIN = {"ratio within a run"}


def rnnbench_estimate(values, cell):
    """The ratio to the LSTM, so 1 of the LSTM; KeyError where none was measured."""
    return 1.0 if cell.endswith("/lstm") else math.exp(fmean(values[cell]["ratio"]))


def field(name):
    return lambda values, cell: values[cell][name]


def first_estimate(tool):
    return next(iter(ESTIMATES[tool].values()))


# The statistic that a tool prints or recommends first, then others that it prints.
ESTIMATES = {
    "rnnbench": {"ratio": rnnbench_estimate},
    "pytest-benchmark": {name: field(name) for name in ("median", "min", "mean")},
    "torch blocked_autorange": {"median": field("median")},
    "pyperf --fast": {
        "mean": lambda values, cell: fmean(
            value for process in values[cell]["processes"] for value in process
        )
    },
    "asv": {"median": field("median")},
    "benchmatrix": {
        "median of runs": lambda values, cell: median(values[cell]["runs"])
    },
}
ESTIMATES["pytest-benchmark --benchmark-precision"] = ESTIMATES["pytest-benchmark"]
ESTIMATES["torch adaptive_autorange"] = ESTIMATES["torch blocked_autorange"]
