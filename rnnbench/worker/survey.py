"""Cases that this machine can't run, by PyTorch's own word: a tiny twin is tried."""

import os
from collections.abc import Callable
from dataclasses import replace

import torch

from rnnbench.model.case import Case, Device
from rnnbench.model.status import Status
from rnnbench.worker.failure import attempt
from rnnbench.worker.layers.step import build
from rnnbench.worker.protocol import Outcome
from rnnbench.worker.runtimes.prepare import reason_here

_OK = Outcome(status=Status.OK)
NO_CUDA = Outcome(
    status=Status.SKIPPED,
    reason="no CUDA device: torch.cuda.is_available() is false",
)


def survey(
    cases: tuple[Case, ...], announce: Callable[[int], None]
) -> tuple[Outcome, ...]:
    """Ok, or skipped with the reason. Each kind of case is tried once."""
    known: dict[Case, Outcome] = {}
    outcomes = []
    for place, case in enumerate(cases):
        twin = tiny(case)
        if twin not in known:
            announce(place)
            known[twin] = _try(twin)
        outcomes.append(known[twin])
    return tuple(outcomes)


def tiny(case: Case) -> Case:
    """The same kind of case in sizes of 2 to 4."""
    return replace(
        case,
        input_size=3,
        hidden_size=4,
        proj_size=min(case.proj_size, 2),
        num_layers=min(case.num_layers, 2),
        seq_len=2,
        batch_size=3,
        parameters_of=0,
    )


def _try(twin: Case) -> Outcome:
    if twin.device is Device.CUDA and not torch.cuda.is_available():
        return NO_CUDA
    # OpenMP ends the process where it can't start its threads.
    if twin.threads > (cores := os.cpu_count() or 1):
        reason = f"{twin.threads} threads, and this machine has {cores} logical cores"
        return Outcome(status=Status.SKIPPED, reason=reason)
    if reason := reason_here(twin):
        return Outcome(status=Status.SKIPPED, reason=reason)
    # Code of the user's, or a compiler, may hang: it is tried in its own process.
    if twin.is_foreign:
        return _OK
    tried = attempt(lambda: _call_once(twin), may_skip=True)
    # Any other failure is found again when the case is prepared.
    if isinstance(tried, Outcome) and tried.status is Status.SKIPPED:
        return tried
    return _OK


def _call_once(twin: Case) -> None:
    step = build(twin)
    with step.context():
        step.call()
    if twin.device is Device.CUDA:
        torch.cuda.synchronize()
