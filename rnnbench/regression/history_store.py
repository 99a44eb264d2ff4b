"""The files of the history: one Parquet file for each run, written once."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import compute, parquet

from rnnbench.model.codec import reader, typed
from rnnbench.model.errors import ResultsError
from rnnbench.storage.files import read_limited, sync_folder, write_whole

# 1: the first.
SCHEMA = 1

# A night of 10,000 cases takes less than a megabyte.
MAX_BYTES = 256 * 2**20

# The folder of the nights' results files, which night_files.py reads.
RUNS = "runs"
_KEY = b"rnnbench"
_MAGIC = b"PAR1"
# Time, digest of the run, digest of the file. A file whose content does not match its
# name was damaged or changed, and is never given to the parser.
_NAME = re.compile(
    r"[0-9]{8}T[0-9]{6}Z-(?P<run>[0-9a-f]{16})-(?P<file>[0-9a-f]{16})\.parquet"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The run that a file holds. `machine` is the key made from `parts`."""

    created: str  # ISO 8601, UTC
    commit: str | None
    version: str
    sweep: str
    torch: str
    torch_git: str | None
    machine: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One quantity of one case. Without a value, the status says why.

    `against` is the id of a ratio's denominator, and "" for any other quantity.
    """

    case: str
    quantity: str
    against: str
    status: str
    value: float | None
    low: float | None
    high: float | None
    launches: int


@dataclass(frozen=True, slots=True)
class History:
    """The content of a store: entries in order of time, and a frame of their rows.

    The frame's columns are the fields of HistoryRow and `entry`, the index into
    `entries`. `skipped` names each file that could not be read, with the reason.
    """

    entries: tuple[Entry, ...]
    frame: pd.DataFrame
    skipped: tuple[str, ...]


_WORD = pa.dictionary(pa.int32(), pa.string())
_TYPES: dict[Any, Any] = {str: _WORD, int: pa.int32()}
_COLUMNS = pa.schema(
    [
        pa.field(each.name, _TYPES.get(each.type, pa.float64()))
        for each in fields(HistoryRow)
    ]
)
_WORDS = tuple(each.name for each in fields(HistoryRow) if each.type is str)


def add(store: Path, entry: Entry, rows: Sequence[HistoryRow]) -> tuple[Path, bool]:
    """Add a run to the store; False if the store has it already."""
    ordered = sorted(rows, key=lambda row: (row.case, row.quantity, row.against))
    header = json.dumps({"schema": SCHEMA, **asdict(entry)}, sort_keys=True)
    body = json.dumps([list(asdict(row).values()) for row in ordered], allow_nan=False)
    run = hashlib.sha256(f"{header}\n{body}".encode()).hexdigest()[:16]
    folder = store / entry.machine
    with suppress(OSError):
        for known in sorted(folder.glob(f"*-{run}-*.parquet")):
            with suppress(ResultsError):
                read_file(known)
                return known, False
    content = _content(header, ordered)
    stamp = re.sub(r"[-:]", "", entry.created)[:15] + "Z"
    target = folder / f"{stamp}-{run}-{_digest(content)}.parquet"
    try:
        write_whole(target, content)
        # The folder of the machine may be new.
        sync_folder(store)
    except OSError as error:
        raise ResultsError(f"{target}: can't be written: {error.strerror}") from error
    return target, True


def utc(created: str) -> str:
    """The time of a run as ISO 8601 in UTC; ResultsError if it is no time."""
    try:
        moment = datetime.fromisoformat(created)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError) as error:
        raise ResultsError(f"created: {created[:60]!r} is not a time") from error


def _content(header: str, rows: Sequence[HistoryRow]) -> bytes:
    columns = {
        each.name: [getattr(row, each.name) for row in rows]
        for each in fields(HistoryRow)
    }
    table = pa.table(columns, schema=_COLUMNS.with_metadata({_KEY: header.encode()}))
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return bytes(sink.getvalue())


def load(store: Path, case: str | None = None, *, with_ends: bool = True) -> History:
    """Read the store: every row, or the rows of one case.

    Without the ends of the intervals, `low` and `high`, reading takes half of the time
    and less memory.
    """
    columns = None if with_ends else [*_WORDS, "value", "launches"]
    read: dict[str, tuple[Entry, pa.Table]] = {}
    skipped: list[str] = []
    for path in _files(store):
        try:
            match = _NAME.fullmatch(path.name)
            # A run that two versions of pyarrow wrote is there twice: read it once.
            if match is None or match["run"] not in read:
                entry, table = _read(path, case, columns)
                read[path.name.split("-")[1]] = entry, table
        except ResultsError as error:
            skipped.append(str(error))
    runs = sorted(read.items(), key=lambda item: (item[1][0].created, item[0]))
    entries = tuple(entry for _, (entry, _) in runs)
    return History(entries, _frame([table for _, (_, table) in runs]), tuple(skipped))


def empty() -> History:
    """The history of a store without files."""
    return History((), _frame(()), ())


def _files(store: Path) -> Iterator[Path]:
    try:
        found = sorted(store.rglob("*"))
    except OSError as error:
        raise ResultsError(f"{store}: {error.strerror}") from error
    if not store.is_dir():
        raise ResultsError(f"{store}: no such folder")
    for path in found:
        # A leading dot: the file is being written, or its writer was killed.
        is_ours = not path.name.startswith(".") and path.suffix != ".md"
        if path.is_file() and is_ours and not path.is_relative_to(store / RUNS):
            yield path


def read_file(path: Path) -> tuple[Entry, bytes]:
    """The run that a history file holds, and its content; ResultsError if damaged."""
    with _faults_of(path):
        content = _content_of(path)
        return _decode(content, None)[0], content


def _read(
    path: Path, case: str | None, columns: list[str] | None
) -> tuple[Entry, pa.Table]:
    with _faults_of(path):
        entry, table = _decode(_content_of(path), columns)
        return entry, table if case is None else _only(table, case)


def _content_of(path: Path) -> bytes:
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise ValueError("foreign: not a name of a history file")
    content = read_limited(path, MAX_BYTES)
    if _digest(content) != match["file"]:
        raise ValueError("damaged: its content does not match its name")
    if not content.startswith(_MAGIC):
        raise ValueError("damaged: not a Parquet file")
    return content


@contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    """The boundary where an error becomes one line with the path."""
    try:
        yield
    except (OSError, ValueError, RecursionError, pa.ArrowException) as error:
        what = getattr(error, "strerror", None) or " ".join(str(error).split())[:300]
        raise ResultsError(f"{path}: {what}") from error


def _decode(content: bytes, columns: list[str] | None) -> tuple[Entry, pa.Table]:
    file = parquet.ParquetFile(
        pa.BufferReader(content), page_checksum_verification=True
    )
    schema = file.schema_arrow
    header = typed(dict, json.loads((schema.metadata or {}).get(_KEY, b"null")))
    if type(header.get("schema")) is not int or header.pop("schema") != SCHEMA:
        raise ValueError(f"schema: this version of rnnbench reads {SCHEMA}")
    entry: Entry = reader(Entry)(header)
    if not schema.equals(_COLUMNS):
        raise ValueError("its columns are not those of a history file")
    table = file.read(columns, use_threads=False)
    if any(table.column(name).null_count for name in (*_WORDS, "launches")):
        raise ValueError("a text or a count is missing")
    table.validate(full=True)
    if any(
        compute.any(compute.is_inf(table.column(name))).as_py()
        for name in {"value", "low", "high"}.intersection(table.column_names)
    ):
        raise ValueError("a value is infinite")
    return entry, table


def _only(table: pa.Table, case: str) -> pa.Table:
    """The rows of one case, which are adjacent because rows are sorted by case."""
    column = table.column("case").combine_chunks()
    code = column.dictionary.index(case).as_py()
    places = column.indices.to_numpy() == code
    start = int(places.argmax()) if places.any() else 0
    return table.slice(start, int(places.sum()))


def _frame(tables: Sequence[pa.Table]) -> pd.DataFrame:
    marked = [
        table.append_column(
            "entry", pa.repeat(pa.scalar(place, pa.int32()), len(table))
        )
        for place, table in enumerate(tables)
    ]
    schema = _COLUMNS.append(pa.field("entry", pa.int32()))
    names = marked[0].column_names if marked else schema.names
    empty = schema.empty_table().select(names)
    plain = [table.replace_schema_metadata() for table in (empty, *marked)]
    whole = pa.concat_tables(plain, promote_options="default")
    # Each column is given up when it was converted: a history is large.
    frame: Any = whole.unify_dictionaries().to_pandas(
        split_blocks=True, self_destruct=True
    )
    return frame  # type: ignore[no-any-return]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
