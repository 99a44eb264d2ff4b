"""`rnnbench init`: a sweep, a layer and a pytest suite to start from."""

from pathlib import Path
from typing import Annotated

import typer

from rnnbench.cli.output import say
from rnnbench.model.errors import RnnbenchError

_INIT = """Write a sweep, a layer of your own and a pytest suite to start from.

\b
Examples:
  rnnbench init
  rnnbench init bench --force
  rnnbench run rnn_sweep.yaml
"""

_SWEEP = """\
# How does my layer compare with GRU and LSTM at the sizes that I use?
axes:
  layer: [lstm, gru, my_layer:leaky_rnn]
  input_size: 64
  hidden_size: [64, 128]
  seq_len: 32
  batch_size: 16
  phase: [inference, train]

# Every 95 % interval is to reach ±2 %, within at most two minutes.
policy:
  precision: 0.02
  budget: 120
"""

_LAYER = '''\
"""A recurrent layer of your own, named in a sweep as `my_layer:leaky_rnn`."""

import torch
from torch import Tensor, nn


class LeakyRNN(nn.Module):
    """h_t = (1 - leak) * h_(t-1) + leak * tanh(W x_t + U h_(t-1) + b), one layer."""

    def __init__(self, input_size: int, hidden_size: int, leak: float = 0.5) -> None:
        super().__init__()
        self.input_part = nn.Linear(input_size, hidden_size)
        self.hidden_part = nn.Linear(hidden_size, hidden_size, bias=False)
        self.leak = leak

    def forward(
        self, sequence: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The output (seq, batch, hidden) and h_n (1, batch, hidden), as nn.GRU."""
        inputs = self.input_part(sequence)
        hidden = torch.zeros_like(inputs[0]) if state is None else state[0]
        outputs = []
        for step in inputs.unbind(0):
            new = torch.tanh(step + self.hidden_part(hidden))
            hidden = (1 - self.leak) * hidden + self.leak * new
            outputs.append(hidden)
        return torch.stack(outputs), hidden.unsqueeze(0)


def leaky_rnn(*, input_size: int, hidden_size: int, **others) -> nn.Module:
    """Build the layer; `others` holds the rest of torch.nn's arguments by name."""
    unsupported = {"bidirectional", "proj_size", "batch_first"}
    for name in sorted(unsupported & others.keys()):
        if others[name]:
            raise ValueError(f"{name}: leaky_rnn does not support it")
    if others.get("num_layers", 1) != 1:
        raise ValueError("num_layers: leaky_rnn has one layer")
    return LeakyRNN(input_size, hidden_size)
'''

_SUITE = '''\
"""Run by `pytest test_rnn.py --rnn-sweep rnn_sweep.yaml`."""

import pytest


@pytest.mark.sweep(phase="inference")
def test_inference(case, measure):
    measure(case)


@pytest.mark.sweep(phase="train")
def test_train(case, measure):
    measure(case)
'''
FILES = {"rnn_sweep.yaml": _SWEEP, "my_layer.py": _LAYER, "test_rnn.py": _SUITE}


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="init", help=_INIT)(write_files)


def write_files(
    folder: Annotated[
        Path, typer.Argument(help="The folder to write to; created if missing.")
    ] = Path(),
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that exist.")
    ] = False,
) -> None:
    """Write the files to start from; the help text is `_INIT`."""
    from rnnbench.storage.files import write_text  # noqa: PLC0415

    existing = [folder / name for name in FILES if (folder / name).exists()]
    if existing and not force:
        names = ", ".join(map(str, existing))
        raise RnnbenchError(f"{names}: exists: choose another folder, or --force")
    for name, text in FILES.items():
        write_text(folder / name, text)
        say(f"{folder / name} written")
    say(f"next: rnnbench run {folder / 'rnn_sweep.yaml'}")
