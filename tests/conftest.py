"""Builders of facts by hand, for every test: no torch, no clock, no file.

The fixtures are functions, and live as long as the session: they hold no state, so
that a property test may use them, too.
"""

import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import product
from math import exp, log
from pathlib import Path

import pytest
from hypothesis import settings
from learning_runs import make_learning, step_cases

from rnnbench.model.case import Case
from rnnbench.model.case_codec import decode_case, encode_case
from rnnbench.model.policy import Policy
from rnnbench.model.profile import Ceiling, Kind, Operator, Profile, Span
from rnnbench.model.run import (
    Effort,
    Environment,
    Result,
    Run,
    SweepRecord,
    Turns,
    TurnValue,
    YardstickTurns,
)
from rnnbench.model.status import MEASURED, Status
from rnnbench.model.workload import DEFAULT_COMPARE, group, workload_id

# A shell's background job ignores an interrupt, and so would all that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A pytest that a test starts is a session of its own: benchmarks would be switched off
# in a worker of pytest-xdist.
for _name in [name for name in os.environ if name.startswith("PYTEST_XDIST_")]:
    del os.environ[_name]

# No test fails because the machine is busy. With `--hypothesis-profile thorough` each
# property is tried ten times as often.
settings.register_profile("quick", deadline=None, max_examples=30)
settings.register_profile("thorough", deadline=None, max_examples=300)
settings.load_profile("quick")

CASE = Case(layer="lstm", input_size=8, hidden_size=16, seq_len=4, batch_size=2)

ENVIRONMENT = Environment(
    cpu_model="Example CPU 9000",
    cpu_flags="avx2 fma",
    cpu_signature="family 26 model 2",
    physical_cores=2,
    logical_cores=4,
    memory_bytes=16 * 2**30,
    system="Linux",
    machine="x86_64",
    kernel="6.1.0",
    libc="glibc 2.36",
    python="3.11.7",
    numpy="2.4.6",
    torch="2.13.0+cpu",
    torch_git="0123456",
    parallel_backend="OpenMP",
    onednn="3.12.0",
    mkl="2024.2",
    cuda=None,
    cudnn=None,
    gpu=None,
    gpu_memory_bytes=None,
    gpu_capability=None,
    gpu_multiprocessors=None,
    driver=None,
    cpu_capability="AVX2",
    allocator="glibc",
)


def make_case(**values) -> Case:
    """A small LSTM in inference, but for what is given."""
    # Through the codec, so that a plain string becomes the member that it names.
    return decode_case(encode_case(replace(CASE, **values)))


def make_turns(truth=1e-3, *, launches=6, rounds=5, noise=0.01, seed=1):
    """Turns around `truth` seconds a call: lognormal over launches and over rounds."""
    draw = random.Random(seed)
    turns = []
    for launch in range(1, launches + 1):
        centre = log(truth) + draw.gauss(0, noise)
        seconds = tuple(exp(centre + draw.gauss(0, noise)) for _ in range(rounds))
        turns.append(Turns(launch, seconds, faults=(0,) * rounds, first_call=truth * 9))
    return tuple(turns)


def make_result(case=CASE, *, compare=DEFAULT_COMPARE, status=Status.OK, **values):
    """A result that was measured, or one without turns where its status says so."""
    measured = {"turns": make_turns(), "peak_memory": 4096}
    return Result(
        case=case,
        workload=workload_id(case, compare),
        status=status,
        **((measured if status in MEASURED else {"reason": "a reason"}) | values),
    )


def make_run(results=(), *, compare=DEFAULT_COMPARE, yardsticks=None, **values):
    """A run of those results, with a yardstick for each workload."""
    if yardsticks is None:
        workloads = dict.fromkeys(result.workload for result in results)
        yardsticks = tuple(YardstickTurns(each, make_turns(2e-3)) for each in workloads)
    whole = {
        "created": "2026-11-23T12:00:00+00:00",
        "version": "0.1.0",
        "commit": "abcdef0",
        "command": "pytest bench/ --sweep configs/quick.yaml",
        "sweep": SweepRecord(
            name="quick",
            question="Which layer, at the sizes people start from?",
            digest="0" * 64,
            compare=compare,
            policy=Policy(),
        ),
        "environment": ENVIRONMENT,
        "turn": TurnValue.FASTEST,
        "effort": Effort(
            wall=100.0, lanes=2.0, inside_turns=120.0, launches=6, profiling=5.0
        ),
    }
    return Run(results=tuple(results), yardsticks=yardsticks, **(whole | values))


OPERATORS = {
    "lstm": ("aten::mkldnn_rnn_layer", Kind.FUSED),
    "gru": ("aten::addmm", Kind.MATRIX),
}


def make_profile(layer="gru", *, seconds=2e-3, peak=2**20, **values):
    """A profile of one call: half in one operator, a quarter in another."""
    name, kind = OPERATORS.get(layer, OPERATORS["gru"])
    rows = ((name, kind, seconds / 2), ("aten::mul", Kind.POINTWISE, seconds / 4))
    whole = {
        "seconds": seconds,
        "operators": tuple(
            Operator(
                name=row,
                kind=each,
                calls=10,
                host_seconds=spent,
                device_seconds=0.0,
                allocated_bytes=4096,
            )
            for row, each, spent in rows
        ),
        "kinds": (
            *((each, spent) for _, each, spent in rows),
            (Kind.FRAMEWORK, seconds / 4),
        ),
        "memory": (("parameters", peak // 4), ("other", peak - peak // 4)),
        "unseen": "what libraries keep to themselves",
        "seen": (name,),
        "timeline": tuple(
            Span(
                lane="thread 4711",
                name=row,
                kind=each,
                start=number * seconds / 2,
                seconds=spent,
            )
            for number, (row, each, spent) in enumerate(rows)
        ),
        "left_out": 7,
    }
    return Profile(**(whole | values))


def make_ceiling(**values):
    """100 GFLOP/s and 10 GB/s on one thread in float32: the ridge is at 10 FLOP/B."""
    whole = {"device": "cpu", "dtype": "float32", "threads": 1}
    rates = {"flops": 1e11, "shape": (512, 512, 512), "bytes": 1e10}
    return Ceiling(**(whole | rates | values))


def make_sweep(**axes):
    """The product of the axes that are given (each a list), as cases."""
    return [
        make_case(**dict(zip(axes, point, strict=True)))
        for point in product(*axes.values())
    ]


def simulate(cases, truth, *, compare=DEFAULT_COMPARE, memory=None, seed=1, **noise):
    """A run in which `truth(case)` seconds are known, and `memory(case)` bytes.

    Members of a workload share what disturbs a launch, as they do when they are
    measured turn by turn.
    """
    results = []
    for index, workload in enumerate(group(cases, compare)):
        shared = make_turns(1.0, seed=seed + index, **{"noise": 0.1} | noise)
        for number, case in enumerate(workload.members):
            own = make_turns(truth(case), seed=seed + 31 * index + number, **noise)
            turns = tuple(
                replace(
                    mine,
                    seconds=tuple(
                        a * b for a, b in zip(mine.seconds, all_.seconds, strict=True)
                    ),
                )
                for mine, all_ in zip(own, shared, strict=True)
            )
            results.append(
                make_result(
                    case,
                    compare=compare,
                    turns=turns,
                    peak_memory=memory(case) if memory else None,
                )
            )
    return make_run(results, compare=compare)


def make_learning_run(seed=1):
    """A run that learned (see `learning_runs`), with the times of its steps.

    A GRU's step takes 2.4 times an LSTM's with oneDNN on, and 0.8 times with it off.
    """
    learning = make_learning(seed)
    cases = dict.fromkeys(
        case
        for result in learning.results
        if (task := learning.task_of(result))
        for case in step_cases(task, result.case)
    )
    times = {"rnn_tanh": 1e-3, "gru": 2.4e-3, "lstm": 1e-3}

    def truth(case):
        return times[case.layer] if case.onednn else 3 * times[case.layer]

    run = simulate(
        cases, truth, memory=lambda case: 1000 * len(case.layer) * case.seq_len
    )
    return replace(run, learning=learning)


def require(case):
    """Skip where PyTorch has no path for `case` here, in its own words.

    Without AVX-512, oneDNN has no LSTM in bfloat16, and PyTorch takes no other.
    """
    # Not at the top: most of the package is tested without torch.
    from rnnbench.worker.survey import survey  # noqa: PLC0415

    (outcome,) = survey((case,), lambda _: None)
    if outcome.status is Status.SKIPPED:
        pytest.skip(outcome.reason)


def _fixture(builder):
    """A fixture that gives the function: in importlib mode no test imports another."""
    return pytest.fixture(scope="session", name=builder.__name__)(lambda: builder)


case_builder = _fixture(make_case)
turns_builder = _fixture(make_turns)
result_builder = _fixture(make_result)
run_builder = _fixture(make_run)
sweep_builder = _fixture(make_sweep)
profile_builder = _fixture(make_profile)
ceiling_builder = _fixture(make_ceiling)
simulation = _fixture(simulate)
learning_run_builder = _fixture(make_learning_run)
requirement = _fixture(require)


ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory):
    """No test reads or replaces the number of lanes that a self-check found here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel, built from the files that git knows or would add."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.check_output(listed, cwd=ROOT, text=True).split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_symlink():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).symlink_to((ROOT / name).readlink())
        elif (ROOT / name).is_file() and not name.startswith(("results/", "reports/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = "import setuptools.build_meta as b, sys; b.build_wheel(sys.argv[1])"
    command = [sys.executable, "-c", build, folder]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built
