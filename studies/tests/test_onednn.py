"""Weights in the order of oneDNN's formulas, and its primitives where it is here."""

from dataclasses import replace

import pytest
import torch

from rnnbench.model.case import Case
from rnnbench.worker.layers.step import build
from rnnbench.worker.runtimes.agreement import agreement
from rnnbench.worker.runtimes.prepare import source_of
from rnnbench.worker.runtimes.prepared import NotHereError
from studies import onednn

GRU = Case(
    layer="gru",
    input_size=5,
    hidden_size=7,
    seq_len=4,
    batch_size=3,
    runtime="studies.onednn:primitive",
)


def products(weights, step, hidden):
    """Of the input and of the state, each by gate: (gate, batch, hidden)."""
    of_input = torch.einsum("bi,igh->gbh", step, weights[onednn._WEIGHTS_LAYER][0, 0])
    of_state = torch.einsum("bi,igh->gbh", hidden, weights[onednn._WEIGHTS_ITER][0, 0])
    return of_input, of_state, weights[onednn._BIAS][0, 0][:, None]


def lbr_gru(weights, step, hidden):
    """The "linear before reset" GRU of oneDNN's developer guide."""
    of_input, of_state, bias = products(weights, step, hidden)
    update, reset = torch.sigmoid(of_input[:2] + of_state[:2] + bias[:2])
    new = torch.tanh(of_input[2] + reset * (of_state[2] + bias[3]) + bias[2])
    return update * hidden + (1 - update) * new


def lstm(weights, step, state):
    """The LSTM of the same guide: input, forget, candidate and output gates."""
    hidden, memory = state
    of_input, of_state, bias = products(weights, step, hidden)
    entry, forget, new, output = of_input + of_state + bias
    memory = forget.sigmoid() * memory + entry.sigmoid() * new.tanh()
    return output.sigmoid() * memory.tanh(), memory


def test_the_weights_of_a_gru_have_the_gates_of_onednn():
    source = source_of(GRU)
    hidden = torch.zeros(3, 7)

    with torch.no_grad():
        for step in source.arguments[0]:
            hidden = lbr_gru(onednn._weights(source), step, hidden)
        expected = source.module(source.arguments[0])[1][0]

    torch.testing.assert_close(hidden, expected)


def test_the_weights_of_an_lstm_have_the_gates_of_onednn():
    source = source_of(replace(GRU, layer="lstm"))
    state = torch.zeros(3, 7), torch.zeros(3, 7)

    with torch.no_grad():
        for step in source.arguments[0]:
            state = lstm(onednn._weights(source), step, state)
        _, expected = source.module(source.arguments[0])

    torch.testing.assert_close(state, tuple(one[0] for one in expected))


@pytest.mark.parametrize("layer", ["gru", "lstm"])
def test_a_primitive_agrees_with_eager(layer):
    try:
        step = build(replace(GRU, layer=layer))
    except NotHereError as error:
        pytest.skip(str(error))

    with step.context():
        step.call()

    assert agreement(step, step.prepared).wrong == ""
    assert "oneDNN 3." in step.prepared.note


def test_what_the_study_does_not_run_is_skipped_with_a_reason():
    with pytest.raises(NotHereError, match="one layer"):
        build(replace(GRU, num_layers=2))
