"""The environment: the machine and the libraries, as this process sees them."""

import ctypes
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rnnbench.model.run import Environment
from rnnbench.model.variable_table import recorded

_ROOT = Path("/")


def environment() -> Environment:
    """The environment of this process; a field is None where it can't be read."""
    build = torch.__config__.show()
    return Environment(
        cpu_model=_cpu("model name", "machdep.cpu.brand_string"),
        cpu_flags=_cpu("flags", "machdep.cpu.features"),
        cpu_signature=cpu_signature(),
        physical_cores=physical_cores() or _integer(_sysctl("hw.physicalcpu")),
        logical_cores=os.cpu_count(),
        memory_bytes=memory_bytes(),
        system=platform.system(),
        machine=platform.machine(),
        kernel=platform.release(),
        libc=" ".join(platform.libc_ver()).strip() or platform.mac_ver()[0],
        python=platform.python_version(),
        numpy=np.__version__,
        torch=torch.__version__,
        torch_git=torch.version.git_version,
        parallel_backend=_found(
            r"ATen parallel backend: (.+)", torch.__config__.parallel_info()
        )
        or "unknown",
        onednn=_found(r"MKL-DNN v(\S+)", build) or _found(r"oneDNN v(\S+)", build),
        mkl=_found(r"Math Kernel Library Version (\S+)", build),
        cpu_capability=torch.backends.cpu.get_cpu_capability(),
        allocator="glibc" if platform.libc_ver()[0] == "glibc" else "uncontrolled",
        variables=recorded(os.environ),
        **_gpu(),
    )


def physical_cores(root: Path = _ROOT) -> int | None:
    """Number of cores, not of hardware threads; None except on Linux."""
    threads = root.glob("sys/devices/system/cpu/cpu[0-9]*/topology")
    siblings = {_text(place / "thread_siblings_list") for place in threads}
    return len(siblings - {None}) or None


def memory_bytes(root: Path = _ROOT) -> int | None:
    """Bytes that this process may use: of the machine, or of its cgroup if less."""
    kibibytes = _found(r"MemTotal:\s+(\d+) kB", _text(root / "proc/meminfo") or "")
    physical = int(kibibytes) * 1024 if kibibytes else _integer(_sysctl("hw.memsize"))
    limits = [physical, *(_integer(_text(place)) for place in _limits(root))]
    return min((limit for limit in limits if limit), default=None)


def cache_bytes(root: Path = _ROOT) -> int | None:
    """Bytes of the largest cache of a core, shared or not; None except on Linux."""
    sizes = root.glob("sys/devices/system/cpu/cpu0/cache/index*/size")
    found = [_found(r"^(\d+)K$", _text(place) or "") for place in sizes]
    return max((int(size) * 1024 for size in found if size), default=None)


def cpu_line(name: str, root: Path = _ROOT) -> str | None:
    """The first line of that name in /proc/cpuinfo; ARM has other names."""
    names = {"flags": "flags|Features", "model name": "model name|Model"}[name]
    text = _text(root / "proc/cpuinfo") or ""
    return _found(rf"^(?:{names})\s*: (.+)$", text)


def cpu_signature(root: Path = _ROOT) -> str | None:
    """The design of the CPU: family and model on x86, part on ARM; Linux only.

    Not the stepping: it mends a design and leaves its speed.
    """
    text = _text(root / "proc/cpuinfo") or ""
    for names in (("cpu family", "model"), ("CPU implementer", "CPU part")):
        found = {name: _found(rf"^{name}\s*: (.+)$", text) for name in names}
        if all(found.values()):
            return " ".join(f"{name.split()[-1]} {found[name]}" for name in names)
    return None


def driver(root: Path = _ROOT) -> str | None:
    """The version of the NVIDIA driver that is loaded."""
    text = _text(root / "proc/driver/nvidia/version") or ""
    return _found(r"Kernel Module.*?\s(\d+\.\d[\d.]*)\s", text)


def _limits(root: Path) -> list[Path]:
    """Files with a memory limit of this cgroup or of those above it, v2 and v1."""
    group = root / "sys/fs/cgroup"
    own = _found(r"^0::/(.+)$", _text(root / "proc/self/cgroup") or "")
    inner = group / own if own else group
    above = [place for place in inner.parents if place.is_relative_to(group)]
    places = [place / "memory.max" for place in (inner, *above)]
    return [*places, group / "memory/memory.limit_in_bytes"]


def _gpu() -> dict[str, Any]:
    """The first CUDA device, which is the one that is measured."""
    names = (
        *("cuda", "cudnn", "gpu", "gpu_memory_bytes", "gpu_capability"),
        *("gpu_multiprocessors", "driver"),
    )
    if not torch.cuda.is_available():
        return dict.fromkeys(names) | {"cuda": torch.version.cuda, "driver": driver()}
    device = torch.cuda.get_device_properties(0)
    version: int | None = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    values = (
        torch.version.cuda,
        None if version is None else str(version),
        device.name,
        device.total_memory,
        f"{device.major}.{device.minor}",
        device.multi_processor_count,
        driver(),
    )
    return dict(zip(names, values, strict=True))


def _cpu(line: str, setting: str) -> str | None:
    return cpu_line(line) or _sysctl(setting)


def _sysctl(name: str) -> str | None:
    """A setting of the kernel of macOS as text; None on other systems."""
    if sys.platform != "darwin":
        return None
    found = ctypes.create_string_buffer(1 << 16)
    size = ctypes.c_size_t(len(found))
    if ctypes.CDLL(None).sysctlbyname(
        name.encode(), found, ctypes.byref(size), None, 0
    ):
        return None
    if name.startswith("hw."):
        return str(int.from_bytes(found.raw[: size.value], sys.byteorder))
    return found.value.decode(errors="replace") or None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _found(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1].strip() if match else None


def _integer(text: str | None) -> int | None:
    """A number; cgroups write `max` where there is no limit."""
    return int(text) if text and text.isdigit() else None
