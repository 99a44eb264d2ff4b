"""Every knob of a case, on real layers."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from rnnbench.model.case import (
    TORCH_LAYERS,
    Device,
    Dtype,
    InitialState,
    Lengths,
    Optimizer,
    Phase,
)
from rnnbench.model.cost import lengths_of, parameters
from rnnbench.worker.layers import switches as backend
from rnnbench.worker.layers.check import check
from rnnbench.worker.layers.factory import _lay_out, factory, make_layer
from rnnbench.worker.layers.inputs import data_of
from rnnbench.worker.layers.step import build
from rnnbench.worker.timing.yardstick import make_yardstick

# PyTorch's own remarks on what is asked of it here on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported")

KNOBS = [
    {},
    {"bias": False},
    {"batch_first": True},
    {"num_layers": 3},
    {"num_layers": 2, "dropout": 0.5},
    {"dropout": 0.0, "bidirectional": True},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
    {"initial_state": InitialState.GIVEN},
    {"initial_state": InitialState.GIVEN, "bidirectional": True, "num_layers": 2},
    {"lengths": Lengths.PACKED_FULL},
    {"lengths": Lengths.WIDE},
    {"lengths": Lengths.WIDE_SORTED, "batch_first": True},
    {"lengths": Lengths.TAIL, "initial_state": InitialState.GIVEN},
    {"lengths": Lengths.HALF_SORTED, "bidirectional": True},
    {"dtype": Dtype.FLOAT64},
    {"dtype": Dtype.BFLOAT16},
    {"dtype": Dtype.FLOAT16},
    {"dtype": Dtype.AUTOCAST_BFLOAT16},
    {"onednn": False},
    {"deterministic": True},
]
PROJECTIONS = [
    {"proj_size": 3},
    {"proj_size": 3, "bidirectional": True, "num_layers": 2},
    {"proj_size": 3, "initial_state": InitialState.GIVEN},
    {"proj_size": 3, "lengths": Lengths.HALF},
]
KNOBS_OF_LAYERS = [
    *((layer, knob) for layer in TORCH_LAYERS for knob in KNOBS),
    *(("lstm", knob) for knob in PROJECTIONS),
]


def name(value):
    return value if isinstance(value, str) else "-".join(map(str, value.values()))


@pytest.fixture
def small(make_case):
    def make(**knobs):
        sizes = {"input_size": 5, "hidden_size": 6, "seq_len": 7, "batch_size": 4}
        return make_case(**(sizes | knobs))

    return make


@pytest.mark.parametrize(("layer", "knob"), KNOBS_OF_LAYERS, ids=name)
@pytest.mark.parametrize("phase", [Phase.INFERENCE, Phase.TRAIN])
def test_a_knob_gives_torchs_shapes_and_finite_gradients(
    small, require, layer, knob, phase
):
    case = small(layer=layer, phase=phase, **knob)
    require(case)
    step = build(case)

    wrong = check(step)

    assert wrong == ""
    with step.context():
        step.call()
    grads = [parameter.grad for parameter in step.module.parameters()]
    if phase is Phase.TRAIN:
        assert all(bool(torch.isfinite(grad).all()) for grad in grads)
    else:
        assert grads == [None] * len(grads)


@pytest.mark.parametrize(("layer", "knob"), KNOBS_OF_LAYERS, ids=name)
def test_the_closed_form_counts_the_parameters_of_the_layer(small, layer, knob):
    case = small(layer=layer, **knob)

    module = make_layer(case)

    counted = sum(parameter.numel() for parameter in module.parameters())
    assert counted == parameters(case)


@pytest.mark.parametrize("layer", TORCH_LAYERS)
def test_the_layer_is_torch_nns_own(small, layer):
    module = make_layer(small(layer=layer, num_layers=2, dropout=0.25))

    assert isinstance(module, nn.RNNBase)
    assert (module.input_size, module.hidden_size, module.num_layers) == (5, 6, 2)
    assert module.dropout == 0.25
    assert getattr(module, "nonlinearity", "tanh") == layer.removeprefix("rnn_") or (
        layer in ("lstm", "gru")
    )


@pytest.mark.parametrize("layer", TORCH_LAYERS)
@pytest.mark.filterwarnings("ignore:dropout option adds dropout")
def test_dropout_with_one_layer_changes_no_output(small, layer):
    """C12: it acts between layers alone."""
    plain = build(small(layer=layer, phase=Phase.FORWARD))
    dropped = build(small(layer=layer, phase=Phase.FORWARD, dropout=0.9))

    assert torch.equal(plain.forward()[0], dropped.forward()[0])


@pytest.mark.parametrize("layer", TORCH_LAYERS)
def test_dropout_changes_no_output_in_eval(small, layer):
    """C12."""
    plain = build(small(layer=layer, num_layers=2))
    dropped = build(small(layer=layer, num_layers=2, dropout=0.9))

    assert torch.equal(plain.forward()[0], dropped.forward()[0])


@pytest.mark.parametrize("layer", TORCH_LAYERS)
def test_dropout_between_layers_changes_the_output_in_training(small, layer):
    plain = build(small(layer=layer, num_layers=2, phase=Phase.TRAIN))
    dropped = build(small(layer=layer, num_layers=2, phase=Phase.TRAIN, dropout=0.9))

    assert not torch.equal(plain.forward()[0], dropped.forward()[0])


@pytest.mark.parametrize("layer", TORCH_LAYERS)
def test_batch_first_gives_the_same_numbers_transposed(small, layer):
    """C14."""
    seq_first = build(small(layer=layer))
    batch_first = build(small(layer=layer, batch_first=True))

    expected, expected_state = seq_first.forward()
    given, state = batch_first.forward()

    torch.testing.assert_close(given, expected.transpose(0, 1))
    torch.testing.assert_close(state, expected_state)


@pytest.mark.parametrize("layer", TORCH_LAYERS)
def test_a_ragged_batch_gives_each_sequence_what_it_gets_alone(small, layer):
    case = small(layer=layer, lengths=Lengths.WIDE)
    ragged = build(case)
    padded = build(replace(case, lengths=Lengths.FULL))

    output, lengths = pad_packed_sequence(ragged.forward()[0])
    whole = padded.forward()[0]

    assert tuple(lengths.tolist()) == lengths_of(case)
    for place, length in enumerate(lengths_of(case)):
        torch.testing.assert_close(output[:length, place], whole[:length, place])


def test_a_given_state_is_used(small):
    omitted = build(small()).forward()[0]

    given = build(small(initial_state=InitialState.GIVEN)).forward()[0]

    assert not torch.allclose(omitted, given)


def test_weights_and_input_do_not_depend_on_what_was_built_before(small):
    first = build(small()).forward()[0]
    build(small(layer="gru", hidden_size=9))
    torch.rand(3)

    assert torch.equal(build(small()).forward()[0], first)


@pytest.mark.parametrize("optimizer", Optimizer)
@pytest.mark.parametrize("dtype", [Dtype.FLOAT32, Dtype.FLOAT16, Dtype.BFLOAT16])
def test_a_step_leaves_finite_weights_where_they_were(small, optimizer, dtype):
    step = build(small(phase=Phase.STEP, optimizer=optimizer, dtype=dtype))
    before = [parameter.detach().clone() for parameter in step.module.parameters()]

    for _ in range(3):
        step.call()

    after = list(step.module.parameters())
    assert all(map(torch.equal, before, after))
    assert all(bool(parameter.grad.abs().sum() > 0) for parameter in after)


def test_the_optimizer_of_a_step_is_asked(small, monkeypatch):
    asked = []
    monkeypatch.setattr(torch.optim.SGD, "step", asked.append)

    build(small(phase=Phase.STEP, optimizer=Optimizer.SGD)).call()

    assert len(asked) == 1


def test_training_twice_gives_the_same_gradients(small):
    step = build(small(phase=Phase.TRAIN))

    step.call()
    once = [parameter.grad.clone() for parameter in step.module.parameters()]
    step.call()

    assert all(
        torch.equal(grad, parameter.grad)
        for grad, parameter in zip(once, step.module.parameters(), strict=True)
    )


def test_forward_keeps_the_graph_and_inference_keeps_none(small):
    kept = build(small(phase=Phase.FORWARD)).call()[0]
    step = build(small(phase=Phase.INFERENCE))
    with step.context():
        plain = step.call()[0]

    assert kept.requires_grad
    assert plain.is_inference()
    assert not step.module.training


def test_autocast_keeps_the_weights_in_float32(small, require):
    case = small(dtype=Dtype.AUTOCAST_BFLOAT16, phase=Phase.TRAIN)
    require(case)
    step = build(case)

    output = step.forward()[0]

    assert output.dtype is torch.bfloat16
    assert {weight.dtype for weight in step.module.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    ("layer", "onednn", "fused"),
    [("lstm", True, True), ("lstm", False, False), ("gru", True, False)],
)
def test_onednn_fuses_the_lstm_alone(small, layer, onednn, fused):
    """backends.md: so a GRU/LSTM ratio on a CPU is partly one of backends."""
    step = build(small(layer=layer, onednn=onednn))
    step.enter()

    with torch.profiler.profile() as profiler, step.context():
        step.call()

    names = {event.name for event in profiler.events()}
    assert ("aten::mkldnn_rnn_layer" in names) is fused


def test_a_packed_output_is_packed(small):
    output = build(small(lengths=Lengths.TAIL)).forward()[0]

    assert isinstance(output, PackedSequence)
    assert data_of(output).shape == (sum(lengths_of(small(lengths=Lengths.TAIL))), 6)


def test_a_layer_of_torch_nn_can_be_named_as_a_users_own(small):
    ours = build(small(layer="torch.nn:GRU"))
    theirs = build(small(layer="gru"))

    assert torch.equal(ours.forward()[0], theirs.forward()[0])


@pytest.mark.parametrize("layer", ["torch.nn:GRU", "torch.nn:LSTM"])
def test_a_users_layer_is_given_a_state_of_its_own_form(small, layer):
    step = build(small(layer=layer, initial_state=InitialState.GIVEN))

    assert check(step) == ""


def test_a_projection_is_named_to_a_users_factory_only_if_there_is_one(small):
    assert build(small(layer="torch.nn:LSTM", proj_size=2)).module.proj_size == 2
    with pytest.raises(ValueError, match="proj_size argument is only supported"):
        build(small(layer="torch.nn:GRU", proj_size=2))


def test_a_layer_comes_by_entry_point(monkeypatch):
    point = type("Point", (), {"load": lambda _: nn.GRU})()
    asked = {}

    def entry_points(**query):
        asked.update(query)
        return [point]

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)

    assert factory("minimal_gru") is nn.GRU
    assert asked == {"group": "rnnbench.layers", "name": "minimal_gru"}


def test_an_unknown_layer_is_refused_by_name():
    with pytest.raises(LookupError, match="no layer 'gruu'"):
        factory("gruu")


def test_the_switches_are_set_whatever_a_layer_has_set(small):
    torch.set_num_threads(2)
    torch._C._set_mkldnn_enabled(False)

    backend.enter(small(deterministic=True))

    assert torch.get_num_threads() == 1
    assert torch._C._get_mkldnn_enabled()
    assert torch.are_deterministic_algorithms_enabled()
    backend.enter(small())
    assert not torch.are_deterministic_algorithms_enabled()


def test_switching_prints_nothing(small, capfd, recwarn):
    for onednn in (True, False, True):
        backend.enter(small(onednn=onednn))

    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_on_cuda_every_switch_is_the_cases(small, monkeypatch):
    said = {}
    for switch in ("cudnn_enabled", "cudnn_allow_tf32", "cublas_allow_tf32"):
        monkeypatch.setattr(
            torch._C,
            f"_set_{switch}",
            lambda value, switch=switch: said.__setitem__(switch, value),
        )

    backend.enter(small(device=Device.CUDA, cudnn=False, tf32=True))

    assert said == {
        "cudnn_enabled": False,
        "cudnn_allow_tf32": True,
        "cublas_allow_tf32": True,
    }


def test_without_flattening_each_weight_has_memory_of_its_own(small):
    module = make_layer(small(num_layers=2))
    # Held, so that no address is given out again.
    old = [weight.detach() for weight in module.parameters()]

    _lay_out(module, flat=False)

    after = list(module.parameters())
    places = {weight.data_ptr() for weight in old}
    assert all(map(torch.equal, old, after))
    assert all(a is b for a, b in zip(after, module._flat_weights, strict=True))
    assert not places & {weight.data_ptr() for weight in after}


def test_the_yardstick_needs_no_memory_and_knows_its_product(small):
    yardstick = make_yardstick(small(dtype=Dtype.BFLOAT16))
    yardstick.enter()

    with yardstick.context():
        first, second = yardstick.call(), yardstick.call()

    assert first is second
    assert first.dtype is torch.float32
    assert bool(first.abs().sum() > 0)


CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.mark.cuda
@CUDA
@pytest.mark.parametrize("layer", TORCH_LAYERS)
@pytest.mark.parametrize(
    "knob",
    [
        {},
        {"cudnn": False},
        {"flatten": False},
        {"tf32": False},
        {"dtype": Dtype.FLOAT16},
        {"dtype": Dtype.AUTOCAST_FLOAT16},
        {"lengths": Lengths.WIDE},
    ],
    ids=name,
)
@pytest.mark.filterwarnings("ignore:RNN module weights are not part of single")
def test_on_cuda_a_knob_gives_torchs_shapes_and_equal_backends(small, layer, knob):
    case = small(layer=layer, device=Device.CUDA, phase=Phase.TRAIN, **knob)

    assert check(build(case)) == ""


@pytest.mark.parametrize("layer", TORCH_LAYERS)
def test_a_stream_goes_on_where_the_call_before_ended(small, layer):
    step = build(small(layer=layer, phase=Phase.STREAM, seq_len=1))
    numbers, start = step.kept.given
    with step.context():
        whole = step.module(numbers.repeat(3, 1, 1), start)[0]

        step.call()
        step.call()
        third = step.forward()[0]

    torch.testing.assert_close(third[0], whole[2])


def test_a_stream_keeps_no_graph(small):
    step = build(small(phase=Phase.STREAM, seq_len=1))

    with step.context():
        step.call()
        output, _ = step.forward()

    assert not step.module.training
    assert not output.requires_grad
