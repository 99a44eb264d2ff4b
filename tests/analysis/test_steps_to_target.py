import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf, mannwhitneyu, ttest_ind

from rnnbench.analysis.stats import Gap
from rnnbench.analysis.steps_to_target import (
    MOST_SEEDS,
    StepsToTarget,
    combined,
    improvement,
    seeds_needed,
    steps_ratio,
)

BUDGET, EVERY = 600, 10
FAST = (50, 60, 50, 70, 60)
SLOW = (90, 260, 120, 150, 130)
seeds = st.lists(
    st.none() | st.integers(1, BUDGET // EVERY).map(lambda n: n * EVERY),
    min_size=1,
    max_size=20,
)


def cell(reached, every=EVERY):
    return StepsToTarget(tuple(reached), BUDGET, every)


def survival(reached):
    """SciPy's Kaplan-Meier estimate."""
    data = CensoredData(
        uncensored=[step for step in reached if step is not None],
        right=[BUDGET for step in reached if step is None],
    )
    return ecdf(data).sf


@given(seeds)
def test_median_is_that_of_the_kaplan_meier_curve(reached):
    curve = survival(reached)

    below = curve.quantiles[curve.probabilities <= 0.5 + 1e-9]
    steps = [step for step in below if step in reached]
    assert cell(reached).median == (min(steps) if steps else None)


@given(seeds)
def test_restricted_mean_is_the_area_under_the_kaplan_meier_curve(reached):
    curve, steps = survival(reached), np.arange(BUDGET)

    assert cell(reached).restricted_mean == pytest.approx(curve.evaluate(steps).sum())


@given(seeds, seeds)
def test_probability_of_improvement_is_mann_whitneys_u(ours, theirs):
    steps = [[BUDGET + 1 if each is None else each for each in side]
             for side in (ours, theirs)]  # fmt: skip
    expected = mannwhitneyu(steps[1], steps[0]).statistic / len(ours) / len(theirs)

    found = improvement(cell(ours), cell(theirs))

    assert found.estimate == pytest.approx(expected)
    assert 0 <= found.low <= found.estimate <= found.high <= 1


def test_probability_of_improvement_is_symmetric():
    one, other = cell(FAST), cell((60, None, 40, 90, 200))

    there, back = improvement(one, other), improvement(other, one)

    assert there.estimate == pytest.approx(1 - back.estimate)
    assert (there.low, there.high) == pytest.approx((1 - back.high, 1 - back.low))


def test_five_seeds_that_all_need_fewer_steps_are_no_certainty():
    found = improvement(cell(FAST), cell([steps * 10 for steps in FAST]))

    assert found.estimate == found.high == 1
    assert 0.5 < found.low < 0.9


def test_ratio_of_steps_is_welchs():
    ours, theirs = np.log(FAST), np.log(SLOW)
    expected = ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)

    found = steps_ratio(cell(FAST, every=1), cell(SLOW, every=1)).interval()

    assert found.estimate == pytest.approx(math.exp(ours.mean() - theirs.mean()))
    assert (found.low, found.high) == pytest.approx(tuple(map(math.exp, expected)))


def test_a_censored_seed_gives_no_ratio():
    some = cell((*FAST, None))

    assert steps_ratio(some, cell(SLOW)) is None
    assert steps_ratio(cell(SLOW), some) is None
    with pytest.raises(ValueError, match="censored"):
        _ = some.log_mean


def test_seeds_that_stop_at_one_evaluation_have_a_spread_that_the_rounding_hides():
    coarse = steps_ratio(cell([50] * 5), cell([50] * 5)).interval()
    fine = steps_ratio(cell([50] * 5, every=1), cell([50] * 5, every=1)).interval()

    assert coarse.low < fine.low < 1 < fine.high < coarse.high


def test_a_single_seed_has_an_infinite_interval():
    found = steps_ratio(cell([50]), cell(SLOW)).interval()

    assert (found.low, found.high) == (0, math.inf)


def test_seconds_have_the_uncertainty_of_steps_and_of_the_step_time():
    steps = steps_ratio(cell(FAST), cell(SLOW))
    time = Gap(math.log(2), 0.05, 4, 5)

    seconds = combined(steps, time)

    assert seconds.estimate == pytest.approx(steps.estimate + math.log(2))
    assert seconds.error == pytest.approx(math.hypot(steps.error, 0.05))
    assert min(steps.degrees, 4) <= seconds.degrees <= steps.degrees + 4
    assert not combined(steps, Gap(0.0, math.inf, 0, 1)).degrees


def test_more_seeds_are_needed_for_a_smaller_difference():
    gaps = [Gap(math.log(ratio), 0.15, 8, 5) for ratio in (2, 1.3, 1.001)]

    few, more, endless = map(seeds_needed, gaps)

    assert 2 < few < more <= MOST_SEEDS
    assert endless is None


@given(seeds)
def test_a_cell_counts_every_seed(reached):
    found = cell(reached)

    assert found.solved + reached.count(None) == len(reached)
    assert found.is_complete == (None not in reached)
    assert (found.median is None) == (2 * found.solved < len(reached))
    assert found.share.estimate == pytest.approx(found.solved / len(reached))
