"""Time and peak memory of the harness itself, from 100 cases to 100,000.

    python -m studies.scaling.run --output results/scaling.json

Each line is one command in a fresh process. Only the harness is measured: `made.py`
makes sweeps and results files of random numbers. What grows linearly takes 10 times as
long for 10 times as many cases, apart from a constant part.
"""

import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MADE = ("-m", "studies.scaling.made")
SIZES = (100, 1_000, 10_000, 100_000)
# A results file of more is no night's: 100,000 cases would be of 400 MB.
MOST_RESULTS = 10_000
# Collection holds an item for each case.
MOST_ITEMS = 10_000
# Tenfold, with a margin for the noise of a busy machine.
LINEAR = 13.0
# By what is done and how many cases: seconds, and bytes of memory at the peak.
GOALS = {
    ("report", 10_000): (60.0, 2**30),
    ("collection", 10_000): (5.0, None),
    ("help", 0): (0.3, None),
}


@dataclass(frozen=True)
class Line:
    """Cost of one command. `seconds`: as it reports itself, or from start to end.

    `busy`: seconds that a core worked for it, which other programs don't add to.
    """

    what: str
    cases: int
    seconds: float
    busy: float
    peak_bytes: int
    command: str


def growth(lines: Sequence[Line]) -> dict[Line, float]:
    """The growth of each line's work from the same with a tenth of the cases."""
    by_size = {(line.what, line.cases): line for line in lines}
    return {
        line: line.busy / before.busy
        for line in lines
        if (before := by_size.get((line.what, line.cases // 10))) and line.cases
    }


def table(lines: Sequence[Line]) -> str:
    """A Markdown table: each line with its growth and its goal."""
    grown = growth(lines)
    rows = [
        "| what | cases | time | of a core | growth | peak memory | goal | command |",
        "| --- | --: | --: | --: | --: | --: | --- | --- |",
    ]
    for line in lines:
        factor = f"{grown[line]:.1f} x" if line in grown else ""
        cells = (
            line.what,
            f"{line.cases:,}",
            f"{line.seconds:.2f} s",
            f"{line.busy:.2f} s",
            factor,
            f"{line.peak_bytes / 2**20:.0f} MiB",
            _goal(line),
            f"`{line.command}`",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def wrong(lines: Sequence[Line]) -> list[str]:
    """A sentence for each missed goal, and for each line that grows too fast."""
    found = [
        f"{line.what} of {line.cases:,}: {_goal(line)}"
        for line in lines
        if "missed" in _goal(line)
    ]
    found += [
        f"{line.what} of {line.cases:,}: {factor:.1f} x for 10 times as many"
        for line, factor in growth(lines).items()
        if factor > LINEAR
    ]
    return found


def _goal(line: Line) -> str:
    if (line.what, line.cases) not in GOALS:
        return ""
    seconds, most = GOALS[line.what, line.cases]
    missed = line.seconds > seconds or (most is not None and line.peak_bytes > most)
    memory = "" if most is None else f" and {most / 2**20:.0f} MiB"
    return f"{'missed' if missed else 'met'}: {seconds:g} s{memory}"


def commands(cases: int, folder: Path) -> list[tuple[str, list[str]]]:
    """The commands for so many cases, in the order in which one needs the other."""
    rnnbench = str(Path(sys.executable).with_name("rnnbench"))
    sweep, results = str(folder / f"{cases}.yaml"), str(folder / f"{cases}.json")
    page = str(folder / f"report-{cases}")
    done = [("cases", [rnnbench, "cases", sweep, "--plain", "--no-survey"])]
    if cases <= MOST_ITEMS:
        pytest = [sys.executable, "-m", "pytest", "bench/"]
        done.append(("collection", [*pytest, "--co", "-q", "--rnn-sweep", sweep]))
    if cases <= MOST_RESULTS:
        done.append(("write", [sys.executable, *MADE, "write", sweep, results]))
        done.append(("read", [sys.executable, *MADE, "read", results]))
        done.append(("report", [rnnbench, "report", results, "--output", page]))
    return done


def measured(what: str, cases: int, command: list[str]) -> Line:
    """Run `command` in a process of its own, to the end."""
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        # `wait4` took its status: it must not be waited for again.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{shlex.join(command)}: {process.returncode}")
        if what in ("write", "read"):
            output.seek(0)
            seconds = float(output.read())
    # Linux counts kilobytes.
    return Line(
        what=what,
        cases=cases,
        seconds=seconds,
        busy=usage.ru_utime + usage.ru_stime,
        peak_bytes=usage.ru_maxrss * 1024,
        command=_short(command),
    )


def _short(command: list[str]) -> str:
    """The command without the folders of this machine."""
    line = shlex.join(command)
    for folder in (Path(sys.executable).parent, ROOT):
        line = line.replace(f"{folder}/", "")
    return re.sub(rf"{re.escape(tempfile.gettempdir())}/\w+/", "FOLDER/", line)


def measure(sizes: Sequence[int], folder: Path) -> list[Line]:
    """A line for each thing that is done with each number of cases."""
    rnnbench = str(Path(sys.executable).with_name("rnnbench"))
    lines = [measured("help", 0, [rnnbench, "--help"])]
    for cases in sizes:
        sweep = str(folder / f"{cases}.yaml")
        made = [sys.executable, *MADE, "sweep", str(cases), sweep]
        subprocess.run(made, check=True, cwd=ROOT)
        for what, command in commands(cases, folder):
            line = measured(what, cases, command)
            sys.stderr.write(f"{what} of {cases:,}: {line.seconds:.2f} s\n")
            lines.append(line)
    return sorted(lines, key=lambda line: line.what)


def main() -> int:
    """Print the table; exit status 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = measure(options.sizes, Path(folder))
    found = wrong(lines)
    sys.stdout.write(table(lines))
    sys.stdout.writelines(f"WRONG: {one}\n" for one in found)
    if options.output:
        grown = growth(lines)
        document = {
            "command": shlex.join(["python", "-m", "studies.scaling.run"]),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "python": platform.python_version(),
            "lines": [asdict(line) | {"growth": grown.get(line)} for line in lines],
            "wrong": found,
        }
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
