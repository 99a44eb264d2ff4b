"""Figures of other benchmarking tools, from results/reference/peers/.

Each of its folders holds a comparison of tools on the same work under one load, with
two tables: how a tool's ratios spread, and what the tool's own rule says of layers that
are equal and of one that is 3 % slower.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import markdown_tables

PEERS = Path(__file__).parents[1] / "results" / "reference" / "peers"
OURS = "rnnbench"

# The rule and the statistic by which each tool is judged: what its documentation gives
# a user who sets nothing, or as little as it allows.
_RULES = {
    OURS: ("ratio within a run", "ratio"),
    "pytest-benchmark": ("mean:5%", "mean"),
    "pytest-benchmark --benchmark-precision": ("mean:5%", "mean"),
    "torch blocked_autorange": ("Compare colours", "median"),
    "torch adaptive_autorange": ("Compare colours", "median"),
    "pyperf --fast": ("compare_to", "mean"),
    "asv": ("compare (factor 1.1)", "median"),
    "benchmatrix": ("compare (5 %)", "median of runs"),
}
_SIZES = ("small", "middle", "large")
_COLUMNS = {"different": "A/A different", "found": "3 % found"}


def table(load: str) -> str:
    """A table with a row for each tool under this load."""
    text = _text(load)
    spreads, rules = _spreads(text), _rules(text)
    rows = []
    for tool, (rule, statistic) in _RULES.items():
        spread, said = spreads[tool, statistic], rules[tool, rule]
        deviations = [_spread_of(spread, size) for size in _SIZES]
        rows.append(
            (
                tool,
                rule,
                f"{min(deviations):.2g} to {max(deviations):.2g} %",
                spread["s a ratio"],
                spread["s for ±2 %"],
                _share(said["A/A different"]),
                _share(said["3 % found"]),
            )
        )
    heads = ("tool", "rule", "spread of the ratio", "s a ratio", "s for ±2 %")
    return markdown_tables.table(
        (*heads, "equal code called different", "3 % found"), rows
    )


def value(load: str, tool: str, column: str) -> str:
    """A share of trials: counts for `rnnbench`, the range in per cent for `others`."""
    rules = _rules(_text(load))
    cells = {
        name: rules[name, rule][_COLUMNS[column]] for name, (rule, _) in _RULES.items()
    }
    if tool == OURS:
        return cells[OURS].partition(" ")[0].replace("/", " of ")
    shares = [_per_cent(cell) for name, cell in cells.items() if name != OURS]
    return f"{min(shares)} to {max(shares)} %"


def sixty() -> str:
    """A table of what sixty workloads took each tool, by the statistic of its rule."""
    rows = [
        (
            row["tool"],
            row["workloads"],
            row["s a ratio"],
            f"{row['sd, %']} %",
            row["times rnnbench's time"] or "1",
        )
        for row in _many(("load", "tool", "statistic"))
        if (_RULES[row["tool"]][1]) == row["statistic"]
    ]
    heads = ("tool", "workloads", "s a ratio", "spread", "time for rnnbench's spread")
    return markdown_tables.table(heads, rows)


def farthest(tool: str) -> str:
    """The ratio on which tools disagree most: ours, or the range of the `others`."""
    row = next(iter(_many(("load", "ratio to the LSTM of"))))
    if tool == OURS:
        return row[OURS]
    values = [float(row[name]) for name in _RULES if name != OURS and row[name]]
    return f"{min(values)} to {max(values)}"


def provenance(load: str) -> str:
    """Date, machine and versions of a comparison, as its own page says them."""
    lines = _text(load).splitlines()
    return f"{lines[2]} {lines[3]}"


def _many(heads: tuple[str, ...]) -> Iterable[Mapping[str, str]]:
    text = (PEERS / "sixty" / "many.md").read_text(encoding="utf-8")
    return markdown_tables.rows_of(text, heads)


def _text(load: str) -> str:
    return (PEERS / load / "peers.md").read_text(encoding="utf-8")


def _spreads(text: str) -> dict[tuple[str, str], Mapping[str, str]]:
    found = markdown_tables.rows_of(text, ("load", "tool", "statistic"))
    return _by(found, "statistic")


def _rules(text: str) -> dict[tuple[str, str], Mapping[str, str]]:
    return _by(markdown_tables.rows_of(text, ("load", "tool", "rule")), "rule")


def _by(
    rows: Iterable[Mapping[str, str]], head: str
) -> dict[tuple[str, str], Mapping[str, str]]:
    return {(row["tool"], row[head]): row for row in rows}


def _spread_of(row: Mapping[str, str], size: str) -> float:
    """The standard deviation, in per cent, at one of the three sizes."""
    return float(row[f"{size}: sd / farthest, %"].partition("/")[0])


def _share(cell: str) -> str:
    """`2/15 = 13% [2%, 40%]` in words."""
    found = re.fullmatch(r"(\d+)/(\d+) = \d+% \[(\d+)%, (\d+)%\]", cell)
    if found is None:
        raise LookupError(f"{cell!r} is no share with its interval")
    hits, trials, low, high = found.groups()
    return f"{hits} of {trials} ({low} to {high} %)"


def _per_cent(cell: str) -> int:
    return int(cell.partition("=")[2].partition("%")[0])
