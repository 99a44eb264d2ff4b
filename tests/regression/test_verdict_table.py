"""The layout of verdicts: short, complete and safe in each form."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from rnnbench.cli.output import TableFormat
from rnnbench.regression.case_pair import Side
from rnnbench.regression.gate_decision import GateVerdict
from rnnbench.regression.verdict_table import (
    FORMS,
    WRITERS,
    VerdictTable,
    as_json,
    as_markdown,
    as_summary,
    as_text,
    count_verdicts,
)

TEXTS = st.lists(st.text(min_size=1), max_size=12).map(tuple)


@st.composite
def tables(draw):
    columns = draw(st.integers(1, 4))
    row = st.tuples(*[st.text()] * columns)
    rows = draw(st.lists(row, max_size=40))
    return VerdictTable(
        title=draw(st.text()),
        answer=draw(st.text(min_size=1)),
        headings=tuple("abcd"[:columns]),
        rows=tuple(rows),
        notable=draw(st.integers(0, len(rows))),
        reasons=draw(TEXTS),
        notes=draw(TEXTS),
        document={"value": draw(st.floats())},
    )


def simple(count, notable, **values):
    rows = tuple((f"verdict {n}", f"case {n}") for n in range(count))
    headings = ("verdict", "case")
    return VerdictTable(
        title="T", answer="A.", headings=headings, rows=rows, notable=notable, **values
    )


@given(tables())
def test_a_summary_has_at_most_25_lines(table):
    assert len(as_summary(table).splitlines()) <= 25


def test_a_full_summary_has_exactly_25_lines():
    lines = tuple(f"line {n}" for n in range(20))

    shown = as_summary(simple(20, 20, reasons=lines, notes=lines))

    assert len(shown.splitlines()) == 25


@given(tables())
def test_no_form_has_a_character_that_moves_the_cursor(table):
    for form in (as_summary, as_text):
        assert all(c.isprintable() or c == "\n" for c in form(table))
    assert "<" not in as_markdown(table)


@given(tables())
def test_json_is_strict(table):
    document = json.loads(as_json(table), parse_constant=lambda name: 1 / 0)

    value = table.document["value"]
    assert document["value"] == (value if math.isfinite(value) else None)


def test_the_answer_is_the_first_line_and_ordinary_rows_are_counted():
    lines = as_summary(simple(100, 2)).splitlines()

    assert lines[0] == "A."
    assert [line.split()[1] for line in lines[3:5]] == ["0", "1"]
    assert lines[5] == "98 more rows: --verbose shows all"


def test_a_verbose_text_has_every_row_reason_and_note():
    notes = tuple(f"note {n}" for n in range(50))

    text = as_text(simple(100, 2, notes=notes, reasons=("because",)))

    assert "verdict 99" in text
    assert "note 49" in text
    assert "more" not in text


def test_markdown_has_notable_rows_alone_and_counts_the_others():
    text = as_markdown(simple(500, 300))

    assert text.count("| verdict ") == 1 + 200
    assert "Not shown: 300 rows." in text


def test_verdicts_are_counted_in_the_order_of_their_enumeration():
    found = [GateVerdict.UNCHANGED, GateVerdict.BROKEN, GateVerdict.UNCHANGED]

    assert count_verdicts(found, GateVerdict) == "1 broken, 2 unchanged"
    assert count_verdicts([], Side) == ""


def test_the_formats_of_the_command_line_are_those_of_the_module():
    assert set(FORMS) == set(TableFormat)
    assert {".json", ".md", ".txt"} == set(WRITERS)
