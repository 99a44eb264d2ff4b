"""Layers: built from their name and torch.nn's parameters."""

import importlib
import importlib.metadata
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from rnnbench.model.case import Case, Device, Dtype
from rnnbench.model.cost import WITHOUT_GRAPH

# The group of entry points with which a package offers factories of layers.
ENTRY_POINTS = "rnnbench.layers"

# Weights and inputs are the same in every launch and in any order of building.
SEED = 20261123

_TORCH: dict[str, Callable[..., nn.Module]] = {
    "rnn_tanh": partial(nn.RNN, nonlinearity="tanh"),
    "rnn_relu": partial(nn.RNN, nonlinearity="relu"),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}

# With autocast the weights stay float32.
DTYPES = {
    Dtype.FLOAT32: torch.float32,
    Dtype.FLOAT64: torch.float64,
    Dtype.BFLOAT16: torch.bfloat16,
    Dtype.FLOAT16: torch.float16,
    Dtype.AUTOCAST_BFLOAT16: torch.float32,
    Dtype.AUTOCAST_FLOAT16: torch.float32,
}

# What autocast computes in.
AUTOCAST = {
    Dtype.AUTOCAST_BFLOAT16: torch.bfloat16,
    Dtype.AUTOCAST_FLOAT16: torch.float16,
}


def make_layer(case: Case) -> nn.Module:
    """The layer of a case on its device, in its type, in train or eval mode.

    A factory of the user's gets, by name: input_size, hidden_size, num_layers, bias,
    batch_first, dropout, bidirectional; proj_size where it is not 0, as nn.GRU and
    nn.RNN take none; and those of `args`. The module is moved to the device and the
    type afterwards.
    """
    torch.manual_seed(SEED)
    module: object = factory(case.layer)(**_arguments(case))
    if not isinstance(module, nn.Module):
        raise TypeError(
            f"{case.layer} gives a {type(module).__name__}, not an nn.Module"
        )
    module = module.to(device=case.device.value, dtype=DTYPES[case.dtype])
    module.train(case.phase not in WITHOUT_GRAPH)
    if case.device is Device.CUDA and isinstance(module, nn.RNNBase):
        _lay_out(module, flat=case.flatten)
    return module


def factory(layer: str) -> Callable[..., Any]:
    """torch.nn's, or `package.module:name`, or an entry point of `rnnbench.layers`."""
    if layer in _TORCH:
        return _TORCH[layer]
    module, _, name = layer.partition(":")
    if name:
        found: Callable[..., Any] = getattr(importlib.import_module(module), name)
        return found
    points = importlib.metadata.entry_points(group=ENTRY_POINTS, name=layer)
    for point in points:
        loaded: Callable[..., Any] = point.load()
        return loaded
    raise LookupError(
        f"no layer {layer!r}: not in torch.nn, no entry point of {ENTRY_POINTS}, "
        "and no package.module:factory"
    )


def _arguments(case: Case) -> dict[str, Any]:
    names = (
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
    )
    arguments = {name: getattr(case, name) for name in names}
    if case.proj_size:
        arguments["proj_size"] = case.proj_size
    return arguments | dict(case.args)


def _lay_out(module: nn.RNNBase, *, flat: bool) -> None:
    """Put all weights in one block of memory, as cuDNN prefers; or each in its own."""
    if flat:
        module.flatten_parameters()
        return
    for parameter in module.parameters():
        parameter.data = parameter.data.clone()
