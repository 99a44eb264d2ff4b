"""The turns of a large run: a Parquet file beside its results file, for pandas as well.

A row is a pass: the turns of one case in one launch, or those of a workload's
yardstick, whose row has no case.
"""

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from rnnbench.model.codec import WrongValue, reader
from rnnbench.model.run import Run, Turns
from rnnbench.storage.files import read_limited, write_whole

MAX_BYTES = 2**30
# What a damaged or hostile file may ask for: 30 times a run of 100,000 cases.
_MOST_ROWS = 10_000_000
_MOST_UNPACKED = 4 * 2**30
# Passes that are converted at a time, and of a row group in the file.
_ROWS = 20_000

_NAME = re.compile(r"[^/\\]{1,200}\.turns-(?P<digest>[0-9a-f]{16})\.parquet")
_SCHEMA = pa.schema(
    [
        pa.field(name, kind, nullable, metadata={"description": meaning})
        for name, kind, nullable, meaning in (
            ("workload", pa.string(), False, "id of the workload"),
            ("case", pa.string(), True, "id of the case; null for the yardstick"),
            ("launch", pa.int64(), False, "number of the launch"),
            ("host", pa.string(), False, "opaque name of the host in a fleet"),
            ("seconds", pa.list_(pa.float64()), False, "seconds per call, by turn"),
            ("faults", pa.list_(pa.int64()), False, "minor page faults, by turn"),
            ("back_to_back", pa.list_(pa.float64()), False, "CUDA: without waiting"),
            ("first_call", pa.float64(), True, "seconds of the first call"),
            ("rough", pa.int64(), False, "turns that were disturbed"),
            ("retaken", pa.int64(), False, "timed calls that were repeated"),
        )
    ]
)
_LISTS = ("seconds", "faults", "back_to_back")
_OF_TURNS = [name for name in _SCHEMA.names if name not in ("workload", "case")]

# The turns of each case, and of the yardstick of each workload.
Passes = tuple[dict[str, list[Turns]], dict[str, list[Turns]]]


def write_turns(path: Path, run: Run) -> str:
    """Write the turns of `run` beside the results file `path`; the name of the file.

    The name has the digest of the content, so that a results file never gets the turns
    of another one. OSError, ValueError where it can't be written.
    """
    content = io.BytesIO()
    with parquet.ParquetWriter(content, _SCHEMA, compression="zstd") as writer:
        rows = _rows(run)
        while chunk := list(islice(rows, _ROWS)):
            writer.write_table(_table(chunk))
    data = content.getvalue()
    name = f"{path.stem}.turns-{hashlib.sha256(data).hexdigest()[:16]}.parquet"
    write_whole(path.with_name(name), data)
    return name


def without_turns(run: Run) -> Run:
    """`run` as its results file holds it beside a file of turns."""
    return replace(
        run,
        results=tuple(replace(result, turns=()) for result in run.results),
        yardsticks=tuple(replace(each, turns=()) for each in run.yardsticks),
    )


def remove_others(path: Path, name: str) -> None:
    """Remove the files of turns that the results file `path` had before `name`."""
    for each in path.parent.glob("*.parquet"):
        stem, _, rest = each.name.rpartition(".turns-")
        if rest and stem == path.stem and each.name != name:
            with suppress(OSError):
                each.unlink()


def with_turns(run: Run, folder: Path, name: Any) -> Run:
    """`run` with the turns in the file of that name.

    OSError, ValueError where it can't be read, or is not the file of this run.
    """
    by_case, by_workload = _read(folder, name)
    results = tuple(
        replace(result, turns=tuple(by_case.pop(result.case.id, ())))
        for result in run.results
    )
    yardsticks = tuple(
        replace(each, turns=tuple(by_workload.pop(each.workload, ())))
        for each in run.yardsticks
    )
    if left := next(iter([*by_case, *by_workload]), ""):
        raise WrongValue(f"turns of {left[:200]!r}, which the run does not have", name)
    return replace(run, results=results, yardsticks=yardsticks)


def _rows(run: Run) -> Iterator[tuple[str, str | None, Turns]]:
    for result in run.results:
        for turns in result.turns:
            yield result.workload, result.case.id, turns
    for yardstick in run.yardsticks:
        for turns in yardstick.turns:
            yield yardstick.workload, None, turns


def _table(rows: Sequence[tuple[str, str | None, Turns]]) -> pa.Table:
    columns: dict[str, list[Any]] = {
        "workload": [workload for workload, _, _ in rows],
        "case": [case for _, case, _ in rows],
    }
    for name in _OF_TURNS:
        columns[name] = [getattr(turns, name) for _, _, turns in rows]
    return pa.table(columns, schema=_SCHEMA)


def _read(folder: Path, name: Any) -> Passes:
    match = _NAME.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise WrongValue(f"{name!r:.200} names no file of turns", "turns_file")
    path = folder / name
    try:
        content = read_limited(path, MAX_BYTES)
    except FileNotFoundError as error:
        raise ValueError(f"its turns are missing: {name} belongs beside it") from error
    if hashlib.sha256(content).hexdigest()[:16] != match["digest"]:
        raise ValueError(f"{name} is damaged: its content does not match its name")
    try:
        return _passes(parquet.ParquetFile(pa.BufferReader(content)))
    except pa.ArrowException as error:
        raise ValueError(f"{name}: {' '.join(str(error).split())[:300]}") from error
    except ValueError as error:
        raise WrongValue.at(name, error) from error


def _passes(file: Any) -> Passes:
    if not file.schema_arrow.equals(_SCHEMA):
        raise ValueError("its columns are not those of a file of turns")
    about = file.metadata
    unpacked = sum(
        about.row_group(at).total_byte_size for at in range(about.num_row_groups)
    )
    if about.num_rows > _MOST_ROWS or unpacked > _MOST_UNPACKED:
        raise ValueError(f"{about.num_rows:,} rows, {unpacked:,} bytes")
    read_turns = reader(Turns)
    by_case: dict[str, list[Turns]] = {}
    by_workload: dict[str, list[Turns]] = {}
    for batch in file.iter_batches(batch_size=_ROWS, use_threads=False):
        batch.validate(full=True)
        workloads = batch.column("workload").to_pylist()
        cases = batch.column("case").to_pylist()
        for case, workload, row in zip(cases, workloads, _turns(batch), strict=True):
            turns = read_turns(row)
            if case is None:
                by_workload.setdefault(workload, []).append(turns)
            else:
                by_case.setdefault(case, []).append(turns)
    return by_case, by_workload


def _turns(batch: Any) -> Iterator[dict[str, Any]]:
    columns = [
        _lists(batch.column(name)) if name in _LISTS else batch.column(name).to_pylist()
        for name in _OF_TURNS
    ]
    for values in zip(*columns, strict=True):
        yield dict(zip(_OF_TURNS, values, strict=True))


def _lists(column: Any) -> list[list[Any]]:
    """The lists of a column: values are converted at once, in a tenth of the time."""
    values, offsets = column.flatten().to_pylist(), column.offsets.to_pylist()
    first = offsets[0] if offsets else 0
    return [values[start - first : end - first] for start, end in pairwise(offsets)]
