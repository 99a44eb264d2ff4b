"""TorchScript: the layer scripted, saved and loaded again."""

import io
import time
import warnings

import torch
from torch import Tensor, nn

from rnnbench.worker.layers.calls import BACKWARD
from rnnbench.worker.runtimes.prepared import Prepared, Source
from rnnbench.worker.runtimes.torch_module import call_first, prepare_module

# The executor looks at the types of the first calls, then compiles for them.
_CALLS = 3


class _WithState(nn.Module):
    """The layer by one signature: its own has a form for packed input as well."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(
        self, sequence: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        found: tuple[Tensor, Tensor] = self.layer(sequence, state)
        return found


class _WithTwoStates(nn.Module):
    """The same for an LSTM."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(
        self, sequence: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        found: tuple[Tensor, tuple[Tensor, Tensor]] = self.layer(sequence, state)
        return found


def prepare(source: Source) -> Prepared:
    """The scripted layer; where it is trained, with the parameters of the layer."""
    began = time.monotonic()
    with warnings.catch_warnings():
        # PyTorch has deprecated TorchScript, and says so at each use.
        warnings.simplefilter("ignore", DeprecationWarning)
        named = _WithTwoStates if source.case.layer == "lstm" else _WithState
        scripted = torch.jit.script(named(source.module))
        saved = io.BytesIO()
        torch.jit.save(scripted, saved)
        built = time.monotonic()
        saved.seek(0)
        loaded = torch.jit.load(saved)  # type: ignore[no-untyped-call]
        load_seconds = time.monotonic() - built
    run = scripted if source.case.phase in BACKWARD else loaded
    prepared = prepare_module(
        source,
        run,
        artefact_bytes=len(saved.getvalue()),
        build_seconds=built - began,
        load_seconds=load_seconds,
    )
    return call_first(source.case, prepared, calls=_CALLS)
