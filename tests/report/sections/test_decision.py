import pytest

from rnnbench.analysis.ratio import ratios
from rnnbench.report.content import Table, Text
from rnnbench.report.sections.decision import decisions


@pytest.fixture(scope="module")
def tables_of(make_case, simulate):
    """The tables of a run at these points of hidden_size and seq_len."""

    def tables_of(points):
        cases = [
            make_case(hidden_size=hidden, seq_len=length, layer=layer)
            for hidden, length in points
            for layer in ("lstm", "gru")
        ]
        run = simulate(cases, lambda case: 1e-6 * case.hidden_size)
        return decisions("CPU", ratios(run))

    return tables_of


def cells(table):
    lengths = [column.title.rpartition(" ")[2] for column in table.columns[1:]]
    return {
        (row[0].text, length)
        for row in table.rows
        for length, cell in zip(lengths, row[1:], strict=True)
        if cell.text != "–"
    }


def test_sizes_that_are_a_product_are_one_table(tables_of):
    (table,) = tables_of([(h, s) for h in (16, 32, 64) for s in (4, 8)])

    assert [row[0].text for row in table.rows] == ["16", "32", "64"]
    assert len(cells(table)) == 6


def test_two_lines_that_cross_are_two_full_tables_that_both_have_the_crossing(
    tables_of,
):
    by_hidden, by_length = tables_of([(16, 8), (32, 8), (64, 8), (32, 4), (32, 16)])

    assert cells(by_hidden) == {("16", "8"), ("32", "8"), ("64", "8")}
    assert cells(by_length) == {("32", "4"), ("32", "8"), ("32", "16")}
    assert by_hidden.title.endswith("over hidden_size")
    assert by_length.title.endswith("over seq_len")


def test_sizes_without_a_pattern_are_one_table_with_dashes_and_a_note(tables_of):
    points = [(2**n, 2**n) for n in range(4, 10)]

    table, note = tables_of(points)

    assert isinstance(table, Table)
    assert cells(table) == {(str(h), str(s)) for h, s in points}
    assert isinstance(note, Text)
    assert "dash" in note.text


@pytest.mark.parametrize("seed", range(5))
def test_no_measured_cell_is_left_out(tables_of, seed):
    points = [(h, s) for h in (16, 32, 64) for s in (4, 8, 16) if (h + s * seed) % 3]

    found = [block for block in tables_of(points) if isinstance(block, Table)]

    assert set().union(*map(cells, found)) == {(str(h), str(s)) for h, s in points}


def test_tables_over_the_same_sizes_have_names_of_their_own(tables_of):
    corner = [(h, s) for h in (16, 32) for s in (4, 8)]
    other = [(h, s) for h in (64, 128) for s in (16, 64)]

    first, second = tables_of(corner + other)

    assert first.title.endswith("over hidden_size, seq_len (1 of 2)")
    assert second.title.endswith("over hidden_size, seq_len (2 of 2)")
