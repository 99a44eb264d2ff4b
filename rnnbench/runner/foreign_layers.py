"""A check of the user's own layers and runtimes, before anything is measured.

A worker imports each of them, builds it and checks its output, as it does before
timing, with the smallest case of each kind. One that hangs, or ends its process, costs
that worker alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from rnnbench.model.case import TORCH_LAYERS, Case, Device
from rnnbench.model.errors import CampaignError
from rnnbench.model.run import References
from rnnbench.model.runtimes import RUNTIMES
from rnnbench.model.status import FAILED
from rnnbench.runner.interrupts import run_to_end
from rnnbench.runner.worker_env import Setting
from rnnbench.runner.worker_process import Worker, WorkerDeathError
from rnnbench.worker.protocol import Prepare, Report, Start

_SIZES = ("input_size", "hidden_size", "num_layers", "seq_len", "batch_size")


@dataclass(frozen=True, slots=True)
class LayerChecks:
    """Seconds for each kind of case, the command of a worker, and the references."""

    time_limit: float
    command: tuple[str, ...] = ()
    references: References = ()


def find_faults(cases: Iterable[Case], options: LayerChecks) -> Mapping[Case, str]:
    """The cases whose layer or runtime can't be imported or built, or is wrong.

    Only cases on the CPU are tried.
    """
    own = [
        case
        for case in cases
        if _own_code(case) not in TORCH_LAYERS and case.device is Device.CPU
    ]
    smallest: dict[Case, Case] = {}
    for case in sorted(own, key=_size):
        smallest.setdefault(_kind(case), case)
    if not smallest:
        return {}
    found = run_to_end(_check(list(smallest.values()), options))
    return {
        case: found[smallest[_kind(case)]]
        for case in own
        if smallest[_kind(case)] in found
    }


def refuse_broken_layers(cases: Sequence[Case], options: LayerChecks) -> None:
    """CampaignError if a layer or a runtime of the user's fails in every case.

    It has a line for each of them.
    """
    faults = find_faults(cases, options)
    lines = []
    for name in dict.fromkeys(map(_own_code, faults)):
        own = [case for case in cases if _own_code(case) == name]
        if all(case in faults for case in own):
            lines.append(f"{name}: {faults[own[0]]}")
    if lines:
        raise CampaignError("\n".join(lines))


async def _check(cases: list[Case], options: LayerChecks) -> dict[Case, str]:
    """The fault of each case that has one; a worker for each layer and runtime."""
    faults: dict[Case, str] = {}
    for name in dict.fromkeys(map(_own_code, cases)):
        pending = [case for case in cases if _own_code(case) == name]
        while pending:
            try:
                faults |= await _prepare(pending, options)
                break
            except WorkerDeathError as death:
                at = death.member
                known = at is not None and at < len(pending)
                ended = [pending[at]] if known and at is not None else list(pending)
                faults |= dict.fromkeys(ended, death.reason)
                pending = [case for case in pending if case not in ended]
    return faults


async def _prepare(cases: list[Case], options: LayerChecks) -> dict[Case, str]:
    async with await Worker.start(Setting(), Start(), options.command) as worker:
        job = Prepare(cases=tuple(cases), check=True, references=options.references)
        report = await worker.ask(job, Report, limit=options.time_limit)
    return {
        case: outcome.reason
        for case, outcome in zip(cases, report.outcomes, strict=False)
        if outcome.status in FAILED
    }


def _own_code(case: Case) -> str:
    """What of `case` is the user's: its runtime, or its layer."""
    return case.layer if case.runtime in RUNTIMES else case.runtime


def _size(case: Case) -> int:
    return prod(getattr(case, axis) for axis in _SIZES)


def _kind(case: Case) -> Case:
    """The case without its sizes; two layers, or a projection, are a kind."""
    return replace(
        case,
        input_size=1,
        hidden_size=2,
        proj_size=min(case.proj_size, 1),
        num_layers=min(case.num_layers, 2),
        seq_len=1,
        batch_size=1,
        threads=1,
        parameters_of=0,
    )
