"""Rnnbench and other tools, as Markdown tables and a chart of the measured lines.

python -m studies.peers.table results/peers/peers.jsonl --output results/reference
"""

import argparse
from pathlib import Path
from statistics import fmean

from rnnbench.analysis.stats import rate_interval
from studies.markdown import table
from studies.peers.chart import draw
from studies.peers.counts import (
    false_alarms,
    groups,
    load,
    needed,
    slowdowns,
    spread,
    workloads_of,
)
from studies.peers.rules import ESTIMATES, RULES

NOTES = """\
* The ratio is GRU / LSTM of one repeat, from the named statistic. Its spread is over
  repeats, in logarithms: the standard deviation, and the largest distance from the
  median. In the chart a point is a tool's worst workload, and a line reaches to its
  best.
* Wall time is that of one command, from outside, divided by the {workloads} ratios
  it measures. The command also measures the slowed layer, and rnnbench a twin of the
  LSTM.
* "for ±2 %" is extrapolated, not measured: wall time times (1.96 sd / 2 %)², with
  the sd of the worst workload, and at least one command. It assumes independent
  repeats.
* A/A: the LSTM of one repeat as baseline, that of another as new. Disjoint pairs are
  repeats 0 and 1, 2 and 3, and so on. All pairs are not independent, so they have no
  interval. pytest-benchmark's rule looks only for worse results, so each of its
  pairs is one trial; for the others a difference in either direction counts.
  rnnbench's "ratio within a run" is about the twin in the same run, with one trial a
  repeat.
* 3 % found: the slowed LSTM is called slower than the LSTM of the same repeat, by
  the same rule. It waits for 3 % of its own call's time, plus a hook of about 3 µs
  in training.
* Rates are over repeats and workloads. Their 95 % interval is Clopper and Pearson's,
  and assumes independence.
* rnnbench keeps freed memory in its processes (its default, `allocator: steady`).
  The other tools use the system's allocator, as for a user who sets nothing. The
  work is the same.
* rnnbench had both cores, for two launches side by side. Every other tool had one
  core, with another tool on the other core.
* Besides a tool's default there are rules with a threshold that 3 % can exceed."""


def rate(found, trials):
    if not trials:
        return "no trial"
    share = rate_interval(found, trials)
    return (
        f"{found}/{trials} = {share.estimate:.0%} [{share.low:.0%}, {share.high:.0%}]"
    )


def spread_rows(lines):
    for name, tool, own in groups(lines):
        wall = fmean(line["wall"] for line in own)
        for label, estimate in ESTIMATES[tool].items():
            each = {w: spread(own, estimate, w) for w in workloads_of(lines)}
            sd = max(sd for sd, _ in each.values())
            cells = [name, tool, label, str(len(own))]
            cells += [f"{100 * of:.2f} / {100 * far:.1f}" for of, far in each.values()]
            seconds = needed(wall, sd)
            whole = "unknown" if seconds is None else f"{seconds / len(each):,.0f}"
            cells += [f"{wall / len(each):.1f}", whole]
            yield cells


def rule_rows(lines):
    for name, tool, own in groups(lines):
        for label, rule in RULES[tool].items():
            disjoint, every = false_alarms(own, label, rule)
            beside = "" if every is None or not every[1] else f"{every[0]}/{every[1]}"
            cells = [name, tool, label, rate(*disjoint), beside]
            yield [*cells, rate(*slowdowns(own, rule))]


def where(machine):
    """A paragraph: date, machine and versions."""
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    return [
        f"{machine['date']}, {machine['machine']}.",
        f"Versions: {versions}.",
        "",
    ]


def commands(lines):
    """The section with the command of each tool."""
    each = {x["tool"]: x["command"] for x in reversed(lines)}
    return [
        "The command of each tool's first repeat, as it was typed. BIN is the folder",
        "of an interpreter that has all tools (`tox run -e peers`). PEERS_CELLS names",
        "a file that `studies.peers.run` writes. The suites are in",
        "`studies/peers/suites`; runs of November 2026 have them in `bench/peers`.",
        "",
        "```",
        *(each[tool] for tool in RULES if tool in each),
        "```",
        "",
    ]


def markdown(machine, lines):
    """The page: provenance, two tables, notes, commands."""
    workloads = workloads_of(lines)
    of_ratio = [f"{name}: sd / farthest, %" for name in workloads]
    heads = ["load", "tool", "statistic", "repeats", *of_ratio]
    return "\n".join(
        [
            "# The same ratios, by rnnbench and by its peers",
            "",
            *where(machine),
            "![Spread of the ratio against wall time](peers.svg)",
            "",
            "## How far GRU / LSTM is from repeat to repeat, and what it costs",
            "",
            *table([*heads, "s a ratio", "s for ±2 %"], spread_rows(lines), 3),
            "",
            "## What each tool's own rule says",
            "",
            *table(
                ["load", "tool", "rule", "A/A different", "all pairs", "3 % found"],
                rule_rows(lines),
                3,
            ),
            "",
            "## How it was measured",
            "",
            NOTES.format(workloads=len(workloads)),
            "",
            *commands(lines),
        ]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("--output", type=Path, default=Path("results/reference/peers"))
    given = parser.parse_args()
    machine, lines = load(given.lines)
    given.output.mkdir(parents=True, exist_ok=True)
    page = given.output / "peers.md"
    page.write_text(markdown(machine, lines), encoding="utf-8")
    draw(lines, given.output / "peers.svg")


if __name__ == "__main__":
    main()
