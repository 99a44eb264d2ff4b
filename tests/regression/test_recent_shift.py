from math import log1p

import numpy as np
import pytest

from rnnbench.regression.recent_shift import find_recent_shift, may_shift_recently


def nights(seed, count=60):
    return np.random.default_rng(seed).normal(0, 0.01, count)


@pytest.mark.parametrize("last", [1, 2, 3, 4])
@pytest.mark.parametrize("share", [0.2, -0.2])
def test_a_shift_is_reported_from_its_first_night_on(last, share):
    logs = nights(last)
    logs[-last:] += log1p(share)

    found = find_recent_shift(logs)

    assert found.nights == last
    assert found.log_shift == pytest.approx(log1p(share), abs=0.02)


def test_nights_off_to_opposite_sides_are_not_one_shift():
    logs = nights(1)
    logs[-2:] = [0.2, -0.2]

    found = find_recent_shift(logs)

    # Of the two only the last one counts; an outlier upwards does not excuse it.
    assert found.nights == 1
    assert found.log_shift == pytest.approx(-0.2, abs=0.02)


def test_one_night_is_not_reported_where_earlier_outliers_were_as_large():
    logs = nights(2)
    logs[20] = 0.15
    logs[-1] = 0.2

    assert find_recent_shift(logs) is None


def test_a_short_history_reports_nothing():
    logs = np.r_[nights(3, 9), 0.5, 0.5]

    assert find_recent_shift(logs) is None


@pytest.mark.parametrize("outliers", [0.0, 0.07])
def test_at_most_one_in_a_hundred_unchanged_series_is_reported(outliers):
    draw = np.random.default_rng(4)
    false_shifts = 0
    for _ in range(1000):
        logs = draw.normal(0, 0.01, 60)
        slow = draw.random(60) < outliers
        logs[slow] += draw.exponential(0.12, slow.sum())
        false_shifts += find_recent_shift(logs) is not None

    # At 1 %, more than 20 of 1000 have a probability below 1 in 1000.
    assert false_shifts <= 20


@pytest.mark.parametrize("count", [6, 13, 60])
def test_rows_that_a_quick_test_excludes_have_no_recent_shift(count):
    rows = np.stack([nights(seed, count) for seed in range(60)])
    for number, row in enumerate(rows[::2]):
        row[-(number % 5 + 1) :] += log1p(number / 200)

    may = may_shift_recently(rows)

    assert [find_recent_shift(row) for row in rows[~may]] == [None] * int((~may).sum())
    assert may.any() == (count > 10)
    assert not may.all()
