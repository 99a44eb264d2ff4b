"""A Parquet file of rows, whose columns carry their descriptions."""

import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from rnnbench.model.errors import ResultsError
from rnnbench.storage.files import reason_of, write_whole

# Rows that are in memory at a time, and of a row group in the file.
_ROWS = 50_000
_TYPES = {
    "string": pa.string(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "list": pa.list_(pa.float64()),
}


def write_parquet(
    path: Path,
    columns: Iterable[tuple[str, str, str]],
    rows: Iterable[Mapping[str, Any]],
    about: Mapping[str, str],
) -> int:
    """Write `rows` and return their number; ResultsError leaves what was at `path`.

    `columns`: the name of each, the name of its type (a key of `_TYPES`) and its
    meaning. `about`: texts that the file keeps beside its schema.
    """
    schema = pa.schema(
        [
            pa.field(name, _TYPES[kind], metadata={"description": meaning})
            for name, kind, meaning in columns
        ],
        metadata=dict(about),
    )
    content, count = io.BytesIO(), 0
    try:
        with parquet.ParquetWriter(content, schema, compression="zstd") as writer:
            for chunk in _chunks(rows):
                writer.write_table(pa.Table.from_pylist(chunk, schema=schema))
                count += len(chunk)
        write_whole(path, content.getvalue())
    except (OSError, pa.ArrowException, UnicodeError, OverflowError) as error:
        raise ResultsError(f"{path}: not written: {reason_of(error)}") from error
    return count


def _chunks(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    left = iter(rows)
    while chunk := list(islice(left, _ROWS)):
        yield chunk
