"""The search of a bisection, with comparers that are exact, noisy or contradictory."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbench.analysis.stats import Interval
from rnnbench.regression.bisect_search import (
    FALSE_CHANGE,
    FALSE_SAME,
    BisectAnswer,
    VersionComparison,
    bisect,
    search,
)
from rnnbench.regression.bisect_table import bisect_table
from rnnbench.regression.gate_decision import BAND, GateVerdict

NOISE = 0.002


def comparer(levels, unknown=(), asked=None):
    """Compares versions that are named by their places, as the gate would."""

    def compare(baseline, candidate):
        if asked is not None:
            asked.append((baseline, candidate))
        if int(candidate) in unknown:
            return comparison(baseline, candidate, GateVerdict.UNMEASURED, None)
        ratio = levels[int(candidate)] / levels[int(baseline)]
        interval = Interval(ratio, ratio - NOISE, ratio + NOISE, 7)
        verdict = GateVerdict.UNCHANGED
        if ratio > 1 + BAND:
            verdict = GateVerdict.REGRESSION
        elif ratio < 1 / (1 + BAND):
            verdict = GateVerdict.IMPROVEMENT
        return comparison(baseline, candidate, verdict, interval)

    return compare


def comparison(baseline, candidate, verdict, ratio):
    return VersionComparison(
        baseline=baseline,
        candidate=candidate,
        case="gru",
        verdict=verdict,
        ratio=ratio,
        reason="",
        others=(),
    )


def outcome_of(levels, **others):
    return bisect([str(at) for at in range(len(levels))], comparer(levels, **others))


ranges = st.integers(2, 60).flatmap(
    lambda count: st.tuples(st.just(count), st.integers(1, count - 1))
)


@given(ranges, st.sampled_from([1.05, 1 / 1.05]))
def test_the_version_of_a_single_change_is_found_in_few_comparisons(where, size):
    count, culprit = where
    asked = []

    found = outcome_of([1.0] * culprit + [size] * (count - culprit), asked=asked)

    assert found.suspects == (str(culprit),)
    assert found.is_faster is (size < 1)
    assert list(found.doubts()) == []
    # The ends, once more if it became faster, the halvings, and the direct comparison.
    assert len(asked) <= 3 + (count - 1).bit_length()


@given(ranges, st.sets(st.integers(1, 58)))
def test_versions_that_can_t_be_judged_widen_the_answer_and_never_falsify_it(
    where, unknown
):
    count, culprit = where
    unknown -= {count - 1}

    found = outcome_of([1.0] * culprit + [1.1] * (count - culprit), unknown=unknown)

    assert str(culprit) in found.suspects
    # Of the suspects, only the last could be judged.
    assert {int(one) for one in found.suspects[:-1]} <= unknown


@given(st.lists(st.sampled_from(list(BisectAnswer)), max_size=60))
def test_the_found_place_is_between_two_answers_that_differ(middle):
    answers = [BisectAnswer.SAME, *middle, BisectAnswer.CHANGED]
    asked = []

    def ask(at):
        assert at not in asked
        asked.append(at)
        return answers[at]

    found = search(len(answers), ask)

    assert answers[found.low] is BisectAnswer.SAME
    assert answers[found.high] is BisectAnswer.CHANGED
    between = answers[found.low + 1 : found.high]
    assert set(between) <= {BisectAnswer.UNKNOWN}


@pytest.mark.parametrize(
    "levels",
    [
        [1, 1, 1.04, 1.04, 1.04, 1.08, 1.08, 1.08],  # two changes
        [1, 1.02, 1.04, 1.06, 1.08, 1.10, 1.12, 1.14],  # one in each version
        [1, 1, 0.9, 0.9, 0.9, 1.05, 1.05, 1.05],  # faster, then slower
        [1, 1, 1.3, 1.3, 1.3, 1.3, 1.05, 1.05],  # slower, then half of it back
    ],
)
def test_a_range_with_several_changes_says_so(levels):
    found = outcome_of(levels)

    assert list(found.doubts())
    assert "more than one change" in bisect_table(found, str).answer


def test_a_range_whose_ends_are_equal_has_no_suspects():
    found = outcome_of([1, 1.2, 1.2, 1])

    assert found.suspects == ()
    assert (
        bisect_table(found, str).answer == "No change of more than 1 % between 0 and 3."
    )


def test_ends_that_can_t_be_compared_are_no_absence_of_change():
    found = outcome_of([1, 1, 1.2], unknown={2})

    assert "could not be compared" in bisect_table(found, str).answer


@settings(max_examples=5)
@given(st.integers(0, 10**6))
def test_wrong_answers_are_as_rare_as_the_bound_says(seed):
    """A comparer that errs as often as its bounds allow, in 300 searches."""
    draw = random.Random(seed)
    levels = [1.0] * 5 + [1.1] * 3
    exact = comparer(levels)
    wrong, bound = 0, 0.0

    def noisy(baseline, candidate):
        true = exact(baseline, candidate)
        if (baseline, candidate) == ("0", "7"):
            return true
        is_changed = true.answer() is BisectAnswer.CHANGED
        if draw.random() >= (FALSE_SAME if is_changed else FALSE_CHANGE):
            return true
        verdict = GateVerdict.UNCHANGED if is_changed else GateVerdict.REGRESSION
        return comparison(baseline, candidate, verdict, true.ratio)

    for _ in range(300):
        found = bisect([str(at) for at in range(8)], noisy)
        wrong += found.suspects != ("5",)
        bound += found.error

    # Five standard deviations above the bound.
    assert wrong <= bound + 5 * bound**0.5


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (0.97, 1.05, BisectAnswer.SAME),
        (1.12, 1.30, BisectAnswer.CHANGED),
        (0.97, 1.12, BisectAnswer.UNKNOWN),
    ],
)
def test_a_wide_interval_answers_where_it_is_on_one_side_of_half(low, high, answer):
    wide = Interval((low + high) / 2, low, high, 14)
    one = comparison("a", "b", GateVerdict.INCONCLUSIVE, wide)

    assert one.answer(half=1.1) is answer
    assert one.answer() is BisectAnswer.UNKNOWN
