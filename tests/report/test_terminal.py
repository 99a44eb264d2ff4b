"""The summary at the end of a run: short, narrow, plain where it must be."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.status import Status
from rnnbench.report.terminal import MOST_LINES, WIDTH, summary
from rnnbench.report.view import view
from rnnbench.storage.results_file import load_run

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


@pytest.fixture(scope="module")
def run(make_sweep, simulate):
    return simulate(
        make_sweep(layer=["lstm", "gru"], hidden_size=[16, 32]),
        lambda case: 2e-3 if case.layer == "gru" else 1e-3,
        memory=lambda case: 300 if case.layer == "gru" else 400,
        noise=0.001,
    )


def test_the_answer_stands_with_its_strip_memory_and_precision(run):
    lines = summary(view(run), [("Report", "reports/latest/index.html")])

    assert "  On this CPU, the LSTM is faster." in lines
    (row,) = [line for line in lines if "LSTM at 2 of 2" in line]
    assert row.startswith("  oneDNN on  inference")
    assert "2.00×" in row
    assert row.index("│") < row.index("◆")
    assert "  Memory: a GRU peaks at 0.75× of an LSTM." in lines
    assert "  Sure?   2 of 2 intervals within ±2 %; 4 ok." in lines
    assert lines[-1] == "  Report  reports/latest/index.html"


def test_the_1_of_the_ruler_stands_above_the_line_at_1(run):
    lines = summary(view(run))

    (ruler,) = [line for line in lines if line.endswith("1") and "time" in line]
    (row,) = [line for line in lines if "│" in line]
    assert ruler.rindex("1") == row.index("│")


def test_failures_stand_before_the_answer_with_their_reasons(
    run, make_case, make_result
):
    failed = make_result(
        make_case(hidden_size=99), status=Status.TIMEOUT, reason="60 s were not enough"
    )

    lines = summary(view(replace(run, results=(*run.results, failed))))

    (told,) = [line for line in lines if "FAILED" in line]
    assert told == "  1 of 5 cases FAILED"
    assert (
        "    1 timeout, first lstm-inference-i8-h99-l1-t4-b2-cpu: 60 s were not enough"
        in lines
    )
    assert lines.index(told) < lines.index("  On this CPU, the LSTM is faster.")


def test_a_pair_that_no_interval_decides_is_undecided(make_sweep, simulate):
    undecided = simulate(
        make_sweep(layer=["lstm", "gru"], hidden_size=[16]), lambda _: 1e-3, noise=0.2
    )

    lines = summary(view(undecided))

    assert any(line.endswith("  undecided") for line in lines)


def test_a_layer_of_ones_own_has_rows_beside_the_answer(make_sweep, simulate):
    own = simulate(
        make_sweep(layer=["lstm", "gru", "mine:cell"], hidden_size=[16, 32]),
        lambda case: 3e-3 if case.layer == "mine:cell" else 1e-3,
        noise=0.001,
    )

    lines = summary(view(own))

    (place,) = [n for n, line in enumerate(lines) if "mine:cell ÷ LSTM, time" in line]
    assert "3.00×" in lines[place + 1]
    assert lines[place + 1].endswith("LSTM at 2 of 2")


def test_a_line_says_from_which_size_on_a_ratio_is_below_1(make_sweep, simulate):
    cases = make_sweep(seq_len=[4, 16, 64], phase=["train"], layer=["gru", "lstm"])

    run = simulate(
        cases,
        lambda case: 1e-3 * (10 if case.layer == "gru" else case.seq_len),
        noise=0.001,
    )

    (line,) = [line for line in summary(view(run)) if "seq_len" in line]
    assert line.startswith("  training: below 1 from seq_len 16 on, 0.62")
    assert line.endswith(") there")


def test_without_a_terminal_it_is_ascii(run):
    assert all(line.isascii() for line in summary(view(run), is_plain=True))


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("*.json")), ids=lambda p: p.stem)
@pytest.mark.parametrize("is_plain", [True, False])
def test_every_reference_run_fits_25_lines_of_80_columns(path, is_plain):
    lines = summary(view(load_run(path)), [("Report", "x")] * 2, is_plain=is_plain)

    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= WIDTH


@given(text=st.text())
def test_no_text_moves_the_cursor_or_widens_a_line(run, text):
    hostile = replace(
        run,
        sweep=replace(run.sweep, name=text),
        environment=replace(run.environment, cpu_model=text, torch=text),
        results=(
            replace(run.results[0], status=Status.ERROR, turns=(), reason=text),
            *run.results[1:],
        ),
    )

    lines = summary(view(hostile), [("Report", text)])

    assert len(lines) <= MOST_LINES
    for line in lines:
        assert line.isprintable()
        assert len(line) <= WIDTH


def test_a_run_of_nothing_has_a_summary(make_run):
    assert "  Nothing was measured." in summary(view(make_run()))
