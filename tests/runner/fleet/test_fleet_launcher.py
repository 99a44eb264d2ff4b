"""The launcher for a fleet, with nodes in memory: who does what, and what is lost."""

import asyncio
import random
from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from fleet import MemoryCluster, facts, made_pass, sweep, workloads
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbench.model.case import Device
from rnnbench.model.errors import CampaignError
from rnnbench.model.status import Status
from rnnbench.model.workload import Workload
from rnnbench.runner.fleet.fleet_board import Beside, Board, host_of
from rnnbench.runner.fleet.fleet_launcher import FleetLauncher, NodeLostError
from rnnbench.runner.journal import Ended, Header, Journal
from rnnbench.runner.launch import Launch, Order, setting_of
from rnnbench.runner.launcher import Errand, Work
from rnnbench.runner.results import JournalReader
from rnnbench.runner.scheduler import Campaign

HEADER = Header(sweep="s", digest="d", policy="p", machine="m")


def conduct(cluster, wanted, path=None, notes=None, **options):
    """The campaign on a cluster in memory."""
    policy = sweep(**options.pop("policy", {})).policy
    order = Order(workloads=wanted, policy=policy, **options)
    environment = next(iter(cluster.there.values())).environment

    async def run():
        with Journal.start(path, HEADER, resume=False) as journal:
            campaign = Campaign(
                order,
                environment,
                journal,
                lambda _: None,
                lambda context: FleetLauncher(
                    context, cluster, (notes if notes is not None else []).append
                ),
            )
            await campaign.run([""] * len(order.cases))
        return campaign

    return asyncio.run(run())


def timed(cluster):
    """How often each launch of each workload was sent to a node that was there."""
    return Counter(
        (workload.id, parcel.errand.launch.number)
        for _, parcel in cluster.sent
        if parcel.errand.work is Work.TIME
        for workload in parcel.errand.launch.workloads
    )


@given(hosts=st.integers(1, 12), row=st.integers(0, 5), workload=st.text(max_size=5))
def test_launches_in_a_row_visit_each_host_once(hosts, row, workload):
    launches = range(row * hosts, (row + 1) * hosts)

    places = [host_of(workload, launch, hosts) for launch in launches]

    assert sorted(places) == list(range(hosts))


@pytest.mark.parametrize(
    ("together", "processes"),
    # Two lanes: with eight launches they are busy anyway, with one it is split.
    [(8, {1}), (1, {2})],
)
def test_a_launch_is_split_only_where_lanes_would_be_idle(together, processes):
    board = Board()
    board.update({at: facts(at) for at in "ab"})
    wanted = workloads(12)
    for number in range(8):
        launch = replace(errand(wanted[0]).launch, number=number, workloads=wanted)
        board.share_out(Errand(work=Work.TIME, launch=launch), together)

    begun = defaultdict(list)
    while board:
        for at, queued in list(board.startable()):
            begun[queued.errand.launch.number].append(at)
            board.done(at, queued)

    assert {len(each) for each in begun.values()} == processes
    if together > 1:
        assert Counter(at for each in begun.values() for at in each) == {"a": 4, "b": 4}


def test_each_launch_is_done_once_and_says_on_which_host():
    cluster = MemoryCluster({at: facts(at) for at in "abc"})
    wanted = workloads(7)

    campaign = conduct(cluster, wanted)

    assert set(timed(cluster).values()) == {1}
    assert len(timed(cluster)) == 7 * 6
    for result in JournalReader(campaign.order, campaign.journal, "").results():
        assert result.status is Status.OK
        hosts = Counter(turns.host for turns in result.turns)
        assert hosts.keys() <= {"id-a", "id-b", "id-c"}
        assert max(hosts.values()) < 6


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), hosts=st.integers(2, 5))
def test_what_is_lost_with_a_host_is_done_by_another(seed, hosts):
    draw = random.Random(seed)
    cluster = MemoryCluster({str(at): facts(str(at)) for at in range(hosts)})

    def lose(at, _, entries):
        if len(cluster.there) > 1 and draw.random() < 0.1:
            del cluster.there[at]
        if draw.random() < 0.1:
            name = f"late-{len(cluster.sent)}"
            cluster.there[name] = facts(name)
        return entries

    cluster.on_send = lose

    campaign = conduct(cluster, workloads(9))

    assert all(len(each) == 6 for each in campaign.journal.passes.values())
    assert len(campaign.journal.passes) == 9


def test_a_workload_that_costs_hosts_is_found_and_ended():
    cluster = MemoryCluster({at: facts(at) for at in "abcdefghijklmnop"})
    wanted = workloads(5)
    guilty = wanted[2].id

    def die(at, parcel, entries):
        if any(one.id == guilty for one in parcel.errand.launch.workloads):
            # The host is back at once, under another address.
            cluster.there[f"{at}x"] = cluster.there.pop(at)
            raise NodeLostError("killed")
        return entries

    cluster.on_send = die
    notes = []

    campaign = conduct(cluster, wanted, notes=notes)

    ended = {case: one.status for case, one in campaign.journal.ended.items()}
    assert ended == {case.id: Status.KILLED for case in wanted[2].members}
    assert len(campaign.journal.passes) == 4
    assert all(": lost: " in note for note in notes)


def test_a_host_that_cannot_measure_is_set_aside_by_name(monkeypatch):
    cluster = MemoryCluster({at: facts(at) for at in "ab"})
    real = MemoryCluster.send

    async def send(self, address, parcel, cost):
        text = await real(self, address, parcel, cost)
        return (
            text.replace('"fault":""', '"fault":"no torch"')
            if address == "a"
            else (text)
        )

    monkeypatch.setattr(MemoryCluster, "send", send)
    monkeypatch.setattr(cluster, "on_send", lambda at, _, e: [] if at == "a" else e)
    notes = []

    campaign = conduct(cluster, workloads(3), notes=notes)

    assert notes == ["host a: gets no more work: no torch"]
    assert all(len(each) == 6 for each in campaign.journal.passes.values())
    del cluster.there["b"]
    with pytest.raises(CampaignError, match="no torch"):
        conduct(cluster, workloads(3))


def test_a_host_with_a_slow_yardstick_is_set_aside():
    cluster = MemoryCluster({at: facts(at) for at in "abc"})

    def throttle(at, _, entries):
        if at != "b":
            return entries
        return [
            replace(
                one,
                yardstick=replace(
                    one.yardstick, seconds=tuple(2 * s for s in one.yardstick.seconds)
                ),
            )
            if hasattr(one, "yardstick")
            else one
            for one in entries
        ]

    cluster.on_send = throttle
    notes = []

    conduct(cluster, workloads(40), notes=notes)

    (note,) = notes
    assert note.startswith("host b: gets no more work: its yardstick takes 2.00 times")


def test_a_failed_case_takes_no_part_in_further_launches_on_any_host():
    cluster = MemoryCluster({at: facts(at) for at in "ab"})
    wanted = workloads(2)
    case = wanted[0].members[1].id

    def fail(_, parcel, entries):
        launch = parcel.errand.launch
        if case in parcel.ended or wanted[0] not in launch.workloads:
            return entries
        left = [c for c in wanted[0].members if c.id != case]
        made = made_pass(wanted[0].id, launch.number, left)
        return [Ended(case=case, status=Status.ERROR, reason="no"), made]

    cluster.on_send = fail

    campaign = conduct(cluster, wanted)

    assert set(campaign.journal.ended) == {case}
    later = [parcel for _, parcel in cluster.sent[4:]]
    assert all(
        case in parcel.ended
        for parcel in later
        if wanted[0] in parcel.errand.launch.workloads
    )


def test_launches_without_a_host_get_the_name_of_this_machine():
    (workload,) = wanted = workloads(1)
    journal = Journal(None)
    first, second = (made_pass(workload.id, n, workload.members) for n in range(2))
    journal.record(first, replace(second, host="b"))
    order = Order(workloads=wanted, policy=sweep().policy)

    found = JournalReader(order, journal, "", host="lab").results()

    for result in found:
        assert [turns.host for turns in result.turns] == ["lab", "b"]


def errand(workload, **changes):
    launch = Launch(number=0, setting=setting_of(workload), workloads=(workload,))
    return Errand(work=Work.TIME, launch=replace(launch, **changes))


HEAVY = replace(workloads(1)[0].members[0], hidden_size=1024)
CUDA = replace(workloads(1)[0].members[0], device=Device.CUDA)
KINDS = {
    Beside.CPU: errand(workloads(1)[0]),
    Beside.NOTHING: errand(Workload((HEAVY,), ("layer",))),
    Beside.GPU: errand(Workload((CUDA,), ("layer",))),
}


@given(
    mix=st.lists(st.sampled_from(list(Beside)), max_size=30),
    lanes=st.integers(1, 4),
    order=st.randoms(use_true_random=False),
)
def test_nothing_runs_beside_what_needs_the_machine_for_itself(mix, lanes, order):
    """Two of the three nodes are on one machine."""
    machines = {"a": "one", "b": "one", "c": "two"}
    board = Board()
    nodes = {
        at: facts(at, machine=machine, lanes=lanes, gpus=2)
        for at, machine in machines.items()
    }
    board.update(nodes)
    for kind in mix:
        board.share_out(KINDS[kind])
    running, done = [], 0

    while board or running:
        running += board.startable()
        for machine in ("one", "two"):
            here = [each.beside for at, each in running if machines[at] == machine]
            assert len(set(here)) <= 1
            assert here.count(Beside.NOTHING) <= 1
        for at in nodes:
            mine = [each.beside for other, each in running if other == at]
            assert len(mine) <= (2 if Beside.GPU in mine else lanes)
        at, finished = running.pop(order.randrange(len(running)))
        board.done(at, finished)
        done += 1

    assert done == len(mix)
