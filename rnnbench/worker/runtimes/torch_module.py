"""Runtimes within PyTorch: a callable that takes and gives tensors, as the layer."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from rnnbench.model.case import Case
from rnnbench.worker.layers.calls import (
    BACKWARD,
    Parts,
    backward_of,
    call_of,
    context_of,
    forward_of,
    optimizer_of,
)
from rnnbench.worker.runtimes.prepared import Prepared, RuntimeAnswer, Source


def prepare_module(source: Source, run: Callable[..., Any], **facts: Any) -> Prepared:
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
        module=run if isinstance(run, nn.Module) else source.module,
        optimizer=optimizer,
        **facts,
    )


def call_first(
    case: Case, prepared: Prepared, calls: int = 1, note: Callable[[], str] = str
) -> Prepared:
    """`prepared` after its first calls, in which a compiler may do its work.

    They are made in the context of the timed calls, as a compiler asks for it.
    `note`: what is to be said of them.
    """
    with context_of(case):
        for _ in range(calls):
            prepared.call()
    prepared.reset()
    return replace(prepared, note=note())


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
