"""What a runtime makes of a case: the timed call, its answer, and what it cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from rnnbench.model.case import Case

# The output of the sequence, and the final states: h_n, or h_n and c_n.
RuntimeAnswer = tuple[Tensor, tuple[Tensor, ...]]


class NotHereError(Exception):
    """A runtime can't run a case on this machine: the case is skipped, for this reason.

    Raised while a case is prepared; any other error is a failure of the case.
    """


@dataclass(frozen=True, slots=True)
class Source:
    """A case with its layer: PyTorch's own, whose weights every runtime takes.

    `arguments`: the input and, where they are given, the initial states.
    """

    case: Case
    module: nn.Module
    arguments: tuple[Any, ...]

    @property
    def states(self) -> tuple[Tensor, ...]:
        """The given initial states: none, or h_0, or h_0 and c_0."""
        if len(self.arguments) == 1:
            return ()
        state = self.arguments[1]
        return (state,) if isinstance(state, Tensor) else tuple(state)


def _nothing() -> None:
    """Nothing is to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A case that is ready in a runtime.

    Attributes:
        call: the timed call. Its input is in the runtime's own form, and its result
            stays in that form.
        answer: the result of a call, as torch's tensors on the device of the case. It
            is compared with eager's. Calling it does not advance a stream.
        gradients: the gradients of one training call by the names of the layer's
            parameters; None in inference.
        whole_call: the same call with conversion from and to torch; None where there
            is nothing to convert.
        reset: for a stream, restores the first state.
        module: the module that runs, where PyTorch's allocator and profiler see it.
        optimizer: of the phase `step`.
        artefact_bytes: size of what would be deployed; None where nothing is saved.
        build_seconds: compilation or export; None: the whole time of preparing.
        load_seconds: from the artefact to something that can be called.
        note: what a reader has to know of this build.
        close: releases what the process would keep.

    """

    call: Callable[[], object]
    answer: Callable[[], RuntimeAnswer]
    gradients: Callable[[], Mapping[str, Tensor]] | None = None
    whole_call: Callable[[], object] | None = None
    reset: Callable[[], None] = _nothing
    module: nn.Module | None = None
    optimizer: Any = None
    artefact_bytes: int | None = None
    build_seconds: float | None = None
    load_seconds: float | None = None
    note: str = ""
    close: Callable[[], None] = _nothing
