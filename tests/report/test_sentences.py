"""Sentences that remember what their words name."""

import pytest

from rnnbench.report.sentences import (
    capitalized,
    from_to,
    listed,
    named,
    plain,
    say,
    times,
    with_article,
)


def test_a_field_keeps_what_it_names():
    sentence = say("A {layer} wins.", layer=named("gru"))

    assert plain(sentence) == "A GRU wins."
    assert [phrase.layer for phrase in sentence] == ["", "gru", ""]


def test_braces_in_a_value_are_no_field():
    assert plain(say("{text}", text="{0} {layer!r}")) == "{0} {layer!r}"


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("gru", "a GRU"),
        ("lstm", "an LSTM"),
        ("rnn_tanh", "an RNN tanh"),
        ("mine:Layer", "mine:Layer"),
    ],
)
def test_an_article_goes_with_how_a_name_is_spoken(layer, said):
    assert plain(with_article(layer)) == said


@pytest.mark.parametrize(
    ("items", "said"),
    [(["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")],
)
def test_items_are_listed(items, said):
    assert plain(listed(items)) == said


def test_a_range_that_rounds_to_one_factor_is_one_factor():
    assert plain(from_to(2.01, 2.04)) == "2.0×"
    assert plain(from_to(2.01, 2.04, 3)) == "2.01× to 2.04×"
    assert times(0.756).text == "0.76×"


def test_a_sentence_begins_with_a_capital_unless_a_name_does():
    assert plain(capitalized(say("on it"))) == "On it"
    assert plain(capitalized((named("mine"),))) == "mine"
