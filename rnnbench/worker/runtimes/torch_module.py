"""Runtimes within PyTorch: a callable that takes and gives tensors, as the layer."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from rnnbench.worker.layers.calls import (
    BACKWARD,
    Parts,
    backward_of,
    call_of,
    forward_of,
    optimizer_of,
)
from rnnbench.worker.runtimes.prepared import Prepared, RuntimeAnswer, Source


def prepare_module(source: Source, run: nn.Module, **facts: Any) -> Prepared:
    """`run` in place of the layer, in every phase; `facts` are fields of Prepared.

    It shares the parameters of the layer, so that an optimizer of these is its own.
    """
    case, arguments = source.case, list(source.arguments)
    forward = forward_of(case, run, arguments)
    backward = backward_of({})
    optimizer = optimizer_of(case, source.module)
    parts = Parts(source.module, forward, backward, optimizer, arguments)

    def reset() -> None:
        arguments[:] = source.arguments

    return Prepared(
        call=call_of(case.phase, parts),
        reset=reset,
        answer=lambda: split(forward()),
        gradients=gradients_of(source.module, forward, backward)
        if case.phase in BACKWARD
        else None,
        module=run,
        optimizer=optimizer,
        **facts,
    )


def split(result: Any) -> RuntimeAnswer:
    """Output and states of a layer's result, as copies without a graph."""
    output, state = result
    states = (state,) if isinstance(state, Tensor) else tuple(state)
    return output.detach().clone(), tuple(each.detach().clone() for each in states)


def gradients_of(
    module: nn.Module, forward: Callable[[], Any], backward: Callable[[Any], None]
) -> Callable[[], Mapping[str, Tensor]]:
    """A function that gives the gradients of one call, by the names of parameters."""

    def gradients() -> Mapping[str, Tensor]:
        module.zero_grad(set_to_none=True)
        backward(forward()[0])
        named = module.named_parameters()
        found = {name: one.grad for name, one in named if one.grad is not None}
        module.zero_grad(set_to_none=True)
        return found

    return gradients
