"""A layer of the user's has a process of its own, which runs only while it is asked."""

import asyncio
import json
import math
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest

from rnnbench.analysis.stats import ratio_interval
from rnnbench.model.case import TORCH_LAYERS, Case
from rnnbench.model.machine import physical_cores
from rnnbench.model.policy import Policy
from rnnbench.model.status import MEASURED, Status
from rnnbench.model.workload import DEFAULT_COMPARE, group
from rnnbench.runner.journal import Header, Journal
from rnnbench.runner.launch import Order
from rnnbench.runner.results import JournalReader
from rnnbench.runner.scheduler import Campaign, survey
from rnnbench.runner.timing import LEAST_ROUNDS, MOST_ROUNDS
from rnnbench.runner.worker_process import Worker
from rnnbench.worker.protocol import Rounds

ROOT = Path(__file__).parents[2]
FAKE = (sys.executable, str(ROOT / "tests" / "data" / "fake_worker.py"))
HEADER = Header(sweep="s", digest="d", policy="p", machine="m")


def order(*layers, launches=2, **policy):
    cases = [
        Case(layer=layer, input_size=8, hidden_size=8, seq_len=4, batch_size=2)
        for layer in layers
    ]
    policy = Policy(precision=0.5, launches=launches, budget=60, time_limit=5, **policy)
    workloads = group(cases, DEFAULT_COMPARE)
    return Order(workloads=workloads, policy=policy, command=FAKE)


def conduct(wanted):
    async def run():
        environment, reasons = await survey(wanted.cases, wanted.command)
        with Journal.start(None, HEADER, resume=False) as journal:
            campaign = Campaign(wanted, environment, journal, lambda _: None)
            await campaign.run(reasons)
        return campaign

    campaign = asyncio.run(run())
    found = JournalReader(wanted, campaign.journal, "not begun").results()
    return campaign, {result.case.layer: result for result in found}


@pytest.fixture
def asked(monkeypatch):
    """Every request: the process, its job, and which other processes run meanwhile."""
    seen, workers = [], []
    real, start = Worker.ask, Worker._start

    async def started(setting, job, command, gpu):
        worker = await start(setting, job, command, gpu)
        workers.append(worker)
        return worker

    async def ask(self, job, kind, **limits):
        # A signal to stop takes effect when its process is scheduled.
        await asyncio.sleep(0.05)
        others = [
            worker.process.pid
            for worker in workers
            if worker is not self and worker.is_foreign and runs(worker.process.pid)
        ]
        seen.append((self.process.pid, job, others))
        return await real(self, job, kind, **limits)

    monkeypatch.setattr(Worker, "ask", ask)
    monkeypatch.setattr(Worker, "_start", started)
    monkeypatch.setattr("rnnbench.runner.lanes.physical_cores", lambda: (0,))
    return seen


def runs(process):
    """Whether the process exists and is not stopped."""
    with suppress(OSError):
        state = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2]
        return state.split()[0] not in "TZX"
    return False


def test_no_process_has_a_layer_of_the_users_beside_another_layer(asked):
    conduct(order("lstm", "gru", "fake:one", "fake:two", profile="all"))

    layers = {}
    for process, job, _ in asked:
        for case in getattr(job, "cases", ()):
            layers.setdefault(process, set()).add(case.layer)
    foreign = [found for found in layers.values() if not found <= set(TORCH_LAYERS)]
    # The survey only reads the names of layers of the user's.
    assert {"fake:one"} in foreign
    assert {"fake:two"} in foreign
    assert all(len(found) == 1 for found in foreign if "lstm" not in found)
    assert sum("lstm" in found for found in foreign) == 1


def test_a_layer_of_the_users_is_stopped_while_others_are_timed(asked):
    conduct(order("lstm", "gru", "fake:one", "fake:two"))

    timed = [others for _, job, others in asked if isinstance(job, Rounds)]
    assert len(timed) >= 2 * 3 * LEAST_ROUNDS
    assert not any(timed)


def test_members_of_all_processes_take_as_many_turns():
    campaign, found = conduct(order("lstm", "gru", "fake:one", "fake:two"))

    counts = {len(turns.seconds) for result in found.values() for turns in result.turns}
    (count,) = counts
    assert LEAST_ROUNDS <= count <= MOST_ROUNDS
    for passes in campaign.journal.passes.values():
        assert {len(one.yardstick.seconds) for one in passes.values()} == {count}


def test_without_layers_of_the_users_there_is_one_request_for_rounds(asked):
    conduct(order("lstm", "gru"))

    assert sum(isinstance(job, Rounds) for _, job, _ in asked) == 2


def test_a_layer_that_dies_in_its_turns_costs_its_neighbours_no_launch():
    _, found = conduct(
        order("lstm", "gru", "fake:rounds_sigkill", "fake:right", launches=3)
    )

    assert found["fake:rounds_sigkill"].status is Status.KILLED
    for layer in ("lstm", "gru", "fake:right"):
        assert found[layer].status in MEASURED
        assert [turns.launch for turns in found[layer].turns] == [0, 1, 2]


def test_of_two_cases_of_a_layer_that_dies_the_guilty_one_is_found_alone(asked):
    wanted = order("fake:sigkill", "lstm")
    first = wanted.workloads[0].members[0]
    other = replace(first, layer="fake:right")
    both = group([first, other, wanted.workloads[0].members[1]], DEFAULT_COMPARE)

    _, found = conduct(replace(wanted, workloads=both))

    assert found["fake:sigkill"].status is Status.KILLED
    assert found["fake:right"].status in MEASURED


MEDDLING = ("SetsAnomalyMode", "PatchesLSTM", "StartsThread", "StartsBusyProcesses")


def ratio_of(layers, core):
    """The interval of GRU / LSTM over launches beside `layers`, on one core."""
    mark = f"mark-{secrets.token_hex(8)}"
    command = [sys.executable, "-m", "tests.robustness.conduct", "--mark", mark]
    done = subprocess.run(
        ["taskset", "-c", str(core), *command, "--launches", "3", *layers],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    results = json.loads(done.stdout)["results"]
    pairs = zip(results["gru"]["turns"], results["lstm"]["turns"], strict=True)
    return ratio_interval([math.log(median(gru) / median(lstm)) for gru, lstm in pairs])


@pytest.mark.slow
def test_meddling_layers_leave_the_ratio_of_their_neighbours_alone():
    meddling = [f"tests.data.meddling_layers:{name}" for name in MEDDLING]
    cores = physical_cores()

    with ThreadPoolExecutor() as pool:
        clean, beside = pool.map(ratio_of, ([], meddling), (cores[0], cores[-1]))

    # A layer that meddles unhindered changes the ratio by a factor of 5 or more. How
    # closely two intervals of few launches agree is up to the machine.
    assert beside.low <= 1.5 * clean.high
    assert clean.low <= 1.5 * beside.high
