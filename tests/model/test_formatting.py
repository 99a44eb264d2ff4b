import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.formatting import (
    align,
    counted,
    for_markdown,
    for_terminal,
    lines_for_terminal,
    markdown_table,
    significant,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1.00"), (0.01234, "0.0123"), (123.4, "123"), (9.999, "10.0"), (0, "0")],
)
def test_significant_digits_have_no_exponent(value, text):
    assert significant(value) == text


def test_a_noun_is_plural_unless_there_is_exactly_one():
    texts = [counted(count, "case") for count in (0, 1, 2)]

    assert texts == ["0 cases", "1 case", "2 cases"]


def test_columns_are_as_wide_as_their_widest_cell():
    rows = [("case", "seconds"), ("a", "1"), ("longer", "12.5")]

    assert align(rows) == ["case    seconds", "a       1", "longer  12.5"]
    assert align(rows, right={1}) == [
        "case    seconds",
        "a             1",
        "longer     12.5",
    ]
    assert align([]) == []


@given(st.lists(st.tuples(st.text(), st.text(), st.just("end"))))
def test_foreign_text_stays_in_its_cell(rows):
    table = markdown_table(("a", "b", "c"), rows)
    lines = align(rows)

    assert len(table) == len(rows) + 2
    assert all(line.replace("\\|", "").count("|") == 4 for line in table)
    assert all(line.isprintable() and line.endswith("end") for line in lines)
    assert len({line.rindex("end") for line in lines}) <= 1


@given(st.text())
def test_nothing_for_a_terminal_moves_the_cursor(text):
    assert for_terminal(text).isprintable()
    assert lines_for_terminal(text).replace("\n", "").isprintable()


def test_lines_for_a_terminal_keep_their_form():
    text = "  first\n\nsecond \x1b[31mred\x07"

    assert lines_for_terminal(text) == "  first\n\nsecond ?[31mred?"
    assert for_terminal(text) == "first second ?[31mred?"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<b>a & b</b>", "&lt;b&gt;a &amp; b&lt;/b&gt;"),
        ("@someone", "&#64;someone"),
        ("https://example.org", "https&#58;//example.org"),
        ("two\nlines", "two lines"),
        ("*a*_b_`c`", r"\*a\*\_b\_\`c\`"),
    ],
)
def test_markdown_shows_foreign_text_literally(text, escaped):
    assert for_markdown(text) == escaped
