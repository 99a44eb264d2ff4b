"""What a node of a cluster costs: CPU and wake-ups while it measures, and per launch.

    python -m studies.fleet.agent_cost --output results/reference/fleet/agent-cost

Starts a head and one node on this machine. While a launch of real layers runs, the
counters of the node's process are read at its beginning and end; the worker that
measures is another process. Then launches are sent in which every case has ended
already: nothing is left to measure, so that all their time is overhead. Takes a minute.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rnnbench.model.case import Case
from rnnbench.model.machine import physical_cores
from rnnbench.model.policy import Policy
from rnnbench.model.workload import DEFAULT_COMPARE, Workload, group
from rnnbench.runner.fleet.dask_cluster import DaskCluster
from rnnbench.runner.fleet.dask_head import head
from rnnbench.runner.fleet.fleet_board import CHUNK
from rnnbench.runner.fleet.local_nodes import end_nodes, start_node
from rnnbench.runner.fleet.parcel import Parcel, decode_delivery, encode
from rnnbench.runner.launch import Launch, setting_of
from rnnbench.runner.launcher import Errand, Work
from studies.markdown import table
from studies.this_machine import described

Send = Callable[[str], Awaitable[str]]

# Seconds after the start of a launch, and before its end, that don't count: there the
# node starts and ends the worker's process.
MARGIN = 3.0
# By the name of a figure: the most that is wanted.
GOALS = {"cpu_ms": 3.0, "wakeups": 10.0, "overhead_ms": 50.0}


@dataclass(frozen=True)
class Counters:
    """Of a process, over all its threads: seconds of CPU, and times that it woke up."""

    cpu: float
    wakeups: int

    @classmethod
    def of(cls, process: int) -> "Counters":
        """Read them from the kernel."""
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return cls(
            cpu=sum(int(_read(task, "schedstat").split()[0]) for task in tasks) / 1e9,
            wakeups=sum(
                int(line.split()[1])
                for task in tasks
                for line in _read(task, "status").splitlines()
                if line.startswith("voluntary_ctxt_switches")
            ),
        )


def _read(task: Path, name: str) -> str:
    return (task / name).read_text("utf-8")


@dataclass(frozen=True)
class Cost:
    """What a node takes; `cpu_ms` and `wakeups` are a second's, while it measures.

    `idle_cpu_ms`, `idle_wakeups`: without a launch, which is the cluster's own share.
    `overhead_ms`: median of a launch without work, from its sending to its delivery.
    `passes`: workloads that were measured meanwhile.
    """

    cpu_ms: float
    wakeups: float
    idle_cpu_ms: float
    idle_wakeups: float
    overhead_ms: float
    seconds: float
    passes: int

    def missed(self) -> list[str]:
        """The goals that are not met, by the names of their figures."""
        return [name for name, most in GOALS.items() if getattr(self, name) > most]


def workloads(count: int) -> tuple[Workload, ...]:
    """So many, of an LSTM and a GRU each; one takes half a second or more."""
    return group(
        [
            Case(
                layer=layer,
                input_size=64,
                hidden_size=96 + size,
                seq_len=100,
                batch_size=8,
            )
            for size in range(count)
            for layer in ("lstm", "gru")
        ],
        DEFAULT_COMPARE,
    )


def parcel(number: int, members: Sequence[Workload], *, ended: bool) -> str:
    """A launch of workloads; `ended`: none of their cases is to be measured."""
    launch = Launch(
        number=number, setting=setting_of(members[0]), workloads=tuple(members)
    )
    return encode(
        Parcel(
            errand=Errand(work=Work.TIME, launch=launch),
            policy=Policy(),
            smoke=False,
            seconds_left=600.0,
            ended=tuple(case.id for case in launch.cases) if ended else (),
            checked=(),
            deaths={},
        )
    )


async def while_measuring(
    send: Send, process: int, count: int, launches: int
) -> tuple[float, Counters, int]:
    """Seconds in the middle of launches, what the node took in them, and passes."""
    seconds, cpu, wakeups, passes = 0.0, 0.0, 0, 0
    for number in range(launches):
        text = parcel(number, workloads(count), ended=False)
        began, readings = time.perf_counter(), []
        sent = asyncio.ensure_future(send(text))
        while not sent.done():
            readings.append((time.perf_counter(), Counters.of(process)))
            await asyncio.wait({sent}, timeout=0.5)
        ended = time.perf_counter()
        inside = [
            each for each in readings if began + MARGIN <= each[0] <= ended - MARGIN
        ]
        if len(inside) < 2:
            raise SystemExit(f"a launch of {ended - began:.0f} s is too short")
        (first, before), (last, after) = inside[0], inside[-1]
        seconds += last - first
        cpu += after.cpu - before.cpu
        wakeups += after.wakeups - before.wakeups
        passes += len(decode_delivery(sent.result()).entries)
    return seconds, Counters(cpu, wakeups), passes


async def measure_cost(
    *, workload_count: int = 60, launches: int = 1, empty: int = 200, idle: float = 10
) -> Cost:
    """Measure what a node of this machine takes."""
    async with node_of_this_machine() as (cluster, process):
        (address,) = cluster.nodes()

        async def send(text: str) -> str:
            return await cluster.send(address, text, 1)

        await asyncio.sleep(MARGIN)
        before = Counters.of(process)
        await asyncio.sleep(idle)
        after = Counters.of(process)
        seconds, taken, passes = await while_measuring(
            send, process, workload_count, launches
        )
        overheads = []
        for number in range(empty):
            began = time.perf_counter()
            decode_delivery(await send(parcel(number, workloads(CHUNK), ended=True)))
            overheads.append(time.perf_counter() - began)
    return Cost(
        cpu_ms=1e3 * taken.cpu / seconds,
        wakeups=taken.wakeups / seconds,
        idle_cpu_ms=1e3 * (after.cpu - before.cpu) / idle,
        idle_wakeups=(after.wakeups - before.wakeups) / idle,
        overhead_ms=1e3 * median(overheads),
        seconds=seconds,
        passes=passes,
    )


@asynccontextmanager
async def node_of_this_machine() -> AsyncIterator[tuple[DaskCluster, int]]:
    """A cluster of one node on the last core, and the id of the node's process."""
    async with head("tcp://127.0.0.1:0", {}) as here:
        process = await start_node(here.address, "0", physical_cores()[-1:])
        try:
            async with DaskCluster.connected(here.address, {}) as cluster:
                yield cluster, process.pid
        finally:
            await end_nodes([process])


def report(cost: Cost) -> list[str]:
    """The figures as Markdown."""
    rows = [
        ("CPU of the node, ms a second", f"{cost.cpu_ms:.2f}", "at most 3"),
        ("wake-ups of the node a second", f"{cost.wakeups:.1f}", "at most 10"),
        ("CPU of an idle node, ms a second", f"{cost.idle_cpu_ms:.2f}", ""),
        ("wake-ups of an idle node a second", f"{cost.idle_wakeups:.1f}", ""),
        ("overhead of a launch, ms", f"{cost.overhead_ms:.1f}", "at most 50"),
    ]
    return [
        *table(("figure", "value", "goal"), rows, 1),
        "",
        f"Over {cost.seconds:.0f} s in which {cost.passes} workloads were measured.",
    ]


def main() -> int:
    """Print the figures, and write them; exit status 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, help="folder for the JSON and the table")
    options = parser.parse_args()
    cost = asyncio.run(measure_cost())
    lines, missed = report(cost), cost.missed()
    sys.stdout.write("\n".join([*lines, *(f"missed: {name}" for name in missed), ""]))
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        document = {"machine": described(), "missed": missed, **asdict(cost)}
        text = json.dumps(document, indent=1, allow_nan=False)
        (options.output / "figures.json").write_text(f"{text}\n", "utf-8")
        text = "\n".join(lines)
        (options.output / "tables.md").write_text(f"{text}\n", "utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
