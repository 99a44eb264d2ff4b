"""Spreads, false alarms and slowdowns found, counted from the measured lines."""

import json
import lzma
import math
from collections import Counter
from itertools import combinations
from statistics import median, stdev

from studies.peers.rules import RULES, SAME, SLOWER, WITHIN

# The half-width to which a ratio should be known.
TARGET = 0.02


def load(path):
    """The last description of the machine, and the lines of measurements.

    `path`: as `studies.peers.run` writes it, or compressed with xz.
    """
    machine, lines = {}, []
    open_file = lzma.open if path.suffix == ".xz" else open
    with open_file(path, "rt", encoding="utf-8") as file:
        for line in map(json.loads, file):
            if "tool" in line:
                lines.append(line)
            else:
                machine = line
    return machine, sorted(lines, key=lambda line: line["repeat"])


def groups(lines):
    """Lines by load and tool, in the order of the tools."""
    loads = dict.fromkeys(line["load"] for line in lines)
    for name in sorted(loads, reverse=True, key=lambda load: load == "idle"):
        for tool in RULES:
            own = [x for x in lines if (x["load"], x["tool"]) == (name, tool)]
            if own:
                yield name, tool, own


def workloads_of(lines):
    """The workloads that every line has, in their order."""
    each = [dict.fromkeys(cell.split("/")[0] for cell in x["values"]) for x in lines]
    return [name for name in each[0] if all(name in other for other in each)]


def logs_of(lines, estimate, workload, layer="gru"):
    """The logarithm of the layer's ratio to the LSTM, one for each repeat."""
    return [
        math.log(
            estimate(line["values"], f"{workload}/{layer}")
            / estimate(line["values"], f"{workload}/lstm")
        )
        for line in lines
    ]


def spread(lines, estimate, workload):
    """Standard deviation of the ratio's logarithm, and the farthest from its median."""
    logs = logs_of(lines, estimate, workload)
    middle = median(logs)
    far = max(abs(math.expm1(value - middle)) for value in logs)
    return (stdev(logs) if len(logs) > 1 else math.nan), far


def needed(wall, sd):
    """Seconds for a 95 % interval of ±2 %, by averaging more repeats.

    None where there is one repeat, which has no spread.
    """
    return None if math.isnan(sd) else wall * max(1.0, (1.96 * sd / TARGET) ** 2)


def false_alarms(lines, name, rule):
    """(found, trials) of disjoint pairs and of all pairs that are called different."""
    workloads = workloads_of(lines)
    if name in WITHIN:
        verdicts = [
            rule(x["values"], f"{w}/lstm", x["values"], f"{w}/twin")
            for x in lines
            for w in workloads
        ]
        return counted(verdicts), None

    def called(pairs):
        return counted(
            rule(base["values"], f"{w}/lstm", new["values"], f"{w}/lstm")
            for base, new in pairs
            for w in workloads
        )

    by_repeat = {line["repeat"]: line for line in lines}
    disjoint = [
        (line, by_repeat[repeat + 1])
        for repeat, line in by_repeat.items()
        if repeat % 2 == 0 and repeat + 1 in by_repeat
    ]
    return called(disjoint), called(combinations(lines, 2))


def slowdowns(lines, rule):
    """Called slower, of the slowed layer against the layer: (found, trials)."""
    verdicts = Counter(
        rule(x["values"], f"{w}/lstm", x["values"], f"{w}/lstm_slow")
        for w in workloads_of(lines)
        for x in lines
    )
    return verdicts[SLOWER], verdicts.total()


def counted(verdicts):
    counts = Counter(verdicts)
    return counts.total() - counts[SAME], counts.total()
