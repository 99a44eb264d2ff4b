"""A runtime's answer is compared with eager's before anything is timed."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from rnnbench.model.case import TORCH_LAYERS, Case, InitialState, Phase
from rnnbench.worker.layers.step import build
from rnnbench.worker.runtimes.agreement import agreement

PLAIN = Case(
    layer="gru",
    input_size=5,
    hidden_size=7,
    seq_len=6,
    batch_size=3,
    runtime="cell_loop",
)


def changed_answer(step, change):
    """The runtime of `step`, with its answer changed."""
    right = step.prepared.answer

    def answer():
        output, states = right()
        return change(output, states)

    return replace(step.prepared, answer=answer)


class Rough(nn.Module):
    """A layer that rounds badly in float32."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, *arguments):
        output, state = self.layer(*arguments)
        return output * (1 + 1e-4 * (output.dtype is torch.float32)), state


@pytest.mark.parametrize("layer", TORCH_LAYERS)
@pytest.mark.parametrize("phase", sorted(set(Phase) - {Phase.STREAM}))
@pytest.mark.parametrize(
    "changed",
    [
        {"num_layers": 2, "bidirectional": True},
        {"batch_first": True, "initial_state": InitialState.GIVEN, "num_layers": 2},
        {"bias": False},
    ],
)
def test_cells_in_a_loop_agree_with_the_layer(layer, phase, changed):
    step = build(replace(PLAIN, layer=layer, phase=phase, **changed))

    found = agreement(step, step.prepared)

    assert found.wrong == ""
    assert 0 <= found.error < 1e-5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda output, states: (output + 0.1, states), "the output is "),
        (lambda output, states: (output, (states[0].flip(-1),)), "h_n is "),
        (lambda output, states: (output[:-1], states), "the shape (5, 3, 7), not"),
        (lambda output, states: (output * torch.nan, states), "not finite"),
        (lambda output, _: (output, ()), "h_n is missing"),
    ],
)
def test_a_wrong_answer_is_named(change, words):
    step = build(PLAIN)

    assert words in agreement(step, changed_answer(step, change)).wrong


def test_a_wrong_gradient_is_named_with_its_difference():
    step = build(replace(PLAIN, phase=Phase.TRAIN))
    right = step.prepared.gradients
    doubled = {name: 2 * found for name, found in right().items()}

    found = agreement(step, replace(step.prepared, gradients=lambda: doubled))

    assert "the gradient of weight_ih_l0 is 1 from eager's" in found.wrong
    assert found.error == pytest.approx(1.0)


def test_gradients_are_not_in_memory_after_the_comparison():
    step = build(replace(PLAIN, phase=Phase.TRAIN))

    agreement(step, step.prepared)

    assert {parameter.grad for parameter in step.module.parameters()} == {None}


def test_rounding_that_eager_has_as_well_is_no_fault():
    step = build(PLAIN)

    found = agreement(replace(step, module=Rough(step.module)), step.prepared)

    assert found.wrong == ""
    assert found.error == pytest.approx(1e-4, rel=0.1)


def test_more_than_the_rounding_of_eager_is_a_fault():
    step = build(PLAIN)
    off = changed_answer(step, lambda output, states: (output * (1 + 1e-4), states))

    assert "the output is 0.0001 from eager's" in agreement(step, off).wrong


@pytest.mark.parametrize("layer", TORCH_LAYERS)
def test_a_stream_carries_its_state_on(layer):
    step = build(replace(PLAIN, layer=layer, phase=Phase.STREAM, seq_len=1))

    with step.context():
        step.call()
    right = agreement(step, step.prepared)
    stuck = replace(step.prepared, call=lambda: None)

    assert right.wrong == ""
    assert "the output is" in agreement(step, stuck).wrong
