"""What a gate decided, for a terminal, for a code host and for a program."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rnnbench.analysis.stats import Interval
from rnnbench.model.formatting import for_markdown, for_terminal
from rnnbench.regression.gate_decision import BAND, LEVEL, Decision, Judgement, Verdict
from rnnbench.regression.pair import Side
from rnnbench.storage.files import write_whole

# 1: the first.
SCHEMA = 1

_HEADINGS = ("verdict", "case", "candidate/base", "98 %", "again", "98 %", "launches")
_ORDER = tuple(Verdict)
# A summary on a code host holds a megabyte at most, and a reader much less.
_MOST_ROWS = 200
_LONGEST = 80

_ANSWERS = {
    0: "Nothing is worse.",
    1: "The candidate is worse.",
    2: "It could not be judged.",
}


def text(decision: Decision) -> str:
    """Plain columns, the worst first, and what it comes to on the last line."""
    rows: list[tuple[str, ...]] = [_HEADINGS]
    rows += [tuple(map(for_terminal, _row(one))) for one in _sorted(decision)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head = (_setting(decision), *_changed(decision))
    lines = [*map(for_terminal, head), ""]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
    told = _sorted(decision, why=True)
    reasons = [for_terminal(f"{one.match.id}: {one.reason}") for one in told]
    lines += ["", *reasons] if reasons else []
    lines += ["", _verdict(decision)]
    return "\n".join(lines) + "\n"


def markdown(decision: Decision) -> str:
    """GitHub's Markdown, all of it escaped; what is unchanged is a count."""
    parts = [f"## {for_markdown(_verdict(decision))}", for_markdown(_setting(decision))]
    parts += [for_markdown(line) for line in _changed(decision)]
    shown = [one for one in _sorted(decision) if one.verdict is not Verdict.UNCHANGED]
    if shown:
        rows: list[tuple[str, ...]] = [_HEADINGS, ("---",) * len(_HEADINGS)]
        rows += [tuple(map(for_markdown, _row(one))) for one in shown[:_MOST_ROWS]]
        parts.append("\n".join(f"| {' | '.join(row)} |" for row in rows))
    if more := len(shown) - _MOST_ROWS:
        parts += [f"{more} more rows are in the JSON file."] if more > 0 else []
    reasons = _sorted(decision, why=True)[:_MOST_ROWS]
    if reasons:
        items = (for_markdown(f"{one.match.id}: {one.reason}") for one in reasons)
        parts.append("\n".join(f"* {item}" for item in items))
    return "\n\n".join(parts) + "\n"


def as_json(decision: Decision) -> str:
    """Strict JSON: a bound that is not finite is null."""
    document = {
        "schema": SCHEMA,
        "sweep": decision.sweep,
        "exit_code": decision.exit_code,
        "band": BAND,
        "level": LEVEL,
        "seconds": decision.seconds,
        "environments": {
            side: asdict(environment)
            for side, environment in decision.environments.items()
        },
        "judgements": [_encoded(one) for one in decision.judgements],
    }
    return json.dumps(document, allow_nan=False, indent=1) + "\n"


FORMS: dict[str, Callable[[Decision], str]] = {
    ".json": as_json,
    ".md": markdown,
    ".txt": text,
}


def write(path: Path, decision: Decision) -> None:
    """Write the form that the file's name ends in; whole, or not at all."""
    write_whole(path, FORMS[path.suffix](decision))


def _sorted(decision: Decision, *, why: bool = False) -> list[Judgement]:
    """The worst first; with `why`, those alone that have a reason."""
    found = [one for one in decision.judgements if one.reason or not why]
    return sorted(found, key=lambda one: _ORDER.index(one.verdict))


def _row(one: Judgement) -> tuple[str, ...]:
    launches = [each.count for each in (one.first, one.confirmed) if each]
    return (
        one.verdict.value,
        one.match.id,
        *_interval(one.first),
        *_interval(one.confirmed),
        " + ".join(map(str, launches)),
    )


def _interval(interval: Interval | None) -> tuple[str, str]:
    if interval is None:
        return "", ""
    return f"{interval.estimate:.3f}", f"{interval.low:.3f} to {interval.high:.3f}"


def _verdict(decision: Decision) -> str:
    """The answer and how many of which: Nothing is worse. 60 cases: 60 unchanged."""
    counts = Counter(one.verdict for one in decision.judgements)
    parts = (f"{counts[verdict]} {verdict}" for verdict in _ORDER if counts[verdict])
    answer, cases = _ANSWERS[decision.exit_code], len(decision.judgements)
    noun = "case" if cases == 1 else "cases"
    return f"{answer} {cases} {noun}: {', '.join(parts)}"


def _setting(decision: Decision) -> str:
    base, candidate = (decision.environments[side] for side in Side)
    return (
        f"{decision.sweep}: torch {candidate.torch} against torch {base.torch}, "
        f"turn by turn; worse is slower by more than {BAND:.0%}"
    )


def _changed(decision: Decision) -> Iterator[str]:
    """What differs between the two, field by field; it may be what is asked about."""
    base, candidate = (asdict(decision.environments[side]) for side in Side)
    for name, value in base.items():
        if value != candidate[name]:
            old, new = str(value)[:_LONGEST], str(candidate[name])[:_LONGEST]
            yield f"{name}: {old} in the base, {new} in the candidate"


def _encoded(one: Judgement) -> dict[str, Any]:
    return {
        "case": one.match.candidate.id,
        "base_case": one.match.base.id,
        "verdict": one.verdict,
        "reason": one.reason,
        "first": _bounds(one.first),
        "confirmed": _bounds(one.confirmed),
    }


def _bounds(interval: Interval | None) -> dict[str, Any] | None:
    """An interval of one launch is infinitely wide, and JSON knows no infinity."""
    if interval is None:
        return None
    values = asdict(interval)
    return {
        name: None if value == float("inf") else value for name, value in values.items()
    }
