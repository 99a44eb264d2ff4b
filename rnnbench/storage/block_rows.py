"""Whole rows from the compact form of a results block.

Malformed parts stay as they are: the decoder names their place.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rnnbench.model.case import Case
from rnnbench.model.case_codec import typed_fields
from rnnbench.model.codec import Columns, WrongValue, integer, reader, typed
from rnnbench.storage.compact import BY_TURN, KEYS, Row

# No row has more fields.
_MOST_KEYS = 100

# The turns that pytest-benchmark holds, by the id of their case.
Replayed = Mapping[str, list[Any]]


def whole_rows(block: Row, replayed: Replayed) -> Row:
    """`block` as it was before `compact`, and with the turns that are `replayed`.

    Tables are Columns, which the decoder takes as lists of rows.
    """
    names = ("result", "case", "profile", *KEYS)
    usual: dict[str, Row] = {name: {} for name in names}
    if "usual" in block:  # since the second schema
        found = typed(dict, block["usual"])
        usual = {name: _few_keys(found.get(name), f"usual.{name}") for name in names}
    usual["case"] = typed_fields(usual["case"])
    whole = {name: value for name, value in block.items() if name != "usual"}
    whole["results"] = [
        _with_seconds(_whole_result(row, usual), replayed)
        for row in typed(list, block.get("results"))
    ]
    whole["yardsticks"] = [
        _with_seconds(_with_columns(row, usual), {})
        for row in typed(list, block.get("yardsticks"))
    ]
    return whole


def _few_keys(value: Any, place: str) -> Row:
    """A table of usual values: each row gets a copy, so that it has to be small."""
    if len(typed(dict, value)) > _MOST_KEYS:
        raise WrongValue(f"{len(value)} keys", place)
    return dict(value)


def _whole_result(row: Any, usual: Mapping[str, Row]) -> Any:
    if not isinstance(row, dict):
        return row
    filled = {**usual["result"], **row}
    for name in ("case", "profile"):
        if isinstance(filled.get(name), dict):
            filled[name] = {**usual[name], **filled[name]}
    if filled.get("profile"):
        filled["profile"] = _with_columns(filled["profile"], usual)
    return _with_columns(filled, usual)


def _with_columns(row: Any, usual: Mapping[str, Row]) -> Any:
    if not isinstance(row, dict):
        return row
    tables = {
        name: _columns(name, row[name], usual[name]) for name in KEYS if row.get(name)
    }
    return {**row, **tables}


def _columns(name: str, table: Any, usual: Row) -> Any:
    """A table as Columns: of columns, or of the rows of the first schema."""
    key = KEYS[name]
    if isinstance(table, list):
        has_columns = all(isinstance(row, dict) and key in row for row in table)
        if not has_columns or len(set(map(tuple, table))) > 1:
            return table
        names = table[0]
        return Columns({name: [row[name] for row in table] for name in names}, {})
    if not isinstance(table, dict):
        return table
    count = len(typed(list, table.get(key)))
    for field, column in table.items():
        if len(typed(list, column)) != count:
            raise WrongValue(f"{len(column)} of {field}, {count} of {key}", name)
    return Columns(table, usual)


def _with_seconds(row: Any, replayed: Replayed) -> Any:
    """`row` with the seconds and the page faults of its turns, where it has turns."""
    turns = row.get("turns") if isinstance(row, dict) else None
    if not isinstance(turns, Columns):
        return row
    values, shared = dict(turns.values), dict(turns.shared)
    count = shared.pop("count", None)
    if "seconds" not in values:
        try:
            case = reader(Case)(row.get("case"))
        except ValueError:
            return row
        counts = values.pop("count", [count] * len(values["launch"]))
        values["seconds"] = _split(replayed.get(case.id, []), counts, case.id)
        row = {**row, "case": case}
    for name in BY_TURN:
        if name not in values and type(shared.get(name)) is int:
            values[name] = [shared[name]] * len(values["seconds"])
        if name in values:
            values[name] = _unfolded(values[name], values["seconds"])
    return {**row, "turns": Columns(values, shared)}


def _split(data: list[Any], counts: Sequence[Any], name: str) -> list[list[Any]]:
    """`data` in parts of that many values each."""
    parts, start = [], 0
    for count in counts:
        end = start + integer(count)
        parts.append(data[start:end])
        start = end
    if start != len(data):
        raise WrongValue(f"{start} turns are counted, {len(data)} are there", name)
    return parts


def _unfolded(column: Sequence[Any], seconds: Sequence[Any]) -> list[Any]:
    """`column` with tuples where one value replaced a list of equal ones."""
    return [
        (integer(value),) * len(turns)
        if type(value) is int and type(turns) is list
        else value
        for value, turns in zip(column, seconds, strict=True)
    ]
