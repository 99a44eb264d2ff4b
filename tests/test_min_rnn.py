"""minGRU and minLSTM: the parallel scan is the recurrence, and both are the paper's."""

import sys

import pandas as pd
import pytest
import torch
from torch import nn

from rnnbench.analysis.rows import ratio_rows
from rnnbench.report.sections.answer import answer
from rnnbench.report.sentences import plain
from rnnbench.report.view import view
from rnnbench.sweep.load import load_sweep
from rnnbench.worker.layers.check import difference

SIZES = {"input_size": 3, "hidden_size": 4, "num_layers": 2}
PAIRS = [("min_gru", "min_gru_parallel"), ("min_lstm", "min_lstm_parallel")]


@pytest.fixture
def min_rnn(monkeypatch, pytestconfig):
    monkeypatch.syspath_prepend(pytestconfig.rootpath)
    import examples.min_rnn  # noqa: PLC0415  the path is the fixture's

    yield examples.min_rnn
    sys.modules.pop("examples.min_rnn", None)


def both(min_rnn, names, **changes):
    torch.manual_seed(1)
    slow, fast = (getattr(min_rnn, name)(**SIZES, **changes) for name in names)
    fast.load_state_dict(slow.state_dict())
    return slow, fast


@pytest.mark.parametrize("names", PAIRS)
@pytest.mark.parametrize("knob", [{}, {"bias": False}, {"batch_first": True}], ids=str)
def test_both_forms_answer_the_same(min_rnn, names, knob):
    slow, fast = both(min_rnn, names, **knob)
    given, state = torch.randn(6, 6, 3), torch.randn(2, 6, 4)

    for arguments in ((given,), (given, state)):
        for one, other in zip(slow(*arguments), fast(*arguments), strict=True):
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("names", PAIRS)
def test_both_forms_have_the_same_gradients(min_rnn, names):
    slow, fast = both(min_rnn, names)
    given = torch.randn(5, 2, 3)

    for layer in (slow, fast):
        layer(given)[0].square().sum().backward()

    for one, other in zip(slow.parameters(), fast.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.parametrize("names", PAIRS)
def test_long_sequences_stay_accurate(min_rnn, names):
    slow, fast = both(min_rnn, names)
    given = 3 * torch.randn(2000, 1, 3)

    torch.testing.assert_close(slow(given)[0], fast(given)[0], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("names", PAIRS)
def test_gradients_of_the_example_sweep_pass_the_check_of_a_run(min_rnn, names):
    slow, fast = (
        getattr(min_rnn, name)(input_size=64, hidden_size=64) for name in names
    )
    fast.load_state_dict(slow.state_dict())
    given, grad = torch.randn(256, 8, 64), torch.randn(256, 8, 64)

    for layer in (slow, fast):
        layer(given)[0].backward(grad)

    for one, other in zip(slow.parameters(), fast.parameters(), strict=True):
        assert difference(other.grad, one.grad) < 1e-5


def test_the_recurrence_is_that_of_the_paper(min_rnn):
    layer = min_rnn.min_gru(input_size=3, hidden_size=4)
    given = torch.randn(5, 2, 3)
    gate, candidate = layer.inputs[0](given).chunk(2, dim=-1)
    z = torch.sigmoid(gate)
    c = torch.where(candidate >= 0, candidate + 0.5, torch.sigmoid(candidate))

    hidden = torch.zeros(2, 4)
    expected = []
    for t in range(5):
        hidden = (1 - z[t]) * hidden + z[t] * c[t]
        expected.append(hidden)

    torch.testing.assert_close(layer(given)[0], torch.stack(expected))


def test_the_gates_of_the_min_lstm_sum_to_one(min_rnn):
    layer = min_rnn.min_lstm(input_size=3, hidden_size=4)

    keep, take = layer.log_coefficients(20 * torch.randn(5, 2, 8))

    torch.testing.assert_close(keep.exp() + take.exp(), torch.ones(5, 2, 4))


def test_it_has_fewer_parameters_than_the_gru(min_rnn):
    def count(layer):
        return sum(parameter.numel() for parameter in layer.parameters())

    sizes = {"input_size": 64, "hidden_size": 64}

    assert count(min_rnn.min_gru(**sizes)) < count(nn.GRU(64, 64)) / 2


@pytest.mark.parametrize("name", [name for pair in PAIRS for name in pair])
@pytest.mark.parametrize("knob", [{"bidirectional": True}, {"proj_size": 2}], ids=str)
def test_what_is_not_supported_is_refused_by_name(min_rnn, name, knob):
    with pytest.raises(ValueError, match=next(iter(knob))):
        getattr(min_rnn, name)(**SIZES, **knob)


def test_the_sweep_compares_with_the_gru_and_its_crossover_is_found(
    min_rnn, pytestconfig, simulate
):
    from examples.crossover import crossovers  # noqa: PLC0415  as above

    sweep = load_sweep(pytestconfig.rootpath / "examples" / "min_rnn.yaml")

    def seconds(case):
        if case.layer == "gru":
            return 1e-5 * case.seq_len
        return 3e-4 if "parallel" in case.layer else 2e-5 * case.seq_len

    run = simulate(sweep.cases, seconds, noise=0.001)
    found = crossovers(pd.DataFrame(ratio_rows(run)))

    by_layer = found.set_index(["phase", "layer"])["faster from seq_len"]
    assert by_layer["train", "examples.min_rnn:min_gru_parallel"] == 64
    assert by_layer.isna().sum() == 4
    said = " ".join(plain(line) for line in answer(view(run)).lead)
    assert "min_gru_parallel is faster than GRU at seq_len 64 and above" in said
    assert said.count("seq_len") == by_layer.notna().sum()
