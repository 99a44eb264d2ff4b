import math
import random
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp, ttest_ind

from rnnbench.analysis.launch_estimate import launch_log, log_ratio
from rnnbench.analysis.stats import (
    excess,
    holm,
    mean_interval,
    ratio_interval,
    stdev,
    unpaired_ratio_interval,
)

VALUES = [1.0, 1.2, 0.9, 1.1, 1.4]
OTHERS = [2.0, 2.5, 1.5, 2.2]


def test_the_mean_and_its_interval_are_students():
    ours = mean_interval(VALUES)

    theirs = ttest_1samp(VALUES, 0).confidence_interval(0.95)
    assert ours.estimate == pytest.approx(sum(VALUES) / 5)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))
    assert ours.half_width == pytest.approx((theirs.high - theirs.low) / 2)
    assert ours.count == 5


@given(
    st.lists(
        st.floats(-1e9, 1e9) | st.floats(1e-300, 1e300) | st.sampled_from([0.0, 1.0]),
        min_size=2,
        max_size=40,
    )
)
def test_standard_deviation_is_exact_to_the_last_bit(values):
    assert stdev(values) == statistics.stdev(values)


def test_a_higher_confidence_is_wider():
    assert mean_interval(VALUES, 0.99).half_width > mean_interval(VALUES).half_width


def test_one_value_has_an_infinite_interval():
    assert (mean_interval([1.0]).low, mean_interval([1.0]).high) == (
        -math.inf,
        math.inf,
    )
    assert (ratio_interval([0.0]).low, ratio_interval([0.0]).high) == (0, math.inf)
    apart = unpaired_ratio_interval([0.0], OTHERS)
    assert (apart.low, apart.high) == (0, math.inf)


def test_no_value_has_no_interval():
    with pytest.raises(ValueError, match="at least one"):
        mean_interval([])


def test_a_launch_is_the_mean_of_the_lower_third_of_its_turns():
    assert launch_log([8.0, 100.0, 2.0, 90.0]) == pytest.approx(math.log(4))
    assert launch_log([8.0, 2.0, 100.0]) == pytest.approx(math.log(2))
    assert launch_log([9.0, 8.0, 9.0, 2.0, 4.0, 9.0, 9.0]) == pytest.approx(math.log(4))
    assert launch_log([3.0]) == pytest.approx(math.log(3))


def test_a_launch_without_a_turn_is_an_error():
    with pytest.raises(ValueError, match="at least one turn"):
        launch_log([])


def test_the_log_ratio_of_a_launch_is_of_what_a_call_takes_in_it():
    ratio = log_ratio([2.0, 8.0, 99.0, 99.0], [1.0] * 4)

    assert ratio == pytest.approx(math.log(4))


@pytest.mark.parametrize("rounds", [4, 7, 10])
def test_what_only_adds_moves_the_lower_third_less_than_the_median(rounds):
    """Turns 3 % apart in truth, each with noise that adds 4 % on average."""
    random = np.random.default_rng(rounds)
    noise = 1 + random.exponential(0.04, (2, 2000, rounds))
    turns = noise * np.array([1.03, 1.0])[:, None, None]

    ours = [log_ratio(*pair) for pair in zip(*turns.tolist(), strict=True)]
    by_rounds = np.median(np.log(turns[0] / turns[1]), axis=1)
    assert np.mean(ours) == pytest.approx(math.log(1.03), abs=0.002)
    assert np.std(ours) < 0.75 * np.std(by_rounds)


def test_rounds_without_a_partner_are_an_error():
    with pytest.raises(ValueError, match="no rounds"):
        log_ratio([1.0, 2.0], [1.0])


def test_the_inverse_of_a_ratio_has_the_inverse_interval():
    ours = ratio_interval(VALUES)

    inverse = ratio_interval([-value for value in VALUES])
    assert ours.estimate == pytest.approx(1 / inverse.estimate)
    assert ours.low == pytest.approx(1 / inverse.high)


def test_a_hopeless_interval_is_infinite_and_no_overflow():
    assert ratio_interval([0.0, 700.0]).high == math.inf


def test_the_unpaired_interval_is_welchs():
    ours = unpaired_ratio_interval(VALUES, OTHERS)

    theirs = ttest_ind(VALUES, OTHERS, equal_var=False).confidence_interval(0.95)
    expected = (math.exp(theirs.low), math.exp(theirs.high))
    assert (ours.low, ours.high) == pytest.approx(expected)
    assert ours.count == 4


def test_samples_without_spread_have_a_point():
    ours = unpaired_ratio_interval([1.0, 1.0], [0.0, 0.0])

    assert ours.low == ours.high == pytest.approx(math.e)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    draw = random.Random(7)

    held = 0
    for _ in range(2000):
        interval = mean_interval([draw.gauss(5, 2) for _ in range(6)])
        held += interval.low <= 5 <= interval.high

    assert 0.935 <= held / 2000 <= 0.965


def test_an_excess_is_students_one_sided_test():
    theirs = ttest_1samp(VALUES, 0.9, alternative="greater").pvalue

    assert excess(VALUES, 0.9) == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("values", "p_value"), [([], 1), ([2.0], 1), ([2.0, 2.0], 0), ([1.0, 1.0], 1)]
)
def test_an_excess_without_spread_is_certain_and_of_one_value_none(values, p_value):
    assert excess(values, 1.0) == p_value


@pytest.mark.parametrize(
    ("p_values", "found"),
    [
        ([], ()),
        ([0.04], (True,)),
        # Against 0.05 / 4, / 3, / 2: the third fails, and with it all after it.
        ([0.01, 0.04, 0.03, 0.005], (True, False, False, True)),
        ([0.02, 0.02, 0.02], (False, False, False)),
    ],
)
def test_holm_goes_from_the_smallest_to_the_first_that_fails(p_values, found):
    assert holm(p_values, 0.05) == found
