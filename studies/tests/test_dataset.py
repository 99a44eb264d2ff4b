"""The committed example is what its script makes of the reference runs."""

from pyarrow import parquet

from studies.dataset import FOLDER, card, example_rows


def test_the_committed_table_and_card_are_up_to_date():
    rows = example_rows()

    assert parquet.read_table(FOLDER / "launches.parquet").to_pylist() == rows
    assert (FOLDER / "README.md").read_text("utf-8") == card(rows)
