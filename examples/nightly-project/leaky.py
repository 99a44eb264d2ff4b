"""A recurrent layer of your own, named in a sweep as `leaky:leaky_rnn`."""

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
