"""Machines: which of their differences forbid a comparison, names, and cores."""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

from rnnbench.model.case import Case, Device
from rnnbench.model.run import Environment


class FieldRole(StrEnum):
    """What a change of a field means."""

    MACHINE = "machine"  # what is measured is another thing: no comparison
    SOFTWARE = "software"  # may be the very reason for the comparison: named
    BUILD = "build"  # named likewise; a history keeps builds apart


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two environments don't share, as text; None: it couldn't be read."""

    field: str
    role: FieldRole
    baseline: str | None
    candidate: str | None


# memory_bytes is not here: it moves by some pages with each kernel, and decides
# nothing. Nor cpu_flags: a kernel or a hypervisor hides and shows single flags, and
# cpu_capability says which code PyTorch takes. The clock's frequency is not even read.
_ROLES = {
    **dict.fromkeys(
        (
            *("cpu_model", "cpu_signature", "cpu_capability", "allocator"),
            *("physical_cores", "logical_cores", "system", "machine"),
            *("gpu", "gpu_memory_bytes", "gpu_capability", "gpu_multiprocessors"),
        ),
        FieldRole.MACHINE,
    ),
    **dict.fromkeys(("parallel_backend", "cuda"), FieldRole.BUILD),
    **dict.fromkeys(
        (
            *("kernel", "libc", "python", "numpy", "torch", "torch_git"),
            *("onednn", "mkl", "cudnn", "driver"),
        ),
        FieldRole.SOFTWARE,
    ),
}
# A GPU that no case runs on changes nothing; the CPU drives the GPU, too.
_OF_A_GPU = frozenset(
    {"gpu", "gpu_memory_bytes", "gpu_capability", "gpu_multiprocessors"}
)
_OF_A_CPU = frozenset({"cpu_capability", "allocator"})


def differences(
    baseline: Environment, candidate: Environment
) -> tuple[Difference, ...]:
    """The fields that differ, in the environment's order; volatile ones are ignored."""
    return tuple(
        Difference(
            field.name,
            _ROLES[field.name],
            _text(getattr(baseline, field.name)),
            _text(getattr(candidate, field.name)),
        )
        for field in fields(Environment)
        if field.name in _ROLES
        and getattr(baseline, field.name) != getattr(candidate, field.name)
    )


def forbidding(
    changed: Iterable[Difference], cases: Iterable[Case]
) -> tuple[Difference, ...]:
    """The differences by which the measuring of one of `cases` is another."""
    devices = {case.device for case in cases}
    return tuple(
        one
        for one in changed
        if one.role is FieldRole.MACHINE
        and devices
        and not (one.field in _OF_A_GPU and Device.CUDA not in devices)
        and not (one.field in _OF_A_CPU and Device.CPU not in devices)
    )


def machine_parts(environment: Environment) -> tuple[tuple[str, str], ...]:
    """What a history keeps apart: the machine, and the build of PyTorch.

    Not PyTorch's version: that it changed is what a history is asked about. Of the
    version only the local part ("cpu", "cu126") is a build. What can't be read is left
    out, so that a field that is added later leaves the key of a machine without it.
    """
    kept = [
        (field.name, text)
        for field in fields(Environment)
        if _ROLES.get(field.name) in (FieldRole.MACHINE, FieldRole.BUILD)
        and (text := _text(getattr(environment, field.name)))
    ]
    return (*kept, ("torch_build", environment.torch.partition("+")[2]))


def machine_key(parts: Iterable[tuple[str, str]]) -> str:
    """A name for a folder: for people its beginning, for machines its end."""
    known = dict(parts)
    whole = "\n".join(f"{name}={value!r}" for name, value in sorted(known.items()))
    digest = hashlib.sha256(whole.encode()).hexdigest()[:12]
    name = known.get("gpu") or known.get("cpu_model") or "machine"
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    return f"{slug or 'machine'}-{digest}"


def machine_text(parts: Iterable[tuple[str, str]]) -> str:
    """What tells a machine from others, for people and for a journal."""
    return ", ".join(f"{name} {text}" for name, text in parts)


def physical_cores() -> tuple[int, ...]:
    """One logical core of each physical one that this process may use.

    Empty where the system has no pinning. Two launches on the two hardware threads of
    one core would slow each other down.
    """
    if not hasattr(os, "sched_getaffinity"):
        return ()
    chosen: dict[str, int] = {}
    for core in sorted(os.sched_getaffinity(0)):
        siblings = Path(
            f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list"
        )
        try:
            chosen.setdefault(siblings.read_text(encoding="ascii"), core)
        except OSError:
            chosen.setdefault(str(core), core)
    return tuple(chosen.values())


def core_count() -> int:
    """The number of physical cores that this process may use, at least 1."""
    return len(physical_cores()) or os.cpu_count() or 1


def _text(value: object) -> str | None:
    return None if value is None else str(value)
