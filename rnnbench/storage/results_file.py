"""The results file: pytest-benchmark's JSON with a block of rnnbench's own inside."""

import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from pathlib import Path
from typing import Any

from rnnbench.model.case import AXES
from rnnbench.model.codec import WrongValue, reader, typed
from rnnbench.model.errors import ResultsError
from rnnbench.model.run import Result, Run, Turns
from rnnbench.model.status import MEASURED
from rnnbench.storage.block_rows import whole_rows
from rnnbench.storage.compact import compact, lighter, rounded
from rnnbench.storage.files import read_json, reason_of, write_whole

# 1: the first. 2: values that most rows share are written once, under `usual`;
# launches, operators and spans are columns; times have five digits. 3: of a large run;
# the turns are in the file that `turns_file` names.
SCHEMA = 2
_LARGE_SCHEMA = 3
_READ = (1, SCHEMA, _LARGE_SCHEMA)

# With more cases the turns are written apart: as JSON, those of 100,000 cases are more
# than `storage.files` reads at once.
MOST_CASES_IN_JSON = 20_000

BLOCK = "rnnbench"
# Keys of the block that are no field of a run.
_OUTSIDE = ("schema", "turns_file")

# A run of 10,000 cases takes some tens of MB; a larger file would only take memory.
MAX_BYTES = 256 * 2**20

# Digits of pytest-benchmark's means and quartiles; its tables show fewer.
_STATISTICS_DIGITS = 6
# How far a turn that pytest-benchmark replayed may be from ours, which has five digits.
_ROUNDED = 6e-5

# No clock gives a call outside of these, and no ratio of two within them overflows.
_SHORTEST, _LONGEST = 1e-12, 1e9
# Of a name in the environment: the longest, a CPU's list of flags, has some 3,000.
_MOST_CHARACTERS = 10_000


def empty_document() -> dict[str, Any]:
    """The document that pytest-benchmark writes, without any benchmark."""
    try:
        writer = version("pytest-benchmark")
    except PackageNotFoundError:
        writer = ""
    return {
        "machine_info": {},
        "commit_info": {},
        "benchmarks": [],
        "datetime": "",
        "version": writer,
    }


def attach(document: dict[str, Any], run: Run) -> None:
    """Add `run` to a document of pytest-benchmark.

    Turns that the document has already are not written again in the block.
    """
    entries = _entries(document)
    run = lighter(run)
    block = {"schema": SCHEMA, **_plain(run)}
    for result, row in zip(run.results, block["results"], strict=True):
        seconds = [value for turns in result.turns for value in turns.seconds]
        entry = entries.get(result.case.id)
        if entry and _is_replay(entry["stats"]["data"], seconds):
            _replace_data(entry, seconds)
            for turns in row["turns"]:
                turns["count"] = len(turns.pop("seconds"))
    document["datetime"] = document.get("datetime") or run.created
    document[BLOCK] = compact(block)


def _replace_data(entry: dict[str, Any], seconds: list[float]) -> None:
    """Put `seconds` into an entry of pytest-benchmark, and round its statistics."""
    # It replayed: its options had no effect when these times were taken.
    entry["options"] = {}
    stats = entry["stats"]
    for name, value in stats.items():
        if type(value) is float and isfinite(value):
            stats[name] = rounded(value, _STATISTICS_DIGITS)
    # A replayed clock adds and subtracts, which changes the last digits.
    stats["data"][:] = seconds


def _entries(document: Any) -> dict[str, dict[str, Any]]:
    """The entries of pytest-benchmark that have turns, by the id of their case."""
    found: dict[str, dict[str, Any]] = {}
    for benchmark in typed(list, typed(dict, document).get("benchmarks", [])):
        entry = typed(dict, benchmark)
        case = typed(dict, entry.get("extra_info", {})).get("case")
        data = typed(dict, entry.get("stats", {})).get("data")
        if isinstance(case, str) and isinstance(data, list):
            found.setdefault(case, entry)
    return found


def _is_replay(data: list[Any], seconds: list[float]) -> bool:
    return len(data) == len(seconds) and all(
        abs(replayed - measured) <= _ROUNDED * measured
        for replayed, measured in zip(data, seconds, strict=True)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        # A lone surrogate (of an argument that is not UTF-8) can't be encoded.
        return str(value).encode(errors="replace").decode()
    if is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name)) for field in fields(value)
        }
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def write_document(path: Path, document: dict[str, Any]) -> None:
    """Put the whole document at `path`; ResultsError leaves there what was there.

    It is read back before it is moved into place, so that what can't be read is never
    written.
    """
    try:
        text = json.dumps(document, allow_nan=False, separators=(",", ":"))
        write_whole(path, text.encode() + b"\n", _read)
    except (OSError, TypeError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: not written: {reason_of(error)}") from error


def save_run(path: Path, run: Run) -> None:
    """Write `run` as a results file of its own, without pytest-benchmark's entries.

    With more than MOST_CASES_IN_JSON cases, the turns are a Parquet file beside it.
    """
    document = empty_document()
    if len(run.results) <= MOST_CASES_IN_JSON:
        attach(document, run)
        write_document(path, document)
        return
    # pyarrow takes a while to import, and only large runs need it.
    from rnnbench.storage import turns_file  # noqa: PLC0415

    run = lighter(run)
    try:
        name = turns_file.write_turns(path, run)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: not written: {reason_of(error)}") from error
    attach(document, turns_file.without_turns(run))
    document[BLOCK] |= {"schema": _LARGE_SCHEMA, "turns_file": name}
    write_document(path, document)
    turns_file.remove_others(path, name)


def is_one_file(content: bytes) -> bool:
    """Whether a results file holds all of its run, with no file of turns beside it."""
    return b'"turns_file":' not in content


def load_run(path: Path) -> Run:
    """The run in a results file; ResultsError: one line says what is wrong with it."""
    try:
        with without_collector():
            return _read(path)
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: {reason_of(error)}") from error


@contextmanager
def without_collector() -> Iterator[None]:
    """Turn the garbage collector off while a run is read and used.

    A run of 10,000 cases is a million objects without cycles, none of which can be
    freed. Searching them takes a fifth of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read(path: Path) -> Run:
    return _decode_document(read_json(path, MAX_BYTES), path.parent)


def _decode_document(document: Any, folder: Path) -> Run:
    block = typed(dict, document).get(BLOCK)
    if block is None:
        raise ValueError(f"holds no block {BLOCK!r}: not a results file of rnnbench")
    schema = typed(dict, block).get("schema")
    if type(schema) is not int or schema not in _READ:
        raise WrongValue(
            f"this version reads {_READ[0]} to {_READ[-1]}, not {schema!r}",
            f"{BLOCK}.schema",
        )
    entries = _entries(document)
    replayed = {name: entry["stats"]["data"] for name, entry in entries.items()}
    try:
        body = {name: block[name] for name in block if name not in _OUTSIDE}
        run: Run = reader(Run)(whole_rows(body, replayed))
        if schema == _LARGE_SCHEMA:
            from rnnbench.storage import turns_file  # noqa: PLC0415

            run = turns_file.with_turns(run, folder, block.get("turns_file"))
        _check(run)
    except ValueError as error:
        raise WrongValue.at(BLOCK, error) from error
    return run


def _check(run: Run) -> None:
    """Raise WrongValue for what no run can hold, though each value is well-formed."""
    if unknown := sorted(set(run.sweep.compare) - set(AXES)):
        raise WrongValue(f"no such axis: {', '.join(unknown)}", "sweep.compare")
    cases = [result.case for result in run.results]
    if len(set(cases)) != len(cases):
        raise WrongValue("a case is there twice", "results")
    for field in fields(run.environment):
        value = getattr(run.environment, field.name)
        length = sum(map(len, value)) if isinstance(value, str | tuple) else 0
        if length > _MOST_CHARACTERS:
            raise WrongValue(f"{length} characters", f"environment.{field.name}")
    for result in run.results:
        try:
            _check_result(result)
        except ValueError as error:
            raise WrongValue.at(result.case.id, error) from error
    for yardstick in run.yardsticks:
        try:
            require_possible(yardstick.turns)
        except ValueError as error:
            raise WrongValue.at(yardstick.workload, error) from error


def _check_result(result: Result) -> None:
    if result.status in MEASURED and not result.turns:
        raise WrongValue(f"{result.status} without turns")
    sizes = [size for _, size in result.profile.memory] if result.profile else []
    for value in (result.peak_memory, result.energy, *sizes):
        if value is not None and value < 0:
            raise WrongValue(f"{value} is less than 0")
    require_possible(result.turns)


def require_possible(turns: Sequence[Turns]) -> None:
    """ValueError for turns of one member that no measurement can give."""
    launches = [launch.launch for launch in turns]
    if len(set(launches)) != len(launches):
        raise WrongValue("a launch is there twice")
    for launch in turns:
        values = launch.seconds + launch.back_to_back
        for value in (min(values), max(values)):
            if not _SHORTEST <= value <= _LONGEST:
                raise WrongValue(f"{value} is no time of a call")
        counts = (launch.launch, launch.rough, launch.retaken, *launch.faults)
        if min(counts) < 0 or launch.rough > len(launch.seconds):
            raise WrongValue(f"impossible counts in launch {launch.launch}")
