"""The deployment card of a case: what a fresh process needs until it can answer."""

import io
import resource
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import torch

from rnnbench.model.case import Case, Device
from rnnbench.model.serving import DeploymentCard
from rnnbench.worker.layers.step import Step, build
from rnnbench.worker.runtimes.agreement import agreement
from rnnbench.worker.timing.clock import CLOCKS, Call
from rnnbench.worker.timing.turn import first_of, warm_up

# Calls whose median is the steady call: as many as fit in the time, at most.
_MOST_CALLS, _LEAST_CALLS, _SECONDS = 200, 5, 0.5


class WrongAnswerError(Exception):
    """The runtime gives other numbers than eager: nothing of it is timed."""


def take_card(case: Case, launch: int) -> DeploymentCard:
    """Build the case, call it, and say what that took; this process is fresh."""
    if case.device is Device.CUDA:
        # The first use of a GPU takes seconds, whatever runs on it.
        torch.cuda.synchronize()
    base = _resident()
    began = time.monotonic()
    step = build(case)
    built = time.monotonic() - began
    clock = CLOCKS[case.device]()
    first = first_of(step, clock)
    error = _error(step)
    warm = warm_up(step, clock, first)
    calls = min(max(int(_SECONDS / warm.call), _LEAST_CALLS), _MOST_CALLS)
    prepared = step.prepared
    whole = prepared and prepared.whole_call
    return DeploymentCard(
        launch=launch,
        build=built if prepared is None else prepared.build_seconds or 0.0,
        load=prepared.load_seconds if prepared else None,
        first_call=first,
        call=_steady(step, step.call, calls),
        whole_call=_steady(step, whole, calls) if whole else None,
        artefact=prepared.artefact_bytes if prepared else _saved(step),
        base_memory=base,
        peak_memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        error=error,
    )


def _steady(step: Step, call: Call, calls: int) -> float:
    clock = CLOCKS[step.case.device]()
    step.enter()
    with step.context():
        return median(clock.time(call) for _ in range(calls))


def _error(step: Step) -> float | None:
    if step.prepared is None:
        return None
    found = agreement(step, step.prepared)
    if found.wrong:
        raise WrongAnswerError(f"check: {found.wrong}")
    return found.error


def _saved(step: Step) -> int:
    """Bytes of the layer's weights as `torch.save` writes them."""
    weights: Mapping[str, Any] = step.module.state_dict()
    file = io.BytesIO()
    torch.save(weights, file)
    return file.tell()


def _resident() -> int | None:
    """Resident bytes of this process; None where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * resource.getpagesize()
