"""Closed forms, compared with the real modules of torch.nn and its flop counter."""

import random
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence
from torch.utils.flop_counter import FlopCounterMode

from rnnbench.model import cost
from rnnbench.model.case import (
    TORCH_LAYERS,
    Case,
    Device,
    Dtype,
    InitialState,
    Lengths,
    Optimizer,
    Phase,
)
from rnnbench.runner import footprint as guess

MODULES = {"rnn_tanh": nn.RNN, "rnn_relu": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
PLAIN = Case(layer="lstm", input_size=10, hidden_size=20, seq_len=5, batch_size=3)
OWN = replace(PLAIN, layer="package.module:factory")


def random_case(seed):
    draw = random.Random(seed)
    layer = draw.choice(TORCH_LAYERS)
    hidden_size = draw.randint(2, 24)
    projected = layer == "lstm" and draw.random() < 0.5
    return Case(
        layer=layer,
        input_size=draw.randint(1, 12),
        hidden_size=hidden_size,
        num_layers=draw.randint(1, 3),
        bias=draw.random() < 0.5,
        batch_first=draw.random() < 0.5,
        dropout=draw.choice([0.0, 0.3]),
        initial_state=draw.choice(list(InitialState)),
        bidirectional=draw.random() < 0.5,
        proj_size=draw.randint(1, hidden_size - 1) if projected else 0,
        seq_len=draw.randint(1, 7),
        batch_size=draw.randint(1, 5),
        lengths=draw.choice(list(Lengths)),
        phase=Phase.TRAIN,
    )


def make_module(case, device="meta"):
    projection = {"proj_size": case.proj_size} if case.proj_size else {}
    return MODULES[case.layer](
        case.input_size,
        case.hidden_size,
        case.num_layers,
        bias=case.bias,
        batch_first=case.batch_first,
        # torch.nn warns of a dropout between the layers of a single one.
        dropout=case.dropout if case.num_layers > 1 else 0.0,
        bidirectional=case.bidirectional,
        device=device,
        **projection,
    )


def make_input(case, device="meta"):
    shape = (case.seq_len, case.batch_size, case.input_size)
    if case.lengths is Lengths.FULL:
        if case.batch_first:
            shape = (case.batch_size, case.seq_len, case.input_size)
        return torch.ones(*shape, device=device)
    # The packing itself needs values: only what it gives goes to the meta device.
    lengths = sorted(cost.lengths_of(case), reverse=True)
    packed = pack_padded_sequence(torch.ones(*shape), lengths)
    return PackedSequence(packed.data.to(device), packed.batch_sizes)


def make_state(case, device="meta"):
    if case.initial_state is InitialState.OMITTED:
        return None
    states = case.num_layers * case.num_directions
    hidden = torch.ones(
        states, case.batch_size, case.proj_size or case.hidden_size, device=device
    )
    if case.layer != "lstm":
        return hidden
    return hidden, torch.ones(states, case.batch_size, case.hidden_size, device=device)


def counted(case, *, backward):
    module, values = make_module(case), make_input(case)
    with FlopCounterMode(display=False) as counter:
        output, _ = module(values, make_state(case))
        if backward:
            data = output.data if isinstance(output, PackedSequence) else output
            data.backward(torch.ones_like(data))
    return counter.get_total_flops()


def nbytes(value):
    """Of every tensor in it; the lengths of a packed batch are no data."""
    if isinstance(value, PackedSequence):
        return value.data.nbytes
    if isinstance(value, torch.Tensor):
        return value.nbytes
    return sum(map(nbytes, value)) if value is not None else 0


def test_parameters_are_those_of_the_modules():
    cases = [random_case(seed) for seed in range(100)]

    for case in cases:
        real = sum(one.numel() for one in make_module(case).parameters())
        assert cost.parameters(case) == real, case.id


def test_flops_are_those_of_torchs_counter():
    for seed in range(60):
        case = random_case(seed)

        assert cost.flops(case) == counted(case, backward=False), case.id


def test_the_random_cases_turn_every_knob_that_a_closed_form_could_miss():
    cases = [random_case(seed) for seed in range(60)]

    for name in ("bias", "batch_first", "bidirectional", "lengths", "initial_state"):
        assert len({getattr(case, name) for case in cases}) > 1, name
    for name in ("dropout", "num_layers", "layer", "batch_size", "seq_len"):
        assert len({getattr(case, name) for case in cases}) > 1, name
    assert {case.proj_size > 0 for case in cases} == {True, False}


def test_flops_of_training_are_those_of_torchs_counter():
    for seed in range(100, 130):
        case = random_case(seed)

        assert cost.step_flops(case) == counted(case, backward=True), case.id


@pytest.mark.parametrize("phase", [Phase.INFERENCE, Phase.FORWARD])
def test_a_phase_without_backward_counts_the_forward_alone(phase):
    case = replace(PLAIN, phase=phase)

    assert cost.step_flops(case) == cost.flops(case)


def test_the_article_s_lstm_has_2560_parameters():
    assert cost.parameters(PLAIN) == 4 * 20 * (10 + 20) + 2 * 4 * 20


def test_the_bytes_of_inference_are_those_of_the_tensors_that_go_in_and_come_out():
    for seed in range(60):
        case = replace(random_case(seed), phase=Phase.INFERENCE)
        module, values, state = make_module(case), make_input(case), make_state(case)

        output, last = module(values, state)

        real = nbytes(list(module.parameters())) + nbytes(values) + nbytes(state)
        assert cost.least_bytes(case) == real + nbytes(output) + nbytes(last), case.id


@pytest.mark.parametrize(
    ("layer", "gates", "kept", "states"),
    [("rnn_tanh", 1, 0, 1), ("gru", 3, 4, 1), ("lstm", 4, 5, 2)],
)
def test_the_bytes_of_training_are_those_of_each_pass(layer, gates, kept, states):
    case = replace(PLAIN, layer=layer, num_layers=2, bias=False)
    weights = 4 * gates * 20 * (10 + 20 + 20 + 20)
    values, output = 4 * 5 * 3 * 10, 4 * 5 * 3 * 20
    last = 4 * 2 * 3 * 20 * states
    saved = 4 * 5 * 3 * (2 * kept * 20 + 20)  # and the output of the inner layer

    forward = weights + values + output + last + saved
    backward = weights + values + output + output + saved + weights

    assert cost.least_bytes(replace(case, phase=Phase.FORWARD)) == forward
    assert cost.least_bytes(replace(case, phase=Phase.TRAIN)) == forward + backward
    for optimizer, times in ((Optimizer.SGD, 3), (Optimizer.ADAM, 7)):
        step = replace(case, phase=Phase.STEP, optimizer=optimizer)
        assert cost.least_bytes(step) == forward + backward + times * weights


@pytest.mark.parametrize("phase", Phase)
def test_bytes_follow_the_width_of_the_type(phase):
    def moved(dtype):
        return cost.least_bytes(replace(PLAIN, phase=phase, dtype=dtype))

    assert moved(Dtype.FLOAT64) == 2 * moved(Dtype.FLOAT32) == 4 * moved(Dtype.FLOAT16)
    assert moved(Dtype.FLOAT16) < moved(Dtype.AUTOCAST_FLOAT16) < moved(Dtype.FLOAT32)


@pytest.mark.parametrize("layer", ["rnn_relu", "gru", "lstm"])
def test_the_weights_that_each_step_reads_are_the_recurrent_ones(layer):
    case = replace(PLAIN, layer=layer, num_layers=2, bidirectional=True)
    names = ("weight_hh", "weight_hr")
    recurrent = [
        one for name, one in make_module(case).named_parameters() if name[:9] in names
    ]

    assert cost.weight_bytes_again(case) == 5 * nbytes(recurrent)
    train = replace(case, phase=Phase.TRAIN)
    assert cost.weight_bytes_again(train) == 10 * nbytes(recurrent)


@pytest.mark.parametrize(
    "closed",
    [
        cost.parameters,
        cost.flops,
        cost.step_flops,
        cost.least_bytes,
        cost.weight_bytes_again,
    ],
)
def test_of_a_user_s_layer_nothing_is_made_up(closed):
    assert closed(OWN) is None


@given(
    st.sampled_from(["rnn_tanh", "gru", "lstm"]),
    st.integers(1, 300),
    st.integers(1, 3),
    st.booleans(),
    st.integers(1, 400),
)
def test_a_matched_size_is_the_nearest_there_is(layer, width, depth, both, size):
    lstm = replace(
        PLAIN,
        input_size=width,
        num_layers=depth,
        bidirectional=both,
        hidden_size=size,
    )
    wanted = cost.parameters(lstm)
    case = replace(lstm, layer=layer)

    found, off = cost.matched_hidden_size(case, wanted)

    def distance(hidden_size):
        return abs(cost.parameters(replace(case, hidden_size=hidden_size)) - wanted)

    assert off == distance(found) / wanted
    assert distance(found) <= distance(found + 1)
    assert found == 1 or distance(found) <= distance(found - 1)
    assert layer != "lstm" or (found, off) == (size, 0)


def test_a_user_s_layer_can_t_be_sized():
    with pytest.raises(ValueError, match="are not known"):
        cost.matched_hidden_size(OWN, 1000)


@given(st.sampled_from(Lengths), st.integers(1, 90), st.integers(1, 40))
def test_lengths_fill_the_batch_and_reach_seq_len(lengths, seq_len, batch_size):
    case = replace(PLAIN, lengths=lengths, seq_len=seq_len, batch_size=batch_size)

    found = cost.lengths_of(case)

    assert len(found) == batch_size
    assert max(found) == seq_len
    assert min(found) >= 1
    assert found == cost.lengths_of(case)


@pytest.mark.parametrize("name", ["half", "wide", "tail"])
@pytest.mark.parametrize("batch_size", [2, 3, 32])
def test_sorted_lengths_are_the_shuffled_ones_in_descending_order(name, batch_size):
    shuffled = replace(PLAIN, lengths=Lengths(name), seq_len=50, batch_size=batch_size)
    in_order = replace(shuffled, lengths=Lengths(f"{name}_sorted"))

    found = cost.lengths_of(shuffled)

    assert cost.lengths_of(in_order) == tuple(sorted(found, reverse=True))
    assert found != cost.lengths_of(in_order)


@pytest.mark.parametrize(
    ("lengths", "least", "most"),
    [
        (Lengths.FULL, 1.0, 1.0),
        (Lengths.PACKED_FULL, 1.0, 1.0),
        (Lengths.HALF, 0.72, 0.78),
        (Lengths.WIDE, 0.48, 0.52),
        (Lengths.TAIL, 0.15, 0.25),
    ],
)
def test_a_spread_keeps_its_share_of_the_steps(lengths, least, most):
    case = replace(PLAIN, lengths=lengths, seq_len=100, batch_size=64)

    assert least <= sum(cost.lengths_of(case)) / 6400 <= most


def held_bytes(case):
    """Weights, gradients, input, output and what autograd keeps of a real call."""
    module, values = make_module(case, "cpu"), make_input(case, "cpu")
    storages = {}

    def keep(tensor):
        if tensor.device.type == "cpu":
            storage = tensor.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output, _ = module(values)
    output.backward(torch.ones_like(output))
    for tensor in (values, output, *module.parameters()):
        keep(tensor.detach())
    return sum(storages.values()) + sum(
        one.grad.numel() * 4 for one in module.parameters()
    )


@pytest.mark.parametrize("layer", ["rnn_tanh", "lstm", "gru"])
@pytest.mark.parametrize(
    ("hidden_size", "seq_len", "both"),
    [(32, 8, False), (32, 40, True), (200, 4, False)],
)
def test_the_bound_of_memory_holds_and_is_no_wild_guess(
    layer, hidden_size, seq_len, both
):
    case = replace(
        PLAIN,
        layer=layer,
        hidden_size=hidden_size,
        seq_len=seq_len,
        num_layers=2,
        bidirectional=both,
        batch_size=16,
        phase=Phase.TRAIN,
    )

    held = held_bytes(case)

    assert held <= guess.memory_estimate(case) <= 8 * held


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"phase": Phase.INFERENCE}, {"phase": Phase.TRAIN}),
        (
            {"phase": Phase.STEP, "optimizer": Optimizer.SGD},
            {"phase": Phase.STEP, "optimizer": Optimizer.ADAM},
        ),
        ({"dtype": Dtype.BFLOAT16}, {"dtype": Dtype.FLOAT64}),
        ({"layer": "gru"}, {"layer": "lstm"}),
        ({"layer": OWN.layer}, {"layer": "rnn_tanh"}),
    ],
)
def test_memory_grows_with_what_is_held(less, more):
    assert guess.memory_estimate(replace(PLAIN, **less)) < guess.memory_estimate(
        replace(PLAIN, **more)
    )


def test_a_layer_of_100_gigabytes_is_seen_before_it_is_built():
    case = replace(PLAIN, hidden_size=100_000)

    assert guess.memory_estimate(case) > 100 * 2**30


@given(
    st.sampled_from([*TORCH_LAYERS, OWN.layer]),
    st.sampled_from(Phase),
    st.sampled_from(Dtype),
    st.sampled_from(Device),
)
def test_a_guess_of_seconds_grows_with_the_work(layer, phase, dtype, device):
    case = replace(PLAIN, layer=layer, phase=phase, dtype=dtype, device=device)

    once = guess.seconds_guess(case)

    assert 0 < once < guess.seconds_guess(replace(case, seq_len=50)) < 1


def test_neither_torch_nor_numpy_is_needed():
    program = (
        "import sys; sys.modules.update(torch=None, numpy=None);"
        "import rnnbench.model.cost"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
