import hashlib
import os
from dataclasses import replace

import pytest

from rnnbench.model.errors import ResultsError
from rnnbench.regression.history_merge import merge
from rnnbench.regression.history_store import Entry, HistoryRow, add, load

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
ROWS = (HistoryRow("gru", "time", "", "ok", 1e-3, 0.9e-3, 1.1e-3, 6),)


@pytest.fixture
def folders(tmp_path):
    """A history with one file, and a folder that is not there yet."""
    source, store = tmp_path / "new", tmp_path / "kept"
    path, _ = add(source, ENTRY, ROWS)
    return source, store, path


def test_a_history_file_is_copied_once(folders):
    source, store, path = folders

    first, second = merge(source, store), merge(source, store)

    assert first.copied == (store / path.relative_to(source),)
    assert (second.copied, second.known) == ((), 1)
    assert first.is_whole
    assert load(store).entries == (ENTRY,)


def test_a_file_of_the_store_is_never_replaced(folders):
    source, store, path = folders
    there = store / path.relative_to(source)
    there.parent.mkdir(parents=True)
    there.write_bytes(b"as it was")

    merge(source, store)

    assert there.read_bytes() == b"as it was"


def link(target):
    return lambda path: path.symlink_to(target)


def named_for(content):
    """The name of a history file of that content."""
    digest = hashlib.sha256(content).hexdigest()[:16]
    return f"20261123T020000Z-{'0' * 16}-{digest}.parquet"


NO_PARQUET = b"[core]\n\tfsmonitor = touch pwned\n"


@pytest.mark.parametrize(
    ("name", "make"),
    [
        (".git/commondir", lambda path: path.write_bytes(b".")),
        (".git/config", lambda path: path.write_bytes(NO_PARQUET)),
        ("README.md", lambda path: path.write_bytes(b"# text")),
        (
            f"example-0123456789ab/{named_for(b'PAR1')}",
            lambda p: p.write_bytes(b"PAR1"),
        ),
        (
            f"example-0123456789ab/{named_for(NO_PARQUET)}",
            lambda path: path.write_bytes(NO_PARQUET),
        ),
        ("example-0123456789ab/other.parquet", lambda path: path.write_bytes(b"PAR1")),
        (f"example-0123456789ab/{named_for(b'')}", os.mkfifo),
        (f"example-0123456789ab/{named_for(b'a')}", link("/etc/passwd")),
        ("other-0123456789ab", link("/etc")),
    ],
    # The same in each process of pytest-xdist: no address of a function.
    ids=lambda value: value if isinstance(value, str) else "made",
)
def test_nothing_but_a_history_file_is_copied(folders, name, make):
    source, store, path = folders
    (source / name).parent.mkdir(exist_ok=True)
    make(source / name)

    found = merge(source, store)

    copied = [each for each in store.rglob("*") if not each.is_dir()]
    assert copied == [store / path.relative_to(source)]
    (line,) = found.refused
    assert line.startswith(f"{source / name}: ")
    assert found.is_whole is not name.endswith(".parquet")


@pytest.mark.parametrize(
    "folder",
    [".git", "example", ".example-0123456789ab", "other-0123456789ab", ".", "a/b"],
)
def test_a_good_file_in_a_wrong_place_is_not_copied(folders, folder):
    source, store, path = folders
    wrong = source / folder / path.name
    wrong.parent.mkdir(parents=True, exist_ok=True)
    path.rename(wrong)

    found = merge(source, store)

    assert not store.exists()
    assert len(found.refused) == 1
    assert not found.is_whole


def test_a_link_in_place_of_a_good_file_is_not_copied(folders):
    source, store, path = folders
    elsewhere = path.rename(source.parent / path.name)
    path.symlink_to(elsewhere)

    assert merge(source, store).copied == ()
    assert not store.exists()


def test_the_machine_of_a_file_can_not_lead_out_of_the_store(tmp_path):
    source, store = tmp_path / "new" / "source", tmp_path / "kept"
    add(source, replace(ENTRY, machine="../../example-0123456789ab"), ROWS)

    found = merge(source.parent.parent, store)

    assert found.copied == ()
    assert not store.exists()


def test_a_source_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(ResultsError, match="No such file"):
        merge(tmp_path / "none", tmp_path / "kept")
