"""Cost of the isolation of users' layers in a run that has none of them.

    python -m studies.isolation_cost --output results/reference/isolation-cost.md

Isolation was built in one commit. That commit, the one before it, and the present one
measure the same two layers of PyTorch in turns, each time with a fresh command. The
result is the ratio of seconds to those of the commit before, with a t interval over
rounds. No round begins that would end after `--minutes`, by the longest so far.
"""

import argparse
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from statistics import median

from rnnbench.analysis.stats import ratio_interval
from studies.markdown import section, table

ROOT = Path(__file__).parents[1]
BUILT_IN = "bf8076e"
BEFORE = "before isolation"
COMMITS = {
    BEFORE: f"{BUILT_IN}^",
    "with isolation": BUILT_IN,
    "with all that was built since": "HEAD",
}
# A precision that is reached at once, so that the number of launches is the same.
OPTIONS = (
    *("--layer", "lstm,gru", "--hidden-size", "64", "--seq-len", "16"),
    *("--launches", "2", "--precision", "0.5", "--budget", "60", "--quiet", "--force"),
)


@dataclass(frozen=True)
class Timed:
    """Seconds of one command, and the part of them that was spent on measuring."""

    command: float
    measuring: float


def check_out(commit: str, folder: Path) -> str:
    """Put the files of `commit` into `folder`; its hash."""
    archive = _git("archive", "--format=tar", commit)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return _git("rev-parse", "--short", commit).decode().strip()


def _git(*arguments: str) -> bytes:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def run_once(folder: Path) -> tuple[Timed, Mapping[str, object]]:
    """Seconds of a run of the version in `folder`, and the environment it recorded."""
    results = folder / "run.json"
    command = [sys.executable, "-m", "rnnbench", "run", *OPTIONS]
    began = time.perf_counter()
    subprocess.run(
        [*command, "--output", str(results)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    seconds = time.perf_counter() - began
    run = json.loads(results.read_text("utf-8"))["rnnbench"]
    return Timed(seconds, run["effort"]["wall"]), run["environment"]


def rounds(names: Sequence[str], seconds: float) -> Iterator[list[str]]:
    """The names in shuffled order, as often as there is time for it."""
    order, began, longest = random.Random(26), time.monotonic(), 0.0
    while (start := time.monotonic()) - began + longest < seconds:
        yield order.sample(names, len(names))
        longest = max(longest, time.monotonic() - start)


def report(
    found: Mapping[str, Sequence[Timed]],
    commits: Mapping[str, str],
    environment: Mapping[str, object],
) -> str:
    """The result as Markdown: medians, and ratios to the commit before isolation."""
    rows = [
        (
            f"{name} ({commits[name]})",
            f"{median(run.command for run in runs):.2f}",
            _ratio(
                [run.command for run in runs], [run.command for run in found[BEFORE]]
            ),
            f"{median(run.measuring for run in runs):.2f}",
            _ratio(
                [run.measuring for run in runs],
                [run.measuring for run in found[BEFORE]],
            ),
        )
        for name, runs in found.items()
    ]
    headings = ("version", "command, s", "ratio", "measuring, s", "ratio")
    facts = ", ".join(
        f"{name} {environment.get(name)}"
        for name in ("cpu_model", "physical_cores", "torch", "python")
    )
    lines = section(
        "Cost of isolation in a run without layers of a user's",
        f"`rnnbench run {' '.join(OPTIONS)}`, {len(found[BEFORE])} rounds in shuffled "
        "order. Median seconds of the whole command, and of the measuring in it; ratios"
        " to the version before isolation have 95 % intervals over rounds.",
        table(headings, rows, 1),
        f"{facts}; {time.strftime('%Y-%m-%d', time.gmtime())}.",
    )
    return "\n".join(lines)


def _ratio(seconds: Sequence[float], before: Sequence[float]) -> str:
    if seconds == before:
        return "1"
    interval = ratio_interval(
        [log(one / other) for one, other in zip(seconds, before, strict=True)]
    )
    return f"{interval.estimate:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def main() -> None:
    """Measure all versions in turns, and write the table after each round."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=5.5, help="at most")
    parser.add_argument("--output", type=Path, help="the Markdown file to write")
    options = parser.parse_args()
    found: dict[str, list[Timed]] = {name: [] for name in COMMITS}
    text = "there was no time for a round\n"
    with tempfile.TemporaryDirectory() as folder:
        trees = {name: Path(folder) / str(n) for n, name in enumerate(COMMITS)}
        hashes = {name: check_out(COMMITS[name], trees[name]) for name in COMMITS}
        for tree in trees.values():
            run_once(tree)  # the first run compiles the modules
        for order in rounds(tuple(COMMITS), 60 * options.minutes):
            for name in order:
                timed, environment = run_once(trees[name])
                found[name].append(timed)
            text = report(found, hashes, environment)
            if options.output is not None:
                options.output.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
