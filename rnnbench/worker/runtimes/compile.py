"""torch.compile with its default settings: it leaves recurrent layers as they are."""

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch._dynamo.utils import counters

from rnnbench.worker.runtimes.builds import first_build, keep_compiled_code
from rnnbench.worker.runtimes.prepared import Prepared, Source
from rnnbench.worker.runtimes.torch_module import call_first, prepare_module


def prepare(source: Source) -> Prepared:
    """The compiled layer, and whether anything was compiled."""
    return compiled(source, nullcontext())


def compiled(source: Source, settings: AbstractContextManager[Any]) -> Prepared:
    """The layer as torch.compile returns it under these settings of dynamo."""
    keep_compiled_code()
    run = torch.compile(source.module)
    before = _graphs()
    began = time.monotonic()
    with settings, _limits():
        prepared = prepare_module(source, run)
        prepared = call_first(
            source.case, prepared, note=lambda: _note(_graphs() - before)
        )
    seconds = first_build(source.case, time.monotonic() - began)
    return replace(prepared, build_seconds=seconds)


def _limits() -> AbstractContextManager[Any]:
    """Compile as many sizes as there are cases in the process.

    By default dynamo gives up after eight and calls the layer as eager does.
    """
    most = 2**16
    limits: AbstractContextManager[Any] = torch._dynamo.config.patch(  # noqa: SLF001
        recompile_limit=most, accumulated_recompile_limit=most
    )
    return limits


def _graphs() -> int:
    return int(counters["stats"]["unique_graphs"])


def _note(graphs: int) -> str:
    if graphs:
        return f"graphs compiled: {graphs}"
    return (
        "no graph compiled: with its default settings torch.compile does nothing "
        "here, as PyTorch breaks the graph at a recurrent layer"
    )
