"""The number of rounds in a launch that would have cost least, from a run's file.

    python -m studies.rounds results/reference/sixty-epyc-2-cores.json

A ratio varies from launch to launch for two reasons: turns are noisy, which more rounds
average out, and processes differ, which only more launches average out. Both parts
follow from the turns, the costs from the run's effort. The table gives, for each number
of rounds, the time for the same intervals as a share of the time that the run took.
"""

import argparse
import sys
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import fmean, variance

from rnnbench.analysis.launch_estimate import launch_log
from rnnbench.analysis.ratio import ratios
from rnnbench.model.errors import RnnbenchError
from rnnbench.model.metric import TIME
from rnnbench.storage.results_file import load_run

# So that each half of a launch has a lower third.
LEAST_ROUNDS = 4
ROUNDS = (2, 3, 4, 5, 6, 8, 10, 12, 16)


@dataclass(frozen=True)
class Parts:
    """Parts of the variance of a launch's log-ratio, mean over ratios, and their costs.

    `within`: the variance of turns at `rounds` of them; `between`: that of processes.
    `start`: lane seconds of a launch of a workload before its rounds; `round`: of one.
    """

    within: float
    between: float
    rounds: float
    start: float
    round: float

    def variance(self, rounds):
        return self.between + self.within * self.rounds / rounds

    def share(self, rounds):
        """Time for intervals of the same width, as a share of the run's."""

        def cost(count):
            return (self.start + self.round * count) * self.variance(count)

        return cost(rounds) / cost(self.rounds)

    def cheapest(self):
        """The optimum of two stages: Cochran 1977, Sampling Techniques, 10.6."""
        noise = self.within * self.rounds
        if not self.between:
            return float("inf")
        return sqrt(self.start / self.round * noise / self.between)


def split_half(candidate, baseline):
    """The variance of a launch's log-ratio, estimated from its two halves.

    A half is every other round and has twice the variance of the whole, so that the
    difference of the halves has four times that.
    """
    each = [
        launch_log(candidate[first::2]) - launch_log(baseline[first::2])
        for first in (0, 1)
    ]
    return (each[1] - each[0]) ** 2 / 4


def parts_of(run):
    """The parts of a run's variance; LookupError where no ratio has two launches."""
    turns = {
        each.case: {t.launch: t.seconds for t in each.turns} for each in run.results
    }
    within, total = [], []
    for ratio in ratios(run):
        if ratio.metric is not TIME or len(ratio.logs) < 2:
            continue
        pair = ratio.pair
        sides = [
            (turns[pair.candidate][launch], turns[pair.baseline][launch])
            for launch, _ in ratio.logs
        ]
        own = [split_half(*each) for each in sides if len(each[0]) >= LEAST_ROUNDS]
        if own:
            within.append(fmean(own))
            total.append(variance(log for _, log in ratio.logs))
    if not total:
        raise LookupError("no ratio was measured in two launches, of four rounds each")
    launches = {
        (each.workload, launch): len(seconds)
        for each in run.results
        for launch, seconds in turns[each.case].items()
    }
    effort = run.effort
    spent = effort.inside_turns + effort.waiting
    rounds = sum(launches.values())
    return Parts(
        within=fmean(within),
        between=max(fmean(total) - fmean(within), 0.0),
        rounds=rounds / len(launches),
        start=(effort.wall * effort.lanes - spent) / len(launches),
        round=spent / rounds,
    )


def table(parts):
    """Lines with the parts, the costs, and the time for other numbers of rounds."""
    whole = parts.variance(parts.rounds)
    yield (
        f"a launch's ratio varies by {100 * sqrt(whole):.2f} % (standard deviation, "
        f"root of the mean variance), {parts.within / whole:.0%} of its variance from "
        f"its {parts.rounds:.1f} rounds"
    )
    yield (
        f"a launch of a workload takes {parts.start:.2f} s, and {parts.round:.3f} s a "
        f"round with its waiting: cheapest {parts.cheapest():.1f} rounds"
    )
    for rounds in ROUNDS:
        yield f"{rounds:3d} rounds: {parts.share(rounds):4.2f} of the time"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    results = parser.parse_args().results
    try:
        lines = list(table(parts_of(load_run(results))))
    except (LookupError, RnnbenchError) as error:
        sys.exit(
            f"{results}: {error}" if isinstance(error, LookupError) else str(error)
        )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
