import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.pattern import case_filter

ATOMS = st.sampled_from(
    [
        *("a", "b", "-", ".", "[ab]", "[^a]", "[a-c-]", r"\d", r"\w", r"\."),
        *("(", ")", "|", "*", "+", "?", "^", "$", "1"),
    ]
)
IDS = st.text("abc-1.\x00é", max_size=12)


@given(st.lists(ATOMS, max_size=10).map("".join), st.lists(IDS, max_size=8))
def test_a_pattern_means_what_it_means_in_re(pattern, texts):
    try:
        matches = case_filter(pattern)
    except ValueError:
        return
    if "*+" in pattern or "++" in pattern or "?+" in pattern:
        return

    # An anchor within a repetition or beside another anchor is not taken literally.
    if re.search(r"[$^][^ab]*[$^]|[$^]\)[*+?]", pattern):
        return
    expected = re.compile(pattern, re.DOTALL)
    for text in texts:
        assert matches(text) == bool(expected.search(text)), text


@pytest.mark.parametrize(
    ("pattern", "case", "expected"),
    [
        ("all", "x", True),
        ("none", "none", False),
        ("-h128-l1-t32-", "gru-train-i64-h128-l1-t32-b16-cpu", True),
        ("-h128-l1-t32-", "gru-train-i64-h128-l2-t32-b16-cpu", False),
        ("^(gru|lstm)-", "gru-train", True),
        ("^(gru|lstm)-", "rnn_tanh-gru-", False),
        ("-cpu$", "gru-cpu-no_onednn", False),
        ("^gru$", "gru", True),
        ("", "gru", True),
        ("b(1|16)-.*no_onednn", "gru-b16-cpu-no_onednn", True),
    ],
)
def test_a_pattern_selects_case_ids(pattern, case, expected):
    assert case_filter(pattern)(case) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", ")", "a)", "[", "[b-a]", "*a", "a**", "|*", "\\", r"\1", "(?=a)"),
        *("a{99999999999999999999}", "(" * 5000 + ")" * 5000, "a" * 501, "(?P<x>a)"),
    ],
)
def test_what_is_not_supported_is_a_value_error(pattern):
    with pytest.raises(ValueError, match="pattern"):
        case_filter(pattern)


@given(st.text(max_size=40))
def test_any_text_is_a_pattern_or_a_value_error(text):
    try:
        case_filter(text)("gru-train-i64-h128-l1-t32-b16-cpu")
    except ValueError as error:
        assert str(error)  # noqa: PT017 - that it is no other error is the claim


def steps_of(pattern, text):
    """How many functions a match calls."""
    steps = 0

    def count(frame, event, argument):
        nonlocal steps
        steps += event == "call"

    case_filter.cache_clear()
    matches = case_filter(pattern)
    sys.setprofile(count)
    try:
        matches(text)
    finally:
        sys.setprofile(None)
    return steps


@pytest.mark.parametrize(
    "pattern",
    [
        *("(a+)+$", "(a|a)*$", "(a*)*$", "a*" * 100 + "$", "(a|aa)+$", "(.*)*x"),
        "(((a*)*)*)*b",
    ],
)
def test_a_match_takes_steps_in_proportion_to_the_text(pattern):
    short = steps_of(pattern, "ab" * 50 + "!")
    long = steps_of(pattern, "ab" * 500 + "!")

    assert 0 < long <= 10 * short
