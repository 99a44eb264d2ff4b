"""Tests of what the processes of one launch may map."""

import asyncio
from dataclasses import replace

import pytest

from rnnbench.model.case import Case
from rnnbench.model.workload import Workload
from rnnbench.runner.launch import Launch
from rnnbench.runner.launch_processes import LaunchProcesses
from rnnbench.runner.worker_env import Setting
from rnnbench.worker.protocol import Start

GRU = Case(layer="gru", input_size=4, hidden_size=4, seq_len=4, batch_size=1)
OWN = (replace(GRU, layer="mine:First"), replace(GRU, layer="mine:Second"))
RUNTIMES = (replace(GRU, runtime="jax"), replace(GRU, runtime="openvino"))


class FakeContext:
    """As `LaunchContext`, with workers that are their start."""

    process_of = staticmethod(lambda case: case.process)

    async def worker(self, launch, start):
        return start


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        ((GRU, *RUNTIMES), {"": 900, "jax": 900, "openvino": 900}),
        ((GRU, *OWN), {"": 900, "mine:First": 450, "mine:Second": 450}),
        ((*RUNTIMES, OWN[0]), {"jax": 900, "openvino": 900, "mine:First": 900}),
        ((replace(GRU, runtime="mine:runtime"), OWN[0]), {"mine:First": 450}),
    ],
)
def test_only_the_users_code_shares_the_memory_of_a_launch(cases, expected):
    workload = Workload(cases, ("layer", "runtime"))
    launch = Launch(number=0, setting=Setting(), workloads=(workload,))
    start = Start(cores=(), data_limit=900)
    processes = LaunchProcesses(FakeContext(), launch, start)

    asyncio.run(processes.ready(expected))

    workers = processes._workers
    assert {name: each.data_limit for name, each in workers.items()} == expected
