"""AOTInductor: the layer exported and compiled into a package ahead of time."""

import os
import time
import warnings
from pathlib import Path

import torch
from torch._inductor import aoti_compile_and_package, aoti_load_package

from rnnbench.worker.runtimes.builds import (
    first_build,
    keep_compiled_code,
    place_of,
)
from rnnbench.worker.runtimes.prepared import Prepared, Source
from rnnbench.worker.runtimes.torch_module import call_first, prepare_module


def prepare(source: Source) -> Prepared:
    """The package of the case: the first launch of a run builds it, others load it."""
    keep_compiled_code()
    began = time.monotonic()
    package = place_of(source.case, "pt2")
    if not package.exists():
        _build(source, package)
    built = time.monotonic()
    run = aoti_load_package(str(package))
    prepared = prepare_module(
        source,
        run,
        artefact_bytes=package.stat().st_size,
        build_seconds=first_build(source.case, built - began),
        load_seconds=time.monotonic() - built,
    )
    return call_first(source.case, prepared)


def _build(source: Source, package: Path) -> None:
    """Write the package at once, as another launch may build it at the same time."""
    draft = package.with_name(f"{os.getpid()}-{package.name}")
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = torch.export.export(source.module, source.arguments)
        aoti_compile_and_package(exported, package_path=str(draft))
    draft.replace(package)
