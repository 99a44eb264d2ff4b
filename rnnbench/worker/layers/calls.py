"""The timed call of each phase: forward, backward, and a step of the optimizer."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnnbench.model.case import Case, Dtype, Optimizer, Phase
from rnnbench.model.cost import WITHOUT_GRAPH
from rnnbench.worker.layers.factory import AUTOCAST
from rnnbench.worker.layers.inputs import data_of, make_grad

BACKWARD = frozenset({Phase.TRAIN, Phase.STEP})


@dataclass(frozen=True, slots=True)
class Parts:
    """A layer, its parts of a call, and the optimizer of `phase: step`.

    `arguments`: of the layer; a stream replaces the state in them.
    """

    module: nn.Module
    forward: Callable[[], Any]
    backward: Callable[[Any], None]
    optimizer: torch.optim.Optimizer | None
    arguments: list[Any]


def forward_of(
    case: Case, module: Callable[..., Any], arguments: Sequence[Any]
) -> Callable[[], Any]:
    """The forward pass of one call, under autocast where the case asks for it."""
    dtype = AUTOCAST.get(case.dtype)
    if dtype is None:
        return lambda: module(*arguments)
    device = case.device.value

    # Entered in each call (2 µs), as in a training loop: around several calls, it would
    # keep the cast weights from call to call.
    def forward() -> Any:
        with torch.autocast(device, dtype):
            return module(*arguments)

    return forward


def backward_of(grads: dict[torch.dtype, Tensor]) -> Callable[[Any], None]:
    """The backward pass of one call, from a fixed gradient that is kept in `grads`."""

    # By type, since under autocast a layer chooses the type of its output.
    def backward(output: Tensor | PackedSequence) -> None:
        data = data_of(output)
        grad = grads.get(data.dtype)
        if grad is None:
            grad = grads[data.dtype] = make_grad(data)
        torch.autograd.backward(data, grad)

    return backward


def context_of(case: Case) -> AbstractContextManager[object]:
    """The context of the calls: inference mode, where no graph is kept."""
    if case.phase in WITHOUT_GRAPH:
        return torch.inference_mode()
    return nullcontext()


def call_of(phase: Phase, parts: Parts) -> Callable[[], object]:
    """The call of a phase, which is what is timed."""
    return _CALLS[phase](parts)


def _call_forward(parts: Parts) -> Callable[[], object]:
    return parts.forward


def _call_train(parts: Parts) -> Callable[[], object]:
    """Forward and backward; gradients are dropped first, as `zero_grad` does.

    The input asks for no gradient: it is data.
    """
    parameters = tuple(parts.module.parameters())
    forward, backward = parts.forward, parts.backward

    def train() -> None:
        for parameter in parameters:
            parameter.grad = None
        backward(forward()[0])

    return train


def _call_step(parts: Parts) -> Callable[[], object]:
    optimizer, forward, backward = parts.optimizer, parts.forward, parts.backward
    assert optimizer is not None  # noqa: S101 - this phase is the one that has one

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        backward(forward()[0])
        optimizer.step()

    return step


def _call_stream(parts: Parts) -> Callable[[], object]:
    """The next steps of each stream, from the state that the last call has left."""
    forward, arguments = parts.forward, parts.arguments

    def stream() -> None:
        arguments[1] = forward()[1]

    return stream


_CALLS: dict[Phase, Callable[[Parts], Callable[[], object]]] = {
    Phase.INFERENCE: _call_forward,
    Phase.FORWARD: _call_forward,
    Phase.TRAIN: _call_train,
    Phase.STEP: _call_step,
    Phase.STREAM: _call_stream,
}

# A rate of 0 does the same work and leaves the weights unchanged. Under a fixed
# gradient they would grow without limit, which changes the cost of a call.
_RATE = 0.0


def _adam(case: Case, module: nn.Module) -> torch.optim.Optimizer:
    # PyTorch's 1e-8 is 0 in float16, and 0 / 0 would spread through the weights.
    eps = 1e-4 if case.dtype is Dtype.FLOAT16 else 1e-8
    return torch.optim.Adam(module.parameters(), lr=_RATE, eps=eps)


def _sgd(_: Case, module: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(module.parameters(), lr=_RATE)


_OPTIMIZERS: dict[Optimizer, Callable[[Case, nn.Module], torch.optim.Optimizer]] = {
    Optimizer.ADAM: _adam,
    Optimizer.SGD: _sgd,
}


def optimizer_of(case: Case, module: nn.Module) -> torch.optim.Optimizer | None:
    """The optimizer of the layer's parameters; None in other phases than `step`."""
    if case.phase is not Phase.STEP:
        return None
    return _OPTIMIZERS[case.optimizer](case, module)
