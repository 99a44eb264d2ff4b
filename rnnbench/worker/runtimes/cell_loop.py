"""A Python loop over time that calls RNNCell, GRUCell or LSTMCell."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from rnnbench.model.case import Case
from rnnbench.worker.runtimes.prepared import Prepared, Source
from rnnbench.worker.runtimes.torch_module import prepare_module

_CELLS: dict[str, Callable[..., nn.Module]] = {
    "rnn_tanh": nn.RNNCell,
    "rnn_relu": partial(nn.RNNCell, nonlinearity="relu"),
    "gru": nn.GRUCell,
    "lstm": nn.LSTMCell,
}


def prepare(source: Source) -> Prepared:
    """The layer's weights in cells, which are called step by step."""
    loop = CellLoop(source.case, source.module)
    return prepare_module(source, loop.train(source.module.training))


class CellLoop(nn.Module):
    """A recurrent layer of cells that share the parameters of `layer`."""

    def __init__(self, case: Case, layer: nn.Module) -> None:
        super().__init__()
        self.case = case
        suffixes = ("", "_reverse")[: case.num_directions]
        self.cells = nn.ModuleList(
            _cell(case, layer, f"_l{number}{suffix}")
            for number in range(case.num_layers)
            for suffix in suffixes
        )

    def forward(self, sequence: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """As the layer's: the output, and the final states of every layer."""
        case = self.case
        axis = 1 if case.batch_first else 0
        steps = sequence.unbind(axis)
        first = _initial(case, state, len(self.cells))
        last: list[Any] = []
        for number in range(case.num_layers):
            outputs = []
            for direction in range(case.num_directions):
                place = number * case.num_directions + direction
                found, final = _run(
                    self.cells[place],
                    steps[::-1] if direction else steps,
                    first[place],
                )
                outputs.append(found[::-1] if direction else found)
                last.append(final)
            steps = (
                tuple(torch.cat(pair, -1) for pair in zip(*outputs, strict=True))
                if len(outputs) > 1
                else tuple(outputs[0])
            )
        return torch.stack(steps, axis), _stacked(last)


def _cell(case: Case, layer: nn.Module, suffix: str) -> nn.Module:
    weights = {
        name: getattr(layer, f"{name}{suffix}")
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        if hasattr(layer, f"{name}{suffix}")
    }
    inputs = weights["weight_ih"].shape[1]
    cell = _CELLS[case.layer](inputs, case.hidden_size, bias=case.bias, device="meta")
    for name, weight in weights.items():
        setattr(cell, name, weight)
    return cell


def _initial(case: Case, state: Any, count: int) -> list[Any]:
    """The first state of each cell; None is zeros to a cell."""
    if state is None:
        return [None] * count
    if case.layer == "lstm":
        return list(zip(state[0].unbind(0), state[1].unbind(0), strict=True))
    return list(state.unbind(0))


def _run(cell: nn.Module, steps: Iterable[Tensor], state: Any) -> tuple[list[Any], Any]:
    outputs = []
    for step in steps:
        state = cell(step, state)
        outputs.append(state[0] if isinstance(state, tuple) else state)
    return outputs, state


def _stacked(states: list[Any]) -> Any:
    if isinstance(states[0], tuple):
        return tuple(torch.stack(parts) for parts in zip(*states, strict=True))
    return torch.stack(states)
