"""Names of values, and conditions as fields."""

import pytest

from rnnbench.analysis.labels import conditions_of, words
from rnnbench.model.case import AXES, DEFAULTS


@pytest.mark.parametrize(
    ("axis", "value", "said"),
    [
        ("hidden_size", 128, "hidden size 128"),
        ("num_layers", 1, "1 layer"),
        ("seq_len", 32, "32 steps"),
        ("threads", 2, "2 threads"),
        ("layer", "gru", "GRU"),
        ("onednn", False, "oneDNN off"),
    ],
)
def test_values_are_called_by_name(axis, value, said):
    assert words(axis, value) == said


@pytest.mark.parametrize("axis", [axis for axis in AXES if axis in DEFAULTS])
def test_every_default_has_words(axis):
    assert words(axis, DEFAULTS[axis])


def test_conditions_are_what_is_not_the_default(make_case):
    plain = conditions_of(make_case())
    other = conditions_of(make_case(bidirectional=True, onednn=False, phase="train"))

    assert plain.is_default
    assert plain.words() == "inference"
    assert not other.is_default
    assert other.words(with_device=True) == ("CPU, oneDNN off, bidirectional, training")


def test_a_switch_that_means_nothing_for_a_layer_is_no_condition(make_case):
    assert conditions_of(make_case(layer="gru", onednn=False)).backend is None


def test_what_is_compared_is_no_condition(make_case):
    case = make_case(bidirectional=True, onednn=False)

    assert conditions_of(case, without="bidirectional").extras == ()
    assert conditions_of(case, without="onednn").backend is None
    assert conditions_of(case, without="phase").phase is None
