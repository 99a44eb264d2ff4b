"""Many ratios, few repeats: the time each tool needs for the spread of rnnbench.

python -m studies.peers.many results/many/peers.jsonl --output results/many
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, variance

import numpy as np

from studies.markdown import table
from studies.peers.counts import groups, load, logs_of, workloads_of
from studies.peers.rules import ESTIMATES, first_estimate
from studies.peers.table import commands, where

OURS = "rnnbench"
RESAMPLES = 10_000
HEADS = (
    *("load", "tool", "statistic", "repeats", "workloads", "s a ratio"),
    *("sd, %", "apart, median / 90 %", "from rnnbench's, median / 90 %"),
    "times rnnbench's time",
)
# Ratios listed one by one: those on which the tools disagree most.
MOST = 10
NOTES = """\
* Each layer of a workload is a ratio to its LSTM: one value for each repeat, from
  the named statistic. Wall time is that of one command, from outside, divided by its
  ratios.
* The sd is over repeats, in logarithms, pooled: the root of the mean variance over
  all ratios. "Apart" is the range of a ratio's repeats. "From rnnbench's" is the
  distance of the mean of a tool's repeats from the mean of rnnbench's.
* A spread over repeats is not an error. A tool that runs all cells in one process,
  in one order, has the same heap before each of them in every repeat; where the
  allocator matters, all its repeats share that difference.
* "Times rnnbench's time" is the time for all ratios with the pooled spread of one
  rnnbench run, by averaging repeats that are assumed independent: the tool's wall
  time a ratio over rnnbench's, times the quotient of the mean variances (at least
  1), over the workloads that both have. In brackets: 95 % of resampled workloads
  (bootstrap percentiles, Efron 1979), the same ones for both.
* A tool with fewer workloads measured every n-th, since it takes too long for all.
* rnnbench ends at the sweep's time budget. It keeps freed memory in its processes
  (its default, `allocator: steady`). The other tools use the system's allocator, as
  for a user who sets nothing. rnnbench had both cores, for two launches side by
  side. Every other tool had one core, with another tool on the other core."""


@dataclass(frozen=True)
class Found:
    """Logarithms of one tool's ratios by workload, layer and repeat."""

    logs: dict[str, dict[str, list[float]]]
    seconds: float

    @classmethod
    def of(cls, lines, estimate):
        logs, ratios = {}, 0
        for workload in workloads_of(lines):
            own, layers = {}, layers_of(lines, workload)
            ratios += len(layers)
            for layer in layers:
                try:
                    own[layer] = logs_of(lines, estimate, workload, layer)
                except KeyError:
                    continue  # none in one of the repeats
            if own:
                logs[workload] = own
        return cls(logs, fmean(line["wall"] for line in lines) / ratios)

    def variances(self, workloads):
        """The variance over repeats, for each workload the mean over its ratios."""
        each = (self.logs[name].values() for name in workloads)
        return np.array([fmean(map(variance, own)) for own in each])

    def apart(self):
        """The range of each ratio's repeats."""
        rows = [row for own in self.logs.values() for row in own.values()]
        return [max(row) - min(row) for row in rows]

    def means(self):
        """The mean of each ratio's logarithms, by workload and layer."""
        return {
            (workload, layer): fmean(row)
            for workload, own in self.logs.items()
            for layer, row in own.items()
        }


def layers_of(lines, workload):
    """The layers that have a ratio to the workload's LSTM."""
    cells = (cell.split("/") for cell in lines[0]["values"])
    return [layer for name, layer in cells if name == workload and layer != "lstm"]


def times(found, ours):
    """Time for the same spread as a multiple of ours, with its 95 % interval."""
    shared = [name for name in found.logs if name in ours.logs]
    theirs, own = found.variances(shared), ours.variances(shared)
    picks = np.random.default_rng(0).integers(
        len(shared), size=(RESAMPLES, len(shared))
    )
    more = theirs[picks].mean(axis=1) / own[picks].mean(axis=1)
    low, high = np.quantile(more, [0.025, 0.975])
    each = np.array([theirs.mean() / own.mean(), low, high])
    return found.seconds / ours.seconds * np.maximum(each, 1)


def distances(found, ours):
    """The distance of each mean from ours."""
    own = ours.means()
    return [abs(log - own[key]) for key, log in found.means().items() if key in own]


def percent(gaps):
    """Median and 90th percentile of distances of logarithms, in percent."""
    far = float(np.quantile(gaps, 0.9))
    return f"{100 * np.expm1(median(gaps)):.1f} / {100 * np.expm1(far):.1f}"


def disagreements(lines, tools):
    """Rows for the ratios on which `tools` disagree most, for each load."""
    for load_name in dict.fromkeys(name for name, _, _ in groups(lines)):
        means = {
            tool: Found.of(own, first_estimate(tool)).means()
            for name, tool, own in groups(lines)
            if name == load_name
        }
        logs = {
            key: [m[key] for m in means.values() if key in m] for key in means[OURS]
        }
        for key in sorted(logs, key=lambda key: min(logs[key]) - max(logs[key]))[:MOST]:
            values = (means.get(tool, {}).get(key) for tool in tools)
            cells = ["" if log is None else f"{np.exp(log):.2f}" for log in values]
            yield [load_name, f"{key[1]}, {key[0]}", *cells]


def rows(lines):
    ours = {}
    for name, tool, own in groups(lines):
        for label, estimate in ESTIMATES[tool].items():
            found = Found.of(own, estimate)
            cells = [name, tool, label, str(len(own)), str(len(found.logs))]
            cells.append(f"{found.seconds:.1f}")
            if len(own) < 2:
                yield [*cells, *4 * ["unknown"]]
                continue
            if tool == OURS:
                ours[name] = found
            sd = fmean(found.variances(found.logs)) ** 0.5
            cells += [f"{100 * sd:.2f}", percent(found.apart())]
            if tool == OURS or name not in ours:
                yield [*cells, "", ""]
                continue
            more, low, high = times(found, ours[name])
            cells.append(percent(distances(found, ours[name])))
            yield [*cells, f"{more:,.1f} ({low:,.1f} to {high:,.1f})"]


def markdown(machine, lines):
    """The page: provenance, tables, notes, commands."""
    tools = list(dict.fromkeys(tool for _, tool, _ in groups(lines)))
    return "\n".join(
        [
            "# Many ratios, by rnnbench and by its peers",
            "",
            *where(machine),
            *table(HEADS, rows(lines), 3),
            "",
            "## Where they disagree most",
            "",
            *table(
                ["load", "ratio to the LSTM of", *tools],
                disagreements(lines, tools),
                2,
            ),
            "",
            "## How it was measured",
            "",
            NOTES,
            "",
            *commands(lines),
        ]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("--output", type=Path, default=Path("results/many"))
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    page = given.output / "many.md"
    page.write_text(markdown(*load(given.lines)), encoding="utf-8")


if __name__ == "__main__":
    main()
