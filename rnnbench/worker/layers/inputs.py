"""Inputs, states and gradients: random numbers from a fixed seed, made on the CPU."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from rnnbench.model.case import TORCH_LAYERS, Case, InitialState, Lengths, Phase
from rnnbench.model.cost import lengths_of
from rnnbench.worker.layers.factory import DTYPES, SEED


def make_input(case: Case) -> Tensor | PackedSequence:
    """The input: normal random numbers, so no pattern, no zeros and no denormals.

    Both layouts hold the same numbers. Ragged input is packed here, so outside of
    every timed call.
    """
    numbers = _normal(case, (case.seq_len, case.batch_size, case.input_size), SEED + 1)
    if case.batch_first:
        numbers = numbers.transpose(0, 1).contiguous()
    if case.lengths is Lengths.FULL:
        return numbers
    lengths = lengths_of(case)
    return pack_padded_sequence(
        numbers,
        torch.tensor(lengths),
        batch_first=case.batch_first,
        enforce_sorted=list(lengths) == sorted(lengths, reverse=True),
    )


def make_state(case: Case, module: nn.Module, given: Any) -> Any:
    """The initial state: h_0, or (h_0, c_0); None where it is omitted.

    A layer of the user's is called once without a state, and gets one of the form that
    it gave. A stream always begins with one.
    """
    is_stream = case.phase is Phase.STREAM
    if case.initial_state is InitialState.OMITTED and not is_stream:
        return None
    if case.layer not in TORCH_LAYERS:
        with torch.no_grad():
            return _like(module(given)[1])
    states = case.num_layers * case.num_directions
    shape = (states, case.batch_size, case.proj_size or case.hidden_size)
    hidden = _normal(case, shape, SEED + 2)
    if case.layer != "lstm":
        return hidden
    shape = (states, case.batch_size, case.hidden_size)
    return hidden, _normal(case, shape, SEED + 3)


def make_grad(output: Tensor) -> Tensor:
    """The fixed gradient of `output` (of its data, where it is packed)."""
    generator = torch.Generator().manual_seed(SEED + 4)
    return torch.randn(output.shape, generator=generator).to(output)


def data_of(output: Tensor | PackedSequence) -> Tensor:
    """The tensor of an output; the data of a packed one, which has no padding."""
    return output.data if isinstance(output, PackedSequence) else output


def _normal(case: Case, shape: tuple[int, ...], seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randn(shape, generator=generator)
    return numbers.to(device=case.device.value, dtype=DTYPES[case.dtype])


def _like(state: Any) -> Any:
    if isinstance(state, Tensor):
        generator = torch.Generator().manual_seed(SEED + 2)
        return torch.randn(state.shape, generator=generator).to(state)
    return tuple(_like(part) for part in state)
