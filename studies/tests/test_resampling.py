"""Statistics checked on data with a known truth; every seed is fixed."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from rnnbench.analysis.stats import (
    excess,
    expected_hold,
    mean_interval,
    rate_interval,
    ratio_interval,
)
from rnnbench.regression import gate_decision as gate
from studies.calibration.reliability import POLICY, STOPS
from studies.calibration.resampling import (
    different,
    excludes_one,
    orders,
    rest,
    slower,
    slower_by_looks,
    stop,
    turned,
)

TRIALS = 20_000
# The standard deviation of a launch's log-ratio, as measured on machines that are busy.
SPREAD = 0.006


def normal(draw, launches):
    return draw.normal(size=(TRIALS, launches))


def heavy(draw, launches):
    return draw.standard_t(3, size=(TRIALS, launches)) / math.sqrt(3)


def bursts(draw, launches):
    """One launch in ten is off by 50 %, to either side."""
    off = math.log(1.5) / SPREAD * draw.choice([-1, 1], size=(TRIALS, launches))
    hit = draw.random(size=(TRIALS, launches)) < 0.1
    return draw.normal(size=(TRIALS, launches)) + hit * off


def autocorrelated(draw, launches):
    """AR(1): half of what a launch is off by is in the next."""
    noise = draw.normal(size=(TRIALS, launches))
    rows = noise.copy()
    for place in range(1, launches):
        rows[:, place] = 0.5 * rows[:, place - 1] + math.sqrt(0.75) * noise[:, place]
    return rows


SHAPES = {each.__name__: each for each in (normal, heavy, bursts, autocorrelated)}


def rows_of(shape, launches, *, truth=1.0, spread=SPREAD):
    draw = np.random.default_rng(4)
    return math.log(truth) + spread * SHAPES[shape](draw, launches)


def test_the_arrays_say_what_the_rules_say():
    rows = rows_of("normal", 7, truth=1.015)[:200]

    rules = [excess(list(row), math.log1p(gate.BAND)) <= gate.LEVEL for row in rows]
    intervals = [ratio_interval(list(row)) for row in rows]

    assert slower(rows).tolist() == rules
    assert 20 < sum(rules) < 180
    outside = [not one.low <= 1 <= one.high for one in intervals]
    assert excludes_one(rows).tolist() == outside


def test_launches_that_are_all_alike_are_flagged_beyond_the_band_alone():
    rows = np.log([[1.02] * 7, [1.005] * 7])

    assert slower(rows).tolist() == [True, False]


# What is known of the t interval: right for normal launches, cautious where tails are
# heavy, and too narrow where a launch resembles the one before it.
@pytest.mark.parametrize(
    ("shape", "launches", "low", "high"),
    [
        ("normal", 5, 0.94, 0.96),
        ("normal", 7, 0.94, 0.96),
        ("normal", 20, 0.94, 0.96),
        ("heavy", 7, 0.94, 0.98),
        ("heavy", 20, 0.94, 0.97),
        ("bursts", 7, 0.93, 1.0),
        ("bursts", 20, 0.93, 1.0),
        ("autocorrelated", 7, 0.70, 0.85),
        ("autocorrelated", 20, 0.70, 0.85),
    ],
)
def test_the_interval_of_a_fixed_number_covers_as_known(shape, launches, low, high):
    missed = excludes_one(rows_of(shape, launches)).mean()

    assert low <= 1 - missed <= high


# Spreads at which the rule stops at the first look, at some look between, at the last.
@pytest.mark.parametrize("spread", [0.006, 0.02, 0.03, 0.05])
@pytest.mark.parametrize(
    ("shape", "low", "high"),
    [
        ("normal", 0.92, 0.97),
        ("heavy", 0.92, 0.98),
        ("bursts", 0.92, 1.0),
        ("autocorrelated", 0.68, 0.86),
    ],
)
def test_the_stop_rule_covers_though_it_looks(shape, low, high, spread):
    stops = stop(rows_of(shape, STOPS[-1], spread=spread), STOPS, POLICY.precision)

    assert low <= 1 - stops.exclude_one.mean() <= high


def test_the_regression_rule_is_silent_on_equal_layers():
    for shape in SHAPES:
        rows = rows_of(shape, 14, spread=SPREAD)

        assert different(rows[:, :7]).mean() <= 0.002, shape
        assert slower_by_looks(rows, gate.LOOKS).mean() <= 0.002, shape


def test_at_the_edge_of_the_band_the_rule_is_wrong_as_often_as_it_says():
    at_edge = slower(rows_of("normal", 7, truth=1 + gate.BAND)).mean()

    assert at_edge == pytest.approx(gate.LEVEL, abs=0.003)


# A normal spread of 0.6 %, seven launches: what the noncentral t distribution gives.
@pytest.mark.parametrize(("truth", "power"), [(1.02, 0.82), (1.03, 1.0)])
def test_a_slowdown_is_found_as_often_as_theory_says(truth, power):
    rows = rows_of("normal", 14, truth=truth)

    few, looked = slower(rows[:, :7]).mean(), slower_by_looks(rows, gate.LOOKS).mean()

    assert few == pytest.approx(power, abs=0.02)
    assert looked >= few


@pytest.mark.parametrize("truth", [0.001, 0.05, 0.5, 0.98])
@pytest.mark.parametrize("trials", [40, 320])
def test_the_interval_of_a_rate_covers_at_least_as_often_as_it_says(truth, trials):
    found = np.random.default_rng(4).binomial(trials, truth, size=2000)

    ends = {each: rate_interval(int(each), trials) for each in set(found)}

    covered = np.mean([ends[one].low <= truth <= ends[one].high for one in found])
    assert covered >= 0.945


def test_the_interval_of_a_rate_is_clopper_and_pearsons():
    ours = [rate_interval(found, 20) for found in (0, 3, 20)]

    theirs = [binomtest(found, 20).proportion_ci() for found in (0, 3, 20)]
    assert [(one.low, one.high) for one in ours] == [
        pytest.approx((one.low, one.high)) for one in theirs
    ]
    with pytest.raises(ValueError, match="no share"):
        rate_interval(0, 0)


def test_the_first_of_rows_that_are_turned_share_no_launch():
    rows = turned(range(60), 7)

    firsts = rows[:, :7].ravel().tolist()
    assert firsts == list(range(56))
    assert all(sorted(row) == list(range(60)) for row in rows.tolist())


def test_orders_are_the_same_launches_and_the_same_again():
    rows = orders(range(9), 5, (1, 2))

    assert all(sorted(row) == list(range(9)) for row in rows.tolist())
    assert (rows == orders(range(9), 5, (1, 2))).all()
    assert (rows != orders(range(9), 5, (1, 3))).any()


def test_the_stop_rule_stops_at_the_first_look_that_is_narrow_enough():
    spread = np.array([0.05, -0.05] * 3 + [0.0] * 14)
    rows = np.stack([np.zeros(20), spread, np.array([1.0, -1.0] * 10)])

    stops = stop(rows, (6, 8, 10, 14, 20), 0.02)

    assert stops.used.tolist() == [6, 14, 20]
    expected = [
        ratio_interval(list(row[:used]))
        for row, used in zip(rows, stops.used, strict=True)
    ]
    assert np.exp(stops.means - stops.halves) == pytest.approx(
        [one.low for one in expected]
    )


def test_the_rest_is_what_the_rule_did_not_use():
    rows = np.array([[9.0, 9.0, 1.0, 2.0, 3.0], [9.0, 1.0, 2.0, 3.0, 4.0]])

    means, halves = rest(rows, np.array([2, 1]))

    expected = [mean_interval([1, 2, 3]), mean_interval([1, 2, 3, 4])]
    assert means.tolist() == [one.estimate for one in expected]
    assert halves == pytest.approx([one.half_width for one in expected])


@pytest.mark.parametrize("used", [6, 20])
def test_the_mean_of_others_is_held_as_often_as_expected(used):
    rows = rows_of("normal", 60)

    means, _ = rest(rows, np.full(TRIALS, used))

    stops = stop(rows, (used,), 0.02)
    held = (np.abs(stops.means - means) <= stops.halves).mean()
    assert held == pytest.approx(expected_hold(used, 60 - used), abs=0.006)
