"""The worker as a process: what it reads, answers, prints and survives."""

import gc
import os
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path

import pytest

from rnnbench.model.case import Device, Dtype, Phase
from rnnbench.model.status import Status
from rnnbench.worker.announcements import PLACE_VARIABLE, Announcements
from rnnbench.worker.job_handlers import JobHandler, ProtocolError
from rnnbench.worker.protocol import (
    SCHEMA,
    Climb,
    Measured,
    Memory,
    Prepare,
    Ready,
    Report,
    Rounds,
    Start,
    Survey,
    TakeProfile,
    TakeTurn,
    decode_answer,
    encode,
)
from rnnbench.worker.timing.canary import Watch

ROOT = Path(__file__).parents[2]
FAULTY = "tests.data.faulty_layers"
MEDDLING = "tests.data.meddling_layers"
WORKER = (sys.executable, "-m", "rnnbench.worker")
ONE_ROUND = Rounds(seed=1, seconds=0.0, least=1, most=1)

# Libraries that the package uses and the worker must not import.
OTHERS = (
    *("pytest", "_pytest", "pytest_benchmark", "hypothesis", "pydantic", "ruamel"),
    *("scipy", "pandas", "matplotlib", "jinja2", "typer", "rich"),
)
BLOCKED = f"""
import runpy
from importlib.machinery import PathFinder
find = PathFinder.find_spec
def find_others(name, path=None, target=None):
    if name.partition(".")[0] not in {OTHERS!r}:
        return find(name, path, target)
PathFinder.find_spec = find_others
runpy.run_module("rnnbench.worker", run_name="__main__")
"""


class Worker:
    """A worker as the runner has it; what it prints is kept in a file."""

    def __init__(self, command=WORKER, *, start=Start()):  # noqa: B008  frozen
        self.prints = tempfile.TemporaryFile()  # noqa: SIM115  closed by close
        self.announcements = Announcements.create()
        place = str(self.announcements.descriptor)
        threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.prints,
            cwd=ROOT,
            env=os.environ | threads | {PLACE_VARIABLE: place},
            pass_fds=[self.announcements.descriptor],
        )
        self.ready = None if start is None else self.ask(start)

    def ask(self, job):
        line = self.say(encode(job))
        assert line, f"the worker ended: {self.said().decode(errors='replace')}"
        return decode_answer(line)

    def say(self, line):
        """Hand over a line; the line that is answered, empty if none is."""
        self.process.stdin.write(line)
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def end(self):
        self.process.stdin.close()
        return self.process.wait(60)

    def said(self):
        return os.pread(self.prints.fileno(), 1 << 20, 0)

    def place(self):
        last = self.announcements.last()
        return last.stage, last.member

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.prints.close()
        self.announcements.close()


@pytest.fixture
def start_worker():
    workers = []

    def start(*arguments, **options):
        workers.append(Worker(*arguments, **options))
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()


@pytest.fixture(scope="module")
def worker():
    """One for all tests that leave it whole."""
    worker = Worker()
    yield worker
    worker.close()


def test_a_whole_launch_needs_torch_and_numpy_alone(start_worker, make_case, tmp_path):
    worker = start_worker((sys.executable, "-c", BLOCKED))
    cases = tuple(
        make_case(layer=layer, phase=Phase.STEP)
        for layer in ("lstm", "gru", "rnn_relu")
    )

    survey = worker.ask(Survey(cases=cases))
    prepared = worker.ask(Prepare(cases=cases, check=True))
    measured = worker.ask(Rounds(seed=3, seconds=0.0, least=4, most=4))
    turn = worker.ask(TakeTurn(member=2))
    memory = worker.ask(Memory(cases=cases))
    profiled = worker.ask(
        TakeProfile(cases=cases, folder=str(tmp_path), trace_limit=1 << 20)
    )
    climbed = worker.ask(Climb(device=Device.CPU, dtypes=(Dtype.FLOAT64,), threads=1))
    ended = worker.end()

    assert isinstance(worker.ready, Ready)
    for report in (survey, prepared, measured, turn, memory, profiled):
        assert [outcome.status for outcome in report.outcomes] == [Status.OK] * 3
    assert all(outcome.first_call > 0 < outcome.call for outcome in prepared.outcomes)
    assert [len(turns.seconds) for turns in measured.turns] == [4, 4, 4]
    assert [len(turns.faults) for turns in measured.turns] == [4, 4, 4]
    assert len(measured.yardstick.seconds) == 4
    assert measured.inside_turns > 0
    assert [len(turns.seconds) for turns in turn.turns] == [0, 0, 1]
    assert all(outcome.peak_memory > 0 for outcome in memory.outcomes)
    for profile in profiled.profiles:
        assert (tmp_path / profile.trace).is_file()
    assert [ceiling.flops > 0 < ceiling.bytes for ceiling in climbed.ceilings] == [True]
    assert ended == 0


def test_another_schema_is_not_answered(start_worker):
    worker = start_worker(start=None)

    answer = worker.say(encode(Start(schema=SCHEMA + 1)))

    assert answer == b""
    assert worker.process.wait(60) == 3
    assert worker.said().decode().splitlines() == [
        f"rnnbench.worker: schema {SCHEMA + 1}; this worker speaks schema {SCHEMA}"
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"garbage\n", "no message of the protocol"),
        (b'{"kind":"Start","schema":99,"novelty":1}\n', f"speaks schema {SCHEMA}"),
        (encode(TakeTurn(member=0)), "the first job is a TakeTurn, not a Start"),
    ],
)
def test_a_first_line_that_is_no_start_is_not_answered(start_worker, line, why):
    worker = start_worker(start=None)

    answer = worker.say(line)

    assert answer == b""
    assert worker.process.wait(60) == 3
    assert why in worker.said().decode()


def test_a_line_of_garbage_ends_the_worker_later_too(start_worker):
    worker = start_worker()

    answer = worker.say(b"garbage\n")

    assert answer == b""
    assert worker.process.wait(60) == 3
    assert "no message of the protocol" in worker.said().decode()


def test_without_any_job_it_ends_well(start_worker):
    assert start_worker(start=None).end() == 0


def test_an_interrupt_ends_it(start_worker):
    worker = start_worker()

    worker.process.send_signal(signal.SIGINT)

    assert worker.process.wait(60) == 130
    assert worker.said() == b""


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux alone pins")
def test_it_runs_on_its_cores_alone(start_worker):
    core = max(os.sched_getaffinity(0))

    worker = start_worker(start=Start(cores=(core,)))

    threads = Path(f"/proc/{worker.process.pid}/task").iterdir()
    assert {tuple(os.sched_getaffinity(int(thread.name))) for thread in threads} == {
        (core,)
    }


def test_what_a_layer_prints_is_no_answer_and_what_it_reads_is_no_job(
    worker, make_case
):
    case = make_case(layer=f"{FAULTY}:Prints")

    report = worker.ask(Prepare(cases=(case,), check=True))

    assert report.outcomes[0].status is Status.OK
    said = worker.said().decode()
    assert "not a line of the protocol" in said
    assert '{"kind": "Report"}' in said


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("WrongShape", Status.ERROR, "check: the output has the shape"),
        ("NotFinite", Status.ERROR, "check: the output is not finite"),
        ("OutputAlone", Status.ERROR, "check: a Tensor is given, not (output, state)"),
        ("Raises", Status.ERROR, "ValueError: this layer raises, on two lines"),
        ("RaisesWhenBuilt", Status.ERROR, "KeyError: 'hidden'"),
        ("Exits", Status.ERROR, "SystemExit: this layer has had enough"),
        ("not_a_module", Status.ERROR, "TypeError: "),
        ("NoSuchLayer", Status.ERROR, "AttributeError: "),
    ],
)
def test_a_wrong_layer_costs_itself_alone(worker, make_case, name, status, reason):
    layers = (f"{FAULTY}:Right", f"{FAULTY}:{name}", "gru")
    cases = tuple(make_case(layer=layer, phase=Phase.TRAIN) for layer in layers)

    prepared = worker.ask(Prepare(cases=cases, check=True))
    measured = worker.ask(ONE_ROUND)

    for answer in (prepared, measured):
        first, wrong, last = answer.outcomes
        assert first.status is last.status is Status.OK
        assert wrong.status is status
        assert wrong.reason.startswith(reason)
    assert [len(turns.seconds) for turns in measured.turns] == [1, 0, 1]


def test_a_layer_that_fails_in_its_turns_costs_itself_alone(worker, make_case):
    cases = (make_case(layer=f"{FAULTY}:RaisesLater"), make_case(layer="gru"))

    prepared = worker.ask(Prepare(cases=cases, check=True))
    measured = worker.ask(Rounds(seed=1, seconds=0.0, least=12, most=12))

    assert prepared.outcomes[0].status is Status.OK
    assert measured.outcomes[0].reason == "ValueError: this layer raises late"
    assert [len(turns.seconds) for turns in measured.turns] == [0, 12]


def test_a_layer_that_fails_under_the_profiler_has_its_reason(worker, make_case):
    cases = (make_case(layer=f"{FAULTY}:Raises"), make_case(layer="gru"))

    report = worker.ask(Memory(cases=cases))

    assert [outcome.status for outcome in report.outcomes] == [Status.ERROR, Status.OK]
    assert report.outcomes[1].peak_memory > 0


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone bounds what is mapped")
def test_a_greedy_layer_is_out_of_memory_alone(start_worker, make_case):
    worker = start_worker(start=Start(data_limit=4 << 30))
    cases = (make_case(layer=f"{FAULTY}:Allocates"), make_case(layer="gru"))

    report = worker.ask(Prepare(cases=cases, check=True))

    greedy, right = report.outcomes
    assert greedy.status is Status.OUT_OF_MEMORY
    assert "100000000000 bytes" in greedy.reason
    assert right.status is Status.OK


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("ExitsAtOnce", 7, ""),
        ("Segfaults", -signal.SIGSEGV, "Segmentation fault"),
        ("Kills", -signal.SIGKILL, ""),
    ],
)
def test_who_was_being_touched_is_known_after_a_death(
    start_worker, make_case, name, code, words
):
    worker = start_worker()
    cases = (make_case(), make_case(layer=f"{FAULTY}:{name}"))

    answer = worker.say(encode(Prepare(cases=cases, check=True)))

    assert answer == b""
    assert worker.process.wait(60) == code
    assert worker.place() == ("check", 1)
    assert words in worker.said().decode()


def test_each_job_announces_what_it_touches(start_worker, make_case):
    worker = start_worker()
    case = make_case()
    jobs = {
        "survey": Survey(cases=(case,)),
        "warm": Prepare(cases=(case,), check=True),
        "turn": ONE_ROUND,
        "memory": Memory(cases=(case,)),
        "profile": TakeProfile(cases=(case,), folder=None, trace_limit=0),
    }

    for stage, job in jobs.items():
        worker.ask(job)
        assert worker.place() == (stage, 0)


@pytest.mark.parametrize(
    ("name", "stage"), [("DiesWhenBuilt", "build"), ("Kills", "check")]
)
def test_stages_before_the_warm_up_are_announced(start_worker, make_case, name, stage):
    worker = start_worker()

    worker.say(
        encode(Prepare(cases=(make_case(layer=f"{FAULTY}:{name}"),), check=True))
    )

    assert worker.place() == (stage, 0)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("SetsGradMode", "grad mode"),
        ("SetsDefaultDtype", "default dtype"),
        ("SetsAnomalyMode", "anomaly mode"),
        ("PatchesLSTM", "torch.nn.LSTM.forward"),
        ("AddsGlobalHook", "hooks of every module: _global_forward_hooks"),
        ("SetsRounding", "rounding mode"),
        ("SetsEnvironment", "environment variable RNNBENCH_FAULTY"),
    ],
)
def test_a_change_of_the_process_is_reported_with_the_answer(
    start_worker, make_case, name, change
):
    worker = start_worker()

    report = worker.ask(
        Prepare(cases=(make_case(layer=f"{MEDDLING}:{name}"),), check=True)
    )

    assert report.outcomes[0].status is Status.OK
    assert change in report.changed


def test_a_layer_that_changes_nothing_has_no_changes(start_worker, make_case):
    worker = start_worker()
    case = make_case(layer=f"{FAULTY}:Right", phase=Phase.STEP)

    prepared = worker.ask(Prepare(cases=(case,), check=True))
    measured = worker.ask(ONE_ROUND)

    assert prepared.changed == measured.changed == ()


@pytest.mark.parametrize("name", ["PatchesClock", "PatchesHarness"])
def test_a_layer_that_replaces_a_clock_has_no_times(start_worker, make_case, name):
    worker = start_worker()

    report = worker.ask(
        Prepare(cases=(make_case(layer=f"{MEDDLING}:{name}"),), check=True)
    )

    assert report.outcomes[0].status is Status.ERROR
    assert "can't be trusted" in report.outcomes[0].reason


PARENT = """
import subprocess, sys
worker = subprocess.Popen(sys.argv[2:], stdin=-1, stdout=-1)
print(worker.pid, flush=True)
for line in open(sys.argv[1], "rb"):
    worker.stdin.write(line)
    worker.stdin.flush()
    print(worker.stdout.readline(), flush=True)
"""


def test_it_dies_with_its_parent_whatever_it_does(make_case, tmp_path):
    jobs = tmp_path / "jobs"
    hanging = Prepare(cases=(make_case(layer=f"{FAULTY}:Hangs"),), check=True)
    jobs.write_bytes(encode(Start()) + encode(hanging))
    with subprocess.Popen(
        (sys.executable, "-c", PARENT, str(jobs), *WORKER),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    ) as parent:
        worker = int(parent.stdout.readline())
        parent.stdout.readline()  # it is ready, and goes on to the layer that hangs

        parent.kill()

    deadline = time.monotonic() + 60
    while runs(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(worker)


def runs(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        return subprocess.run(("ps", "-p", str(pid)), check=False).returncode == 0
    return state.rpartition(")")[2].split()[0] != "Z"


def test_a_workload_is_dropped_before_the_next(make_case):
    bench = JobHandler(Watch())
    bench.answer(Prepare(cases=(make_case(phase=Phase.TRAIN),), check=True))
    bench.answer(ONE_ROUND)
    module = weakref.ref(bench.prepared.members[0].step.module)
    gc.disable()  # else a cycle would be cleared by chance

    try:
        bench.answer(Prepare(cases=(make_case(layer="gru"),), check=False))
    finally:
        gc.enable()

    assert module() is None


def test_the_yardstick_outlives_the_workload(make_case):
    bench = JobHandler(Watch())
    bench.answer(Prepare(cases=(make_case(),), check=False))
    before = bench.prepared.yardstick

    bench.answer(Prepare(cases=(make_case(layer="gru"),), check=False))

    assert bench.prepared.yardstick is before


def test_without_a_check_a_wrong_layer_is_not_looked_at(make_case, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    case = make_case(layer=f"{FAULTY}:NotFinite")

    report = JobHandler(Watch()).answer(Prepare(cases=(case,), check=False))

    assert report.outcomes[0].status is Status.OK


def test_a_gpus_case_without_a_gpu_is_skipped(make_case, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    cases = (make_case(device=Device.CUDA), make_case(device=Device.CUDA, cudnn=False))

    report = JobHandler(Watch()).answer(Prepare(cases=cases, check=True))

    assert isinstance(report, Report)
    assert [outcome.status for outcome in report.outcomes] == [Status.SKIPPED] * 2


def test_turns_of_nothing_are_a_fault_of_the_campaign():
    with pytest.raises(ProtocolError, match="nothing is prepared"):
        JobHandler(Watch()).answer(ONE_ROUND)


def test_one_turn_answers_for_all_members(make_case):
    bench = JobHandler(Watch())
    bench.answer(Prepare(cases=(make_case(), make_case(layer="gru")), check=False))

    measured = bench.answer(TakeTurn(member=1))

    assert isinstance(measured, Measured)
    assert [len(turns.seconds) for turns in measured.turns] == [0, 1]


@pytest.mark.parametrize("check", [True, False])
def test_facts_of_a_runtime_come_with_its_check(make_case, check):
    cases = tuple(
        make_case(layer="gru", hidden_size=4, runtime=runtime)
        for runtime in ("eager", "cell_loop")
    )

    report = JobHandler(Watch()).answer(Prepare(cases=cases, check=check))

    eager, loop = [outcome.facts for outcome in report.outcomes]
    assert eager is None
    assert (loop is not None) == check
    if check:
        assert 0 <= loop.error < 1e-5
        assert loop.build_seconds > 0
