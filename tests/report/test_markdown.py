import re

import pytest

from rnnbench.model.run import Status
from rnnbench.report.content import Cell, Column, Page, Section, Table, Text
from rnnbench.report.markdown import render
from rnnbench.report.run_page import page


def a_page(*blocks):
    return Page("Title", "Subtitle", (Section("answer", "The answer", blocks),))


def test_the_answer_and_its_table_are_there(make_sweep, simulate):
    run = simulate(
        make_sweep(hidden_size=[16, 32], layer=["lstm", "gru"]),
        lambda case: 2e-3 if case.layer == "gru" else 1e-3,
    )

    text = render(page(run))

    assert "The LSTM is faster at all 2 sizes" in text
    assert re.search(r"\| 16 \| LSTM \d", text)
    assert "svg" not in text


def test_every_row_of_a_table_has_as_many_cells_as_its_header():
    columns = (Column("a"), Column("b", number=True))
    rows = ((Cell("x|y"), Cell("1", note="0 to 2")), (Cell("line\nbreak"), Cell("")))

    text = render(a_page(Table("Table", columns, rows)))

    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert lines == [
        "| a | b |",
        "|---|--:|",
        "| x\\|y | 1 \\(0 to 2\\) |",
        "| line break |  |",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[a](javascript:alert(1))",
        "![a](x)",
        "@everyone",
        "# heading\n# another",
        "https://example.org",
        "`code` **bold** _it_ ~~gone~~ a|b",
    ],
)
def test_markup_stays_text(text):
    shown = render(a_page(Text(text, text)))

    body = shown.split("## The answer\n\n")[1]
    assert body.count("\n") == 1
    assert "<" not in body
    assert "@" not in body
    assert "://" not in body
    assert not re.search(r"(?<!\\)[\[\]`_|~!]", body)


def test_a_summary_fits_a_comment_and_says_what_it_left_out():
    columns = (Column("a"),)
    rows = tuple((Cell("x" * 900),) for _ in range(100))
    table = Table("Table", columns, rows)

    text = render(a_page(*[table] * 9, Text("Last")))

    assert len(text) < 65_536
    assert "60 more rows are on the page" in text
    assert text.endswith("Last\n\nThe rest is on the page.\n")


def test_failures_are_told(make_case, make_result, make_run):
    run = make_run([make_result(make_case(), status=Status.TIMEOUT, reason="60 s")])

    assert "| timeout | 1 | 60 s |" in render(page(run))
