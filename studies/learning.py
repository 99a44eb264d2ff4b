"""Coverage of the intervals of steps to a target, on simulated seeds of known truth.

    python -m studies.learning [--trials 4000]

Steps of a seed are log-normal, or skewed, rounded up to the next evaluation as in a
run, and censored at the budget. The truth is the same quantity over many more seeds.
The table says how often a 95 % interval contains it; its standard error is 0.3 points
at 4,000 trials.
"""

import argparse
import math
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist, fmean

from rnnbench.analysis.stats import Gap, mean_interval, ratio_interval
from rnnbench.analysis.steps_to_target import (
    StepsToTarget,
    combined,
    improvement,
    seeds_needed,
    steps_ratio,
)
from studies.markdown import table

SEED = 20_261_129
EVERY, BUDGET = 10, 1500
SEEDS = (5, 10, 20)
TRUTH = 200_000


@dataclass(frozen=True)
class Cell:
    """A distribution of steps: the median, the spread of logarithms, and its shape."""

    median: float
    spread: float
    is_skewed: bool = False

    def draw(self, generator, count, budget=math.inf):
        reached = [
            math.ceil(self._one(generator) / EVERY) * EVERY for _ in range(count)
        ]
        return StepsToTarget(
            tuple(step if step <= budget else None for step in reached),
            BUDGET if math.isinf(budget) else budget,
            EVERY,
        )

    def _one(self, generator):
        if not self.is_skewed:
            return self.median * math.exp(generator.gauss(0, self.spread))
        # A seed in ten needs far longer, as where training stalls on a plateau.
        stalls = generator.random() < 0.1
        return self.median * math.exp(generator.gauss(stalls, self.spread))


PAIRS = {
    "equal spread 0.1": (Cell(100, 0.1), Cell(130, 0.1)),
    "equal spread 0.3": (Cell(300, 0.3), Cell(600, 0.3)),
    "spread 0.1 and 0.5": (Cell(100, 0.1), Cell(600, 0.5)),
    "few evaluations (30 and 40 steps)": (Cell(25, 0.15), Cell(35, 0.15)),
    "one seed in ten stalls": (Cell(100, 0.2, True), Cell(300, 0.2, True)),
}
CENSORED = {
    "10 % beyond the budget": (Cell(400, 0.3), 590),
    "30 % beyond the budget": (Cell(400, 0.3), 470),
    "60 % beyond the budget": (Cell(400, 0.3), 370),
}


def share(trials: int, is_covered: Callable[[], bool]) -> str:
    return f"{100 * fmean(is_covered() for _ in range(trials)):.1f}"


def bootstrap(generator, candidate, baseline, resamples=300):
    """Percentile bootstrap of the same ratio, which the report does not use."""
    sides = [
        [math.log(step) for step in each.reached] for each in (candidate, baseline)
    ]
    found = sorted(
        fmean(generator.choices(sides[0], k=len(sides[0])))
        - fmean(generator.choices(sides[1], k=len(sides[1])))
        for _ in range(resamples)
    )
    tail = round(0.025 * resamples)
    return math.exp(found[tail]), math.exp(found[-tail - 1])


def ratio_rows(trials, generator):
    """Welch's interval of the ratio of steps, and a bootstrap's."""
    for name, pair in PAIRS.items():
        means = [cell.draw(generator, TRUTH).log_mean.estimate for cell in pair]
        truth = math.exp(means[0] - means[1])
        for method in ("Welch on log steps", "percentile bootstrap"):
            cells = []
            for seeds in SEEDS:

                def is_covered(seeds=seeds, pair=pair, truth=truth, method=method):
                    sides = [cell.draw(generator, seeds) for cell in pair]
                    if method.startswith("Welch"):
                        found = steps_ratio(*sides).interval()
                        return found.low <= truth <= found.high
                    low, high = bootstrap(generator, *sides)
                    return low <= truth <= high

                count = trials if method.startswith("Welch") else max(trials // 4, 1)
                cells.append(share(count, is_covered))
            yield (f"ratio of steps, {method}", name, *cells)


def seconds_row(trials, generator):
    """Steps times step time: the time has five launches with a spread of 2 %."""
    pair = PAIRS["equal spread 0.3"]
    means = [cell.draw(generator, TRUTH).log_mean.estimate for cell in pair]
    truth, cells = means[0] - means[1] + math.log(2), []
    for seeds in SEEDS:

        def is_covered(seeds=seeds):
            sides = [cell.draw(generator, seeds) for cell in pair]
            launches = [math.log(2) + generator.gauss(0, 0.02) for _ in range(5)]
            mean = ratio_interval(launches)
            error = math.log(mean.high / mean.low) / 2 / 2.776
            time = Gap(math.log(mean.estimate), error, 4, 5)
            found = combined(steps_ratio(*sides), time).interval()
            return found.low <= math.exp(truth) <= found.high

        cells.append(share(trials, is_covered))
    return ("ratio of seconds, steps × step time", "equal spread 0.3", *cells)


def restricted_rows(trials, generator):
    for name, (cell, budget) in CENSORED.items():
        many = cell.draw(generator, TRUTH, budget)
        truth = many.restricted_mean
        cells = []
        for seeds in SEEDS:

            def is_covered(seeds=seeds, cell=cell, budget=budget, truth=truth):
                drawn = cell.draw(generator, seeds, budget).reached
                found = mean_interval([step or budget for step in drawn])
                return found.low <= truth <= found.high

            cells.append(share(trials, is_covered))
        yield ("restricted mean, t interval", name, *cells)


def improvement_rows(trials, generator):
    """True values from the normal difference of logarithms, far finer than steps."""
    spread = 0.3
    for truth in (0.5, 0.8, 0.95):
        shift = NormalDist().inv_cdf(truth) * spread * math.sqrt(2)
        pair = Cell(30_000 * math.exp(-shift), spread), Cell(30_000, spread)
        cells = []
        for seeds in SEEDS:

            def is_covered(seeds=seeds, pair=pair, truth=truth):
                found = improvement(*(cell.draw(generator, seeds) for cell in pair))
                return found.low <= truth <= found.high

            cells.append(share(trials, is_covered))
        yield ("probability of improvement, Newcombe", f"{truth:g}", *cells)


def power_rows(trials, generator):
    """Power at the number of seeds that `seeds_needed` names for a true ratio."""
    for ratio, spread in ((1.3, 0.3), (1.5, 0.3), (2.0, 0.6)):
        error = spread * math.sqrt(2 / 1000)
        needed = seeds_needed(Gap(math.log(ratio), error, 1998, 1000))
        pair = Cell(3000 * ratio, spread), Cell(3000, spread)

        def is_found(pair=pair, needed=needed):
            sides = [cell.draw(generator, needed) for cell in pair]
            return steps_ratio(*sides).interval().low > 1

        yield (f"{ratio:g}", f"{spread:g}", str(needed), share(trials, is_found))


def report(trials: int) -> list[str]:
    """Both tables as Markdown."""
    generator = random.Random(SEED)
    rows = [
        *ratio_rows(trials, generator),
        seconds_row(trials, generator),
        *restricted_rows(trials, generator),
        *improvement_rows(trials, generator),
    ]
    headings = ("interval", "seeds drawn from", *(f"{n} seeds" for n in SEEDS))
    power = ("true ratio", "spread of log steps", "seeds", "found, %")
    return [
        *table(headings, rows, 2),
        "",
        *table(power, power_rows(trials, generator), 0),
    ]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=4000)
    sys.stdout.write("\n".join([*report(parser.parse_args().trials), ""]))


if __name__ == "__main__":
    main()
