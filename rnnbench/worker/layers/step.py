"""Steps: a case built into a function, with its layer, its input and its phase."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnnbench.model.case import Case, Dtype, Optimizer, Phase
from rnnbench.model.cost import WITHOUT_GRAPH
from rnnbench.worker.layers import switches as backend
from rnnbench.worker.layers.factory import AUTOCAST, make_layer
from rnnbench.worker.layers.inputs import data_of, make_grad, make_input, make_state

BACKWARD = frozenset({Phase.TRAIN, Phase.STEP})


@dataclass(frozen=True, slots=True)
class Kept:
    """Data that stay in memory between calls, beside the weights.

    `given`: input and states; `grads`: the fixed gradient of the output, by its type.
    """

    given: tuple[Any, ...]
    grads: dict[torch.dtype, Tensor]
    optimizer: torch.optim.Optimizer | None


@dataclass(frozen=True, slots=True)
class Step:
    """A built case: `call` is what is timed; `forward` and `backward` are parts."""

    case: Case
    module: nn.Module
    forward: Callable[[], Any]
    backward: Callable[[Any], None]
    call: Callable[[], object]
    kept: Kept

    def enter(self) -> None:
        """Set the process-wide switches; before a turn, outside of timed calls."""
        backend.enter(self.case)

    def context(self) -> AbstractContextManager[object]:
        """The context of a turn's calls, entered once for each turn."""
        if self.case.phase in WITHOUT_GRAPH:
            return torch.inference_mode()
        return nullcontext()

    def release(self) -> None:
        """Drop the gradients, so that they are not in memory before a call."""
        for parameter in self.module.parameters():
            parameter.grad = None


def build(case: Case) -> Step:
    """The step of a case, built under the switches of the case."""
    backend.enter(case)
    module = make_layer(case)
    numbers = make_input(case)
    state = make_state(case, module, numbers)
    arguments = [numbers] if state is None else [numbers, state]
    kept = Kept(tuple(arguments), {}, _optimizer(case, module))
    forward = _forward(case, module, arguments)
    backward = _backward(kept.grads)
    parts = _Parts(module, forward, backward, kept.optimizer, arguments)
    call = _CALLS[case.phase](parts)
    return Step(case, module, forward, backward, call, kept)


@dataclass(frozen=True, slots=True)
class _Parts:
    module: nn.Module
    forward: Callable[[], Any]
    backward: Callable[[Any], None]
    optimizer: torch.optim.Optimizer | None
    arguments: list[Any]


def _forward(
    case: Case, module: nn.Module, arguments: Sequence[Any]
) -> Callable[[], Any]:
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


def _backward(grads: dict[torch.dtype, Tensor]) -> Callable[[Any], None]:
    # By type, since under autocast a layer chooses the type of its output.
    def backward(output: Tensor | PackedSequence) -> None:
        data = data_of(output)
        grad = grads.get(data.dtype)
        if grad is None:
            grad = grads[data.dtype] = make_grad(data)
        torch.autograd.backward(data, grad)

    return backward


def _call_forward(parts: _Parts) -> Callable[[], object]:
    return parts.forward


def _call_train(parts: _Parts) -> Callable[[], object]:
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


def _call_step(parts: _Parts) -> Callable[[], object]:
    optimizer, forward, backward = parts.optimizer, parts.forward, parts.backward
    assert optimizer is not None  # noqa: S101 - this phase is the one that has one

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        backward(forward()[0])
        optimizer.step()

    return step


def _call_stream(parts: _Parts) -> Callable[[], object]:
    """The next steps of each stream, from the state that the last call has left."""
    forward, arguments = parts.forward, parts.arguments

    def stream() -> None:
        arguments[1] = forward()[1]

    return stream


_CALLS: dict[Phase, Callable[[_Parts], Callable[[], object]]] = {
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


def _optimizer(case: Case, module: nn.Module) -> torch.optim.Optimizer | None:
    if case.phase is not Phase.STEP:
        return None
    return _OPTIMIZERS[case.optimizer](case, module)
