from math import log

import numpy as np
import pytest
from scipy.stats import false_discovery_control, ttest_ind

from rnnbench.analysis.stats import discoveries, welch

DRAW = np.random.default_rng(1)
OURS, THEIRS = DRAW.normal(0.02, 0.01, 6).tolist(), DRAW.normal(0, 0.03, 9).tolist()


def test_the_gap_is_the_test_of_welch():
    theirs = ttest_ind(OURS, THEIRS, equal_var=False)
    low, high = theirs.confidence_interval(0.9)

    gap = welch(OURS, THEIRS)
    interval = gap.interval(0.9)

    assert gap.p_beyond(0) == pytest.approx(theirs.pvalue)
    assert (log(interval.low), log(interval.high)) == pytest.approx((low, high))


@pytest.mark.parametrize("reach", [0.0, 0.005, 0.01])
def test_an_interval_lies_beyond_the_band_where_its_p_value_says_so(reach):
    gap = welch(OURS, THEIRS)

    level = gap.p_beyond(reach)

    ends = [log(end) for end in (gap.interval(1 - level).low, gap.interval().high)]
    assert ends[0] == pytest.approx(reach, abs=1e-9)


def test_one_value_proves_nothing():
    assert welch([1.0], [0.0, 0.0]).p_beyond(0.01) == 1.0


@pytest.mark.parametrize("seed", range(20))
def test_discoveries_are_those_of_benjamini_and_hochberg(seed):
    draw = np.random.default_rng(seed)
    p = np.r_[draw.random(30), draw.random(10) / 200].tolist()

    assert discoveries(p, 0.05) == tuple(false_discovery_control(p) <= 0.05)


def test_nothing_asked_nothing_found():
    assert discoveries([], 0.05) == ()
