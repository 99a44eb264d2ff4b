"""What a results file says once, and with how many digits: the same in fewer bytes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rnnbench.model.codec import WrongValue, typed
from rnnbench.model.profile import Kind, Operator, Profile
from rnnbench.model.run import Result, Run, Turns

# A turn repeats itself to a percent at best: the sixth digit of its time is chance. It
# moves by 0.005 % of itself at most.
_DIGITS = 5
# A first call is a single reading, of files and compilers as much as of the layer.
_FIRST_DIGITS = 3
# The report shows six; the others are summed up by kind.
_MOST_OPERATORS = 12
OTHERS = "other operators"

# Of each list of rows the key that all of them hold, and that is no one's usual value.
_KEYS = {"turns": "launch", "operators": "name", "timeline": "name"}
# Lists of a value a turn, of which a single value stands for all.
_BY_TURN = ("faults",)
# Either is there: what stands for the other is not to be filled in.
_NEVER_USUAL = frozenset({"seconds", *_KEYS.values()})

# No row has more fields.
_MOST_KEYS = 100

Row = dict[str, Any]


def lighter(run: Run) -> Run:
    """`run` as it is written: no digits of chance, and the longest operators."""
    return replace(
        run,
        results=tuple(map(_lighter_result, run.results)),
        yardsticks=tuple(
            replace(one, turns=tuple(map(_rounded_turns, one.turns)))
            for one in run.yardsticks
        ),
    )


def rounded(value: float, digits: int = _DIGITS) -> float:
    """`value` to so many significant digits."""
    return float(f"{value:.{digits}g}")


def compact(block: Row) -> Row:
    """`block` with columns in place of rows, and what is usual in them said once."""
    results, yardsticks = block["results"], block["yardsticks"]
    profiles = [row["profile"] for row in results if row["profile"]]
    turns = [_folded(one) for row in (*results, *yardsticks) for one in row["turns"]]
    usual = {
        "result": _usual(results),
        "case": _usual(row["case"] for row in results),
        "turns": _usual(turns),
        "profile": _usual(profiles),
        "operators": _usual(row for one in profiles for row in one["operators"]),
        "timeline": _usual(row for one in profiles for row in one["timeline"]),
    }
    return {
        **block,
        "usual": usual,
        "results": [_short_result(row, usual) for row in results],
        "yardsticks": [_with_columns(row, usual) for row in yardsticks],
    }


def whole(block: Row) -> Row:
    """`block` as it was before `compact`; what is odd is left for its reader."""
    if "usual" not in block:
        return block  # of the first schema
    usual = {
        name: _few_keys(typed(dict, block["usual"]).get(name), f"usual.{name}")
        for name in ("result", "case", "profile", *_KEYS)
    }
    rest = {name: value for name, value in block.items() if name != "usual"}
    for name in ("results", "yardsticks"):
        rows = typed(list, block.get(name))
        rest[name] = [
            _whole_row(row, usual, usual["result"] if name == "results" else {})
            for row in rows
        ]
    return rest


def _few_keys(value: Any, place: str) -> Row:
    """A table of usual values: each row gets a copy, so that it has to be small."""
    if len(typed(dict, value)) > _MOST_KEYS:
        raise WrongValue(f"{len(value)} keys", place)
    return dict(value)


def unfolded(turns: Row) -> Row:
    """`turns`, which have their seconds, with a value for each where one stood."""
    seconds = turns.get("seconds")
    if not isinstance(seconds, list):
        return turns
    single = {
        name: [turns[name]] * len(seconds)
        for name in _BY_TURN
        if type(turns.get(name)) is int
    }
    return {**turns, **single}


def _lighter_result(result: Result) -> Result:
    profile = result.profile and _lighter_profile(result.profile)
    turns = tuple(map(_rounded_turns, result.turns))
    return replace(result, turns=turns, profile=profile)


def _rounded_turns(turns: Turns) -> Turns:
    first = turns.first_call
    return replace(
        turns,
        seconds=tuple(map(rounded, turns.seconds)),
        back_to_back=tuple(map(rounded, turns.back_to_back)),
        first_call=None if first is None else rounded(first, _FIRST_DIGITS),
    )


def _lighter_profile(profile: Profile) -> Profile:
    """`profile` with its longest operators, and a sum of the others for each kind."""
    if len(profile.operators) <= _MOST_OPERATORS + len(Kind):
        return profile
    longest = sorted(profile.operators, key=_spent, reverse=True)
    kept, rest = longest[:_MOST_OPERATORS], longest[_MOST_OPERATORS:]
    sums = [
        _sum(kind, [one for one in rest if one.kind is kind])
        for kind in Kind
        if any(one.kind is kind for one in rest)
    ]
    return replace(profile, operators=(*kept, *sums))


def _spent(operator: Operator) -> float:
    return operator.host_seconds + operator.device_seconds


def _sum(kind: Kind, operators: Sequence[Operator]) -> Operator:
    return Operator(
        name=OTHERS,
        kind=kind,
        calls=sum(one.calls for one in operators),
        host_seconds=rounded(sum(one.host_seconds for one in operators)),
        device_seconds=rounded(sum(one.device_seconds for one in operators)),
        allocated_bytes=sum(one.allocated_bytes for one in operators),
    )


def _usual(rows: Iterable[Row]) -> Row:
    """What more than half of the rows hold, where that is a value or an empty list."""
    counts: dict[str, Counter[Any]] = {}
    total = 0
    for row in rows:
        total += 1
        for name, value in row.items():
            # What can't be counted is no one value; an empty list stands as a tuple.
            held = () if value == [] else value
            if name in _NEVER_USUAL or isinstance(held, list | dict):
                continue
            counts.setdefault(name, Counter())[held] += 1
    found = {name: count.most_common(1)[0] for name, count in counts.items()}
    return {
        name: [] if value == () else value
        for name, (value, count) in found.items()
        if 2 * count > total
    }


def _less(row: Row, usual: Row) -> Row:
    return {
        name: value
        for name, value in row.items()
        if name not in usual or value != usual[name]
    }


def _short_result(row: Row, usual: Row) -> Row:
    profile = row["profile"]
    if profile:
        profile = _less(_with_columns(profile, usual), usual["profile"])
    case = _less(row["case"], usual["case"])
    short = _with_columns({**row, "case": case, "profile": profile}, usual)
    return _less(short, usual["result"])


def _with_columns(row: Row, usual: Row) -> Row:
    """`row` with a list for each name in place of its lists of rows."""
    columns = {
        name: _columns([_folded(one) for one in row[name]], usual[name], key)
        for name, key in _KEYS.items()
        if row.get(name)
    }
    return {**row, **columns}


def _columns(rows: Sequence[Row], usual: Row, key: str) -> Row:
    return {
        name: [row[name] for row in rows]
        for name in rows[0]
        if name == key
        or name not in usual
        or any(row[name] != usual[name] for row in rows)
    }


def _folded(row: Row) -> Row:
    """`row` with one value where all turns have the same."""
    single = {
        name: row[name][0]
        for name in _BY_TURN
        if row.get(name) and len(set(row[name])) == 1 and len(row[name]) == _many(row)
    }
    return {**row, **single}


def _many(turns: Row) -> int:
    count = turns.get("count")
    return len(turns["seconds"]) if count is None else int(count)


def _whole_row(row: Any, usual: dict[str, Row], more: Row) -> Any:
    if not isinstance(row, dict):
        return row
    filled = {**more, **row}
    for name in ("case", "profile"):
        if isinstance(filled.get(name), dict):
            filled[name] = {**usual[name], **filled[name]}
    if isinstance(filled.get("profile"), dict):
        filled["profile"] = _with_rows(filled["profile"], usual)
    return _with_rows(filled, usual)


def _with_rows(row: Row, usual: dict[str, Row]) -> Row:
    there = {name: row[name] for name in _KEYS if isinstance(row.get(name), dict)}
    rows = {name: _rows(held, usual[name], name) for name, held in there.items()}
    return {**row, **rows}


def _rows(columns: Row, usual: Row, name: str) -> list[Row]:
    key = _KEYS[name]
    many = len(typed(list, columns.get(key)))
    for each, column in columns.items():
        if len(typed(list, column)) != many:
            raise WrongValue(f"{len(column)} of {each}, {many} of {key}", name)
    if "seconds" in columns:
        usual = {each: value for each, value in usual.items() if each != "count"}
    return [
        {**usual, **dict(zip(columns, values, strict=True))}
        for values in zip(*columns.values(), strict=True)
    ]
