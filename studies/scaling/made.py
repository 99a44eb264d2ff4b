"""Sweeps and results files of any size, made of random numbers.

    python -m studies.scaling.made sweep 1000 SWEEP.yaml
    python -m studies.scaling.made write SWEEP.yaml RESULTS.json
    python -m studies.scaling.made read RESULTS.json

The last two print the seconds that writing or reading took.
"""

import random
import sys
import time
from math import exp
from pathlib import Path
from statistics import fmean, median

from rnnbench.model.run import Effort, Environment, Result, Run, Turns, YardstickTurns
from rnnbench.model.status import Status
from rnnbench.runner.footprint import seconds_guess
from rnnbench.storage.results_file import (
    attach,
    empty_document,
    load_run,
    write_document,
)
from rnnbench.sweep.load import load_sweep

LAUNCHES, ROUNDS = 8, 10
# RNN, GRU, and the LSTM with oneDNN on and off.
MEMBERS = 4
# A turn is off by a percent.
NOISE = 0.01
# Values of an axis, at most: more workloads come from the next axis.
MOST = 25


def sweep_text(cases: int) -> str:
    """A sweep of so many cases: a multiple of 4, and of what its axes multiply to."""
    left = cases // MEMBERS
    axes = {}
    for axis, step in (("hidden_size", 8), ("seq_len", 1), ("batch_size", 1)):
        count = next(n for n in range(min(left, MOST), 0, -1) if left % n == 0)
        axes[axis] = [step * (n + 1) for n in range(count)]
        left //= count
    # What is left of a large number: the input may be of any size.
    axes["input_size"] = [n + 1 for n in range(left)]
    lines = [f"  {axis}: {values}" for axis, values in axes.items()]
    return "\n".join(
        (
            f"# How does the harness take {cases} cases?",
            "axes:",
            "  layer: [rnn_tanh, gru, lstm]",
            "  onednn: [true, false]",
            "  phase: inference",
            *lines,
            "",
        )
    )


def made_run(sweep) -> Run:
    """A run of the sweep whose turns are a guess from the shapes, with noise."""
    draw = random.Random(1)
    results = tuple(
        Result(
            case=case,
            workload=workload.id,
            status=Status.OK,
            turns=_turns(seconds_guess(case), draw),
            peak_memory=draw.randrange(2**20),
            profile_reason="it was not profiled",
            energy_reason="no counter",
        )
        for workload in sweep.workloads
        for case in workload.members
    )
    return Run(
        created="2026-11-23T12:00:00+00:00",
        version="0.1.0",
        commit=None,
        command="made of numbers, nothing was measured",
        sweep=sweep.record,
        environment=_environment(),
        effort=Effort(wall=1, lanes=1, inside_turns=1, launches=LAUNCHES, profiling=0),
        results=results,
        yardsticks=tuple(
            YardstickTurns(workload.id, _turns(1e-3, draw))
            for workload in sweep.workloads
        ),
    )


def _turns(truth: float, draw: random.Random) -> tuple[Turns, ...]:
    return tuple(
        Turns(
            launch,
            tuple(truth * exp(draw.gauss(0, NOISE)) for _ in range(ROUNDS)),
            faults=(0,) * ROUNDS,
            first_call=3 * truth,
        )
        for launch in range(LAUNCHES)
    )


def _environment() -> Environment:
    known = {"physical_cores": 2, "logical_cores": 2, "memory_bytes": 2**34}
    texts = ("system", "machine", "kernel", "libc", "python", "numpy", "torch")
    texts += ("parallel_backend", "allocator")
    values = dict.fromkeys(Environment.__dataclass_fields__) | {"variables": ()}
    return Environment(**(values | dict.fromkeys(texts, "made") | known))


def document_of(run: Run) -> dict[str, object]:
    """The document of pytest-benchmark for that run, without our block."""
    document = empty_document()
    document["benchmarks"] = [_entry(result) for result in run.results]
    return document


def _entry(result: Result) -> dict[str, object]:
    data = [value for turns in result.turns for value in turns.seconds]
    middle = median(data)
    names = ("min", "max", "mean", "median", "q1", "q3", "ld15iqr", "hd15iqr")
    values = (min(data), max(data), fmean(data), *[middle] * 5)
    stats = dict(zip(names, values, strict=True))
    stats |= {"stddev": middle / 100, "iqr": middle / 100, "outliers": "0;0"}
    stats |= {"ops": 1 / middle, "total": sum(data), "rounds": len(data)}
    stats |= {"iqr_outliers": 0, "stddev_outliers": 0, "iterations": 1, "data": data}
    name = f"test_inference[{result.case.id}]"
    return {
        "group": result.workload,
        "name": name,
        "fullname": f"bench/test_inference.py::{name}",
        "params": {"case": result.case.id},
        "param": result.case.id,
        "extra_info": {"case": result.case.id, "status": str(result.status)},
        "options": {},
        "stats": stats,
    }


def write(sweep: Path, target: Path) -> float:
    """Seconds of writing a made run of the sweep, reading it back for the check too."""
    run = made_run(load_sweep(sweep))
    document = document_of(run)
    began = time.perf_counter()
    attach(document, run)
    write_document(target, document)
    return time.perf_counter() - began


def read(path: Path) -> float:
    """Seconds of reading a results file."""
    began = time.perf_counter()
    load_run(path)
    return time.perf_counter() - began


def main() -> int:
    """Carry out the command that the first argument names."""
    word, *names = sys.argv[1:]
    if word == "sweep":
        Path(names[1]).write_text(sweep_text(int(names[0])), encoding="utf-8")
    else:
        seconds = {"write": write, "read": read}[word](*map(Path, names))
        sys.stdout.write(f"{seconds}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
