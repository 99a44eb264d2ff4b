"""What counts of turns that were disturbed, and what of turns in the same rounds."""

import math

from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.run import Turns, calm, paired


def turns(launch, rough=0, count=4):
    return Turns(launch, (0.001,) * count, rough=rough)


@given(st.lists(st.floats()).map(tuple))
def test_turns_are_positive_and_finite(seconds):
    is_right = bool(seconds) and all(0 < value < math.inf for value in seconds)

    try:
        Turns(1, seconds)
    except ValueError:
        assert not is_right
    else:
        assert is_right


def test_turns_are_calm_where_most_were_undisturbed():
    assert turns(0, rough=1).is_calm
    assert not turns(0, rough=2).is_calm


def test_disturbed_launches_do_not_count_where_they_are_the_exception():
    every = (turns(0), turns(1, rough=4), turns(2))

    assert [each.launch for each in calm(every)] == [0, 2]


def test_disturbed_launches_count_where_they_are_the_rule():
    every = (turns(0), turns(1, rough=4), turns(2, rough=4))

    assert calm(every) == every


def test_nothing_measured_stays_nothing():
    assert calm(()) == ()
    assert paired((), ()) == ()


def test_pairs_are_of_launches_that_both_have():
    pairs = paired((turns(0), turns(2)), (turns(1), turns(2)))

    assert [(ours.launch, theirs.launch) for ours, theirs in pairs] == [(2, 2)]


def test_a_pair_is_left_out_where_either_was_disturbed():
    ours = (turns(0), turns(1, rough=4), turns(2), turns(3))
    theirs = (turns(0), turns(1), turns(2, rough=3), turns(3))

    assert [each.launch for each, _ in paired(ours, theirs)] == [0, 3]


def test_pairs_that_are_all_disturbed_are_all_there_is():
    ours, theirs = (turns(0, rough=4),), (turns(0),)

    assert paired(ours, theirs) == ((ours[0], theirs[0]),)
