"""A campaign of 100,000 simulated cases: launches a second, memory, time of a look.

    python -m studies.fleet.many_cases --output results/reference/fleet/many-cases

The real campaign, launcher, stop rule and journal. Only the nodes are simulated: they
are in memory, and make turns up at once. What is measured is therefore the work of the
client, with that of making the turns up. Exit status 1 where a goal is missed.
"""

import argparse
import asyncio
import json
import math
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import rnnbench
from rnnbench.model.case import Case
from rnnbench.model.policy import Policy
from rnnbench.model.run import Environment
from rnnbench.model.workload import DEFAULT_COMPARE, group
from rnnbench.runner import wide_workloads
from rnnbench.runner.fleet.fleet_launcher import FleetLauncher
from rnnbench.runner.fleet.parcel import NodeFacts
from rnnbench.runner.journal import Header, Journal
from rnnbench.runner.launch import Order
from rnnbench.runner.launcher import Work
from rnnbench.runner.scheduler import Campaign
from studies.markdown import table
from studies.this_machine import described

# Of a launch's log-ratio; with it about a third of the workloads need a second look.
NOISE = 0.015
HOSTS, LANES = 25, 4
ROUNDS = 5


def _levels(count: int) -> list[str]:
    """Seconds of the turns of so many launches as JSON; written once, to be drawn."""
    draw = random.Random(1)
    levels = [1e-3 * math.exp(draw.gauss(0, NOISE)) for _ in range(count)]
    rounds = [1 + 0.001 * place for place in range(ROUNDS)]
    return [json.dumps([level * each for each in rounds]) for level in levels]


LEVELS = _levels(1000)

# By the name of a figure: its goal, and whether it is the least that is wanted.
GOALS = {
    "launches_a_second": (200.0, True),
    "peak_gib": (1.5, False),
    "syncs_a_launch": (1.0, False),
    "longest_look": (2.0, False),
}


@dataclass(frozen=True)
class Figures:
    """What a campaign took.

    `seconds`: of the whole campaign. `simulating`: of these, in the simulated nodes,
    which are other machines in a real one. `cpu`: of a core, which other programs don't
    add to. `longest_look`: seconds in which the stop rule judged all workloads of a
    look. `longest_pause`: seconds in which the client did nothing else, such as an
    answer to the cluster. `times_measured`: how often a launch of a workload was
    measured, and how many were so often.
    """

    cases: int
    passes: int
    launches: int
    seconds: float
    simulating: float
    cpu: float
    peak_gib: float
    syncs: int
    looks: int
    longest_look: float
    longest_pause: float
    journal_mib: float
    times_measured: Mapping[int, int]

    @property
    def launches_a_second(self) -> float:
        """Launches that the client carried out in a second of its own."""
        return self.launches / (self.seconds - self.simulating)

    @property
    def syncs_a_launch(self) -> float:
        """Times that the client waited for the disk, for each launch."""
        return self.syncs / self.launches

    def missed(self) -> list[str]:
        """The goals that are not met, by the names of their figures."""
        return [
            name
            for name, (goal, is_least) in GOALS.items()
            if (getattr(self, name) < goal) == is_least and getattr(self, name) != goal
        ]


@dataclass(slots=True)
class SimulatedNodes:
    """A cluster in memory whose nodes answer at once, with turns that they make up.

    `ids`: of the cases by their layer, and of the workload, by hidden_size and seq_len:
    a node that made them would take longer than the client that is measured.
    """

    ids: Mapping[tuple[int, int], tuple[str, Mapping[str, str]]]
    there: Mapping[str, NodeFacts]
    measured: Counter[tuple[str, int]] = field(default_factory=Counter)
    launches: int = 0
    seconds: float = 0.0
    _draw: random.Random = field(default_factory=lambda: random.Random(1))

    def nodes(self) -> Mapping[str, NodeFacts]:
        """All nodes."""
        return self.there

    async def send(self, address: str, parcel: str, cost: int) -> str:
        """What a node would deliver."""
        await asyncio.sleep(0)
        began = time.perf_counter()
        delivery = self._delivery(json.loads(parcel)["errand"])
        self.seconds += time.perf_counter() - began
        return delivery

    def _delivery(self, errand: Mapping[str, Any]) -> str:
        launch = errand["launch"]["number"]
        make = self._pass if errand["work"] == Work.TIME else self._memory
        self.launches += 1
        entries = [
            make(launch, workload["members"])
            for workload in errand["launch"]["workloads"]
        ]
        return (
            f'{{"entries":[{",".join(entries)}],"deaths":{{}},"launches":1,'
            f'"inside_turns":{0.5 * len(entries)},"waited":0.0,"fault":""}}'
        )

    def _pass(self, launch: int, members: list[dict]) -> str:
        workload, cases = self._ids_of(members)
        self.measured[workload, launch] += 1
        draw = self._draw.choice
        turns = ",".join(
            f'"{cases[member["layer"]]}":{_turns(launch, draw(LEVELS))}'
            for member in members
        )
        return (
            f'{{"kind":"Pass","launch":{launch},"workload":"{workload}",'
            f'"turns":{{{turns}}},"yardstick":{_turns(launch, LEVELS[0])},'
            f'"inside_turns":0.5,"wall":0.8,"changed":{{}},"host":"","facts":{{}}}}'
        )

    def _memory(self, _: int, members: list[dict]) -> str:
        _, cases = self._ids_of(members)
        return ",".join(
            f'{{"kind":"Remembered","case":"{cases[member["layer"]]}",'
            f'"peak_memory":1,"reason":""}}'
            for member in members
        )

    def _ids_of(self, members: list[dict]) -> tuple[str, Mapping[str, str]]:
        return self.ids[members[0]["hidden_size"], members[0]["seq_len"]]


def _turns(launch: int, level: str) -> str:
    return (
        f'{{"launch":{launch},"seconds":{level},"faults":[0,0,0,0,0],'
        f'"back_to_back":[],"first_call":0.001,"rough":0,"retaken":0,"host":""}}'
    )


def simulated_facts() -> dict[str, NodeFacts]:
    """Nodes by their address, each on a machine of its own."""
    values: dict[str, object] = dict.fromkeys(Environment.__dataclass_fields__)
    texts = ("system", "machine", "kernel", "libc", "python", "numpy", "torch")
    values |= dict.fromkeys(texts, "simulated") | {"allocator": "glibc"}
    values |= {"variables": (), "parallel_backend": "none", "memory_bytes": 2**36}
    return {
        str(at): NodeFacts(
            host=f"{at:08x}",
            machine=str(at),
            name=str(at),
            lanes=LANES,
            gpus=1,
            version=rnnbench.__version__,
            environment=Environment(**values),
        )
        for at in range(HOSTS)
    }


def simulated_order(count: int) -> Order:
    """So many cases, an LSTM and a GRU for each workload."""
    cases = [
        Case(layer=layer, input_size=8, hidden_size=size, seq_len=seq, batch_size=1)
        for seq in range(1, 1 + math.ceil(count / 400))
        for size in range(1, 201)
        for layer in ("lstm", "gru")
    ][:count]
    policy = Policy(budget=1e6, launches=10)
    return Order(workloads=group(cases, DEFAULT_COMPARE), policy=policy)


def conduct(count: int, folder: Path) -> Figures:
    """Conduct the campaign of so many cases with its journal in `folder`."""
    order = simulated_order(count)
    ids = {
        (first.hidden_size, first.seq_len): (
            workload.id,
            {case.layer: case.id for case in workload.members},
        )
        for workload in order.workloads
        for first in workload.members[:1]
    }
    nodes = SimulatedNodes(ids, simulated_facts())
    environment = nodes.there["0"].environment
    header = Header(sweep="s", digest="d", policy="p", machine="m")
    path = folder / "many.journal"
    with (
        Journal.start(path, header, resume=False) as journal,
        timed(os, "fsync") as syncs,
        timed(wide_workloads, "wide_workloads") as looks,
    ):
        began, busy = time.monotonic(), time.process_time()
        campaign = Campaign(
            order,
            environment,
            journal,
            lambda _: None,
            lambda context: FleetLauncher(context, nodes),
        )
        pause = asyncio.run(_watched(campaign))
        seconds, busy = time.monotonic() - began, time.process_time() - busy
    return Figures(
        cases=len(order.cases),
        passes=sum(nodes.measured.values()),
        launches=nodes.launches,
        seconds=seconds,
        simulating=nodes.seconds,
        cpu=busy,
        # Linux counts kilobytes.
        peak_gib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        syncs=len(syncs),
        looks=len(looks),
        longest_look=max(looks),
        longest_pause=pause,
        journal_mib=path.stat().st_size / 2**20,
        times_measured=dict(Counter(nodes.measured.values())),
    )


@contextmanager
def timed(module: object, name: str) -> Iterator[list[float]]:
    """The seconds of each call of a function, as they come in."""
    real, seconds = getattr(module, name), list[float]()

    def call(*arguments, **named):
        began = time.perf_counter()
        try:
            return real(*arguments, **named)
        finally:
            seconds.append(time.perf_counter() - began)

    with patch.object(module, name, call):
        yield seconds


async def _watched(campaign: Campaign) -> float:
    """Run it; the longest time in seconds in which nothing else could run."""
    pauses = asyncio.ensure_future(_longest_pause())
    await campaign.run([""] * len(campaign.order.cases))
    await asyncio.sleep(0)
    pauses.cancel()
    return await pauses


async def _longest_pause() -> float:
    longest, before = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, before = max(longest, now - before), now
    except asyncio.CancelledError:
        return longest


def report(found: Figures) -> list[str]:
    """The figures as Markdown."""
    rows = [
        ("cases", f"{found.cases:,}", ""),
        ("launches of a process", f"{found.launches:,}", ""),
        ("launches of a workload", f"{found.passes:,}", ""),
        ("seconds", f"{found.seconds:.0f}", ""),
        ("seconds in the simulated nodes", f"{found.simulating:.0f}", ""),
        ("seconds of a core", f"{found.cpu:.0f}", ""),
        ("launches a second", f"{found.launches_a_second:.0f}", "at least 200"),
        ("peak memory, GiB", f"{found.peak_gib:.2f}", "at most 1.5"),
        ("fsyncs for each launch", f"{found.syncs_a_launch:.2f}", "at most 1"),
        ("longest look, s", f"{found.longest_look:.2f}", "at most 2"),
        ("longest pause of the client, s", f"{found.longest_pause:.2f}", ""),
        ("journal, MiB", f"{found.journal_mib:.0f}", ""),
    ]
    return table(("figure", "value", "goal"), rows, 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures, and write them; exit status 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--output", type=Path, help="folder for the JSON and the table")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = conduct(options.cases, Path(folder))
    lines, missed = report(found), found.missed()
    sys.stdout.write("\n".join([*lines, *(f"missed: {name}" for name in missed), ""]))
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        document = {"machine": described(), "missed": missed, **asdict(found)}
        text = json.dumps(document, indent=1, allow_nan=False)
        (options.output / "figures.json").write_text(f"{text}\n", "utf-8")
        text = "\n".join(lines)
        (options.output / "tables.md").write_text(f"{text}\n", "utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
