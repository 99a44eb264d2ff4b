"""Prepares a case in its runtime, and compares the answer with eager's."""

import importlib
import importlib.util
import os
import time
from collections.abc import Callable
from dataclasses import replace

from rnnbench.model.case import Case
from rnnbench.model.runtimes import RUNTIMES, reason_against
from rnnbench.worker.layers.factory import make_layer
from rnnbench.worker.layers.inputs import make_input, make_state
from rnnbench.worker.runtimes.prepared import NotHereError, Prepared, Source

Maker = Callable[[Source], Prepared]

_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"


def prepare(source: Source) -> Prepared:
    """`source` ready in the runtime of its case.

    NotHereError: the runtime can't run the case, or its package is not installed.
    """
    if reason := reason_here(source.case):
        raise NotHereError(reason)
    _limit_threads(source.case.threads)
    maker = maker_of(source.case.runtime)
    began = time.monotonic()
    prepared = maker(source)
    if not isinstance(prepared, Prepared):
        kind = type(prepared).__name__
        raise TypeError(f"{source.case.runtime} returned a {kind}, not a Prepared")
    if prepared.build_seconds is None:
        return replace(prepared, build_seconds=time.monotonic() - began)
    return prepared


def _limit_threads(threads: int) -> None:
    """Limit JAX's threads before its import; by default it uses one for each core."""
    os.environ["NPROC"] = str(threads)
    flags = os.environ.get("XLA_FLAGS", "")
    if threads == 1 and _ONE_THREAD not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {_ONE_THREAD}".strip()


def source_of(case: Case) -> Source:
    """PyTorch's layer of a case, with its input."""
    module = make_layer(case)
    numbers = make_input(case)
    state = make_state(case, module, numbers)
    return Source(case, module, (numbers,) if state is None else (numbers, state))


def reason_here(case: Case) -> str:
    """Why the runtime of `case` can't run it in this environment; "" if it may."""
    if reason := reason_against(case):
        return reason
    runtime = RUNTIMES.get(case.runtime)
    if runtime is None:
        return ""
    absent = [name for name in runtime.packages if not _is_installed(name)]
    if absent:
        return f"{', '.join(absent)} is not installed: {runtime.install}"
    return ""


def maker_of(runtime: str) -> Maker:
    """The function that prepares a case: of this package, or of the user's.

    Only the module of the runtime that is asked for is imported, as each imports a
    package of its own.
    """
    module, _, name = runtime.partition(":")
    if not name:
        module, name = f"rnnbench.worker.runtimes.{runtime}", "prepare"
    found: Maker = getattr(importlib.import_module(module), name)
    return found


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
