"""Tables of decisions: GRU or LSTM, at each size that was measured, and at no other."""

from collections.abc import Sequence

from rnnbench.analysis.labels import nominal, words
from rnnbench.analysis.ratio import Ratio
from rnnbench.report.content import Block, Cell, Column, Table, Text
from rnnbench.report.sections.lines import varying
from rnnbench.report.sections.tones import winner_cell

# A row's sizes, and the phase and seq_len of a column.
_RowKey = tuple[int, ...]
_ColumnKey = tuple[str, int]
_Cells = dict[_RowKey, dict[_ColumnKey, Ratio]]

# Tables of one setting that a reader holds beside each other.
_MOST_TABLES = 4
_ROWS = ("num_layers", "batch_size", "input_size")


def decisions(name: str, group: Sequence[Ratio]) -> list[Block]:
    """One table where the sizes are a product, or one for each product within them."""
    axes = ["hidden_size", *varying([one.pair.baseline for one in group], _ROWS)]
    cells: _Cells = {}
    for ratio in group:
        case = ratio.pair.baseline
        row = tuple(nominal(case, axis) for axis in axes)
        column = (words("phase", case.phase), case.seq_len)
        cells.setdefault(row, {})[column] = ratio
    products = _products(cells)
    title = (
        f"The faster layer, with the time of a GRU as a multiple of an LSTM's: {name}"
    )
    if len(products) > _MOST_TABLES:
        note = Text("A dash: not in this sweep.")
        columns = {column for row in cells.values() for column in row}
        return [_table(title, axes, cells, columns), note]
    titles = [title]
    if len(products) > 1:
        titles = _told_apart(
            [f"{title}, over {_over(axes, *each)}" for each in products]
        )
    return [
        _table(said, axes, {row: cells[row] for row in rows}, columns)
        for said, (rows, columns) in zip(titles, products, strict=True)
    ]


def _products(cells: _Cells) -> list[tuple[list[_RowKey], set[_ColumnKey]]]:
    """Full tables that hold each cell at least once, those of the most rows first.

    A row stands in each table whose columns it has: a line over the lengths crosses
    one over the hidden sizes in a cell that both need.
    """
    candidates = [
        ([row for row, found in cells.items() if set(found) >= set(columns)], columns)
        for columns in {frozenset(found) for found in cells.values()}
    ]
    candidates.sort(key=lambda each: (-len(each[0]), sorted(each[1])))
    kept: list[tuple[list[_RowKey], set[_ColumnKey]]] = []
    for index, (rows, columns) in enumerate(candidates):
        others = [*kept, *candidates[index + 1 :]]
        if not all(
            any(row in beside and column in across for beside, across in others)
            for row in rows
            for column in columns
        ):
            kept.append((rows, set(columns)))
    return kept


def _over(
    axes: Sequence[str], rows: Sequence[_RowKey], columns: set[_ColumnKey]
) -> str:
    """The sizes that vary in a table: what tells it from the one beside it."""
    named = [
        axis
        for axis, values in zip(axes, zip(*rows, strict=True), strict=True)
        if len(set(values)) > 1
    ]
    if len({length for _, length in columns}) > 1:
        named.append("seq_len")
    return ", ".join(named) or "one size"


def _told_apart(titles: Sequence[str]) -> list[str]:
    """Numbered where they are the same: a table is found by its name."""
    return [
        f"{title} ({titles[: place + 1].count(title)} of {titles.count(title)})"
        if titles.count(title) > 1
        else title
        for place, title in enumerate(titles)
    ]


def _table(
    title: str, axes: Sequence[str], cells: _Cells, columns: set[_ColumnKey]
) -> Table:
    """Rows of sizes, a column for each phase and sequence length."""
    across = sorted(columns)
    return Table(
        title,
        (
            *(Column(axis, number=True) for axis in axes),
            *(Column(f"{phase}, seq_len {length}") for phase, length in across),
        ),
        tuple(
            (
                *(Cell(str(value)) for value in row),
                *(
                    winner_cell(found[column]) if column in found else Cell("–")
                    for column in across
                ),
            )
            for row, found in sorted(cells.items())
        ),
    )
