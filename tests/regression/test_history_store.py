import errno
import hashlib
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from rnnbench.model.errors import ResultsError
from rnnbench.regression.history_store import Entry, HistoryRow, add, load
from rnnbench.storage.files import read_limited

ENTRY = Entry(
    created="2026-11-23T02:00:00+00:00",
    commit="abcdef0",
    version="0.1.0",
    sweep="nightly",
    torch="2.13.0+cpu",
    torch_git=None,
    machine="example-0123456789ab",
    parts=(("cpu_model", "Example"),),
)
ROWS = tuple(
    HistoryRow(case, "time", "", "ok", 1e-3, 0.9e-3, 1.1e-3, 6)
    for case in ("gru", "lstm")
)


def night(number):
    """The entry of a night of its own."""
    return replace(ENTRY, commit=f"c{number}")


# In a process of its own, which can't import this file.
WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from rnnbench.regression.history_store import Entry, HistoryRow, add

store, writer = sys.argv[1:]
entry = Entry(
    created="2026-11-23T02:00:00+00:00", commit="", version="", sweep="", torch="",
    torch_git=None, machine="example-0123456789ab", parts=(),
)
row = HistoryRow("gru", "time", "", "ok", 1e-3, 0.9e-3, 1.1e-3, 6)
for number in range(50):
    assert add(Path(store), replace(entry, commit=f"c{writer}-{number}"), [row])[1]
"""


def files(store):
    return sorted(path for path in store.rglob("*") if path.is_file())


def test_what_is_added_is_read_back(tmp_path):
    failed = HistoryRow("rnn", "time", "", "killed", None, None, None, 0)

    add(tmp_path, ENTRY, [*ROWS, failed])

    held = load(tmp_path)
    assert held.entries == (ENTRY,)
    assert held.skipped == ()
    assert list(held.frame["case"]) == ["gru", "lstm", "rnn"]
    assert held.frame["value"].tolist()[:2] == [1e-3, 1e-3]
    assert pd.isna(held.frame["value"].tolist()[2])


def test_the_same_run_twice_is_one_file(tmp_path):
    first, fresh = add(tmp_path, ENTRY, ROWS)
    second, again = add(tmp_path, ENTRY, reversed(ROWS))

    assert (fresh, again) == (True, False)
    assert first == second
    assert files(tmp_path) == [first]


def test_a_damaged_file_is_written_anew_by_the_same_run(tmp_path):
    path, _ = add(tmp_path, ENTRY, ROWS)
    path.write_bytes(path.read_bytes()[:-9])

    _, fresh = add(tmp_path, ENTRY, ROWS)

    assert fresh
    assert load(tmp_path).entries == (ENTRY,)


def test_entries_come_in_the_order_of_time(tmp_path):
    days = ["03", "01", "02"]
    for day in days:
        add(tmp_path, replace(ENTRY, created=f"2026-11-{day}T02:00:00+00:00"), ROWS)

    held = load(tmp_path)

    assert [entry.created[8:10] for entry in held.entries] == sorted(days)
    assert held.frame["entry"].tolist() == [0, 0, 1, 1, 2, 2]


def test_one_case_is_read_without_the_others(tmp_path):
    add(tmp_path, ENTRY, ROWS)

    assert load(tmp_path, "lstm").frame["case"].tolist() == ["lstm"]
    assert load(tmp_path, "none").frame.empty


def test_a_copy_of_a_run_counts_once(tmp_path):
    path, _ = add(tmp_path, ENTRY, ROWS)
    other = tmp_path / "copied" / path.name
    other.parent.mkdir()
    other.write_bytes(path.read_bytes())

    assert load(tmp_path).entries == (ENTRY,)


def test_four_writers_at_the_same_time_lose_nothing(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(writer)])
        for writer in range(4)
    ]

    assert [writer.wait(120) for writer in writers] == [0] * 4
    held = load(tmp_path)
    assert {entry.commit for entry in held.entries} == {
        f"c{writer}-{number}" for writer in range(4) for number in range(50)
    }
    assert held.skipped == ()
    assert len(files(tmp_path)) == 200


def test_foreign_and_damaged_files_are_named_and_the_rest_is_read(tmp_path):
    kept, _ = add(tmp_path, ENTRY, ROWS)
    damaged, _ = add(tmp_path, night(2), ROWS)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    (kept.parent / "notes.txt").write_text("mine")
    (kept.parent / f".{kept.name}.7.tmp").write_bytes(b"half")

    held = load(tmp_path)

    assert held.entries == (ENTRY,)
    told = sorted(line.rpartition("/")[2] for line in held.skipped)
    assert [line.partition(": ")[0] for line in told] == [damaged.name, "notes.txt"]
    assert "foreign" in told[1]
    assert "damaged" in told[0]


def test_no_folder_is_said_in_one_line(tmp_path):
    with pytest.raises(ResultsError, match="no such folder"):
        load(tmp_path / "none")


@pytest.mark.parametrize("where", ["write", "fsync", "replace", "mkdir"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_what_can_not_be_written_leaves_no_half_file(
    tmp_path, monkeypatch, where, code
):
    def refuse(*_arguments, **_options):
        raise OSError(code, os.strerror(code))

    add(tmp_path, ENTRY, ROWS)
    before = files(tmp_path)
    if where == "fsync":
        monkeypatch.setattr(os, "fsync", refuse)
    elif where == "write":
        monkeypatch.setattr(Path, "open", refuse)
    else:
        monkeypatch.setattr(Path, where, refuse)

    with pytest.raises(ResultsError, match=f"can't be written: {os.strerror(code)}"):
        add(tmp_path, night(2), ROWS)

    monkeypatch.undo()
    assert files(tmp_path) == before
    assert load(tmp_path).entries == (ENTRY,)


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path, _ = add(tmp_path_factory.mktemp("store"), ENTRY, ROWS)
    return path.read_bytes()


def put(store, content):
    """A file whose name says what it holds, whatever that is."""
    digest = hashlib.sha256(content).hexdigest()[:16]
    path = store / f"20261123T020000Z-{digest}-{digest}.parquet"
    path.write_bytes(content)
    return path


@given(data=st.data())
def test_no_mutation_goes_further_than_one_line(content, tmp_path_factory, data):
    store = tmp_path_factory.mktemp("store")
    mutated = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(mutated) - 1))
        mutated[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(mutated)))
    path = store / f"20261123T020000Z-{'0' * 16}-{'1' * 16}.parquet"
    path.write_bytes(bytes(mutated[:end]))

    held = load(store)

    assert held.entries == ()
    assert len(held.skipped) == 1
    assert "\n" not in held.skipped[0]


HEADERS = [
    b"",
    b"null",
    b"[]",
    b"{",
    b'{"schema": 2}',
    b'{"schema": true}',
    b'{"schema": 1}',
    b"[" * 100_000,
    b'{"schema": 1, "created": NaN}',
    b"\xff\xfe",
]


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
def test_a_forged_header_is_one_line(tmp_path, content, header):
    table = parquet.read_table(pa.BufferReader(content))
    sink = pa.BufferOutputStream()
    parquet.write_table(table.replace_schema_metadata({b"rnnbench": header}), sink)
    put(tmp_path, sink.getvalue().to_pybytes())

    held = load(tmp_path)

    assert held.entries == ()
    assert len(held.skipped) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.drop_columns(["value"]),
        lambda t: t.rename_columns([*t.column_names[:-1], "other"]),
        lambda t: t.set_column(4, "value", pa.array(["a", "b"])),
        lambda t: t.set_column(4, "value", pa.array([float("inf"), 1.0])),
        lambda t: t.set_column(
            0, "case", pa.array([None, "b"]).cast(t.schema.field(0).type)
        ),
    ],
)
def test_forged_columns_are_one_line(tmp_path, content, change):
    table = parquet.read_table(pa.BufferReader(content))
    sink = pa.BufferOutputStream()
    parquet.write_table(change(table), sink)
    put(tmp_path, sink.getvalue().to_pybytes())

    held = load(tmp_path)

    assert held.entries == ()
    assert len(held.skipped) == 1


def test_a_file_is_read_once_and_its_words_are_stored_once(tmp_path, monkeypatch):
    # The shape that makes a million measurements quick: each file is opened once, and
    # a case's name is a code in the frame, not an object a row.
    draw = random.Random(1)
    for number in range(5):
        rows = [replace(ROWS[0], case=f"c{case}") for case in range(200)]
        draw.shuffle(rows)
        add(tmp_path, night(number), rows)
    opened = []
    monkeypatch.setattr(
        "rnnbench.regression.history_store.read_limited",
        lambda path, most: opened.append(path) or read_limited(path, most),
    )

    held = load(tmp_path)

    assert len(opened) == 5
    assert isinstance(held.frame["case"].dtype, pd.CategoricalDtype)
    assert held.frame["value"].dtype == np.float64
    assert len(held.frame) == 1000
