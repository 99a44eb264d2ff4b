"""Energy by NVML's counter: an NVML and a worker that are made up, and a real GPU."""

import asyncio
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import torch

from rnnbench.model.case import Device
from rnnbench.model.policy import Policy
from rnnbench.model.status import Status
from rnnbench.model.workload import DEFAULT_COMPARE, group
from rnnbench.runner.journal import CaseEnergy, Header, Journal
from rnnbench.runner.launch import Order
from rnnbench.runner.readings import energy
from rnnbench.runner.readings.energy import SECONDS, NoCounterError, counters, joules
from rnnbench.runner.results import NO_COUNTER, JournalReader
from rnnbench.runner.scheduler import Campaign, survey
from rnnbench.runner.worker_process import COMMAND
from rnnbench.worker.protocol import Burnt
from rnnbench.worker.protocol import Outcome as Fared

FAKE = (sys.executable, str(Path(__file__).parents[2] / "data" / "fake_worker.py"))
HEADER = Header(sweep="s", digest="d", policy="p", machine="m")
OURS = "1b2c-3d"
A_READING = 700_000  # millijoules that our GPU counts from one to the next


class FakeNvml:
    """Two GPUs, of which the second is ours, and counts on when it is read."""

    class NVMLError(Exception):
        pass

    def __init__(self):
        self.uuids = ["GPU-0000", f"GPU-{OURS.upper()}"]
        self.readings = count(10**9, A_READING)
        self.open = 0
        self.refuses = set()

    def nvmlInit(self):  # noqa: N802
        if "init" in self.refuses:
            raise self.NVMLError("Driver Not Loaded")
        self.open += 1

    def nvmlShutdown(self):  # noqa: N802
        self.open -= 1

    def nvmlDeviceGetCount(self):  # noqa: N802
        return len(self.uuids)

    def nvmlDeviceGetHandleByIndex(self, place):  # noqa: N802
        return place

    def nvmlDeviceGetUUID(self, handle):  # noqa: N802
        return self.uuids[handle]

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802
        if handle in self.refuses:
            raise self.NVMLError("Not Supported")
        return next(self.readings) if handle else 5


@pytest.fixture
def nvml(monkeypatch):
    fake = FakeNvml()
    monkeypatch.setattr(energy, "pynvml", fake)
    monkeypatch.setenv("FAKE_GPU", OURS)
    return fake


@pytest.fixture
def gpu_cases(make_case):
    def make(*layers, **values):
        return [make_case(layer=each, device=Device.CUDA, **values) for each in layers]

    return make


def conduct(members, path=None, *, resume=False, command=FAKE, **policy):
    """A campaign that profiles all, and what it says of each layer."""
    whole = {"launches": 6, "budget": 60, "time_limit": 2, "profile": "all"}
    order = Order(
        workloads=group(members, DEFAULT_COMPARE),
        policy=Policy(**(whole | policy)),
        command=command,
    )

    async def run():
        environment, reasons = await survey(order.cases, command)
        with Journal.start(path, HEADER, resume=resume) as journal:
            await Campaign(order, environment, journal, lambda _: None).run(reasons)
        return journal

    journal = asyncio.run(run())
    reader = JournalReader(order, journal, "not begun")
    return {result.case.layer: result for result in reader.results()}


def burnt(**values):
    whole = {"calls": 1000, "seconds": 5.0, "gpu": OURS}
    return Burnt(outcomes=(Fared(status=Status.OK),), **(whole | values))


def test_the_counters_difference_is_shared_out_over_the_calls(nvml, gpu_cases):
    found = conduct(gpu_cases("lstm", "gru"))

    calls = SECONDS / 1e-3
    for result in found.values():
        assert result.energy == pytest.approx(A_READING / 1000 / calls)
        assert result.energy_reason == ""
    assert nvml.open == 0


def test_a_cpu_has_no_counter_and_nvml_is_not_asked(nvml, make_case):
    nvml.refuses.add("init")

    found = conduct([make_case()])

    assert (found["lstm"].energy, found["lstm"].energy_reason) == (None, NO_COUNTER)


@pytest.mark.parametrize("profile", ["none", "no case is called so"])
def test_only_what_is_profiled_is_read(nvml, gpu_cases, profile):
    found = conduct(gpu_cases("lstm"), profile=profile)

    assert found["lstm"].energy is None
    assert found["lstm"].energy_reason == "it was not read"


def test_a_case_that_kills_its_worker_costs_no_other_its_energy(nvml, gpu_cases):
    found = conduct(gpu_cases("lstm", "fake:burn_sigkill", "gru"))

    lost = found["fake:burn_sigkill"]
    assert lost.status is Status.OK
    assert lost.energy is None
    assert "SIGKILL" in lost.energy_reason
    assert found["lstm"].energy > 0 < found["gru"].energy


@pytest.mark.parametrize(
    ("refuses", "why"),
    [
        ({"init"}, "NVML can't be read: Driver Not Loaded"),
        ({0, 1}, "no counter: no GPU here has one that NVML reads"),
        ({1}, f"NVML has no energy counter of the GPU {OURS}"),
    ],
)
def test_what_nvml_refuses_is_the_reason(nvml, gpu_cases, refuses, why):
    nvml.refuses |= refuses

    found = conduct(gpu_cases("lstm"))

    assert (found["lstm"].energy, found["lstm"].energy_reason) == (None, why)
    assert nvml.open == 0


def test_without_the_extra_the_reason_names_it(nvml, gpu_cases, monkeypatch):
    monkeypatch.setattr(energy, "pynvml", None)

    found = conduct(gpu_cases("lstm"))

    assert found["lstm"].energy_reason.endswith("install rnnbench[nvidia]")


def test_what_a_journal_holds_is_not_read_again(nvml, gpu_cases, tmp_path):
    path = tmp_path / "journal"
    first = conduct(gpu_cases("lstm"), path)
    nvml.refuses.add("init")

    again = conduct(gpu_cases("lstm"), path, resume=True)

    assert again["lstm"].energy == first["lstm"].energy > 0


def test_a_budget_that_has_no_room_for_it_ends_without(nvml, gpu_cases):
    found = conduct(gpu_cases("lstm"), budget=SECONDS - 1)

    assert found["lstm"].turns
    assert found["lstm"].energy_reason == "it was not read"


def test_each_gpu_is_known_by_its_plain_uuid(nvml):
    assert counters() == {"0000": 5, OURS: 10**9}


@pytest.mark.parametrize(
    ("after", "changes", "why"),
    [
        ({OURS: 100}, {}, "did not go up"),
        ({OURS: 99}, {}, "did not go up"),
        ({}, {}, f"no energy counter of the GPU {OURS}"),
        ({OURS: 200}, {"gpu": ""}, "no energy counter of the GPU ?"),
        ({OURS: 200}, {"gpu": "MIG-7"}, "no energy counter of the GPU mig-7"),
        ({OURS: 200}, {"calls": 0, "outcomes": ()}, "made no call"),
        (
            {OURS: 200},
            {"calls": 0, "outcomes": (Fared(status=Status.ERROR, reason="no"),)},
            "^no$",
        ),
    ],
)
def test_readings_that_say_nothing_are_refused(after, changes, why):
    with pytest.raises(NoCounterError, match=why.replace("?", r"\?")):
        joules({OURS: 100}, after, replace(burnt(), **changes))


def test_a_gpu_is_the_same_by_any_spelling_of_its_uuid():
    spent = burnt(gpu=f"GPU-{OURS.upper()}", calls=4)

    assert joules({OURS: 1000}, {OURS: 3000}, spent) == 0.5


def test_an_energy_is_journalled_whole(tmp_path):
    path = tmp_path / "journal"
    entries = [
        CaseEnergy(case="a", energy=0.125),
        CaseEnergy(case="b", energy=None, reason="none"),
    ]
    with Journal.start(path, HEADER, resume=False) as journal:
        for entry in entries:
            journal.record(entry)

    with Journal.start(path, HEADER, resume=True) as journal:
        assert list(journal.energies.values()) == entries


def has_counter():
    try:
        return torch.cuda.is_available() and bool(counters())
    except NoCounterError:
        return False


@pytest.mark.cuda
@pytest.mark.skipif(
    not has_counter(), reason="no GPU with an energy counter, or no nvidia-ml-py"
)
def test_a_real_gpu_takes_between_1_and_2000_watts(gpu_cases):
    found = conduct(
        gpu_cases("lstm", hidden_size=512, batch_size=64),
        command=COMMAND,
        budget=120,
        time_limit=60,
    )

    result = found["lstm"]
    assert result.energy_reason == ""
    seconds = min(result.turns[0].back_to_back)
    assert 1 < result.energy / seconds < 2000
