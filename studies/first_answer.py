"""Seconds until a first ratio and until its interval is narrow; the cost of the table.

    python -m studies.first_answer --runs 10 --output results/reference/first-answer

Each run is a fresh process, timed from its start, so that imports count. Runs of the
pairs are interleaved. Every pair is measured with the live table on a terminal of its
own and, in every second round, also without it: if drawing disturbs nothing, the two
ratios are equal, and they vary as much from run to run. Ten rounds are 45 runs of about
ten to twenty seconds; a folder that has some of them already gets the rest. No round
begins that would end after `--minutes`, by the longest so far.
"""

import argparse
import json
import math
import os
import pty
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import exp, log
from pathlib import Path
from statistics import fmean, median, stdev

from rnnbench.analysis.ratio import ratios
from rnnbench.cli.live_table import display
from rnnbench.model.metric import TIME
from rnnbench.runner.measure import MeasureOptions, measure
from rnnbench.sweep.arguments import sweep_of_axes

PAIRS = {
    "GRU / LSTM, inference": {"layer": ["lstm", "gru"], "phase": "inference"},
    "GRU / LSTM, train": {"layer": ["lstm", "gru"], "phase": "train"},
    "RNN tanh / GRU, inference": {"layer": ["gru", "rnn_tanh"], "phase": "inference"},
}
WAYS = {True: "with table", False: "without"}


@dataclass(frozen=True)
class Timed:
    """Seconds from the start of the process, None if never; and the last ratio."""

    first: float | None
    narrow: float | None
    ratio: float


def once(name, *, is_shown, launches=None):
    """One run of a pair in a fresh process, with its standard error on a terminal."""
    parent, child = pty.openpty()
    reader = threading.Thread(target=_drain, args=(parent,), daemon=True)
    reader.start()
    command = [sys.executable, "-m", __spec__.name, "--child", name]
    command += ["--shown"] * is_shown + ["--began", repr(time.monotonic())]
    command += [] if launches is None else ["--launches", str(launches)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=child, check=True)
    finally:
        os.close(child)
        reader.join(timeout=5)
        os.close(parent)
    return Timed(**json.loads(done.stdout))


def _drain(descriptor):
    # Reading fails once the other end is closed.
    with suppress(OSError):
        while os.read(descriptor, 1 << 16):
            pass


def measure_pair(name, began, *, is_shown, launches=None):
    """Measure a pair in this process; when its interval came, and became narrow."""
    sweep = sweep_of_axes(PAIRS[name])
    moments = {}

    def look(run):
        for ratio in ratios(run):
            if ratio.metric is TIME and math.isfinite(ratio.interval.high):
                passed = time.monotonic() - began
                width = ratio.interval.half_width / ratio.interval.estimate
                moments.setdefault("first", passed)
                if width <= sweep.record.policy.precision:
                    moments.setdefault("narrow", passed)

    with display(sys.stderr, is_shown=is_shown) as shown:

        def on_launch(run):
            look(run)
            if shown.on_launch is not None:
                shown.on_launch(run)

        run = measure(
            sweep.workloads,
            sweep.record,
            MeasureOptions(launches=launches),
            shown.on_progress,
            on_launch,
        )
    look(run)
    (ratio,) = [each for each in ratios(run) if each.metric is TIME]
    estimate = ratio.interval.estimate
    return Timed(moments.get("first"), moments.get("narrow"), estimate)


def table(found):
    """Lines of Markdown: the seconds of each pair, then the two ways of showing."""
    yield "| pair | runs | first ratio, s | ±2 %, s | reached |"
    yield "| --- | --: | --: | --: | --: |"
    for name, runs in found.items():
        every = [run for shown in runs.values() for run in shown]
        first = [run.first for run in every if run.first is not None]
        narrow = [run.narrow for run in every if run.narrow is not None]
        yield (
            f"| {name} | {len(every)} | {spread(first)} | {spread(narrow)} "
            f"| {len(narrow)} |"
        )
    yield ""
    yield "| pair | ratio with table | without | with / without | SD with | without |"
    yield "| --- | --: | --: | --: | --: | --: |"
    for name, runs in found.items():
        logs = [[log(run.ratio) for run in runs[shown]] for shown in (True, False)]
        centres = [fmean(each) for each in logs]
        sds = [f"{stdev(each):.2%}" if len(each) > 1 else "-" for each in logs]
        values = [f"{exp(centre):.4f}" for centre in centres]
        yield (
            f"| {name} | {' | '.join(values)} | {exp(centres[0] - centres[1]):.4f} "
            f"| {' | '.join(sds)} |"
        )


def spread(seconds):
    """Median with the smallest and the largest value."""
    if not seconds:
        return "never"
    return f"{median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


def rounds(
    count: int, seconds: float, done: int = 0
) -> Iterator[list[tuple[str, bool]]]:
    """The runs of each round in shuffled order: a pair, and whether its table shows.

    Rounds that are `done` already, in an earlier part of the study, are left out.
    """
    order, began, longest = random.Random(27 + done), time.monotonic(), 0.0
    for number in range(done, count):
        ways = (True, False) if number % 2 == 0 else (True,)
        work = [(name, shown) for name in PAIRS for shown in ways]
        start = time.monotonic()
        if start - began + len(work) * longest > seconds:
            return
        yield order.sample(work, len(work))
        longest = max(longest, (time.monotonic() - start) / len(work))


def save(found, folder: Path) -> None:
    """Write the seconds and ratios of every run as JSON, and the tables as Markdown."""
    document = {
        name: {
            WAYS[shown]: [asdict(run) for run in each] for shown, each in runs.items()
        }
        for name, runs in found.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    (folder / "runs.json").write_text(text, encoding="utf-8")
    tables = "\n".join(table(found)) + "\n"
    (folder / "tables.md").write_text(tables, encoding="utf-8")


def load(folder: Path | None) -> dict[str, dict[bool, list[Timed]]]:
    """What an earlier part of the study left in `folder`."""
    path = folder / "runs.json" if folder is not None else None
    if path is None or not path.exists():
        return {name: {shown: [] for shown in WAYS} for name in PAIRS}
    document = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: {
            shown: [Timed(**run) for run in document[name][way]]
            for shown, way in WAYS.items()
        }
        for name in PAIRS
    }


def main():
    """Measure every pair `--runs` times, and in every second round without a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--runs", type=int, default=10, help="of each pair; half of them twice"
    )
    parser.add_argument("--minutes", type=float, default=12, help="at most; default 12")
    parser.add_argument(
        "--output", type=Path, help="folder for the JSON and the tables"
    )
    parser.add_argument("--launches", type=int, help="at most; by default 20")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--shown", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--began", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        timed = measure_pair(
            options.child,
            options.began,
            is_shown=options.shown,
            launches=options.launches,
        )
        sys.stdout.write(json.dumps(asdict(timed)))
        return
    found = load(options.output)
    done = min(len(runs[True]) for runs in found.values())
    todo = rounds(options.runs, 60 * options.minutes, done)
    for number, work in enumerate(todo, done):
        for name, shown in work:
            found[name][shown].append(
                once(name, is_shown=shown, launches=options.launches)
            )
        sys.stderr.write(f"{number + 1} of {options.runs}\n")
        # After each round, so that an interrupted study has what it measured.
        if options.output is not None:
            save(found, options.output)
    sys.stdout.write("\n".join(table(found)) + "\n")


if __name__ == "__main__":
    main()
