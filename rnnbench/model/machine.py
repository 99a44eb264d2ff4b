"""Machines: which of their differences forbid a comparison, names, and cores."""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

from rnnbench.model.case import Case, Device
from rnnbench.model.metric import PEAK_MEMORY
from rnnbench.model.run import Environment


class FieldRole(StrEnum):
    """Meaning of a change of a field for a comparison of two runs."""

    MACHINE = "machine"  # something else is measured: no comparison
    SOFTWARE = "software"  # listed: it may be what the comparison is about
    BUILD = "build"  # listed as well; a history keeps builds apart


@dataclass(frozen=True, slots=True)
class Difference:
    """A field whose values in two environments differ, as texts; None: unreadable."""

    field: str
    role: FieldRole
    baseline: str | None
    candidate: str | None


# Two fields are missing on purpose. memory_bytes changes by some pages with each
# kernel. Single cpu_flags are hidden or shown by a kernel or a hypervisor;
# cpu_capability says which code PyTorch runs.
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
            *("onednn", "mkl", "cudnn", "driver", "variables"),
        ),
        FieldRole.SOFTWARE,
    ),
}
# A GPU does not matter to cases on the CPU. Of the CPU, its model matters to both: it
# launches the work of a GPU.
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
    """The differences that forbid a comparison of `cases`."""
    devices = {case.device for case in cases}
    return tuple(
        difference
        for difference in changed
        if difference.role is FieldRole.MACHINE
        and devices
        and not (difference.field in _OF_A_GPU and Device.CUDA not in devices)
        and not (difference.field in _OF_A_CPU and Device.CPU not in devices)
    )


def machine_parts(environment: Environment) -> tuple[tuple[str, str], ...]:
    """Names and values that identify the machine and the build of PyTorch.

    PyTorch's version is not among them, since a history shows its changes; only its
    local part ("cpu", "cu126") is a build. Unreadable fields are left out, so that a
    field of a later version does not change the key of an old machine.
    """
    kept = [
        (field.name, text)
        for field in fields(Environment)
        if _ROLES.get(field.name) in (FieldRole.MACHINE, FieldRole.BUILD)
        and (text := _text(getattr(environment, field.name)))
    ]
    return (*kept, ("torch_build", environment.torch.partition("+")[2]))


def machine_key(parts: Iterable[tuple[str, str]]) -> str:
    """A folder name: a readable beginning, and a digest of all parts."""
    known = dict(parts)
    whole = "\n".join(f"{name}={value!r}" for name, value in sorted(known.items()))
    digest = hashlib.sha256(whole.encode()).hexdigest()[:12]
    name = known.get("gpu") or known.get("cpu_model") or "machine"
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    return f"{slug or 'machine'}-{digest}"


def machine_text(parts: Iterable[tuple[str, str]]) -> str:
    """The parts as one line, for people and for a journal."""
    return ", ".join(f"{name} {text}" for name, text in parts)


def environment_facts(environment: Environment) -> tuple[tuple[str, str], ...]:
    """Every field that could be read as text, memory with its unit; no empty ones."""
    found = {
        field.name: getattr(environment, field.name) for field in fields(environment)
    }
    return tuple(
        (
            name.removesuffix("_bytes"),
            PEAK_MEMORY.format(value)
            if name.endswith("_bytes")
            else _text(value) or "",
        )
        for name, value in found.items()
        if value not in (None, ())
    )


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
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or None
    return None if value is None else str(value)
