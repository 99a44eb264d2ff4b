"""Methods that find a change of level, ours and others, on simulated series.

All methods get the same series: 60 nights with 1 % noise of three kinds, without a step
or with one of 2, 3, 5 or 10 % that lasts 8 nights. A step counts as found where a
method reports a change within 3 nights of it. `tox run -e changes` runs it and writes
results.json and results.md beside this file.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np
import ruptures
from asv.step_detect import detect_steps
from otava.series import AnalysisOptions, Metric, Series
from scipy.stats import rankdata

from rnnbench.regression.changepoint import find_shifts, hodges_lehmann
from rnnbench.regression.recent_shift import find_recent_shift

HERE = Path(__file__).parent
COMMAND = "python -m studies.changes.simulate"
NIGHTS, SINCE, NEAR, NOISE = 60, 8, 3, 0.01
STEPS = (0.02, 0.03, 0.05, 0.10)
SEED = 20_261_123


def gaussian(draw):
    return draw.normal(0, NOISE, NIGHTS)


def outliers(draw):
    """Seven nights of a hundred are slower, by 12 % on average."""
    logs = draw.normal(0, NOISE, NIGHTS)
    slow = draw.random(NIGHTS) < 0.07
    logs[slow] += draw.exponential(0.12, slow.sum())
    return logs


def dependent(draw):
    """AR(1) of 0.5: half of what one night is off, the next is off, too."""
    shocks = draw.normal(0, NOISE * np.sqrt(0.75), NIGHTS + 50)
    logs = np.zeros(NIGHTS + 50)
    for night in range(1, len(logs)):
        logs[night] = 0.5 * logs[night - 1] + shocks[night]
    return logs[50:]


NOISES = {"Gaussian": gaussian, "7 % outliers": outliers, "AR(0.5)": dependent}


def ours(logs):
    return [shift.place for shift in find_shifts(logs)]


def last_nights(logs):
    found = find_recent_shift(logs)
    return [len(logs) - found.nights] if found else []


def block_permutation(logs, alpha=0.002, permutations=1999):
    """Rank-sum maximum with shuffled blocks of residuals: our earlier method."""
    draw, found, parts = np.random.default_rng(SEED), [], [(0, len(logs))]
    while parts:
        start, end = parts.pop()
        part = logs[start:end]
        if len(part) < 8:
            continue
        scores = rank_scores(part[None, :])[0]
        place = int(scores.argmax()) + 4
        before, after = part[:place], part[place:]
        if abs(hodges_lehmann(before, after)) < np.log(1.01):
            continue
        rest = np.concatenate([before - np.median(before), after - np.median(after)])
        rows = shuffled_blocks(rest, permutations, draw)
        higher = np.sum(rank_scores(rows).max(axis=1) >= scores.max() - 1e-9)
        if (1 + higher) / (1 + permutations) <= alpha:
            found.append(start + place)
            parts += [(start, start + place), (start + place, end)]
    return found


def rank_scores(rows):
    count = rows.shape[1]
    splits = np.arange(4, count - 3)
    sums = np.cumsum(rankdata(rows, axis=1), axis=1)[:, splits - 1]
    sd = np.sqrt(splits * (count - splits) * (count + 1) / 12)
    return np.abs(sums - splits * (count + 1) / 2) / sd


def shuffled_blocks(rest, permutations, draw):
    count = len(rest)
    ranks = rankdata(rest) - (count + 1) / 2
    rho = float(ranks[1:] @ ranks[:-1] / (ranks @ ranks))
    rho = min(max(rho + (1 + 4 * rho) / count, 0.0), 0.9)
    length = np.ceil((2 * rho / (1 - rho**2)) ** (2 / 3) * count ** (1 / 3))
    length = int(min(max(length, 1), count // 4))
    order = np.argsort(draw.random((permutations, -(-count // length))), axis=1)
    places = (order[:, :, None] * length + np.arange(length)).reshape(permutations, -1)
    places = places[places < count].reshape(permutations, count)
    return rest[(places + draw.integers(count, size=(permutations, 1))) % count]


def otava(logs):
    options = AnalysisOptions()
    options.window_len, options.max_pvalue = 50, 0.001
    series = Series(
        test_name="series",
        branch=None,
        time=list(range(len(logs))),
        metrics={"time": Metric()},
        data={"time": list(np.exp(logs))},
        attributes={},
    )
    return [point.index for point in series.analyze(options).change_points["time"]]


def asv(logs):
    """Its default is steps of 5 % and more; here 1 %, as for the others."""
    steps = [(step[0], np.log(step[2])) for step in detect_steps(list(np.exp(logs)))]
    return [
        new[0] for old, new in pairwise(steps) if abs(new[1] - old[1]) >= np.log(1.01)
    ]


def pelt_l2(logs):
    """Penalty 3 log n, on values of a standard deviation of 1 (a robust one)."""
    scaled = (logs - np.median(logs)) / robust_sd(logs)
    model = ruptures.Pelt(model="l2", min_size=4, jump=1).fit(scaled)
    return model.predict(pen=3 * np.log(len(logs)))[:-1]


def pelt_l1(logs):
    """The same with absolute deviations, outliers clipped; its penalty set by hand."""
    scaled = np.clip((logs - np.median(logs)) / robust_sd(logs), -4, 4)
    model = ruptures.Pelt(model="l1", min_size=4, jump=1).fit(scaled)
    return model.predict(pen=3 * np.log(len(logs)))[:-1]


def robust_sd(logs):
    # Of differences: a step must not widen it.
    steps = np.diff(logs)
    return 1.4826 * np.median(np.abs(steps - np.median(steps))) / np.sqrt(2)


DETECTORS: dict[str, Callable] = {
    "rnnbench history changes": ours,
    "its rule for the last 1 to 4 nights": last_nights,
    "rank-sum maximum, block permutation": block_permutation,
    "apache-otava (window 50, p 0.001)": otava,
    "asv step detection (1 %)": asv,
    "ruptures PELT l2 (3 log n)": pelt_l2,
    "ruptures PELT l1, clipped (3 log n)": pelt_l1,
}


def tried(detector, logs, place):
    return any(abs(found - place) <= NEAR for found in detector(logs))


def measure(series, share, detectors):
    rows = []
    for name, detector in detectors.items():
        for noise, own in series.items():
            start = time.perf_counter()
            flagged = sum(bool(len(detector(logs))) for logs in own)
            seconds = (time.perf_counter() - start) / len(own)
            row = {"detector": name, "noise": noise, "series": len(own)}
            row |= {"flagged": flagged, "ms": round(1000 * seconds, 2)}
            since = 4 if detector is last_nights else SINCE
            stepped = own[: max(len(own) // share, 1)]
            row |= {"stepped": len(stepped), "nights_since": since, "found": {}}
            for step in STEPS:
                ramp = np.r_[np.zeros(NIGHTS - since), np.full(since, np.log1p(step))]
                hits = sum(tried(detector, x + ramp, NIGHTS - since) for x in stepped)
                row["found"][f"{step:.0%}"] = hits
            sys.stderr.write(f"{row}\n")
            rows.append(row)
    return rows


def markdown(document):
    lines = [
        "# Finding a change of level: ours and its rivals",
        "",
        f"{document['date']}, by `{COMMAND}`: {document['setting']}.",
        "",
        "Versions: " + ", ".join(f"{k} {v}" for k, v in document["versions"].items()),
        "",
        "| way | noise | flagged, no step | 2 % | 3 % | 5 % | 10 % | ms a series |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in document["rows"]:
        null = f"{row['flagged'] / row['series']:.2%} of {row['series']}"
        found = [f"{hits / row['stepped']:.3f}" for hits in row["found"].values()]
        cells = [row["detector"], row["noise"], null, *found, f"{row['ms']:g}"]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "The rule for the last nights is asked once, 4 nights after the step.",
        "The rivals have their own defaults, or what is named; none was tuned further.",
    ]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--share", type=int, default=2, help="one in so many has steps")
    parser.add_argument("--only", help="these, into the results that are there")
    parser.add_argument("--output", type=Path, default=HERE)
    given = parser.parse_args()
    draw = np.random.default_rng(SEED)
    series = {
        name: [make(draw) for _ in range(given.series)] for name, make in NOISES.items()
    }
    names = ("numpy", "scipy", "apache-otava", "ruptures", "asv")
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "setting": f"{NIGHTS} nights, noise {NOISE:.0%}, a step lasts {SINCE} nights "
        f"and is found within {NEAR}, seed {SEED}",
        "versions": {"Python": platform.python_version()}
        | {name: version(name) for name in names},
        "rows": [],
    }
    chosen = {k: v for k, v in DETECTORS.items() if given.only in (None, k)}
    if given.only:
        known = json.loads((given.output / "results.json").read_text(encoding="utf-8"))
        document["rows"] = [r for r in known["rows"] if r["detector"] not in chosen]
    rows = [*measure(series, given.share, chosen), *document["rows"]]
    order = list(DETECTORS)
    document["rows"] = sorted(rows, key=lambda row: order.index(row["detector"]))
    text = json.dumps(document, indent=1) + "\n"
    (given.output / "results.json").write_text(text, encoding="utf-8")
    (given.output / "results.md").write_text(markdown(document), encoding="utf-8")


if __name__ == "__main__":
    main()
