"""Names of values, and conditions as fields."""

import pytest

from rnnbench.analysis.labels import conditions_of, hardware_name, words
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


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Intel(R) Xeon(R) Processor", "Intel Xeon"),
        ("Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz", "Intel Xeon Platinum 8481C"),
        ("AMD EPYC 9B45 128-Core Processor", "AMD EPYC 9B45"),
        ("NVIDIA H200", "NVIDIA H200"),
        ("Example CPU 9000", "Example CPU 9000"),
        ("Processor", "Processor"),
        (" CPU", " CPU"),
    ],
)
def test_a_maker_s_marks_and_clocks_are_no_part_of_a_name(name, short):
    assert hardware_name(name) == short
