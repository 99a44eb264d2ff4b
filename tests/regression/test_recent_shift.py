from math import log1p

import numpy as np
import pytest

from rnnbench.regression.recent_shift import alarm


def nights(seed, count=60):
    return np.random.default_rng(seed).normal(0, 0.01, count)


@pytest.mark.parametrize("last", [1, 2, 3, 4])
@pytest.mark.parametrize("share", [0.2, -0.2])
def test_the_last_nights_are_seen_from_the_first_on(last, share):
    logs = nights(last)
    logs[-last:] += log1p(share)

    found = alarm(logs)

    assert found.nights == last
    assert found.log_shift == pytest.approx(log1p(share), abs=0.02)


def test_nights_that_do_not_agree_are_no_alarm():
    logs = nights(1)
    logs[-2:] = [0.2, -0.2]

    assert alarm(logs[:-1]) is not None
    assert alarm(logs) is None or alarm(logs).nights == 1


def test_one_night_alone_is_no_alarm_where_such_outliers_are_known():
    logs = nights(2)
    logs[20] = 0.15
    logs[-1] = 0.2

    assert alarm(logs) is None


def test_a_short_history_is_no_measure():
    logs = np.r_[nights(3, 9), 0.5, 0.5]

    assert alarm(logs) is None


@pytest.mark.parametrize("outliers", [0.0, 0.07])
def test_of_nights_without_a_change_one_in_a_hundred_is_an_alarm_at_most(outliers):
    draw = np.random.default_rng(4)
    alarms = 0
    for _ in range(1000):
        logs = draw.normal(0, 0.01, 60)
        slow = draw.random(60) < outliers
        logs[slow] += draw.exponential(0.12, slow.sum())
        alarms += alarm(logs) is not None

    # Of 1000 at 1 % more than 20 are less likely than 1 in 1000.
    assert alarms <= 20
