"""Every runtime gives what eager gives, at any shape; what it can't do has a reason."""

import tempfile
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnbench.model.case import TORCH_LAYERS, Case, InitialState, Phase
from rnnbench.model.runtimes import RUNTIMES, reason_against
from rnnbench.worker.layers.step import build
from rnnbench.worker.runtimes.agreement import agreement
from rnnbench.worker.runtimes.builds import place_of
from rnnbench.worker.runtimes.prepare import reason_here
from rnnbench.worker.runtimes.prepared import NotHereError

# These compile for half a minute, so they get one case each.
SLOW = ("compile_rnn", "aoti")
QUICK = tuple(name for name in RUNTIMES if name not in (*SLOW, "eager"))
FEW = 6

# PyTorch and OpenVINO import deprecated parts of themselves.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning"),
]

PLAIN = Case(layer="gru", input_size=5, hidden_size=7, seq_len=4, batch_size=3)

shapes = st.fixed_dictionaries(
    {
        "layer": st.sampled_from(TORCH_LAYERS),
        "phase": st.sampled_from([Phase.INFERENCE, Phase.TRAIN, Phase.STREAM]),
        "input_size": st.integers(1, 65),
        "hidden_size": st.integers(1, 257),
        "num_layers": st.integers(1, 3),
        "bidirectional": st.booleans(),
        "batch_size": st.integers(1, 5),
        "seq_len": st.integers(1, 40),
        "bias": st.booleans(),
        "batch_first": st.booleans(),
        "initial_state": st.sampled_from(InitialState),
    }
)


@pytest.fixture(autouse=True)
def _builds_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))


def here(case):
    if reason := reason_here(case):
        pytest.skip(reason)
    try:
        return build(case)
    except NotHereError as error:
        pytest.skip(str(error))


def agrees(case):
    step = here(case)
    with step.context():
        step.call()
    found = agreement(step, step.prepared)
    assert found.wrong == ""
    return found


@pytest.mark.parametrize("runtime", QUICK)
@settings(max_examples=FEW, deadline=None)
@given(shape=shapes, narrow=st.integers(0, 1))
def test_a_runtime_agrees_with_eager_at_any_shape(runtime, shape, narrow):
    if shape["phase"] is Phase.STREAM:
        shape |= {"bidirectional": False, "initial_state": InitialState.OMITTED}
    case = Case(runtime=runtime, **shape)
    if case.layer == "lstm" and case.hidden_size > 1:
        case = replace(case, proj_size=narrow * (case.hidden_size // 2))
    if not reason_against(case):
        agrees(case)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", SLOW)
def test_a_compiler_agrees_with_eager(runtime):
    case = replace(PLAIN, runtime=runtime, seq_len=2)

    # Each runtime has a process of its own. Here, code that `compile` left as it is
    # would be left by the others, too.
    torch._dynamo.reset()
    # As after many other cases of the same process.
    with torch._dynamo.config.patch(recompile_limit=0):
        found = agrees(case)

    assert found.error > 0  # it is another program, not eager itself


def test_eight_bits_and_bfloat16_are_off_by_more_than_rounding():
    for runtime in ("int8_dynamic", "onnxruntime_int8", "openvino_bf16"):
        found = agrees(replace(PLAIN, layer="lstm", runtime=runtime))

        assert 1e-4 < found.error < RUNTIMES[runtime].tolerance


def test_by_default_the_compiler_says_that_it_compiled_nothing():
    step = here(replace(PLAIN, runtime="compile"))

    assert "no graph compiled" in step.prepared.note


@pytest.mark.parametrize("runtime", QUICK)
def test_a_whole_call_starts_and_ends_with_torchs_tensors(runtime):
    case = replace(PLAIN, layer="lstm", runtime=runtime)
    step = here(case)
    if step.prepared.whole_call is None:
        assert step.prepared.module is not None  # nothing is converted
        return

    output, (hidden, memory) = step.prepared.whole_call()

    assert isinstance(output, torch.Tensor)
    assert output.shape == (4, 3, 7)
    assert hidden.shape == memory.shape == (1, 3, 7)


@pytest.mark.parametrize("runtime", QUICK)
def test_an_answer_of_a_stream_does_not_take_a_step(runtime):
    case = replace(PLAIN, layer="lstm", runtime=runtime, phase=Phase.STREAM, seq_len=1)
    step = here(case)

    with step.context():
        step.call()
        once = step.prepared.answer()
        again = step.prepared.answer()

    torch.testing.assert_close(once, again, rtol=0, atol=0)


@pytest.mark.parametrize("runtime", [name for name in QUICK if RUNTIMES[name].extra])
def test_an_absent_package_is_named_with_the_command_that_installs_it(
    runtime, monkeypatch
):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    reason = reason_here(replace(PLAIN, layer="lstm", runtime=runtime))

    assert f'pip install "rnnbench[{RUNTIMES[runtime].extra}]"' in reason
    assert RUNTIMES[runtime].packages[0] in reason


def test_each_environment_has_a_build_of_its_own(monkeypatch):
    here = place_of(PLAIN, "pt2")
    monkeypatch.setattr("sys.prefix", "another")

    assert place_of(PLAIN, "pt2") != here
