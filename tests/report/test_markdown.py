"""The summary for a pull request: the answer in 40 lines, nothing in it is markup."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rnnbench.model.status import Status
from rnnbench.report.markdown import render_markdown
from rnnbench.report.view import view
from rnnbench.storage.results_file import load_run

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


@pytest.fixture
def run(make_sweep, simulate):
    return simulate(
        make_sweep(hidden_size=[16, 32], layer=["lstm", "gru"]),
        lambda case: 2e-3 if case.layer == "gru" else 1e-3,
    )


def test_the_answer_and_its_table_are_there(run):
    text = render_markdown(view(run))

    assert text.startswith("# quick: On this CPU, the LSTM is faster.\n")
    (row,) = re.findall(r"\| CPU, inference.*\|", text)
    assert re.search(r"\| \d\.\d\d×, \d\.\d\d to \d\.\d\d \|", row)
    assert "| LSTM at 2 of 2 |" in row


def test_every_row_of_a_table_has_as_many_cells_as_its_header(run):
    lines = render_markdown(view(run)).splitlines()

    rows = [line for line in lines if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


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
        "</details>",
    ],
)
def test_markup_stays_text(run, text):
    plain = render_markdown(view(run))
    hostile = replace(
        run,
        command=text,
        created=text,
        sweep=replace(run.sweep, name=text),
        environment=replace(run.environment, cpu_model=text, torch=text),
    )

    shown = render_markdown(view(hostile))

    assert shown.count("\n") == plain.count("\n")
    assert shown.count("<") == plain.count("<")
    assert "@" not in shown
    assert "://" not in shown
    assert not re.search(r"(?<!\\)[\[\]`_~!]", shown)


def test_failures_stand_above_the_table_and_reasons_below(run, make_case, make_result):
    failed = make_result(
        make_case(hidden_size=99), status=Status.TIMEOUT, reason="60 s"
    )

    text = render_markdown(view(replace(run, results=(*run.results, failed))))

    assert text.index("**1 of 5 cases failed") < text.index("| where |")
    assert "* 1 timeout, first " in text


def test_a_summary_fits_a_comment_whatever_failed(run, make_case, make_result):
    failed = [
        make_result(
            make_case(hidden_size=99 + place),
            status=Status.ERROR,
            reason=f"{place} {'x' * 9000}",
        )
        for place in range(40)
    ]

    text = render_markdown(view(replace(run, results=(*run.results, *failed))))

    assert len(text) < 65_536
    assert len(text.splitlines()) <= 40
    assert "more are in the report" in text


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("*.json")), ids=lambda p: p.stem)
def test_every_reference_run_fits_40_lines(path):
    text = render_markdown(view(load_run(path)))

    assert len(text.splitlines()) <= 40
    assert text.count("<details>") == text.count("</details>") >= 1
