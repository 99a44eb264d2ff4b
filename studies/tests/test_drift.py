import numpy as np
import pytest

from rnnbench.analysis.stats import mean_interval
from studies import drift
from studies.calibration.resampling import halves


@pytest.fixture
def rows():
    return np.random.default_rng(3).normal(0, 0.02, (50, 40))


@pytest.mark.parametrize("name", ["tenth", "alike", "pairs"])
def test_no_other_rule_is_narrower(rows, name):
    for count in (6, 7):
        assert (getattr(drift, name)(rows[:, :count]) >= halves(rows[:, :count])).all()


def test_what_drifts_is_wider_by_its_likeness():
    # A step: r = 1/2 + 1/6, of which no more than 0.6 is believed.
    step = np.array([[0.0, 0, 0, 1, 1, 1], [0, 1, 0, 1, 0, 1]])

    assert drift.alike(step) / halves(step) == pytest.approx([2, 1])


def test_pairs_are_means_of_two_and_leave_the_first_of_an_odd_number():
    odd = np.array([[0.0, 0, 0, 1, 1, 2, 2]])

    of_three = mean_interval([0, 1, 2]).half_width
    assert drift.pairs(odd) == pytest.approx([of_three])
    assert drift.pairs(odd[:, 1:]) == pytest.approx([of_three])
    assert halves(odd)[0] < of_three


def test_launches_that_a_canary_marks_are_left_out_or_corrected():
    canary = np.array([1.0, 1.05, 1.5, 1.2])
    logs = 0.3 + 0.5 * np.log(canary)

    assert drift.marked(logs, canary) == pytest.approx(logs[:2])
    assert drift.corrected(logs, canary) == pytest.approx([0.3] * 4)


def test_a_calibration_has_a_line_for_each_arm_and_rule(make_calibration):
    calibration = make_calibration(cells=20)

    lines = list(drift.table(calibration))

    assert len(lines) == len(drift.RULES)
    assert lines[0].startswith("idle, steady, printed: ")
    # 40 series of 60 launches, in sets of 20.
    assert " of 120 sets" in lines[0]
