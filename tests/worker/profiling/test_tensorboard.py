"""TensorBoard's profiler plugin reads our traces, and counts as we do."""

import contextlib
import gzip
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest

from rnnbench.model.case import Phase
from rnnbench.worker.layers.step import build
from rnnbench.worker.profiling.capture import take_profile

MISSING = [
    name
    for name in ("tensorboard", "torch_tb_profiler")
    if importlib.util.find_spec(name) is None
]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(MISSING),
        reason=f"no {' and no '.join(MISSING)}: pip install rnnbench[tensorboard]",
    ),
]

LAYERS = {"gru": "GRU", "lstm": "LSTM", "rnn_tanh": "RNN"}

# Time to start, and to read the traces; a machine that is busy takes its time.
PATIENCE = 180.0

# Both calls that were heard are in the trace, and their numbers are of both.
CALLS = 2


class Server:
    """TensorBoard on loopback, asked as its own page asks it."""

    def __init__(self, folder, log):
        self.port = free_port()
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                (
                    *(sys.executable, "-m", "tensorboard.main", "--logdir", folder),
                    *("--host", "127.0.0.1", "--port", str(self.port)),
                ),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )

    def ask(self, place, **query):
        address = f"http://127.0.0.1:{self.port}/data/plugin/pytorch_profiler/{place}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{address}?{urlencode(query)}", timeout=60) as answer:
            body = answer.read()
        # Some answers are packed, whatever was asked for.
        return json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)

    def runs(self, count):
        """The names of its runs, once it has read `count` of them."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text(errors="replace")
            with contextlib.suppress(OSError):
                found = self.ask("runs")
                if not found["loading"] and len(found["runs"]) == count:
                    return found["runs"]
            time.sleep(0.2)
        raise TimeoutError(self.log.read_text(errors="replace")[-2000:])

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def profiles(make_case, tmp_path_factory):
    """Profiles by the names of their runs, and the folder of their traces."""
    folder = tmp_path_factory.mktemp("traces")
    cases = [make_case(layer=layer, phase=Phase.TRAIN, seq_len=5) for layer in LAYERS]
    taken = {case.id: take_profile(build(case), folder, 1 << 22) for case in cases}
    return taken, folder


@pytest.fixture(scope="module")
def server(profiles, tmp_path_factory):
    taken, folder = profiles
    server = Server(folder, tmp_path_factory.mktemp("log") / "tensorboard.log")
    try:
        server.runs(len(taken))
        yield server
    finally:
        server.stop()


@pytest.fixture(params=LAYERS)
def layer(request):
    return request.param


@pytest.fixture
def run(profiles, layer):
    taken, _ = profiles
    return next(name for name in taken if name.startswith(f"{layer}-"))


@pytest.fixture
def ask(server, run):
    def ask(place, **query):
        return server.ask(place, run=run, worker="rnnbench", span=1, **query)

    return ask


def test_every_profiled_case_is_a_run(server, profiles):
    taken, _ = profiles

    assert sorted(server.runs(len(taken))) == sorted(taken)


def test_each_run_has_every_view_that_a_cpu_has(server, run):
    views = server.ask("views", run=run)

    assert set(views) == {"Overview", "Operator", "Trace", "Memory", "Module"}
    for view in views:
        assert server.ask("workers", run=run, view=view) == ["rnnbench"]
    assert server.ask("spans", run=run, worker="rnnbench") == ["1"]


def test_the_overview_has_our_steps(ask):
    steps = ask("overview")["steps"]["rows"]

    assert [step[0] for step in steps] == ["1", "2"]


def test_it_counts_each_operators_calls_as_we_do(ask, profiles, run):
    rows = ask("operation/table", group_by="Operation")["data"]

    theirs = {row["name"]: row["calls"] for row in rows}
    ours = {
        row.name: CALLS * row.calls
        for row in profiles[0][run].operators
        if row.name.startswith("aten::")
    }
    assert {name: theirs.get(name) for name in ours} == ours
    # What it knows beyond ours belongs to the moments between the calls.
    beyond = {name for name in theirs if name.startswith("aten::")} - ours.keys()
    assert beyond == set()


def test_an_operators_own_time_in_our_call_is_within_its_time_in_both(
    ask, profiles, run
):
    rows = ask("operation/table", group_by="Operation")["data"]

    both = {row["name"]: row["host_self_duration"] for row in rows}
    ours = [row for row in profiles[0][run].operators if row.name.startswith("aten::")]
    # It rounds to microseconds.
    assert all(row.host_seconds * 1e6 <= both[row.name] + 1 for row in ours)
    assert sum(row.host_seconds for row in ours) > 0


def test_it_shows_the_layer_as_a_module(ask, layer):
    modules = ask("module")["data"]

    assert [(each["name"], each["occurences"]) for each in modules] == [
        (f"{LAYERS[layer]}_0", CALLS)
    ]


def test_its_trace_is_ours(ask, profiles, run):
    taken, folder = profiles
    packed = (folder / taken[run].trace).read_bytes()

    served = ask("trace")["traceEvents"]

    assert served == json.loads(gzip.decompress(packed))["traceEvents"]


def test_it_sees_our_allocations(ask, profiles, run):
    table = ask("memory")
    curve = ask("memory_curve")
    events = ask("memory_events")

    names = [column["name"] for column in table["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in table["rows"]["CPU"]]
    allocating = {row.name for row in profiles[0][run].operators if row.allocated_bytes}
    assert {row["Operator Name"] for row in rows} >= allocating
    assert curve["rows"]["CPU"]
    assert events["rows"]["CPU"]


def test_a_run_that_it_does_not_have_is_refused(server):
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.ask("overview", run="nothing", worker="rnnbench", span=1)

    refused.value.close()
    assert refused.value.code == 404
