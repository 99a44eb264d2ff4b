"""The machine and the versions that a study's figures are from."""

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rnnbench.model.machine import core_count

_PACKAGES = ("rnnbench", "torch", "numpy", "distributed")


def described() -> dict[str, str]:
    """CPU, cores, system and versions; nothing that names the host."""
    found = {
        "cpu": _cpu() or platform.machine(),
        "cores": str(core_count()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def _cpu() -> str:
    """The model name of the CPU; empty where the system does not say."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return ""
