"""Coverage of other rules for the interval, on the launches of a drifting machine.

    python -m studies.drift results/calibration/amd-epyc-5db5a0f061fb.json

Reads the A/A launches of a calibration in the order of measuring and divides them into
disjoint sets, as the calibration's page does. For each arm and rule the table gives the
share of sets whose interval contains the mean of the other launches, for all cells and
for the two longest training steps, and the launches used in a set:

  printed    the shipped rule
  tenth      its interval a tenth wider
  alike      wider where neighbours are alike, by their first autocorrelation
             (Bayley & Hammersley 1946, JRSS Supplement 8)
  pairs      the wider of it and the interval of means of two launches
             (batch means: Conway 1963, Management Science 10)
  marked     only launches in which a canary took at most 8 % over its fastest
  corrected  each ratio minus its regression on that canary

The canary is the GRU of the longest training step in the same launch (of the second
longest for that cell itself). The regression is over all launches, which no run knows:
a bound on what a correction could bring.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnbench.model.errors import RnnbenchError
from studies.calibration.arms import arms_of, samples_of
from studies.calibration.coverage import LEAST, NAMES, hold
from studies.calibration.reliability import STOPS
from studies.calibration.resampling import halves, turned
from studies.calibration.samples import Part
from studies.calibration.samples_file import load_calibration

# What the canary may take over its fastest.
CALM = 1.08
# The most autocorrelation that few launches can show: twice as wide.
MOST_LIKENESS = 0.6


def tenth(sets):
    return 1.1 * halves(sets)


def alike(sets):
    off = sets - sets.mean(axis=1, keepdims=True)
    likeness = (off[:, 1:] * off[:, :-1]).sum(axis=1) / (off * off).sum(axis=1)
    # The estimate of n values is too low by 1 / n (Kendall 1954, Biometrika 41).
    likeness = np.clip(likeness + 1 / sets.shape[1], 0, MOST_LIKENESS)
    return halves(sets) * np.sqrt((1 + likeness) / (1 - likeness))


def pairs(sets):
    means = sets[:, sets.shape[1] % 2 :].reshape(len(sets), -1, 2).mean(axis=2)
    return np.maximum(halves(sets), halves(means))


def as_they_are(logs, canary):
    return logs


def marked(logs, canary):
    return logs[canary <= CALM * canary.min()]


def corrected(logs, canary):
    over = np.log(canary / canary.min())
    off = over - over.mean()
    # The least squares slope; a canary that never moves corrects nothing.
    slope = (off * logs).sum() / ((off * off).sum() or 1.0)
    return logs - slope * over


@dataclass(frozen=True)
class Rule:
    name: str
    half: Callable
    launches: Callable = as_they_are


RULES = (
    Rule("printed", halves),
    *(Rule(half.__name__, half) for half in (tenth, alike, pairs)),
    *(Rule(chosen.__name__, halves, chosen) for chosen in (marked, corrected)),
)


def series(samples):
    """For each cell and name: whether it is one of the longest two, logs, canary."""
    cells = {}
    for sample in samples:
        cells.setdefault(sample.cell, {})[sample.launch] = sample
    steps = [cell for cell in cells if cell.startswith("train")]

    def gru(cell):
        return {launch: one.calls["gru"] for launch, one in cells[cell].items()}

    longest = sorted(steps, key=lambda cell: -np.median(list(gru(cell).values())))[:2]
    for cell, by_launch in cells.items():
        canary = gru(next(one for one in longest if one != cell))
        shared = sorted(by_launch.keys() & canary.keys())
        for name in NAMES:
            logs = np.array([by_launch[launch].values[name] for launch in shared])
            yield cell in longest, logs, np.array([canary[each] for each in shared])


def table(calibration):
    """A line for each arm and rule."""
    for arm in arms_of(calibration):
        found = list(series(samples_of(calibration, Part.AA, arm)))
        for rule in RULES:
            judged = [
                (
                    is_long,
                    len(chosen) / len(logs),
                    hold(turned(chosen, STOPS[-1]), STOPS, rule.half),
                )
                for is_long, logs, canary in found
                if len(chosen := rule.launches(logs, canary)) >= LEAST
            ]
            if not judged:
                yield f"{arm.label}, {rule.name}: too few launches are left"
                continue
            held = [held.plain for _, _, held in judged]
            longs = [held.plain for is_long, _, held in judged if is_long]
            kept = np.mean([share for _, share, _ in judged])
            used = np.concatenate([held.stops.used for _, _, held in judged])
            yield (
                f"{arm.label}, {rule.name}: "
                f"{share(held)}, of the longest two {share(longs)}; "
                f"{used.mean():.1f} launches a set"
                + (f", {kept:.0%} of all kept" if kept < 1 else "")
            )


def share(parts):
    held = np.concatenate(parts) if parts else np.array([])
    return f"{int(held.sum())} of {held.size} sets" + (
        f" ({held.mean():.1%})" if held.size else ""
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("calibration", type=Path)
    try:
        calibration = load_calibration(parser.parse_args().calibration)
    except RnnbenchError as error:
        sys.exit(str(error))
    sys.stdout.write("\n".join(table(calibration)) + "\n")


if __name__ == "__main__":
    main()
