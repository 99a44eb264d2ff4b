from math import comb, expm1, log1p

import numpy as np
import pytest

from rnnbench.regression.changepoint import find_shifts, hodges_lehmann, may_shift

NIGHTS, NOISE = 60, 0.01


def gaussian(draw):
    return draw.normal(0, NOISE, NIGHTS)


def outliers(draw):
    logs = draw.normal(0, NOISE, NIGHTS)
    slow = draw.random(NIGHTS) < 0.07
    logs[slow] += draw.exponential(0.12, slow.sum())
    return logs


def dependent(draw):
    shocks = draw.normal(0, NOISE * np.sqrt(0.75), NIGHTS + 50)
    logs = np.zeros(NIGHTS + 50)
    for night in range(1, len(logs)):
        logs[night] = 0.5 * logs[night - 1] + shocks[night]
    return logs[50:]


def stepped(logs, share, since):
    return logs + np.r_[np.zeros(len(logs) - since), np.full(since, log1p(share))]


def likely(count, share):
    """The most of `count` that a true share gives in all but 1 of 1000 times."""
    total, most = 0.0, -1
    while total < 0.999:
        most += 1
        total += comb(count, most) * share**most * (1 - share) ** (count - most)
    return most


# studies/changes/ has 1000 series of each; these are fewer, with a binomial slack.
@pytest.mark.parametrize("noise", [gaussian, outliers, dependent])
def test_at_most_one_in_a_hundred_series_without_a_change_is_flagged(noise):
    draw = np.random.default_rng(1)

    flagged = sum(bool(find_shifts(noise(draw))) for _ in range(200))

    assert flagged <= likely(200, 0.01)


def test_a_step_of_three_percent_is_found_eight_nights_after():
    draw = np.random.default_rng(2)

    found = [find_shifts(stepped(gaussian(draw), 0.03, since=8)) for _ in range(100)]

    near = sum(any(abs(s.place - 52) <= 3 for s in shifts_) for shifts_ in found)
    assert near >= 100 - likely(100, 0.10)


def test_both_levels_of_two_steps_are_found_with_their_size():
    draw = np.random.default_rng(3)
    logs = stepped(stepped(draw.normal(0, 0.005, 90), 0.10, since=60), -0.2, since=30)

    found = find_shifts(logs)

    assert [shift.place for shift in found] == [30, 60]
    assert [expm1(s.log_shift) for s in found] == pytest.approx([0.10, -0.2], abs=0.01)


def test_less_than_one_percent_is_no_change():
    logs = stepped(np.random.default_rng(4).normal(0, 1e-4, 60), 0.009, since=30)

    assert find_shifts(logs) == ()


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_short_series_has_no_change(count):
    assert find_shifts(np.arange(count, dtype=float)) == ()


def test_equal_values_have_no_change_and_a_clean_step_has_one():
    flat = np.zeros(40)

    assert find_shifts(flat) == ()
    assert [shift.place for shift in find_shifts(stepped(flat, 0.05, since=20))] == [20]


def test_the_answer_is_the_same_each_time():
    logs = stepped(dependent(np.random.default_rng(5)), 0.05, since=20)

    assert find_shifts(logs) == find_shifts(logs)


def test_the_shift_is_the_median_of_all_differences():
    before, after = np.array([0.0, 1.0]), np.array([10.0, 20.0, 30.0])

    assert hodges_lehmann(before, after) == np.median([10, 20, 30, 9, 19, 29])


@pytest.mark.parametrize("nights", [6, 16, 60, 120])
def test_rows_that_a_quick_test_excludes_have_no_change(nights):
    draw = np.random.default_rng(nights)
    rows = draw.normal(0, NOISE, (60, nights))
    # Half of the rows have a step, of every size, anywhere; some have equal nights.
    for row, share in zip(rows[::2], np.linspace(0, 0.1, 30), strict=True):
        row[draw.integers(nights) :] += log1p(share)
    rows[::7] = np.round(rows[::7], 2)

    may = may_shift(rows)

    assert [bool(find_shifts(row)) for row in rows[~may]] == [False] * int((~may).sum())
    assert may.any() == (nights >= 8)
    assert nights < 16 or not may.all()
