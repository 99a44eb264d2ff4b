"""Measure the same work by rnnbench and by other tools, in repeats.

    python -m studies.peers.run --repeats 10 --load idle bursts
    python -m studies.peers.run --sweep configs/sixty.yaml --output results/many

A repeat of a tool is one command in processes of its own, timed from outside. It
becomes one line of peers.jsonl, and is not run again where it has a line. Two commands
run side by side, each on a core of its own; rnnbench, which itself runs launches side
by side, gets both cores. Two repeats form a block in random order, the longest commands
first; rnnbench runs once before a block and once after it.
"""

import argparse
import json
import os
import platform
import random
import shlex
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

from rnnbench.model.machine import physical_cores
from studies.bursts import bursts
from studies.peers.sweeps import work_in
from studies.peers.tools import ROOT, SUITES, TOOLS

SWEEP = Path(__file__).with_name("sweep.yaml")
LOADS = {"idle": nullcontext, "bursts": bursts}
LANES = 2
# A command counts as hung after this many times its estimate, and at least so many
# seconds. On a busy machine adaptive_autorange takes 10 s for a cell.
PATIENCE, LEAST_LIMIT = 10, 300
# A tool that takes this long for a cell starts before the others of its repeat, so that
# no lane waits for it at the end.
LONG = 4


class Runner:
    """Runs jobs, writes their lines, and reports the time that is left."""

    def __init__(self, file, work, seconds):
        self.file = file
        self.work = work
        self.lock = Lock()
        self.lanes = SimpleQueue()
        self.cores = physical_cores()[-LANES:] or (0,)
        for core in self.cores:
            self.lanes.put(core)
        self.left = seconds
        self.failed = 0

    def run(self, job):
        load, name, repeat = job
        tool = TOOLS[name]
        core = None if tool.cores > 1 else self.lanes.get()
        folder = self.file.parent / f"{load}-{name.replace(' ', '_')}-{repeat}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        tool.prepare(folder)
        # A system without it can't pin.
        pin = core is not None and shutil.which("taskset")
        pinned = ["taskset", "-c", str(core)] if pin else []
        command = [*pinned, *tool.command(folder, self.work)]
        typed = shown(command, folder, self.work)
        say(f"$ {typed}")
        limit = max(seconds_of(name, self.work) * PATIENCE, LEAST_LIMIT)
        began, wall, status = self.timed(command, folder, limit)
        line = {"load": load, "tool": name, "repeat": repeat, "began": began}
        line |= {"wall": round(wall, 3), "status": status, "command": typed}
        if not status:
            try:
                line["values"] = tool.read(folder, self.work)
            except (OSError, LookupError, TypeError, ValueError) as error:
                line["status"] = repr(error)
        if core is not None:
            self.lanes.put(core)
        self.done(line, folder)

    def timed(self, command, folder, limit):
        environment = os.environ | variables_of(self.work)
        began = datetime.now(UTC).isoformat(timespec="seconds")
        start = time.perf_counter()
        with (folder / "output.txt").open("wb") as output:
            try:
                status = subprocess.run(
                    command,
                    cwd=ROOT,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=limit,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                status = f"not done in {limit} s"
        return began, time.perf_counter() - start, status

    def done(self, line, folder):
        with self.lock:
            name = line["tool"]
            self.left -= seconds_of(name, self.work) * TOOLS[name].cores / LANES
            kept = not line["status"]
            ended = (
                "" if kept else f" FAILED ({line['status']}), see {folder}/output.txt"
            )
            where = f"{line['load']} {line['tool']} {line['repeat']}"
            say(f"{where}: {line['wall']:.1f} s{ended}; {minutes(self.left)} left")
            if kept:
                append(self.file, line)
                shutil.rmtree(folder)
            self.failed += not kept


def variables_of(work):
    return {"PYTHONPATH": str(SUITES), "PEERS_CELLS": str(work.file)}


def shown(command, folder, work):
    """The command as it is typed at the root of the repository."""
    variables = (f"{name}={value}" for name, value in variables_of(work).items())
    typed = shlex.join(["env", *variables, *command])
    typed = typed.replace(str(folder), "OUTPUT")
    typed = typed.replace(str(work.file), work.file.name)
    typed = typed.replace(f"{ROOT}/", "")
    return typed.replace(str(Path(sys.executable).parent), "BIN")


def append(file, line):
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line) + "\n")
        lines.flush()
        os.fsync(lines.fileno())


def machine():
    """Machine and versions, for the reader of the table."""
    names = sorted({name for tool in TOOLS.values() for name in tool.packages})
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next(x.split(":")[1].strip() for x in lines if x.startswith("model n"))
    except (OSError, StopIteration):
        pass
    return {
        "machine": f"{model}, {len(physical_cores())} cores, {platform.system()} "
        f"{platform.release()}",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"Python": platform.python_version()}
        | {name: version(name) for name in names},
    }


def blocks_of(load, repeats, names, known):
    """Parts that run one after the other: jobs side by side, or rnnbench alone.

    A block has two repeats: with one, a lane would wait for the longest command.
    """
    parts = []
    for first in range(0, repeats, 2):
        jobs = [
            (load, name, repeat)
            for repeat in range(first, min(first + 2, repeats))
            for name in names
            if (load, name, repeat) not in known
        ]
        random.Random(f"{load} {first}").shuffle(jobs)
        alone = [job for job in jobs if TOOLS[job[1]].cores > 1]
        beside = [job for job in jobs if job not in alone]
        beside.sort(key=lambda job: TOOLS[job[1]].seconds < LONG)
        parts += [alone[:1], beside, alone[1:]]
    return [part for part in parts if part]


def known_of(file):
    """The jobs that have a whole line; a line that a crash cut off is removed."""
    if not file.exists():
        return set()
    found = set()
    text = file.read_text("utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, encoding="utf-8")
    for line in map(json.loads, whole.splitlines()):
        if "tool" in line:
            found.add((line["load"], line["tool"], line["repeat"]))
    return found


def seconds_of(name, work):
    """Estimated seconds of one command of a tool."""
    return TOOLS[name].seconds * len(work.cells)


def seconds_of_part(part, work):
    """Estimated seconds: the lanes share the work, but a command is not split."""
    each = [seconds_of(name, work) for _, name, _ in part]
    lanes = 1 if TOOLS[part[0][1]].cores > 1 else LANES
    return max(sum(each) / lanes, *each)


def minutes(seconds):
    return f"about {max(seconds, 0) / 60:.1f} min"


def say(text):
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {text}\n")
    sys.stderr.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--load", nargs="+", choices=LOADS, default=["idle"])
    parser.add_argument("--sweep", type=Path, default=SWEEP)
    parser.add_argument(
        "--every", type=int, default=1, help="each N-th workload (not of rnnbench)"
    )
    parser.add_argument("--output", type=Path, default=Path("results/peers"))
    parser.add_argument("--dry-run", action="store_true", help="only the estimate")
    given = parser.parse_args()
    if given.every > 1 and "rnnbench" in given.tools:
        parser.error("--every: rnnbench measures a sweep whole, name other --tools")
    file = given.output.resolve() / "peers.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    work = work_in(file.parent, given.sweep.resolve(), given.every)
    known = known_of(file)
    parts = {
        load: blocks_of(load, given.repeats, given.tools, known) for load in given.load
    }
    every = [part for own in parts.values() for part in own]
    total = sum(seconds_of_part(part, work) for part in every)
    commands = sum(map(len, every))
    say(f"{commands} commands over {len(work.cells)} cells, {minutes(total)}: {file}")
    if given.dry_run or not commands:
        return 0
    append(file, machine())
    runner = Runner(file, work, total)
    with ThreadPoolExecutor(len(runner.cores)) as pool:
        for load in given.load:
            with LOADS[load]():
                for part in parts[load]:
                    list(pool.map(runner.run, part))
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
