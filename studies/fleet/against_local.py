"""Does a cluster measure what this machine alone measures, as precisely and as fast?

    python -m studies.fleet.against_local --output results/reference/fleet/against-local

Ten runs of the same workloads in turns: in two lanes of this machine, and on two nodes
(`--cluster local:2`), each run in a fresh process. Two workloads compare ordinary
layers, one a call of 0.5 ms with one of 11 ms, and two a GRU with itself (A/A): the
switch of oneDNN changes nothing in a GRU, so that both cases run the same code. Nothing
else should run meanwhile. No run begins that would end after `--minutes`, by the
longest so far. `studies.fleet.agent_cost` measures what the nodes themselves take.
"""

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp, sqrt
from pathlib import Path
from statistics import fmean, median, variance

from rnnbench.analysis.ratio import ratios
from rnnbench.analysis.stats import Interval, unpaired_ratio_interval
from rnnbench.model.case import Case, Phase
from rnnbench.model.metric import TIME
from rnnbench.model.policy import Policy
from rnnbench.model.run import Run, SweepRecord
from rnnbench.model.workload import Workload, group
from rnnbench.runner.fleet.cluster_address import ClusterAddress
from rnnbench.runner.fleet.measure_fleet import FleetOptions, measure_fleet
from rnnbench.runner.measure import MeasureOptions, measure
from studies.markdown import table
from studies.this_machine import described

COMPARE = ("layer", "onednn", "seq_len")
LANES = 2
LOCAL, CLUSTER = "local", "cluster"
# By the name of a figure: the most that is wanted.
GOALS = {"difference": 0.005, "spread": 1.1, "wall": 1.05}


def workloads() -> tuple[Workload, ...]:
    """Five workloads that differ in their hidden_size."""
    shape = {"input_size": 64, "batch_size": 4}
    gru = {**shape, "layer": "gru"}
    cases = [
        *(
            Case(layer=layer, hidden_size=64, seq_len=16, **shape)
            for layer in ("lstm", "gru")
        ),
        *(
            Case(layer=layer, hidden_size=48, seq_len=8, phase=Phase.TRAIN, **shape)
            for layer in ("lstm", "gru")
        ),
        # On one core of a Zen 5, 0.5 ms and 11 ms.
        *(Case(hidden_size=80, seq_len=length, **gru) for length in (40, 880)),
        *(Case(hidden_size=96, seq_len=32, onednn=on, **gru) for on in (True, False)),
        *(Case(hidden_size=72, seq_len=880, onednn=on, **gru) for on in (True, False)),
    ]
    return group(cases, COMPARE)


@dataclass(frozen=True)
class Measured:
    """One run: seconds of measuring, and the log-ratio of each launch by pair.

    `calls`: median seconds of a call, by the id of a case.
    """

    seconds: float
    logs: Mapping[str, Sequence[float]]
    calls: Mapping[str, float]


def measure_here(way: str, launches: int) -> Measured:
    """Measure all workloads in this process's way.

    Seconds begin with the first start of a worker. Nodes of a cluster are there before:
    what they take to start is not part of a launch.
    """
    # So precise that every run takes all its launches.
    policy = Policy(precision=1e-6, launches=launches, budget=600)
    sweep = SweepRecord(
        name="fleet", question="?", digest="fleet", compare=COMPARE, policy=policy
    )
    if way == LOCAL:
        began = time.monotonic()
        run = measure(workloads(), sweep, MeasureOptions(lanes=LANES))
        seconds = time.monotonic() - began
    else:
        address = ClusterAddress(address=f"local:{LANES}")
        (found,) = measure_fleet(
            workloads(), sweep, MeasureOptions(), FleetOptions(cluster=address)
        )
        run, seconds = found.run, found.run.effort.wall
    return _measured(run, seconds)


def _measured(run: Run, seconds: float) -> Measured:
    return Measured(
        seconds=seconds,
        logs={
            f"{ratio.pair.candidate.id} / {ratio.pair.baseline.id}": [
                log for _, log in ratio.logs
            ]
            for ratio in ratios(run)
            if ratio.metric is TIME
        },
        calls={
            result.case.id: median(
                value for turns in result.turns for value in turns.seconds
            )
            for result in run.results
        },
    )


def once(way: str, launches: int) -> Measured:
    """One run in a fresh process."""
    command = [sys.executable, "-m", __spec__.name, "--child", way]
    command += ["--launches", str(launches)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return Measured(**json.loads(done.stdout))


def ways_in_turns(runs: int, seconds: float) -> Iterator[str]:
    """The way of each run, one after the other, as long as there is time."""
    began, longest = time.monotonic(), 0.0
    for number in range(runs):
        start = time.monotonic()
        if start - began + longest > seconds:
            return
        yield (LOCAL, CLUSTER)[number % 2]
        longest = max(longest, time.monotonic() - start)


@dataclass(frozen=True)
class Compared:
    """The runs of both ways compared: cluster divided by local.

    `differences`: of each pair's ratio, with its interval over runs. `spread`: standard
    deviation over launches of a run, of pairs of a case with itself. `wall`: seconds.
    """

    differences: Mapping[str, Interval]
    spread: float
    wall: float

    def missed(self) -> list[str]:
        """What is not as it should be, in words."""
        found = [
            f"{pair}: {each.estimate - 1:+.2%}"
            for pair, each in self.differences.items()
            if abs(each.estimate - 1) > GOALS["difference"]
        ]
        found += [
            f"{name}: {value:.3f}"
            for name, value in (("spread", self.spread), ("wall", self.wall))
            if value > GOALS[name]
        ]
        return found


def compared(found: Mapping[str, Sequence[Measured]]) -> Compared:
    """Compare the runs of both ways; ValueError unless each has one."""
    if not (found[LOCAL] and found[CLUSTER]):
        raise ValueError("each way needs a run")
    pairs = list(found[LOCAL][0].logs)
    return Compared(
        differences={
            pair: unpaired_ratio_interval(
                *(
                    [fmean(run.logs[pair]) for run in found[way]]
                    for way in (CLUSTER, LOCAL)
                )
            )
            for pair in pairs
        },
        spread=sqrt(_variance(found[CLUSTER]) / _variance(found[LOCAL])),
        wall=median(run.seconds for run in found[CLUSTER])
        / median(run.seconds for run in found[LOCAL]),
    )


def _variance(runs: Sequence[Measured]) -> float:
    """Mean variance over launches of the pairs of a case with itself."""
    return fmean(
        variance(logs)
        for run in runs
        for pair, logs in run.logs.items()
        if "no_onednn" in pair
    )


def report(found: Mapping[str, Sequence[Measured]]) -> list[str]:
    """The comparison as Markdown."""
    both = compared(found)
    rows = [
        (
            pair,
            *(
                f"{exp(fmean(fmean(run.logs[pair]) for run in found[way])):.4f}"
                for way in (LOCAL, CLUSTER)
            ),
            f"{each.estimate - 1:+.2%}",
            f"{each.low - 1:+.2%} to {each.high - 1:+.2%}",
        )
        for pair, each in both.differences.items()
    ]
    headings = ("ratio", LOCAL, CLUSTER, "difference", "95 % interval over runs")
    calls = found[LOCAL][0].calls
    return [
        *table(headings, rows, 1),
        "",
        f"{len(found[LOCAL])} and {len(found[CLUSTER])} runs; goal: within 0.5 %.",
        "",
        *table(
            ("figure", "cluster / local", "goal"),
            [
                ("spread of a case with itself", f"{both.spread:.3f}", "at most 1.1"),
                ("time of a run", f"{both.wall:.3f}", "at most 1.05"),
            ],
            1,
        ),
        "",
        "Calls: "
        + ", ".join(f"{case} {1e3 * call:.2f} ms" for case, call in calls.items()),
    ]


def save(found: Mapping[str, Sequence[Measured]], folder: Path, command: str) -> None:
    """Write every run as JSON, and the comparison as Markdown if there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "command": command,
        "machine": described(),
        "runs": {way: [asdict(run) for run in runs] for way, runs in found.items()},
    }
    text = json.dumps(document, indent=1, allow_nan=False)
    (folder / "runs.json").write_text(f"{text}\n", "utf-8")
    if all(found.values()):
        text = "\n".join(report(found))
        (folder / "tables.md").write_text(f"{text}\n", "utf-8")


def main() -> int:
    """Measure in turns and compare; exit status 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10, help="of both ways together")
    parser.add_argument("--launches", type=int, default=20, help="of each run")
    parser.add_argument("--minutes", type=float, default=15, help="at most; default 15")
    parser.add_argument("--output", type=Path, help="folder for the JSON and the table")
    parser.add_argument("--child", choices=(LOCAL, CLUSTER), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        measured = measure_here(options.child, options.launches)
        sys.stdout.write(json.dumps(asdict(measured)))
        return 0
    found: dict[str, list[Measured]] = {LOCAL: [], CLUSTER: []}
    command = shlex.join(["python", "-m", __spec__.name, *sys.argv[1:]])
    for way in ways_in_turns(options.runs, 60 * options.minutes):
        found[way].append(once(way, options.launches))
        sys.stderr.write(f"{way}: {found[way][-1].seconds:.1f} s\n")
        # After each run, so that an interrupted study has what it measured.
        if options.output is not None:
            save(found, options.output, command)
    sys.stdout.write("\n".join([*report(found), ""]))
    missed = compared(found).missed()
    sys.stdout.writelines(f"missed: {one}\n" for one in missed)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
