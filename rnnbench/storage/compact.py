"""A compact form of the results block: columns, shared values, fewer digits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rnnbench.model.profile import Kind, Operator, Profile
from rnnbench.model.run import Result, Run, Turns
from rnnbench.model.runtime_facts import RuntimeFacts

# A turn repeats to a percent at best, so the sixth digit of its time is noise. Five
# digits change it by at most 0.005 %.
_DIGITS = 5
# A first call is read once, and depends on files and compilers as well.
_FIRST_DIGITS = 3
# The report shows six; the others are summed by kind.
_MOST_OPERATORS = 12
OTHERS = "other operators"

# For each list of rows, the key that every row has and that is never left out.
KEYS = {"turns": "launch", "operators": "name", "timeline": "name"}
# Lists with a value for each turn; one value replaces a list of equal ones.
BY_TURN = ("faults",)
# A row has `seconds` or `count`; neither is filled in where the other is there.
_NEVER_USUAL = frozenset({"seconds", *KEYS.values()})

Row = dict[str, Any]


def lighter(run: Run) -> Run:
    """`run` as it is written: rounded times, and only the longest operators."""
    return replace(
        run,
        results=tuple(map(_lighter_result, run.results)),
        yardsticks=tuple(
            replace(yardstick, turns=tuple(map(_rounded_turns, yardstick.turns)))
            for yardstick in run.yardsticks
        ),
    )


def rounded(value: float, digits: int = _DIGITS) -> float:
    """`value` rounded to that many significant digits."""
    return float(f"{value:.{digits}g}")


def compact(block: Row) -> Row:
    """`block` with columns in place of rows; what most rows share is written once."""
    results, yardsticks = block["results"], block["yardsticks"]
    profiles = [row["profile"] for row in results if row["profile"]]
    turns = [_folded(each) for row in (*results, *yardsticks) for each in row["turns"]]
    usual = {
        "result": _usual(results),
        "case": _usual(row["case"] for row in results),
        "turns": _usual(turns),
        "profile": _usual(profiles),
        "operators": _usual(row for each in profiles for row in each["operators"]),
        "timeline": _usual(row for each in profiles for row in each["timeline"]),
    }
    return {
        **block,
        "usual": usual,
        "results": [_short_result(row, usual) for row in results],
        "yardsticks": [_with_columns(row, usual) for row in yardsticks],
    }


def _lighter_result(result: Result) -> Result:
    profile = result.profile and _lighter_profile(result.profile)
    turns = tuple(map(_rounded_turns, result.turns))
    facts = result.facts and _rounded_facts(result.facts)
    return replace(result, turns=turns, profile=profile, facts=facts)


def _rounded_facts(facts: RuntimeFacts) -> RuntimeFacts:
    load = facts.load_seconds
    return replace(
        facts,
        build_seconds=rounded(facts.build_seconds, _FIRST_DIGITS),
        load_seconds=None if load is None else rounded(load, _FIRST_DIGITS),
        error=rounded(facts.error, _FIRST_DIGITS),
        threads=rounded(facts.threads, _FIRST_DIGITS),
    )


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
    kept, others = longest[:_MOST_OPERATORS], longest[_MOST_OPERATORS:]
    sums = [
        _sum(kind, [operator for operator in others if operator.kind is kind])
        for kind in Kind
        if any(operator.kind is kind for operator in others)
    ]
    return replace(profile, operators=(*kept, *sums))


def _spent(operator: Operator) -> float:
    return operator.host_seconds + operator.device_seconds


def _sum(kind: Kind, operators: Sequence[Operator]) -> Operator:
    return Operator(
        name=OTHERS,
        kind=kind,
        calls=sum(each.calls for each in operators),
        host_seconds=rounded(sum(each.host_seconds for each in operators)),
        device_seconds=rounded(sum(each.device_seconds for each in operators)),
        allocated_bytes=sum(each.allocated_bytes for each in operators),
    )


def _usual(rows: Iterable[Row]) -> Row:
    """Values that more than half of the rows have: plain ones or empty lists."""
    counts: dict[str, Counter[Any]] = {}
    total = 0
    for row in rows:
        total += 1
        for name, value in row.items():
            # A tuple can be counted in place of an empty list.
            hashable = () if value == [] else value
            if name in _NEVER_USUAL or isinstance(hashable, list | dict):
                continue
            counts.setdefault(name, Counter())[hashable] += 1
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
    """`row` with a table of columns in place of each of its lists of rows."""
    columns = {
        name: _columns([_folded(each) for each in row[name]], usual[name], key)
        for name, key in KEYS.items()
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
    """`row` with one value in place of a list of equal ones."""
    single = {
        name: row[name][0]
        for name in BY_TURN
        if row.get(name)
        and len(set(row[name])) == 1
        and len(row[name]) == _turn_count(row)
    }
    return {**row, **single}


def _turn_count(turns: Row) -> int:
    count = turns.get("count")
    return len(turns["seconds"]) if count is None else int(count)
