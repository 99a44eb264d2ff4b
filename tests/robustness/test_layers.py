"""Each misbehaving layer gets its own status, and costs no other anything.

Real workers, in two processes side by side, each on a core of its own.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from rnnbench.model.machine import physical_cores
from rnnbench.model.status import MEASURED, Status

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow

# By layer: the status, and a part of the reason.
FAULTY = {
    "NoSuchName": (Status.ERROR, "AttributeError"),
    "not_a_module": (Status.ERROR, "not an nn.Module"),
    "RaisesWhenBuilt": (Status.ERROR, "KeyError"),
    "ExitsWhenBuilt": (Status.ERROR, "SystemExit: not today"),
    "DiesWhenBuilt": (Status.ERROR, "exit code 9"),
    "HangsWhenBuilt": (Status.TIMEOUT, "no answer within"),
    "SegfaultsWhenBuilt": (Status.KILLED, "SIGSEGV"),
    "TakesNoArguments": (Status.ERROR, "TypeError"),
    "NoForward": (Status.ERROR, "NotImplementedError"),
    "SaysNotSupported": (Status.ERROR, "not supported"),
    "SaysNotImplemented": (Status.ERROR, "not implemented for"),
    "Raises": (Status.ERROR, "ValueError: this layer raises, on two lines"),
    "RaisesLater": (Status.ERROR, "raises late"),
    "RaisesBaseException": (Status.ERROR, "GeneratorExit"),
    "RaisesInterrupt": (Status.ERROR, "exit code 130"),
    "RaisesUnprintable": (Status.ERROR, "UnprintableError"),
    "RaisesAtLength": (Status.ERROR, "ValueError: long long"),
    "RaisesEscapes": (Status.ERROR, "ValueError: ?[2J"),
    "Recurses": (Status.ERROR, "RecursionError"),
    "WrongShape": (Status.ERROR, "check: the output has the shape"),
    "WrongState": (Status.ERROR, "check: h_n has the shape"),
    "OutputAlone": (Status.ERROR, "check: a Tensor is given"),
    "ReturnsNone": (Status.ERROR, "check: a NoneType is given"),
    "ReturnsText": (Status.ERROR, "check: the output is a str"),
    "StateIsNone": (Status.ERROR, "check: the state is a NoneType"),
    "NotFinite": (Status.ERROR, "check: the output is not finite"),
    "NotFiniteLater": (Status.ERROR, "check after its turns: the output is not"),
    "ChangesInput": (Status.ERROR, "changes its input in place"),
    "Exits": (Status.ERROR, "SystemExit"),
    "ExitsAtOnce": (Status.ERROR, "exit code 7"),
    "Hangs": (Status.TIMEOUT, "no answer within"),
    "HangsHoldingTheInterpreter": (Status.TIMEOUT, "no answer within"),
    "HangsDeafToSignals": (Status.TIMEOUT, "no answer within"),
    "HangsPrinting": (Status.TIMEOUT, "no answer within"),
    "HangsPrintingAnnouncements": (Status.TIMEOUT, "no answer within"),
    "HangsWritingEverywhere": (Status.TIMEOUT, "no answer within"),
    "StopsItself": (Status.TIMEOUT, "no answer within"),
    "Segfaults": (Status.KILLED, "SIGSEGV"),
    "Kills": (Status.KILLED, "SIGKILL"),
    "Aborts": (Status.KILLED, "SIGABRT"),
    "Divides": (Status.KILLED, "SIGFPE"),
    "Allocates": (Status.OUT_OF_MEMORY, "memory"),
    "PrintsMuchAndExits": (Status.ERROR, "exit code 7"),
    "PrintsMuchAndSegfaults": (Status.KILLED, "SIGSEGV"),
    "AnnouncesAnotherAndExits": (Status.ERROR, "exit code 7"),
    "ClosesDescriptors": (Status.ERROR, "exit code"),
    "ClosesAllDescriptors": (Status.ERROR, "exit code"),
    "WritesGarbageToAllDescriptors": (Status.ERROR, "can't be read"),
    "ForgesAnswers": (Status.ERROR, "the worker answered for 0 cases, not 1"),
    "IsKilledLater": (Status.KILLED, "SIGKILL"),
    "ExitsLater": (Status.ERROR, "exit code 3"),
    "SegfaultsLater": (Status.KILLED, "SIGSEGV"),
    "SetsAnAlarm": (Status.KILLED, "SIGALRM"),
}
# Layers that are measured, each with a change of its process that is recorded.
MEDDLING = {
    "SetsGradMode": "grad mode",
    "SetsDefaultDtype": "default dtype",
    "SetsAnomalyMode": "anomaly mode",
    "SetsMatmulPrecision": "float32 matmul precision",
    "FlushesDenormals": "denormal numbers",
    "SetsRounding": "rounding mode",
    "SetsEnvironment": "environment variable RNNBENCH_FAULTY",
    "ChangesFolder": "working directory",
    "TunesCollector": "garbage collector",
    "MovesToAnotherCore": "cores",
    "LowersPriority": "priority",
    "SetsSwitchInterval": "switch interval",
    "Traces": "profile function",
    "PatchesLSTM": "torch.nn.LSTM.forward",
    "PatchesCode": "torch.nn.LSTM.forward.__code__",
    "PatchesLinear": "torch.nn.functional.linear",
    "OverridesOperator": "operator aten::sigmoid",
    "AddsGlobalHook": "hooks of every module: _global_forward_hooks",
    "StartsThread": "threads of Python",
    "StartsBusyProcesses": "child processes",
    "StartsSession": "child processes",
    "Meddles": "",
    "PrintsAlways": "",
    "ClosesOutput": "",
    "HangsAtExit": "",
    "StartsDaemon": "",
    "Forks": "",
    "ForksOften": "",
}
# Layers that spoil their own times, or leave a process that holds the pipes.
SPOILED = {
    "PatchesClock": (Status.ERROR, "can't be trusted"),
    "PatchesHarness": (Status.ERROR, "can't be trusted"),
    "ForksAndExits": (Status.ERROR, "exit code 7"),
}
# Layers whose output, error or process is not what it seems.
ODD = {
    "PayloadNan": (Status.ERROR, "check: the output is not finite"),
    "OnMeta": (Status.ERROR, "meta"),
    "Sparse": (Status.ERROR, "SparseCPU"),
    "ReturnsLyingTensor": (Status.ERROR, "RuntimeError: no shape"),
    "RaisesDeadly": (Status.ERROR, "exit code 0"),
    "RaisesGroup": (Status.ERROR, "ExceptionGroup: many (2 sub-exceptions)"),
    "ExitsZero": (Status.ERROR, "exit code 0"),
    "PatchesJson": (Status.ERROR, "the worker's answer can't be read"),
}
# Layers whose backward pass is at fault, in phase train.
BACKWARD = {
    "RaisesInBackward": (Status.ERROR, "ArithmeticError: backward fails"),
    "InterruptsBackward": (Status.ERROR, "exit code 130"),
    "ExitsInBackward": (Status.ERROR, "exit code 7"),
    "SegfaultsInBackward": (Status.KILLED, "SIGSEGV"),
    "ClosesAllInBackward": (Status.ERROR, "exit code"),
    "HangsInBackward": (Status.TIMEOUT, "no answer within"),
    "PrintsInBackward": (Status.TIMEOUT, "no answer within"),
    "NanGradient": (Status.ERROR, "check: the gradient of weight_ih_l0 is not finite"),
    "NanGradientLater": (Status.ERROR, "check after its turns: the gradient of"),
    "WrongGradientShape": (Status.ERROR, "invalid gradient"),
    "NoGradient": (Status.ERROR, "does not require grad"),
    "ChangesGradientInPlace": (Status.ERROR, "changes the gradient of its output"),
    "PatchesClockInBackward": (Status.ERROR, "can't be trusted"),
}
MODULES = {
    "tests.data.hangs_at_import:Layer": (Status.TIMEOUT, "no answer within"),
    "tests.data.exits_at_import:Layer": (Status.ERROR, "exit code 11"),
    "tests.data.no_such_module:Layer": (Status.ERROR, "ModuleNotFoundError"),
}
FAILING = {
    **{f"tests.data.faulty_layers:{name}": found for name, found in FAULTY.items()},
    **{f"tests.data.meddling_layers:{name}": found for name, found in SPOILED.items()},
    **{f"tests.data.odd_layers:{name}": found for name, found in ODD.items()},
    **{f"tests.data.backward_layers:{name}": found for name, found in BACKWARD.items()},
    **MODULES,
}
SETS_FLAGS_IN_BACKWARD = "tests.data.backward_layers:SetsFlagsInBackward"
MEASURABLE = {
    "tests.data.faulty_layers:Right": "",
    "tests.data.faulty_layers:Prints": "",
    "tests.data.faulty_layers:RaisesInAThread": "",
    **{f"tests.data.meddling_layers:{name}": found for name, found in MEDDLING.items()},
    SETS_FLAGS_IN_BACKWARD: "anomaly mode",
}
# Layers whose fault is an exception or an answer. They share a process: to start one
# takes seconds.
MILD = (
    *("NoSuchName", "not_a_module", "RaisesWhenBuilt", "ExitsWhenBuilt", "NoForward"),
    *("TakesNoArguments", "SaysNotSupported", "SaysNotImplemented", "Raises"),
    *("RaisesLater", "RaisesBaseException", "RaisesUnprintable", "RaisesAtLength"),
    *("RaisesEscapes", "Recurses", "WrongShape", "WrongState", "OutputAlone"),
    *("ReturnsNone", "ReturnsText", "StateIsNone", "NotFinite", "NotFiniteLater"),
    *("ChangesInput", "Exits", "PayloadNan", "OnMeta", "Sparse", "RaisesGroup"),
    "ReturnsLyingTensor",
)
TOGETHER = [name for name in FAILING if name.partition(":")[2] in MILD]
HANGING = [name for name, found in FAILING.items() if found[0] is Status.TIMEOUT]
ALONE = [name for name in FAILING if name not in (*TOGETHER, *HANGING)]
# Seconds of a hanging layer; others have a limit that a busy machine does not reach.
LIMIT = 6.0
# Read for its memory after it was measured: one that dies there, one that meddles.
REMEMBERED = [
    "tests.data.faulty_layers:DiesAtItsSecondBuild",
    "tests.data.meddling_layers:SetsGradMode",
]


@pytest.fixture(scope="module")
def conducted(tmp_path_factory):
    """What came of all layers, in campaigns that run side by side, each on a core."""
    mark = f"mark-{secrets.token_hex(8)}"
    marker = tmp_path_factory.mktemp("layers") / "built"
    environment = {"RNNBENCH_TEST_MARKER": str(marker)}
    first, last = physical_cores()[0], physical_cores()[-1]
    half = len(ALONE) // 2
    measurable = [layer for layer in MEASURABLE if layer != SETS_FLAGS_IN_BACKWARD]
    train = ("--phase", "train")
    # Hanging layers only wait, so that they leave their core to others.
    shares = (
        [[*train, "--limit", str(LIMIT), *HANGING[::2]]],
        [[*train, "--limit", str(LIMIT), *HANGING[1::2]]],
        [
            ["--memory", *REMEMBERED],
            ["--together", *TOGETHER],
            # All layers of the backward pass that die are in this half.
            [*train, *ALONE[half:], SETS_FLAGS_IN_BACKWARD],
        ],
        [measurable, ALONE[:half]],
    )
    with ThreadPoolExecutor() as pool:
        answers = pool.map(
            lambda core, share: [
                campaign(core, mark, layers, environment) for layers in share
            ],
            (first, last, first, last),
            shares,
        )
    found = [answer for each in answers for answer in each]
    return found, processes_with(mark)


def campaign(core, mark, arguments, environment):
    """The answer of `conduct` in a process of its own, on one core."""
    command = [sys.executable, "-m", "tests.robustness.conduct", "--mark", mark]
    done = subprocess.run(
        ["taskset", "-c", str(core), *command, *arguments],
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


def processes_with(mark):
    """Processes whose last argument is `mark`, some time after all has ended."""
    latest = time.monotonic() + 5
    while found := list(_bearers(mark)):
        if time.monotonic() > latest:
            break
        time.sleep(0.1)
    return found


def _bearers(mark):
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                yield folder.name


@pytest.fixture
def results(conducted):
    return {
        layer: found
        for answer in conducted[0]
        for layer, found in answer["results"].items()
        if layer not in REMEMBERED or found["peak_memory"] is None
    }


@pytest.mark.parametrize("layer", FAILING)
def test_a_layer_that_fails_has_a_status_and_a_reason_of_its_own(results, layer):
    status, reason = FAILING[layer]

    found = results[layer]

    assert (found["status"], found["turns"]) == (status, [])
    assert reason in found["reason"]
    assert len(found["reason"]) < 500
    assert found["reason"].isprintable()


@pytest.mark.parametrize("layer", MEASURABLE)
def test_a_layer_that_works_is_measured_and_its_meddling_is_recorded(results, layer):
    found = results[layer]

    assert found["status"] in MEASURED, found["reason"]
    assert len(found["turns"]) == 1
    if change := MEASURABLE[layer]:
        assert change in found["changes"]


def test_a_layer_that_does_nothing_odd_is_not_marked(results):
    assert results["tests.data.faulty_layers:Right"]["changes"] == []


def test_neighbours_lose_nothing(conducted):
    for answer in conducted[0]:
        assert answer["neighbours"]
        for found in answer["neighbours"]:
            assert found["status"] in MEASURED
            assert len(found["turns"]) == 1
            assert found["changes"] == []


def test_a_death_where_memory_is_read_costs_its_own_reading_alone(conducted):
    (answer,) = [each for each in conducted[0] if REMEMBERED[0] in each["results"]]

    found = answer["results"]

    assert "exit code 5" in found[REMEMBERED[0]]["memory_reason"]
    for layer in ("lstm", "gru", REMEMBERED[1]):
        assert found[layer]["peak_memory"]


def test_no_process_is_left(conducted):
    assert conducted[1] == []


def test_time_limits_are_kept(conducted):
    seconds = [one for answer in conducted[0] for one in answer["timeouts"]]

    assert len(seconds) == len(HANGING)
    # An earlier announcement in the same request may have begun a second limit.
    assert max(seconds) < 2 * LIMIT + 2
