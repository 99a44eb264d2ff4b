"""torch.compile with its default settings: it leaves recurrent layers as they are."""

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch._dynamo.utils import counters

from rnnbench.worker.protocol import build_folder
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
    with settings:
        prepared = prepare_module(source, run)
        return call_first(source.case, prepared, note=lambda: _note(_graphs() - before))


def keep_compiled_code() -> None:
    """Let the workers of a run share compiled code, and no other run have it.

    So the first launch compiles as a user's first run does, and later ones need not.
    """
    folder = build_folder(os.getppid()) / "inductor"
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder)


def _graphs() -> int:
    return int(counters["stats"]["unique_graphs"])


def _note(graphs: int) -> str:
    if graphs:
        return f"graphs compiled: {graphs}"
    return "no graph compiled: dynamo leaves recurrent layers as they are in eager"
