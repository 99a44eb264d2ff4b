import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from rnnbench.model.case import Case, Device
from rnnbench.model.errors import CampaignError, ResultsError
from rnnbench.model.policy import Policy
from rnnbench.model.status import Status
from rnnbench.model.workload import DEFAULT_COMPARE, group
from rnnbench.runner.footprint import (
    MEMORY_SHARE,
    memory_estimate,
    stands_alone,
    too_large,
)
from rnnbench.runner.journal import Header, Journal
from rnnbench.runner.lanes import Lane
from rnnbench.runner.launch import Order
from rnnbench.runner.results import JournalReader
from rnnbench.runner.scheduler import Campaign, survey
from rnnbench.runner.timing import TimedLaunches
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker
from rnnbench.worker.protocol import Rounds, Start

FAKE = (sys.executable, str(Path(__file__).parents[1] / "data" / "fake_worker.py"))
HEADER = Header(sweep="s", digest="d", policy="p", machine="m")
SHAPE = {"input_size": 8, "seq_len": 4, "batch_size": 2}


def cases(*layers, hidden_sizes=(8,)):
    return [
        Case(layer=layer, hidden_size=hidden_size, **SHAPE)
        for hidden_size in hidden_sizes
        for layer in layers
    ]


def order(members, **changes):
    policy = Policy(precision=0.02, launches=6, budget=60, time_limit=2)
    return replace(
        Order(workloads=group(members, DEFAULT_COMPARE), policy=policy, command=FAKE),
        **changes,
    )


def conduct(wanted, path=None, *, resume=False, show=lambda _: None):
    async def run():
        environment, reasons = await survey(wanted.cases, wanted.command)
        with Journal.start(path, HEADER, resume=resume) as journal:
            campaign = Campaign(wanted, environment, journal, show)
            await campaign.run(reasons)
        return campaign

    return asyncio.run(run())


def results(campaign):
    reader = JournalReader(campaign.order, campaign.journal, "not begun")
    return {result.case.layer: result for result in reader.results()}


def test_every_member_gets_turns_of_every_launch_and_its_memory():
    campaign = conduct(order(cases("lstm", "gru")))

    found = results(campaign)

    assert {result.status for result in found.values()} == {Status.OK}
    assert [turns.launch for turns in found["gru"].turns] == list(range(6))
    assert found["gru"].peak_memory == 1024
    assert campaign.finished


def test_facts_of_a_runtime_outlast_a_journal_and_eager_has_none(tmp_path):
    plain = cases("lstm")
    members = [*plain, replace(plain[0], runtime="onnxruntime")]
    wanted = order(members, workloads=group(members, ("runtime",)))
    conduct(wanted, tmp_path / "journal")

    resumed = conduct(wanted, tmp_path / "journal", resume=True)

    reader = JournalReader(wanted, resumed.journal, "not begun")
    facts = {result.case.runtime: result.facts for result in reader.results()}
    assert facts["eager"] is None
    assert facts["onnxruntime"].note == "made by a fake"


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("sigkill", Status.KILLED, "SIGKILL"),
        ("segfault", Status.KILLED, "SIGSEGV"),
        ("hang", Status.TIMEOUT, "no answer within 2 s"),
        ("garbage", Status.ERROR, "can't be read"),
        ("memory", Status.OUT_OF_MEMORY, "can't allocate memory"),
        ("exit", Status.ERROR, "exit code 7"),
        ("raises", Status.ERROR, "ValueError: no"),
        ("rounds_negative", Status.ERROR, "no positive and finite time"),
        ("rounds_sigkill", Status.KILLED, "SIGKILL"),
        ("rounds_hang", Status.TIMEOUT, "no answer within 2 s"),
    ],
)
def test_a_fault_costs_only_the_case_that_it_is_of(fault, status, reason):
    campaign = conduct(
        order(cases("lstm", f"fake:{fault}", "gru", hidden_sizes=(8, 16)))
    )

    reader = JournalReader(campaign.order, campaign.journal, "not begun")
    for result in reader.results():
        if result.case.layer.startswith("fake:"):
            assert result.status is status
            assert reason in result.reason
        else:
            assert result.status is Status.OK
            assert len(result.turns) == 6


def test_a_death_by_chance_is_forgiven_once(tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_MARK", str(tmp_path / "mark"))

    found = results(conduct(order(cases("lstm", "fake:once", "gru"))))

    assert {result.status for result in found.values()} == {Status.OK}


def test_a_worker_of_another_schema_is_refused_in_one_line(monkeypatch):
    monkeypatch.setenv("FAKE_SCHEMA", "99")

    with pytest.raises(CampaignError, match="schema 99"):
        conduct(order(cases("lstm")))


def test_a_command_that_is_no_worker_is_refused_in_one_line():
    with pytest.raises(CampaignError, match=r"worker: can't be started: .*exit code 0"):
        conduct(order(cases("lstm"), command=(sys.executable, "-c", "")))


def test_a_command_that_does_not_exist_is_refused_in_one_line():
    with pytest.raises(CampaignError, match="/nonexistent: No such file or directory"):
        conduct(order(cases("lstm"), command=("/nonexistent",)))


def test_what_cannot_run_here_is_skipped_with_its_reason():
    cuda = replace(cases("lstm")[0], device=Device.CUDA)

    found = results(conduct(order([cuda])))

    assert found["lstm"].status is Status.SKIPPED
    assert found["lstm"].reason == "no CUDA device"


def test_what_is_too_large_is_skipped_before_it_is_built(monkeypatch):
    monkeypatch.setattr("rnnbench.runner.footprint.memory_estimate", lambda _: 1 << 60)

    async def small(*_):
        environment, reasons = await survey(cases("lstm"), FAKE)
        return replace(environment, memory_bytes=1 << 30), reasons

    environment, _ = asyncio.run(small())

    assert "needs about" in too_large(cases("lstm")[0], environment)


def test_wide_intervals_get_further_launches_and_are_called_imprecise(monkeypatch):
    monkeypatch.setenv("FAKE_NOISE", "0.2")
    policy = Policy(precision=0.0001, launches=8, budget=60, time_limit=2)

    found = results(conduct(order(cases("lstm", "gru"), policy=policy)))

    assert found["gru"].status is Status.IMPRECISE
    assert "±0.01% was asked for" in found["gru"].reason
    assert len(found["gru"].turns) == 8


def test_a_budget_that_ends_leaves_the_rest_unmeasured():
    policy = Policy(precision=0.02, launches=6, budget=0.001, time_limit=2)

    found = results(conduct(order(cases("lstm", "gru"), policy=policy)))

    assert {result.status for result in found.values()} == {Status.SKIPPED}
    assert {result.reason for result in found.values()} == {"not begun"}


def test_stop_at_failure_begins_nothing_after_it():
    wanted = order(
        cases("fake:raises", "lstm", hidden_sizes=range(8, 40)), stop_at_failure=True
    )

    campaign = conduct(wanted)

    assert campaign.stopped
    assert not campaign.finished
    assert 1 <= len(campaign.journal.ended) < 32


def test_smoke_runs_each_case_once_and_reads_no_memory():
    campaign = conduct(order(cases("lstm", "gru"), smoke=True))

    assert [len(one) for one in campaign.journal.passes.values()] == [1]
    assert not campaign.journal.memory


def test_the_results_keep_few_timelines_and_count_what_they_leave_out(monkeypatch):
    monkeypatch.setattr("rnnbench.runner.results.MOST_TIMELINES", 1)
    policy = Policy(precision=0.02, launches=1, budget=60, time_limit=2, profile="all")

    found = results(conduct(order(cases("lstm", "gru"), policy=policy)))

    first, second = found["lstm"].profile, found["gru"].profile
    assert first.timeline
    assert second.timeline == ()
    assert second.left_out == first.left_out + len(first.timeline)


def test_progress_counts_up_to_what_is_due():
    seen = []

    conduct(order(cases("lstm", "gru", hidden_sizes=(8, 16))), show=seen.append)

    assert all(one.done <= one.total for one in seen)
    assert max(one.done for one in seen) == 12


def test_a_resumed_campaign_measures_only_what_is_missing(tmp_path):
    path = tmp_path / "journal"
    wanted = order(cases("lstm", "gru", hidden_sizes=(8, 16, 32)))
    whole = conduct(wanted, path)
    lines = path.read_bytes().splitlines(keepends=True)
    # A kill in the middle of a line.
    path.write_bytes(b"".join(lines[:9]) + lines[9][:40])

    resumed = conduct(wanted, path, resume=True)

    assert resumed.journal.resumed == 8
    assert resumed._context.tally.passes == 18 - 8
    assert results(resumed).keys() == results(whole).keys()
    assert {one.status for one in results(resumed).values()} == {Status.OK}


def test_without_resume_an_unfinished_journal_is_kept_under_a_dated_name(tmp_path):
    path = tmp_path / "journal"
    path.write_text('{"kind":"Header"}\n')

    with Journal.start(path, HEADER, resume=False):
        pass

    kept = [other for other in tmp_path.iterdir() if other != path]
    assert [other.read_text() for other in kept] == ['{"kind":"Header"}\n']


def test_a_journal_of_another_sweep_is_refused_by_name(tmp_path):
    path = tmp_path / "journal"
    with Journal.start(path, HEADER, resume=False):
        pass

    with pytest.raises(ResultsError, match=r"its machine is 'm', this run's is 'n'"):
        Journal.start(path, replace(HEADER, machine="n"), resume=True)


def test_a_journal_that_is_damaged_inside_is_refused_by_line(tmp_path):
    path = tmp_path / "journal"
    conduct(order(cases("lstm")), path)
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace("launch", "lunch", 1)
    path.write_text("\n".join(lines) + "\n")

    with pytest.raises(ResultsError, match=rf"{path.name}:3: not an entry"):
        Journal.start(path, HEADER, resume=True)


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    path = tmp_path / "journal"
    wanted = order(cases("lstm"))

    async def run():
        environment, reasons = await survey(wanted.cases, FAKE)
        with Journal.start(path, HEADER, resume=False) as journal:
            monkeypatch.setattr(os, "fsync", no_space)
            await Campaign(wanted, environment, journal, print).run(reasons)

    with pytest.raises(ResultsError, match="journal: No space left on device"):
        asyncio.run(run())


def test_a_worker_ends_with_its_block():
    async def run():
        async with await Worker.start(Setting(), Start(), FAKE) as worker:
            process = worker.process
        return process.returncode

    assert asyncio.run(run()) == -signal.SIGKILL


def test_a_journal_is_on_the_disk_when_a_pass_is_done(tmp_path):
    path = tmp_path / "journal"
    seen = []

    def show(progress):
        lines = path.read_text().splitlines()
        passes = [line for line in lines if json.loads(line)["kind"] == "Pass"]
        seen.append((progress.done, len(passes)))

    conduct(order(cases("lstm")), path, show=show)

    assert seen
    assert all(written <= done <= written + 1 for done, written in seen)


def test_nothing_is_left_running(tmp_path):
    conduct(order(cases("lstm", "fake:hang")))

    assert not _children()


def _children():
    """The processes that this one has started, and that were not waited for."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # After the name, which may hold anything: the state, then the parent.
            parent = entry.read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found.append(entry.parent.name)
    return found


def test_heavy_workloads_share_a_process_and_come_last(monkeypatch):
    """A process takes a second to start; two that are heavy are never side by side."""
    taken, inside = [], []
    real = TimedLaunches._take

    async def take(self, processes, workload, groups):
        heavy = stands_alone(workload)
        assert not inside or not (heavy or any(inside))
        inside.append(heavy)
        taken.append((processes.launch.number, heavy))
        await real(self, processes, workload, groups)
        inside.remove(heavy)

    monkeypatch.setattr(TimedLaunches, "_take", take)

    campaign = conduct(order(cases("lstm", "gru", hidden_sizes=(8, 16, 1024, 2048))))

    assert campaign.effort.launches == 6
    for number in range(6):
        order_of_one = [heavy for launch, heavy in taken if launch == number]
        assert order_of_one == [False, False, True, True]


def test_a_lane_that_has_to_rest_is_no_lane():
    """Else heavy workloads would read as time that was wasted."""
    campaign = conduct(order(cases("lstm", "gru", hidden_sizes=(1024,))))

    assert 1.0 <= campaign.effort.lanes < 2.0


def test_what_needs_more_than_a_lanes_memory_is_launched_by_itself():
    members = cases("lstm", "gru", hidden_sizes=(8, 64))
    needed = max(map(memory_estimate, members))
    environment = replace(
        conduct_environment(), memory_bytes=int(2 * needed / MEMORY_SHARE)
    )
    small = replace(environment, memory_bytes=environment.memory_bytes - 8)

    def beside(there):
        campaign = Campaign(order(members), there, Journal(None), silent)
        return [one.launch.goes_beside for one in campaign._due(6, 6)]

    assert beside(environment) == [True] * 6
    assert beside(small) == [True, False] * 6


def test_what_calm_is_goes_from_launch_to_launch(tmp_path, monkeypatch):
    """A launch that is disturbed from its first moment on would not know it."""
    asked = []
    real = Worker.ask

    async def ask(self, job, kind, **limits):
        if isinstance(job, Rounds):
            asked.append(job.calm)
        answer = await real(self, job, kind, **limits)
        return replace(answer, calm=3e-6) if isinstance(job, Rounds) else answer

    monkeypatch.setattr(Worker, "ask", ask)
    monkeypatch.setattr("rnnbench.runner.lanes.physical_cores", lambda: (0,))

    conduct(order(cases("gru", "lstm")))

    assert asked == [0.0] + [3e-6] * 5


def silent(_):
    pass


def conduct_environment():
    return asyncio.run(survey([], FAKE))[0]


def test_each_gpu_of_a_host_has_a_lane_and_a_core_of_its_own(monkeypatch):
    cuda = [
        replace(case, device=Device.CUDA)
        for case in cases("lstm", "gru", hidden_sizes=(8, 16))
    ]
    gpus = (Lane((0,), "GPU-a"), Lane((1,), "GPU-b"))
    started = []
    real = Worker.start

    async def start(setting, job, command=(), gpu=""):
        started.append((gpu, job.cores))
        return await real(setting, job, command, gpu)

    monkeypatch.setattr(Worker, "start", start)
    monkeypatch.setenv("FAKE_GPU", "GPU-a")

    found = conduct(order(cuda, gpu_lanes=gpus))

    assert {result.status for result in results(found).values()} == {Status.OK}
    assert set(started[1:]) == {("GPU-a", (0,)), ("GPU-b", (1,))}
