"""Every figure in the README and in docs/ is what the committed results say."""

from dataclasses import replace

import figures
import learning_figures
import markdown_tables
import pytest
import runtime_figures
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.serving import (
    DeploymentCard,
    ServedBy,
    Serving,
    StepLatency,
    StreamCapacity,
)
from rnnbench.storage.results_file import save_run

PAGES = list(figures.pages())
# What a cell of a table may hold: any line of text without a backslash.
CELL = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="\\"), min_size=1
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_figure_is_stale(page):
    text = page.read_text(encoding="utf-8")

    assert figures.filled(text) == text, "run: python docs/figures.py"


def test_a_stale_figure_is_replaced_and_the_text_around_it_kept():
    stale = "took <!-- figure: cases quick-epyc-2-cores -->1<!-- / --> cases"

    assert figures.filled(stale) == (
        "took <!-- figure: cases quick-epyc-2-cores -->96<!-- / --> cases"
    )


@pytest.mark.parametrize(
    "words",
    [
        "nonsense quick-epyc-2-cores",
        "mean no-such-run",
        "mean quick-epyc-2-cores phase=step",
        "mean quick-epyc-2-cores no_axis=1",
        "cases",
    ],
)
def test_a_figure_that_can_not_be_computed_is_named(words):
    with pytest.raises(ValueError, match=words.split()[0]):
        figures.filled(f"took <!-- figure: {words} --><!-- / -->")


@pytest.mark.parametrize("text", ["{}", "first\n  {} more"])
def test_a_figure_that_would_end_its_paragraph_is_refused(text):
    marker = "<!-- figure: cases quick-epyc-2-cores --><!-- / -->"

    with pytest.raises(ValueError, match="must not begin its line"):
        figures.filled(text.format(marker))


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1))
def test_a_table_reads_back_as_it_was_written(rows):
    text = markdown_tables.table(("first", "second"), rows)

    found = list(markdown_tables.rows_of(text, ("first",)))

    assert [list(row.values()) for row in found] == rows


def test_the_readme_fits_into_8_kilobytes():
    assert (figures.ROOT / "README.md").stat().st_size <= 8192


def test_figures_of_learning_say_what_a_committed_run_holds(
    monkeypatch, tmp_path, make_learning_run
):
    monkeypatch.setattr(learning_figures, "REFERENCE", tmp_path)
    save_run(tmp_path / "learning-quick-here.json", make_learning_run())

    quick, full = (
        learning_figures.steps(name) for name in ("learning-quick", "learning")
    )

    assert "| learning-quick-here | adding, length 50 | 0.20 (0.17 to 0.24) |" in quick
    assert "no reference run is committed yet" in full
    assert "| C8 |" in learning_figures.verdicts("learning-quick")


def test_a_figure_of_a_run_that_is_not_committed_stays_and_is_listed():
    # No other test asks for this one, which is kept once it is read.
    text = "<!-- figure: step-latencies no-such-run-* -->\n\nnone yet\n\n<!-- / -->"

    assert figures.filled(text) == text
    ((words, why),) = figures.pending(text)
    assert words == "step-latencies no-such-run-*"
    assert "no-such-run-*.json" in why


@pytest.fixture
def served(make_sweep, simulate, tmp_path, monkeypatch):
    """A committed run of two runtimes with readings of a service."""
    cases = make_sweep(
        layer=["gru", "lstm"], runtime=["eager", "cell_loop"], hidden_size=[16, 32]
    )
    run = simulate(
        cases,
        lambda case: 2e-3 if (case.layer, case.runtime) == ("gru", "eager") else 1e-3,
        compare=("layer", "runtime"),
        noise=0.001,
    )
    serving = Serving(
        latencies=(StepLatency(launch=0, steps=80, seconds=(1e-5,), empty=(1e-5,)),),
        capacities=(
            StreamCapacity(
                launch=0,
                deadline=0.01,
                served_by=ServedBy.PROCESSES,
                servers=2,
                streams=84,
                misses=0.0,
            ),
        ),
        cards=(
            DeploymentCard(
                launch=0,
                build=0.5,
                load=None,
                first_call=0.1,
                call=0.001,
                whole_call=None,
                artefact=2048,
                base_memory=None,
                peak_memory=None,
                error=None,
            ),
        ),
    )
    results = tuple(replace(one, serving=serving) for one in run.results)
    save_run(tmp_path / "made-up.json", replace(run, results=results))
    monkeypatch.setattr(runtime_figures, "REFERENCE", tmp_path)
    for kept in (runtime_figures._run, runtime_figures._times):
        kept.cache_clear()
    yield
    for kept in (runtime_figures._run, runtime_figures._times):
        kept.cache_clear()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("layers-by-runtime made-* inference", "| hidden size 16 | "),
        ("runtime-gain made-* gru inference", "| hidden size 32 | 0."),
        ("step-latencies made-*", "| GRU | cell loop | hidden 16, input 8, batch 2 |"),
        ("streams-per-core made-*", "| 42 |"),
        ("deployment-cards made-*", "| 2.00 KiB | 500 ms |"),
    ],
)
def test_a_committed_run_fills_the_figure_by_itself(served, words, said):
    text = figures.filled(f"<!-- figure: {words} -->\n\nnone yet\n\n<!-- / -->")

    assert said in text
    assert "none yet" not in text


def test_a_range_of_a_runtime_fills_a_sentence(served):
    words = "runtime-gain-range made-* gru inference cell_loop"

    text = figures.filled(f"takes <!-- figure: {words} -->no<!-- / --> of it")

    assert "-->0.5" in text or "-->0.49" in text
