"""Facts about this machine that the kernel publishes, in files below a root folder."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuTimes:
    """Clock ticks of all CPUs since the machine started."""

    total: int
    stolen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The machine to check: its root folder, its environment, and an earlier reading.

    `before`: CPU times at the start of the period to judge; None for since it started.
    `load`: processes that wanted to run, as a mean over the minute before.
    """

    root: Path = Path("/")
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cores: int = field(default_factory=lambda: os.cpu_count() or 1)
    load: float | None = None
    before: CpuTimes | None = None

    def read(self, name: str) -> str | None:
        """The text of a file below the root; None where it can't be read."""
        try:
            return (self.root / name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return None

    def read_all(self, pattern: str) -> set[str]:
        """The different texts of the files that match."""
        paths = (path.relative_to(self.root) for path in self.root.glob(pattern))
        return {text for path in paths if (text := self.read(str(path))) is not None}


def this_load() -> float | None:
    """The load average over the last minute; None where the system has none."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


def cpu_times(root: Path = Path("/")) -> CpuTimes | None:
    """The CPU times now; None where there is no /proc/stat."""
    text = Host(root=root).read("proc/stat")
    if text is None or not text.startswith("cpu "):
        return None
    ticks = [int(part) for part in text.splitlines()[0].split()[1:] if part.isdigit()]
    # user nice system idle iowait irq softirq steal: guest times are within user.
    return CpuTimes(total=sum(ticks[:8]), stolen=ticks[7]) if len(ticks) > 7 else None
