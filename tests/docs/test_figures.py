"""Every figure in the README and in docs/ is what the committed results say."""

import figures
import learning_figures
import markdown_tables
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
