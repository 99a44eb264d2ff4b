"""The search for the most streams, and the readings in a campaign of fake workers."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.case import Case, Phase
from rnnbench.model.policy import Policy
from rnnbench.model.serving import LAUNCHES, Part, ServedBy
from rnnbench.model.workload import group
from rnnbench.runner.journal import Header, Journal
from rnnbench.runner.launch import Order
from rnnbench.runner.readings.service_probe import (
    RESOLUTION,
    most_streams,
    periods,
)
from rnnbench.runner.results import JournalReader
from rnnbench.runner.scheduler import Campaign, survey

FAKE = (sys.executable, str(Path(__file__).parents[2] / "data" / "fake_worker.py"))
HEADER = Header(sweep="s", digest="d", policy="p", machine="m")


def search(limit, guess):
    tried = []

    async def trial(count):
        tried.append(count)
        return count <= limit

    return asyncio.run(most_streams(trial, guess)), tried


@given(st.integers(0, 3000), st.integers(0, 4000))
def test_the_search_finds_the_limit_to_its_resolution(limit, guess):
    found, tried = search(limit, guess)

    assert found <= limit
    assert limit - found <= max(1, RESOLUTION * found)
    assert found == 0 or found in tried
    assert len(tried) == len(set(tried))


def test_a_good_guess_needs_few_trials():
    _, tried = search(100, 95)

    assert len(tried) <= 6


def test_a_server_without_limit_ends_the_search():
    assert 95_000 < search(10**9, 1)[0] <= 100_000


def test_a_trial_has_enough_calls_to_count_one_percent_of():
    assert [periods(streams, 0.01) * streams >= 200 for streams in (1, 3, 500)] == [
        *(True, True, True)
    ]


def order(*layers, phase=Phase.STREAM, **asked):
    cases = [
        Case(
            layer=layer,
            input_size=8,
            hidden_size=8,
            seq_len=1,
            batch_size=2,
            phase=phase,
        )
        for layer in layers
    ]
    policy = Policy(precision=0.5, launches=2, budget=60, time_limit=2, **asked)
    return Order(workloads=group(cases, ("layer",)), policy=policy, command=FAKE)


def conduct(wanted, path=None, *, resume=False):
    """The readings of each layer after a campaign of fake workers."""

    async def run():
        environment, reasons = await survey(wanted.cases, wanted.command)
        with Journal.start(path, HEADER, resume=resume) as journal:
            campaign = Campaign(wanted, environment, journal, lambda _: None)
            await campaign.run(reasons)
        return campaign

    campaign = asyncio.run(run())
    reader = JournalReader(campaign.order, campaign.journal, "not begun")
    return {one.case.layer: one.serving for one in reader.results()}, campaign


def test_a_sweep_that_asks_for_no_service_has_none():
    found, campaign = conduct(order("gru"))

    assert found == {"gru": None}
    assert campaign.journal.serving == {}


def test_each_reading_comes_from_a_process_of_its_own():
    found, _ = conduct(order("gru", stream="all", deploy="all"))

    launches = list(range(LAUNCHES))
    assert [one.launch for one in found["gru"].latencies] == launches
    assert [one.launch for one in found["gru"].cards] == launches
    assert found["gru"].reasons == ()


def test_streams_are_those_of_all_servers_and_of_the_batch(monkeypatch):
    monkeypatch.setattr("rnnbench.runner.scheduler.SERVICE_LAUNCHES", 1)

    found, _ = conduct(order("gru", serve="all"))

    servers, batch, most = found["gru"].capacities[0].servers, 2, 3
    streams = {one.served_by: one.streams for one in found["gru"].capacities}
    assert streams[ServedBy.PROCESSES] == most * servers * batch
    assert set(streams.values()) == {most * servers * batch}
    assert len(found["gru"].capacities) == 3 * len(streams)


def test_only_a_stream_is_served_and_a_card_is_for_inference():
    found, _ = conduct(order("gru", phase=Phase.TRAIN, stream="all", deploy="all"))

    assert found == {"gru": None}


@pytest.mark.parametrize(
    ("fault", "reason"), [("sigkill", "sigkill"), ("hang", "no answer within")]
)
def test_a_fault_costs_its_own_case_once(fault, reason, monkeypatch):
    # A part of what a hanging case may take.
    monkeypatch.setattr("rnnbench.runner.readings.service_probe.STEP_SECONDS", 0.1)
    layer = f"fake:service_{fault}"

    found, _ = conduct(order("gru", layer, stream="all"))

    assert len(found["gru"].latencies) == LAUNCHES
    ((part, why),) = found[layer].reasons
    assert part is Part.STREAM
    assert reason in why.lower()


def test_a_resumed_run_repeats_only_the_reading_in_progress(tmp_path):
    wanted = order("gru", stream="all", deploy="all")
    path = tmp_path / "journal"
    conduct(wanted, path)
    lines = path.read_bytes().splitlines(keepends=True)
    # A kill while the ninth of twelve readings is written.
    path.write_bytes(b"".join(lines[:-4]) + lines[-4][:30])

    found, campaign = conduct(wanted, path, resume=True)

    assert campaign.journal.resumed == len(lines) - 1 - 4
    assert len(found["gru"].latencies) == len(found["gru"].cards) == LAUNCHES


def test_each_kind_is_read_once_before_any_is_read_twice(tmp_path):
    path = tmp_path / "journal"

    conduct(order("gru", stream="all", deploy="all"), path)

    entries = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    launches = [one["launch"] for one in entries if one["kind"] == "CaseServing"]
    assert launches == [number for number in range(LAUNCHES) for _ in range(2)]
