"""Workers that are started ahead: which, taken once, and never left behind."""

import asyncio
import os
import resource
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rnnbench.model.case import Case
from rnnbench.model.machine import physical_cores
from rnnbench.model.policy import Policy
from rnnbench.model.run import SweepRecord
from rnnbench.model.status import Status
from rnnbench.model.workload import DEFAULT_COMPARE, group
from rnnbench.runner.head_start import HeadStart, needs_survey
from rnnbench.runner.lanes import lanes
from rnnbench.runner.launch import Order, setting_of
from rnnbench.runner.measure import MeasureOptions, measure
from rnnbench.runner.worker_process import Worker
from rnnbench.worker.protocol import Start, Survey

FAKE = (sys.executable, str(Path(__file__).parents[1] / "data" / "fake_worker.py"))

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")


def pair(**changes):
    cases = [
        Case(
            **{
                "layer": layer,
                "input_size": 3,
                "hidden_size": 4,
                "seq_len": 2,
                "batch_size": 1,
                **changes,
            }
        )
        for layer in ("lstm", "gru")
    ]
    return group(cases, DEFAULT_COMPARE)


def order_of(workloads, launches=6):
    return Order(workloads=workloads, policy=Policy(launches=launches), command=FAKE)


@pytest.fixture
def started(monkeypatch):
    """The processes that were started, and the jobs that were given to them."""
    processes, jobs = [], []
    start, ask = Worker.start, Worker.ask

    async def counted(setting, job, command=(), gpu=""):
        worker = await start(setting, job, command, gpu)
        processes.append(worker.process)
        return worker

    async def listened(self, job, kind, **limits):
        jobs.append(type(job))
        return await ask(self, job, kind, **limits)

    monkeypatch.setattr(Worker, "start", counted)
    monkeypatch.setattr(Worker, "ask", listened)
    return processes, jobs


def run(workloads, launches=4):
    sweep = SweepRecord(
        name="s", question="?", digest="", compare=DEFAULT_COMPARE, policy=Policy()
    )
    return measure(workloads, sweep, MeasureOptions(launches=launches, worker=FAKE))


def test_the_first_launches_take_the_workers_that_were_started_ahead(started):
    processes, jobs = started

    found = run(pair())

    # A process for each of 4 launches, and one for the peak memory.
    lanes = min(2, len(physical_cores()))
    assert len(processes) == 4 + 1
    assert jobs[:lanes] == [Start] * lanes
    assert Survey not in jobs
    assert {result.status for result in found.results} == {Status.OK}
    assert found.environment.cpu_model == "fake"


def test_what_pytorch_may_lack_is_asked_while_the_first_workers_start(started):
    _, jobs = started

    found = run(pair(dtype="bfloat16"), launches=2)

    assert Survey in jobs
    assert len(found.results) == 2


def test_no_worker_is_left_behind_when_nothing_is_measured(started):
    processes, _ = started

    found = run(pair(device="cuda") + pair(dtype="bfloat16", threads=2))

    assert found.results
    assert all(process.returncode is not None for process in processes)


def test_unused_workers_are_ended():
    async def begin_and_close():
        head_start = HeadStart.begin(order_of(pair()))
        await head_start.environment()
        await head_start.close()
        return await head_start.take(setting_of(pair()[0]), Start())

    assert asyncio.run(begin_and_close()) is None


def test_a_worker_is_taken_once_and_its_memory_is_limited():
    async def take_twice():
        workloads = pair()
        head_start = HeadStart.begin(replace(order_of(workloads), lanes=lanes(1)))
        start = Start(threads=1, cores=physical_cores()[-1:], data_limit=10**9)
        first = await head_start.take(setting_of(workloads[0]), start)
        second = await head_start.take(setting_of(workloads[0]), start)
        limit, _ = resource.prlimit(first.process.pid, resource.RLIMIT_DATA)
        await first.end()
        return second, limit

    assert asyncio.run(take_twice()) == (None, 10**9)


def test_a_command_that_can_t_start_gives_no_environment():
    async def begin():
        order = Order(workloads=pair(), policy=Policy(), command=(os.devnull,))
        head_start = HeadStart.begin(order)
        environment = await head_start.environment()
        await head_start.close()
        return environment

    assert asyncio.run(begin()) is None


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({}, False),
        ({"dtype": "float64"}, False),
        ({"phase": "train", "bidirectional": True}, False),
        ({"dtype": "float16"}, True),
        ({"dtype": "autocast_bfloat16"}, True),
        ({"device": "cuda"}, True),
        ({"layer": "my.layers:gru"}, True),
    ],
)
def test_a_survey_is_needed_for_what_pytorch_may_lack(changes, needed):
    sizes = {"input_size": 3, "hidden_size": 4, "seq_len": 2, "batch_size": 1}

    assert needs_survey([Case(**{"layer": "gru", **sizes, **changes})]) is needed
