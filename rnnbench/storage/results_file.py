"""The results file: pytest-benchmark's JSON with our block inside; its keys' keeper."""

import json
from dataclasses import fields, is_dataclass
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from pathlib import Path
from typing import Any

from rnnbench.model.case import AXES, Case
from rnnbench.model.codec import WrongValue, integer, reader, typed
from rnnbench.model.errors import ResultsError
from rnnbench.model.run import Result, Run, YardstickTurns
from rnnbench.storage.compact import compact, lighter, rounded, unfolded, whole
from rnnbench.storage.files import put_whole
from rnnbench.storage.strict_json import one_line, read_strict

# 1: the first. 2: what most rows share is said once, under `usual`; launches, operators
# and spans stand in columns; times have five digits.
SCHEMA = 2
_READ = (1, SCHEMA)

BLOCK = "rnnbench"

# A night of 10,000 cases takes some tens of MB; more than this is not one of ours, and
# reading it would only take the reader's memory.
MAX_BYTES = 512 * 2**20
_WHAT = "results file"

# Of a mean or a quartile of turns that have five. Their tables show fewer.
_THEIR_DIGITS = 6
# How far a turn that they replayed may be from ours, which has five digits.
_ROUNDED = 6e-5

# No clock gives a call outside of these, and no ratio of two within them overflows.
_SHORTEST, _LONGEST = 1e-12, 1e9


def empty_document() -> dict[str, Any]:
    """What pytest-benchmark would have written, had there been anything to write."""
    try:
        theirs = version("pytest-benchmark")
    except PackageNotFoundError:
        theirs = ""
    return {
        "machine_info": {},
        "commit_info": {},
        "benchmarks": [],
        "datetime": "",
        "version": theirs,
    }


def attach(document: dict[str, Any], run: Run) -> None:
    """Add `run` to a pytest-benchmark document, which holds its turns where it can."""
    entries = _entries(document)
    run = lighter(run)
    block = {"schema": SCHEMA, **_plain(run)}
    for result, row in zip(run.results, block["results"], strict=True):
        seconds = [value for turns in result.turns for value in turns.seconds]
        entry = entries.get(result.case.id)
        if entry and _alike(entry["stats"]["data"], seconds):
            _hold(entry, seconds)
            for turns in row["turns"]:
                turns["count"] = len(turns.pop("seconds"))
    document["datetime"] = document.get("datetime") or run.created
    document[BLOCK] = compact(block)


def _hold(entry: dict[str, Any], seconds: list[float]) -> None:
    """Put `seconds` into an entry of theirs, less what is not of the measuring."""
    # They replayed: no option of theirs held when these times were taken.
    entry["options"] = {}
    stats = entry["stats"]
    for name, value in stats.items():
        if type(value) is float and isfinite(value):
            stats[name] = rounded(value, _THEIR_DIGITS)
    # In place: a replayed clock adds and subtracts, its last digit is not ours.
    stats["data"][:] = seconds


def _entries(document: Any) -> dict[str, dict[str, Any]]:
    """The entries of pytest-benchmark that hold turns, by the id of their case."""
    found: dict[str, dict[str, Any]] = {}
    for benchmark in typed(list, typed(dict, document).get("benchmarks", [])):
        entry = typed(dict, benchmark)
        case = typed(dict, entry.get("extra_info", {})).get("case")
        data = typed(dict, entry.get("stats", {})).get("data")
        if isinstance(case, str) and isinstance(data, list):
            found.setdefault(case, entry)
    return found


def _alike(data: list[Any], seconds: list[float]) -> bool:
    return len(data) == len(seconds) and all(
        abs(theirs - ours) <= _ROUNDED * ours
        for theirs, ours in zip(data, seconds, strict=True)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        # A lone surrogate (an argument that is not UTF-8) can't be written to a page.
        return str(value).encode(errors="replace").decode()
    if is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name)) for field in fields(value)
        }
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def write_document(path: Path, document: dict[str, Any]) -> None:
    """Put the whole document at `path`, or raise and leave what was there."""
    try:
        text = json.dumps(document, allow_nan=False, separators=(",", ":"))
        content = text.encode() + b"\n"
        put_whole(
            path,
            content,
            lambda aside: _decode_document(read_strict(aside, MAX_BYTES, _WHAT)),
        )
    except (OSError, TypeError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: not written: {one_line(error)}") from error


def save_run(path: Path, run: Run) -> None:
    """Write `run` as a results file of its own, without pytest-benchmark's entries."""
    document = empty_document()
    attach(document, run)
    write_document(path, document)


def load_run(path: Path) -> Run:
    """Read the run in a results file; whatever is wrong with it is one line."""
    try:
        return _decode_document(read_strict(path, MAX_BYTES, _WHAT))
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: {one_line(error)}") from error


def _decode_document(document: Any) -> Run:
    block = typed(dict, document).get(BLOCK)
    if block is None:
        raise ValueError(f"holds no block {BLOCK!r}: not a results file of ours")
    schema = typed(dict, block).get("schema")
    if type(schema) is not int or schema not in _READ:
        raise WrongValue(
            f"this version reads {_READ[0]} to {SCHEMA}, not {schema!r}",
            f"{BLOCK}.schema",
        )
    entries = _entries(document)
    replayed = {name: entry["stats"]["data"] for name, entry in entries.items()}
    try:
        body = whole({name: block[name] for name in block if name != "schema"})
        rows = typed(list, body.get("results"))
        body["results"] = [_with_seconds(row, replayed) for row in rows]
        for name in ("results", "yardsticks"):
            body[name] = [_unfolded(row) for row in typed(list, body.get(name))]
        run: Run = reader(Run)(body)
        _check(run)
    except ValueError as error:
        raise WrongValue.at(BLOCK, error) from error
    return run


def _with_seconds(row: Any, replayed: dict[str, list[Any]]) -> Any:
    """`row` as if it held its turns itself; what is odd is left for its reader."""
    turns = row.get("turns") if isinstance(row, dict) else None
    if not isinstance(turns, list) or not all(isinstance(each, dict) for each in turns):
        return row
    if not any("count" in each for each in turns):
        return row
    try:
        case = reader(Case)(row.get("case"))
    except ValueError:
        return row
    data, start, whole = replayed.get(case.id, []), 0, []
    for each in turns:
        rest = dict(each)
        end = start + integer(rest.pop("count", None))
        whole.append({**rest, "seconds": data[start:end]})
        start = end
    if start != len(data):
        raise WrongValue(f"{start} turns are counted, {len(data)} are held", case.id)
    return {**row, "turns": whole}


def _unfolded(row: Any) -> Any:
    turns = row.get("turns") if isinstance(row, dict) else None
    if not isinstance(turns, list) or not all(isinstance(each, dict) for each in turns):
        return row
    return {**row, "turns": [unfolded(each) for each in turns]}


def _check(run: Run) -> None:
    """Refuse what no reader could make sense of, though each part is well-formed."""
    if unknown := sorted(set(run.sweep.compare) - set(AXES)):
        raise WrongValue(f"no such axis: {', '.join(unknown)}", "sweep.compare")
    cases = [result.case for result in run.results]
    if len(set(cases)) != len(cases):
        raise WrongValue("a case stands there twice", "results")
    held: tuple[Result | YardstickTurns, ...] = (*run.results, *run.yardsticks)
    for each in held:
        for turns in each.turns:
            for value in (*turns.seconds, *turns.back_to_back):
                if not _SHORTEST <= value <= _LONGEST:
                    raise WrongValue(f"{value} is no time of a call", each.workload)
