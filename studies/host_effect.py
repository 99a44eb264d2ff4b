"""Coverage of an interval over launches when hosts differ, on simulated log-ratios.

    python -m studies.host_effect --output results/reference/fleet/host-effect

A launch's log-ratio is the effect of its host plus its own, with equal spreads.
Launches rotate over the hosts as a fleet's do: launch k runs on host k modulo their
number. The table says how often the printed 95 % interval contains the mean over all
hosts of this kind, and the mean over those that measured. Its standard error is 0.3
points at 4,000 trials.
"""

import argparse
import random
import sys
from pathlib import Path
from statistics import fmean

from rnnbench.analysis.stats import mean_interval
from studies.markdown import table

SEED = 20_261_129
SPREAD = 0.01
# Hosts and launches: one host, fewer hosts than launches, and one for each launch.
CELLS = tuple(
    (hosts, launches)
    for launches in (6, 10, 20)
    for hosts in (1, 2, 3, launches // 2, launches)
)


def coverage(hosts: int, launches: int, trials: int) -> tuple[float, float]:
    """Shares of trials that cover the mean of the kind, and of its hosts here."""
    generator = random.Random(f"{SEED} {hosts} {launches}")
    of_kind = of_hosts = 0
    for _ in range(trials):
        effects = [generator.gauss(0, SPREAD) for _ in range(hosts)]
        logs = [
            effects[launch % hosts] + generator.gauss(0, SPREAD)
            for launch in range(launches)
        ]
        found = mean_interval(logs)
        of_kind += found.low <= 0 <= found.high
        of_hosts += found.low <= fmean(effects) <= found.high
    return of_kind / trials, of_hosts / trials


def report(trials: int) -> list[str]:
    """The table as Markdown."""
    rows = [
        (str(launches), str(hosts), *(f"{100 * share:.1f}" for share in shares))
        for hosts, launches in dict.fromkeys(CELLS)
        for shares in [coverage(hosts, launches, trials)]
    ]
    headings = ("launches", "hosts", "mean of the kind, %", "mean of these hosts, %")
    return table(headings, rows, 0)


def main() -> None:
    """Print the table, and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=4000)
    parser.add_argument("--output", type=Path, help="folder for the table")
    options = parser.parse_args()
    text = "\n".join([*report(options.trials), ""])
    sys.stdout.write(text)
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "tables.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
