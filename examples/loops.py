"""A GRU written as a loop over nn.GRUCell: as it stands, as TorchScript, compiled.

Name one in a sweep as `layer: examples.loops:gru_loop`, from the directory above.
Each factory takes torch.nn's parameters by name and gives an nn.Module that answers
(output, h_n) as nn.GRU does.
"""

import warnings

import torch
from torch import Tensor, nn


class GruLoop(nn.Module):
    """One direction, any number of layers; written so that TorchScript takes it."""

    def __init__(
        self,
        *,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        widths = [input_size, *[hidden_size] * (num_layers - 1)]
        self.cells = nn.ModuleList(
            nn.GRUCell(width, hidden_size, bias=bias) for width in widths
        )
        self.hidden_size = hidden_size
        self.batch_first = batch_first
        self.dropout = dropout

    def forward(
        self, sequence: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Outputs of the last layer at each step, and the last state of each layer."""
        output = sequence.transpose(0, 1) if self.batch_first else sequence
        if state is None:
            state = torch.zeros(
                len(self.cells),
                output.size(1),
                self.hidden_size,
                dtype=output.dtype,
                device=output.device,
            )
        last: list[Tensor] = []
        for layer, cell in enumerate(self.cells):
            if layer > 0 and self.dropout > 0:
                output = nn.functional.dropout(output, self.dropout, self.training)
            hidden = state[layer]
            hiddens: list[Tensor] = []
            for step in output.unbind(0):
                hidden = cell(step, hidden)
                hiddens.append(hidden)
            output = torch.stack(hiddens)
            last.append(hidden)
        if self.batch_first:
            output = output.transpose(0, 1)
        return output, torch.stack(last)


def gru_loop(*, bidirectional: bool = False, proj_size: int = 0, **sizes) -> GruLoop:
    """The loop, run by Python step by step."""
    if bidirectional:
        raise ValueError("bidirectional: this loop goes one way")
    if proj_size:
        raise ValueError("proj_size: a GRU has no projection")
    return GruLoop(**sizes)


def gru_script(**parameters) -> nn.Module:
    """The loop as TorchScript: no Python between the steps."""
    with warnings.catch_warnings():
        # PyTorch 2.13 calls TorchScript deprecated. Here it is what is measured.
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(gru_loop(**parameters))


def gru_compiled(**parameters) -> nn.Module:
    """The loop unrolled and fused by torch.compile, at its first call.

    On a CPU that needs a C++ compiler. The time of compiling is the `first_call` of a
    result, apart from its turns; PyTorch keeps what it compiled on disk, so that it is
    whole in the first launch alone.
    """
    layer = gru_loop(**parameters)
    layer.compile()
    return layer


def load_reference(layer: nn.Module, gru: nn.GRU) -> None:
    """Give `layer`, made by a factory of this file, the weights of an nn.GRU.

    rnnbench calls it to compare a layer with its `reference`.
    """
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    weights = {
        f"cells.{number}.{name}": getattr(gru, f"{name}_l{number}")
        for number in range(gru.num_layers)
        for name in names[: 4 if gru.bias else 2]
    }
    layer.load_state_dict(weights)
