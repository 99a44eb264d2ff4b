"""The examples answer as nn.GRU does with the same weights."""

import shutil
import sys

import pytest
import torch
from torch import nn

SIZES = {"input_size": 3, "hidden_size": 4, "num_layers": 2}

compiler = pytest.param(
    "gru_compiled",
    marks=[
        pytest.mark.slow,
        pytest.mark.skipif(
            not any(map(shutil.which, ("c++", "g++", "clang++"))),
            reason="torch.compile on a CPU needs a C++ compiler",
        ),
        # Inductor loads what it compiled, and TorchScript beside it, in its own way.
        pytest.mark.filterwarnings("ignore"),
    ],
)


@pytest.fixture
def loops(monkeypatch, pytestconfig):
    monkeypatch.syspath_prepend(pytestconfig.rootpath)
    import examples.loops  # noqa: PLC0415  the path is the fixture's

    yield examples.loops
    sys.modules.pop("examples.loops", None)


@pytest.mark.parametrize("name", ["gru_loop", "gru_script", compiler])
@pytest.mark.parametrize("knob", [{}, {"bias": False}, {"batch_first": True}], ids=str)
def test_a_loop_answers_as_the_gru_does(loops, name, knob):
    gru = nn.GRU(**SIZES, **knob)
    layer = getattr(loops, name)(**SIZES, **knob, dropout=0.0, bidirectional=False)
    loops.load_reference(layer, gru)
    given = torch.randn(2, 2, 3)
    state = torch.randn(2, 2, 4)

    for arguments in ((given,), (given, state)):
        output, last = layer(*arguments)
        expected, expected_last = gru(*arguments)

        torch.testing.assert_close(output, expected)
        torch.testing.assert_close(last, expected_last)


@pytest.mark.parametrize("name", ["gru_loop", "gru_script"])
def test_a_loops_gradients_are_the_grus(loops, name):
    gru = nn.GRU(**SIZES)
    layer = getattr(loops, name)(**SIZES)
    loops.load_reference(layer, gru)
    given = torch.randn(5, 2, 3)

    layer(given)[0].square().sum().backward()
    gru(given)[0].square().sum().backward()

    for number, cell in enumerate(layer.cells):
        expected = getattr(gru, f"weight_hh_l{number}").grad
        torch.testing.assert_close(cell.weight_hh.grad, expected)


@pytest.mark.parametrize("name", ["gru_loop", "gru_script"])
def test_dropout_acts_between_layers_in_training_alone(loops, name):
    layer = getattr(loops, name)(**SIZES, dropout=0.5)
    given = torch.randn(5, 2, 3)

    trained = [layer(given)[0] for _ in range(2)]
    layer.eval()
    evaluated = [layer(given)[0] for _ in range(2)]

    assert not torch.equal(*trained)
    assert torch.equal(*evaluated)


@pytest.mark.parametrize("name", ["gru_loop", "gru_script", "gru_compiled"])
@pytest.mark.parametrize("knob", [{"bidirectional": True}, {"proj_size": 2}], ids=str)
def test_what_a_loop_does_not_support_is_refused_by_name(loops, name, knob):
    with pytest.raises(ValueError, match=next(iter(knob))):
        getattr(loops, name)(**SIZES, **knob)
