"""Layers of the user's own that fail, in real workers: each costs its own cell."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rnnbench.model.case import Case, Phase
from rnnbench.model.run import MEASURED, Policy, Status
from rnnbench.model.workload import DEFAULT_COMPARE, group
from rnnbench.runner.journal import Header, Journal
from rnnbench.runner.launch import Order
from rnnbench.runner.results import JournalReader
from rnnbench.runner.scheduler import Campaign, survey

ROOT = Path(__file__).parents[2]
HEADER = Header(sweep="s", digest="d", policy="p", machine="m")
SHAPE = {"input_size": 8, "hidden_size": 8, "seq_len": 4, "batch_size": 2}


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch):
    # A worker finds `tests.data` where it is started, as a user's package is found.
    monkeypatch.chdir(ROOT)


def faulty(name):
    return f"tests.data.faulty_layers:{name}"


def conduct(layers, *, phase=Phase.INFERENCE, launches=2):
    cases = [Case(layer=layer, phase=phase, **SHAPE) for layer in layers]
    # How wide an interval of so few launches is depends on the machine: any will do.
    policy = Policy(precision=0.99, launches=launches, budget=300, time_limit=6)
    order = Order(workloads=group(cases, DEFAULT_COMPARE), policy=policy)

    async def run():
        environment, reasons = await survey(cases)
        with Journal.start(None, HEADER, resume=False) as journal:
            campaign = Campaign(order, environment, journal, lambda _: None)
            await campaign.run(reasons)
        return campaign

    campaign = asyncio.run(run())
    reader = JournalReader(order, campaign.journal, "not begun")
    return {result.case.layer: result for result in reader.results()}


@pytest.mark.slow
def test_every_fault_costs_its_own_cell_alone():
    expected = {
        "WrongShape": (Status.ERROR, "check: "),
        "NotFinite": (Status.ERROR, "not finite"),
        "NotFiniteLater": (Status.ERROR, "check after its turns: the output is not"),
        "ChangesInput": (Status.ERROR, "changes its input in place"),
        "Raises": (Status.ERROR, "Error"),
        "Exits": (Status.ERROR, "SystemExit"),
        "ExitsAtOnce": (Status.ERROR, "exit code 7"),
        "Hangs": (Status.TIMEOUT, "no answer within 6 s"),
        "Segfaults": (Status.KILLED, "SIGSEGV"),
        "Kills": (Status.KILLED, "SIGKILL"),
        "Allocates": (Status.OUT_OF_MEMORY, "memory"),
    }

    found = conduct(["lstm", "gru", *map(faulty, expected)], launches=3)

    assert found["lstm"].status is found["gru"].status is Status.OK
    assert len(found["gru"].turns) == 3
    for name, (status, reason) in expected.items():
        result = found[faulty(name)]
        assert (name, result.status) == (name, status)
        assert reason in result.reason
        assert "\n" not in result.reason


def test_a_right_layer_of_the_users_own_is_a_member_like_the_others():
    found = conduct(["lstm", faulty("Right")], phase=Phase.TRAIN)

    right = found[faulty("Right")]
    assert right.status in MEASURED
    assert right.peak_memory
    assert all(turns.first_call for turns in right.turns)


def test_a_layer_that_prints_disturbs_nothing():
    found = conduct([faulty("Prints")])

    assert found[faulty("Prints")].status in MEASURED


SWEEP = """\
# Does a killed run go on?
axes:
  layer: [lstm, gru]
  input_size: 8
  hidden_size: [8, 16, 24, 32]
  seq_len: 4
  batch_size: 2
policy: {launches: 3, budget: 120, precision: 0.5}
"""


@pytest.mark.slow
def test_a_real_run_that_was_killed_is_resumed(pytester):
    (pytester.path / "sweep.yaml").write_text(SWEEP)
    (pytester.path / "test_it.py").write_text(
        (ROOT / "bench" / "test_inference.py").read_text()
    )
    command = [sys.executable, "-m", "pytest", "-q", "--rnn-sweep=sweep.yaml"]
    command.append("--benchmark-json=out.json")
    journal = pytester.path / "out.json.journal"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    killed = subprocess.Popen(command, cwd=pytester.path, **quiet)
    deadline = time.monotonic() + 60
    while not (journal.exists() and journal.read_text().count('"kind":"Pass"') >= 3):
        assert killed.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    done = journal.read_text().count('"kind":"Pass"')

    found = pytester.run(*command, "--rnn-resume")

    assert found.ret == 0
    found.assert_outcomes(passed=8)
    assert done >= 3
    assert not journal.exists()
    # Workers end with their parent, whatever ended it.
    time.sleep(0.5)
    assert not _workers_of(pytester.path)


def _workers_of(folder):
    """Processes that run in `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            here = (entry / "cwd").readlink() == folder
            if here and b"rnnbench.worker" in (entry / "cmdline").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found
