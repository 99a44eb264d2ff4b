"""A wrong answer is found before it is timed."""

from dataclasses import replace

import pytest
import torch

from rnnbench.model.case import Device, Dtype, Lengths, Phase
from rnnbench.worker.layers.check import check, check_again, difference, tolerance
from rnnbench.worker.layers.step import build

FAULTY = "tests.data.faulty_layers"


@pytest.fixture(autouse=True)
def root_on_the_path(monkeypatch, pytestconfig):
    monkeypatch.syspath_prepend(pytestconfig.rootpath)


@pytest.mark.parametrize(
    ("layer", "wrong"),
    [
        ("Right", ""),
        ("WrongShape", "the output has the shape (4, 2, 15), not (4, 2, 16)"),
        ("WrongState", "h_n has the shape (1, 2, 15), not (1, 2, 16)"),
        ("OutputAlone", "a Tensor is given, not (output, state)"),
        ("NotFinite", "the output is not finite"),
        ("NotFiniteGradient", "the gradient of weight_ih_l0 is not finite"),
        ("WrongType", "the output has the type torch.float64, not torch.float32"),
        ("WrongStateType", "h_n has the type torch.int32, not torch.float32"),
        ("ChangesInput", "the layer changes its input in place"),
        ("ChangesInputUnseen", "the layer changes its input in place"),
    ],
)
def test_what_is_wrong_with_a_users_layer_is_said(make_case, layer, wrong):
    step = build(make_case(layer=f"{FAULTY}:{layer}", phase=Phase.TRAIN))

    assert check(step).startswith(wrong)
    assert bool(check(step)) is bool(wrong)


def test_a_layer_that_goes_wrong_later_is_found_after_its_calls(make_case):
    step = build(make_case(layer=f"{FAULTY}:NotFiniteLater"))
    before = check(step)

    for _ in range(40):
        step.call()

    assert before == ""
    assert check_again(step) == "the output is not finite"


@pytest.mark.parametrize("lengths", [Lengths.FULL, Lengths.WIDE])
@pytest.mark.parametrize("phase", Phase)
def test_a_right_layer_is_right_after_its_calls(make_case, phase, lengths):
    step = build(make_case(layer=f"{FAULTY}:Right", phase=phase, lengths=lengths))

    step.call()

    assert (check(step), check_again(step)) == ("", "")


def test_with_autocast_either_type_is_right(make_case):
    step = build(make_case(layer="gru", dtype=Dtype.AUTOCAST_BFLOAT16))

    assert check(step) == ""


def test_a_padded_output_for_packed_input_is_wrong(make_case):
    step = build(make_case(lengths=Lengths.WIDE))
    padded = build(make_case())
    swapped = replace(step, forward=padded.forward)

    assert check(swapped) == "the output is a Tensor, not a PackedSequence"


def test_a_backend_that_answers_otherwise_is_found(make_case):
    step = build(make_case(phase=Phase.TRAIN))

    def forward():
        output, state = step.forward()
        shift = 1.0 if torch._C._get_mkldnn_enabled() else 1.01
        return output * shift, state

    wrong = check(replace(step, forward=forward))

    assert wrong.startswith("the output is 0.0099 from what it is with onednn off")


def test_a_gradient_that_differs_between_backends_is_found(make_case):
    step = build(make_case(phase=Phase.TRAIN))

    def backward(output):
        shift = 1.0 if torch._C._get_mkldnn_enabled() else 1.5
        step.backward(output * shift)

    wrong = check(replace(step, backward=backward))

    assert wrong.startswith("the gradient of weight_ih_l0 is 0.33 from")


def test_dropout_is_off_in_a_check_and_on_after_it(make_case):
    step = build(make_case(num_layers=2, dropout=0.5, phase=Phase.TRAIN))

    assert check(step) == ""
    assert step.module.dropout == 0.5


def test_a_check_leaves_no_gradients(make_case):
    step = build(make_case(phase=Phase.TRAIN))

    check(step)

    assert {parameter.grad for parameter in step.module.parameters()} == {None}


def test_a_backend_that_cannot_is_no_second_opinion(make_case):
    step = build(make_case())

    def forward():
        if not torch._C._get_mkldnn_enabled():
            raise RuntimeError("\"lstm\" not implemented for 'Half'")
        return step.forward()

    assert check(replace(step, forward=forward)) == ""


@pytest.mark.parametrize("hidden_size", [96, 130])
@pytest.mark.parametrize("dtype", [Dtype.FLOAT32, Dtype.BFLOAT16, Dtype.FLOAT64])
@pytest.mark.parametrize("layer", ["lstm", "gru"])
def test_the_tolerance_holds_over_many_time_steps(make_case, layer, dtype, hidden_size):
    case = make_case(
        layer=layer,
        dtype=dtype,
        hidden_size=hidden_size,
        seq_len=100,
        num_layers=2,
        phase=Phase.TRAIN,
    )

    assert check(build(case)) == ""


def test_tf32_is_allowed_its_ten_bits(make_case):
    case = make_case(device=Device.CUDA)

    assert tolerance(case) > tolerance(replace(case, tf32=False))


def test_a_difference_is_relative():
    ours, theirs = torch.tensor([3.03, 4.04]), torch.tensor([3.0, 4.0])

    assert difference(ours, theirs) == pytest.approx(0.01)
    assert difference(torch.zeros(2), torch.zeros(2)) == 0.0
