"""A fleet of processes on this machine, by the fake worker: what faults cost.

RNNBENCH_KILLS: nodes that are killed at random moments; 20 for an acceptance.
"""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from fleet import facts, local_fleet, made_pass, sweep, workloads

from rnnbench.model.errors import CampaignError
from rnnbench.model.status import Status
from rnnbench.runner.fleet import dask_cluster
from rnnbench.runner.fleet.cluster_address import ClusterAddress
from rnnbench.runner.fleet.dask_cluster import DaskCluster, open_cluster, serve_node
from rnnbench.runner.fleet.dask_head import head, security_of
from rnnbench.runner.fleet.measure_fleet import FleetOptions, measure_fleet
from rnnbench.runner.fleet.parcel import decode_facts, encode
from rnnbench.runner.journal import Header, Journal
from rnnbench.runner.measure import MeasureOptions

KILLS = int(os.environ.get("RNNBENCH_KILLS", "4"))


@contextmanager
def fleet_of(ttl=30.0, **nodes):
    """A fleet that lives in another thread; `nodes`: variables of each by its name."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def do(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    context = local_fleet(ttl)
    fleet = do(context.__aenter__())
    fleet.do = do
    try:
        for name, variables in nodes.items():
            do(fleet.start(name, **variables))
        do(joined(fleet.address, len(nodes)))
        yield fleet
    finally:
        do(context.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_heads_and_nodes_stand_side_by_side_and_listen_on_loopback_alone():
    """Dask's pages need no certificate, and a fixed port would be one head's alone."""

    async def listening():
        async with head("tcp://127.0.0.1:0", {}), head("tcp://127.0.0.1:0", {}):
            return [
                each.laddr.ip
                for each in psutil.Process().net_connections()
                if each.status == psutil.CONN_LISTEN
            ]

    found = asyncio.run(listening())

    assert len(found) >= 4
    assert set(found) == {"127.0.0.1"}


async def joined(address, count):
    """Wait until so many nodes are there."""
    async with open_cluster(ClusterAddress(address=address)) as cluster:
        while len(cluster.nodes()) < count:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.1)


def run_on(fleet, wanted, output, notes=None, **options):
    """The runs on a fleet, by kind of machine."""
    fleet_options = FleetOptions(
        cluster=ClusterAddress(address=fleet.address),
        notice=(notes if notes is not None else []).append,
        single=options.pop("single", False),
    )
    options = MeasureOptions(output=output, **options)
    return measure_fleet(wanted, sweep(), options, fleet_options)


def passes_in(log):
    """Begin and end of rounds by core: (begin, end, case); end None if killed."""
    begun, found = {}, defaultdict(list)
    for line in log.read_text().splitlines():
        event, when, process, core, *_, case = line.split()
        if event == "begin":
            begun[process] = (float(when), core, case)
        else:
            began, core, case = begun.pop(process)
            found[core].append((began, float(when), case))
    return found


def test_kills_at_random_moments_cost_only_what_was_in_progress(tmp_path):
    log = tmp_path / "log"
    log.touch()
    variables = {"FAKE_LOG": str(log), "FAKE_WAIT": "0.03"}
    wanted = workloads(12)
    with fleet_of(a=variables, b=variables, c=variables) as fleet:
        stop = threading.Event()

        def kill():
            for _ in range(KILLS):
                if stop.wait(random.uniform(0.1, 0.8)):
                    return
                name = random.choice("abc")
                fleet.signal(name, signal.SIGKILL)
                fleet.do(fleet.start(name, **variables))

        killer = threading.Thread(target=kill)
        killer.start()
        (found,) = run_on(fleet, wanted, tmp_path / "out.json")
        stop.set()
        killer.join()

    assert len(found.run.results) == 24
    for result in found.run.results:
        assert result.status is Status.OK
        assert [turns.launch for turns in result.turns] == list(range(6))
    lines = found.options.journal.read_text().splitlines()
    assert sum('"kind":"Pass"' in line for line in lines) == 12 * 6
    for taken in passes_in(log).values():
        taken.sort()
        ends = [end for _, end, _ in taken[:-1]]
        assert all(end <= at for end, (at, *_) in zip(ends, taken[1:], strict=True))


CLIENT = """
import sys
from pathlib import Path
sys.path.insert(0, {support!r})
from fleet import sweep, workloads
from rnnbench.runner.fleet import dask_cluster
from rnnbench.runner.fleet.cluster_address import ClusterAddress
from rnnbench.runner.measure import MeasureOptions
from rnnbench.runner.fleet.measure_fleet import FleetOptions, measure_fleet
address, output = sys.argv[1:]
measure_fleet(
    workloads(20),
    sweep(),
    MeasureOptions(output=Path(output)),
    FleetOptions(cluster=ClusterAddress(address=address)),
)
"""


def test_a_killed_client_is_resumed_and_nothing_is_measured_again(tmp_path):
    support = str(Path(__file__).parents[2] / "support")
    variables = {"FAKE_WAIT": "0.02"}
    output = tmp_path / "out.json"
    with fleet_of(a=variables, b=variables) as fleet:
        code = CLIENT.format(support=support)
        client = subprocess.Popen(
            [sys.executable, "-c", code, fleet.address, str(output)]
        )
        while not (journals := list(tmp_path.glob("*.journal"))) or (
            journals[0].read_text().count("Pass") < 30
        ):
            assert client.poll() is None
            time.sleep(0.02)
        client.kill()
        client.wait()
        before = journals[0].read_bytes()
        notes = []
        (found,) = run_on(fleet, workloads(20), output, notes, resume=True)

    after = found.options.journal.read_bytes()
    whole = before[: before.rindex(b"\n") + 1]
    assert after.startswith(whole)
    assert after.count(b'"kind":"Pass"') == 20 * 6
    assert {result.status for result in found.run.results} == {Status.OK}
    assert notes == []


def test_a_stopped_host_is_replaced(tmp_path):
    variables = {"FAKE_WAIT": "0.02"}
    with fleet_of(ttl=2.0, a=variables, b=variables) as fleet:
        fleet.signal("a", signal.SIGSTOP)
        notes = []
        (found,) = run_on(fleet, workloads(4), tmp_path / "out.json", notes)
        fleet.signal("a", signal.SIGCONT)

    assert notes[0].startswith("host a: lost: ")
    assert {result.status for result in found.run.results} == {Status.OK}
    assert all(len(result.turns) == 6 for result in found.run.results)


def test_kinds_of_machines_have_files_of_their_own_and_strangers_are_refused(tmp_path):
    kinds = {
        "a": {"FAKE_CPU": "one"},
        "b": {"FAKE_CPU": "two"},
        "c": {"FAKE_CPU": "two"},
        "d": {"FAKE_CPU": "two", "FAKE_TORCH": "eldest"},
    }
    with fleet_of(**kinds) as fleet:
        notes = []
        runs = run_on(fleet, workloads(3), tmp_path / "out.json", notes)
        with pytest.raises(CampaignError, match="2 kinds of machines"):
            run_on(fleet, workloads(3), tmp_path / "one.json", single=True)

    assert notes == ["host d: refused: torch eldest instead of fake"]
    hosts = {
        found.run.environment.cpu_model: {
            turns.host for result in found.run.results for turns in result.turns
        }
        for found in runs
    }
    assert {model: len(each) for model, each in hosts.items()} == {"one": 1, "two": 2}
    assert not hosts["one"] & hosts["two"]
    assert {found.options.output.name for found in runs} == {
        f"out.{kind}.json"
        for kind in Counter(
            facts("x", environment=found.run.environment).kind for found in runs
        )
    }


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("tcp://10.0.0.1:8786", "tcp:// is for this machine alone"),
        ("tls://head:8786", "needs --ca, --cert and --key"),
        ("head:8786", "not an address"),
        ("tls://head:port", "head:port"),
        ("local:many", "local:N needs a number of nodes"),
        ("local:0", "local:N needs a number of nodes"),
    ],
)
def test_an_address_that_is_not_safe_or_none_is_refused_in_one_line(address, reason):
    async def connect():
        async with open_cluster(ClusterAddress(address=address)):
            pass

    with pytest.raises(CampaignError, match=reason) as caught:
        asyncio.run(connect())

    assert "\n" not in str(caught.value)


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def certificates(folder):
    """An authority, and a certificate that it has signed."""
    folder.mkdir()
    ca, key, cert = folder / "ca.pem", folder / "key.pem", folder / "cert.pem"
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-subj")
    openssl(*new, "/CN=ca", "-x509", "-keyout", folder / "ca.key", "-out", ca)
    openssl(*new, "/CN=node", "-keyout", key, "-out", folder / "request")
    sign = ("x509", "-req", "-in", folder / "request", "-CA", ca)
    openssl(*sign, "-CAkey", folder / "ca.key", "-CAcreateserial", "-out", cert)
    return {"authority": ca, "certificate": cert, "key": key}


def test_only_a_certificate_of_the_cluster_connects(tmp_path):
    ours, foreign = (certificates(tmp_path / name) for name in ("ours", "foreign"))

    async def serve_and_connect():

        own = ClusterAddress(address="tls://127.0.0.1:1", **ours).certificates()
        async with head("tls://127.0.0.1:0", own) as found:
            async with DaskCluster.connected(found.address, own, nodes=0) as cluster:
                assert cluster.nodes() == {}
            where = ClusterAddress(address=found.address, **foreign)
            with pytest.raises(CampaignError) as caught:
                async with open_cluster(where):
                    pass
            return str(caught.value)

    line = asyncio.run(serve_and_connect())

    assert line.startswith("tls://127.0.0.1:")
    assert "\n" not in line


def test_files_that_do_not_belong_together_are_one_line(tmp_path):
    ours, foreign = (certificates(tmp_path / name) for name in ("ours", "foreign"))
    (tmp_path / "empty.pem").touch()

    for wrong, what in (
        ({"key": foreign["key"]}, "not a certificate and its key"),
        ({"authority": tmp_path / "empty.pem"}, "holds no certificate"),
    ):
        address = ClusterAddress(address="tls://127.0.0.1:1", **{**ours, **wrong})
        with pytest.raises(CampaignError, match=what):
            address.certificates()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_node_that_can_not_join_says_so_at_once(tmp_path, monkeypatch, is_there):
    monkeypatch.setattr(dask_cluster, "CONNECT", 3.0)
    ours, foreign = (certificates(tmp_path / name) for name in ("ours", "foreign"))

    async def join():
        own = ClusterAddress(address="tls://127.0.0.1:1", **ours)
        async with head("tls://127.0.0.1:0", own.certificates()) as found:
            where = replace(own, address=found.address)
            if is_there:
                where = replace(where, **foreign)
            else:
                where = replace(where, address="tls://127.0.0.1:1")
            with pytest.raises(CampaignError) as caught:
                await asyncio.wait_for(serve_node(where, None, print), 50)
            return str(caught.value)

    assert re.fullmatch(
        r"tls://127.0.0.1:\d+: (no head|the certif).*", asyncio.run(join())
    )


def test_nodes_of_this_machine_die_with_the_run_that_is_killed(tmp_path):
    command = [sys.executable, "-m", "rnnbench", "run", "--cluster", "local:1"]
    command += ["--layer", "gru", "--output", str(tmp_path / "x.json")]
    run = psutil.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    nodes = []
    while not nodes:
        assert run.poll() is None
        with suppress(psutil.Error):  # one that has just ended
            nodes = [each for each in run.children() if "node" in each.cmdline()]

    run.kill()
    run.wait()
    _, alive = psutil.wait_procs(nodes, timeout=60)

    assert alive == []


def test_plain_tcp_has_no_certificates_and_files_must_be_there(tmp_path, monkeypatch):
    assert ClusterAddress(address="tcp://127.0.0.1:1").certificates() == {}
    assert not security_of({}).require_encryption
    monkeypatch.setenv("RNNBENCH_CA", str(tmp_path / "absent.pem"))
    with pytest.raises(CampaignError, match=r"absent.pem: can't be read"):
        ClusterAddress(address="tls://head:1").certificates()


def test_a_node_describes_itself_in_strict_json():
    one = facts("a", lanes=3)

    assert decode_facts(encode(one)) == one
    with pytest.raises(ValueError, match="lanes"):
        decode_facts(encode(one).replace('"lanes":3', '"lanes":"3"'))


def test_a_journal_has_one_write_for_a_delivery(tmp_path, monkeypatch):

    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(file), real(file)))
    header = Header(sweep="s", digest="d", policy="p", machine="m")
    with Journal.start(tmp_path / "j", header, resume=False) as journal:
        before = len(synced)
        journal.record(*(made_pass(f"w{n}", 0, []) for n in range(5)))

    assert len(synced) == before + 1
