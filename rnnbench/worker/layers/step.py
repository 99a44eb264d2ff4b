"""Steps: a case built into a function, with its layer, its input and its phase."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rnnbench.model.case import EAGER, Case
from rnnbench.worker.layers import switches as backend
from rnnbench.worker.layers.calls import (
    Parts,
    backward_of,
    call_of,
    context_of,
    forward_of,
    optimizer_of,
)
from rnnbench.worker.runtimes.prepare import prepare, source_of
from rnnbench.worker.runtimes.prepared import Prepared


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
    """A built case: `call` is what is timed; `forward` and `backward` are parts.

    `prepared`: where the runtime is not eager. PyTorch's layer and its parts are then
    what the answer is compared with.
    """

    case: Case
    module: nn.Module
    forward: Callable[[], Any]
    backward: Callable[[Any], None]
    call: Callable[[], object]
    kept: Kept
    prepared: Prepared | None = None

    def enter(self) -> None:
        """Set the process-wide switches; before a turn, outside of timed calls."""
        backend.enter(self.case)

    def context(self) -> AbstractContextManager[object]:
        """The context of a turn's calls, entered once for each turn."""
        return context_of(self.case)

    def release(self) -> None:
        """Drop the gradients, so that they are not in memory before a call."""
        for parameter in self.module.parameters():
            parameter.grad = None


def build(case: Case) -> Step:
    """The step of a case, built under the switches of the case."""
    backend.enter(case)
    source = source_of(case)
    module, arguments = source.module, list(source.arguments)
    prepared = None if case.runtime == EAGER else prepare(source)
    optimizer = prepared.optimizer if prepared else optimizer_of(case, module)
    kept = Kept(source.arguments, {}, optimizer)
    forward = forward_of(case, module, arguments)
    backward = backward_of(kept.grads)
    if prepared is not None:
        return Step(case, module, forward, backward, prepared.call, kept, prepared)
    parts = Parts(module, forward, backward, optimizer, arguments)
    return Step(case, module, forward, backward, call_of(case.phase, parts), kept)
