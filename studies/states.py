"""A search for a canary that sees what moves GRU/LSTM from launch to launch.

    python -m studies.states --minutes 10

Each launch is a fresh process on one core, started like a worker. It times a training
step of 32 time steps, GRU and LSTM in turns. Before each round it reads canaries of
resources that a core has or shares: interpreter, own cache, shared cache, memory,
address translation, and a sequence of small operators. The table says how much each
varied from launch to launch, and how it correlates with the ratio (both as logarithms).
Whatever moves a ratio, and could be waited for, would show up in one of them.
"""

import argparse
import json
import mmap
import os
import random
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch

from rnnbench.analysis.launch_estimate import launch_log
from rnnbench.model.case import Allocator, Device, Phase
from rnnbench.model.machine import physical_cores
from rnnbench.runner.timing import MOST_ROUNDS, ROUND_SECONDS
from rnnbench.runner.worker_env import Setting
from rnnbench.worker.confine import Confinement
from rnnbench.worker.layers.step import build
from rnnbench.worker.timing.canary import Watch
from rnnbench.worker.timing.clock import HostClock
from rnnbench.worker.timing.turn import take_turn, warm_up
from studies.calibration.cells import cells_of
from studies.calibration.samples import Part

# The faster of two readings: an interrupt is not a state of the core.
READINGS = 2
ROOT = Path(__file__).parents[1]
PAGE, WORD = 4096, 8
MEMBERS = ("gru", "lstm")


def steps():
    """The A/A cells of a training step of 32 time steps, by id: GRU and LSTM."""
    found = {}
    for cell in cells_of(Part.AA, Allocator.STEADY):
        cases = {one.name: one.case for one in cell.members if one.name in MEMBERS}
        if cases["gru"].phase is Phase.TRAIN and cases["gru"].seq_len == 32:
            found[cell.id] = cases
    return found


def canaries():
    """The canaries by name: calls to be timed."""
    draw = np.random.default_rng(0)
    own, shared, far = (
        np.ones(size // WORD) for size in (768 << 10, 8 << 20, 64 << 20)
    )
    # On ordinary pages; numpy may put its own large arrays on huge ones.
    mapped = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        mapped.madvise(mmap.MADV_NOHUGEPAGE)
    pages = np.frombuffer(mapped, dtype=np.float64)
    pages[:] = 1.0
    in_shared = draw.permutation(shared.size)[:20_000]
    in_far = draw.permutation(far.size)[:5_000]
    # One word of each page, each in another cache line, so that the cache is no limit.
    first = draw.permutation((64 << 20) // PAGE)[:6_000] * (PAGE // WORD)
    in_pages = first + WORD * draw.integers(0, PAGE // 64, first.size)
    cell = torch.nn.GRUCell(64, 64)
    inputs = torch.randn(24, 4, 64).unbind()

    def interpreter():
        total = 0
        for each in range(500):
            total += each

    def operators():
        state = torch.zeros(4, 64)
        for each in inputs:
            state = cell(each, state)
        state.sum().backward()

    return {
        "interpreter, a sum of 500": interpreter,
        "own cache, 768 KiB": own.sum,
        "shared cache, at random in 8 MiB": partial(shared.take, in_shared),
        "memory, at random in 64 MiB": partial(far.take, in_far),
        "addresses, 6,000 pages": partial(pages.take, in_pages),
        "operators, 24 steps of a GRUCell": operators,
    }


def launch(calm):
    """One launch: logarithms of its members and canaries, and the calm canary."""
    torch.set_num_threads(1)
    clock, watch, kinds = HostClock(), Watch(), canaries()
    watch.begin()
    watch.adopt(calm, 1.0)
    for call in kinds.values():
        clock.time(call)
    read = {name: [] for name in kinds}
    cells = {}
    for cell, cases in steps().items():
        members = {
            name: warm_up(build(cases[name]), clock)
            for name in random.sample(MEMBERS, len(MEMBERS))
        }
        watch.allow(ROUND_SECONDS)
        turns = {name: [] for name in members}
        for _ in range(MOST_ROUNDS):
            for name, call in kinds.items():
                call()
                seconds = min(clock.time(call) for _ in range(READINGS))
                read[name].append(seconds)
            for name in random.sample(MEMBERS, len(MEMBERS)):
                turn = take_turn(members[name], clock, Device.CPU, watch)
                turns[name].append(turn.seconds)
        cells[cell] = {name: launch_log(seconds) for name, seconds in turns.items()}
    logs = {name: float(np.log(median(seconds))) for name, seconds in read.items()}
    return {"cells": cells, "canaries": logs, "calm": watch.calm}


def launches(seconds):
    """Launch fresh processes for `seconds`; what each of them measured."""
    end, calm = time.monotonic() + seconds, 0.0
    found = []
    while not found or time.monotonic() < end:
        done = subprocess.run(
            [sys.executable, "-m", "studies.states", "--launch", str(calm)],
            cwd=ROOT,
            env=Setting().variables(os.environ),
            stdout=subprocess.PIPE,
            check=True,
        )
        found.append(json.loads(done.stdout))
        calm = found[-1]["calm"]
        left = max(end - time.monotonic(), 0) / 60
        sys.stderr.write(f"{len(found)} launches, {left:.1f} min left\n")
    return found


def table(found):
    """Lines with the variation of ratio, members and canaries in each cell."""
    canary = {
        name: np.array([one["canaries"][name] for one in found])
        for name in found[0]["canaries"]
    }
    for cell in found[0]["cells"]:
        gru, lstm = (
            np.array([one["cells"][cell][name] for one in found]) for name in MEMBERS
        )
        ratio = gru - lstm
        yield f"{cell}: {len(found)} launches, the ratio varies by {ratio.std():.1%}"
        for name, logs in {"its GRU": gru, "its LSTM": lstm, **canary}.items():
            yield (
                f"  {name:34} varies by {logs.std():5.1%}, correlation "
                f"{correlation(logs, ratio):+.2f}"
            )


def correlation(ours, theirs):
    """Pearson's correlation; 0 where one side never varies."""
    if not (ours.std() and theirs.std()):
        return 0.0
    return float(np.corrcoef(ours, theirs)[0, 1])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--launch", type=float, metavar="CALM", help=argparse.SUPPRESS)
    options = parser.parse_args()
    Confinement(physical_cores()[-1:]).apply()
    if options.launch is not None:
        sys.stdout.write(json.dumps(launch(options.launch)) + "\n")
        return
    sys.stdout.write("\n".join(table(launches(60 * options.minutes))) + "\n")


if __name__ == "__main__":
    main()
