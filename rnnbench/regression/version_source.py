"""Where workers of one version are started, and the cache of installed versions."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rnnbench.model.errors import RnnbenchError

_READY = ".rnnbench-ready"


@dataclass(frozen=True, slots=True)
class WorkerPlace:
    """An interpreter, and folders from which its workers import before all others."""

    python: str
    paths: tuple[str, ...] = ()


class VersionSource(Protocol):
    """The versions of a package, or the commits of a repository."""

    def between(self, good: str, bad: str) -> tuple[str, ...]:
        """Every version from `good` to `bad`, both included; RnnbenchError."""

    def place(self, version: str, /) -> WorkerPlace:
        """The workers of a version, installed if need be; RnnbenchError."""

    def name(self, version: str, /) -> str:
        """The version in words, for people."""


def user_cache(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of the user's cache: $XDG_CACHE_HOME/rnnbench or ~/.cache/rnnbench."""
    if given := environment.get("XDG_CACHE_HOME"):
        return Path(given, "rnnbench")
    home = Path.home()
    is_mac = sys.platform == "darwin"
    return home / ("Library/Caches" if is_mac else ".cache") / "rnnbench"


@contextmanager
def fresh_folder(folder: Path) -> Iterator[bool]:
    """A folder of the cache; True if it is new and is to be filled in the block.

    It counts as filled only if the block ends without an error: what an interrupt left
    is removed and made again.
    """
    ready = folder / _READY
    is_new = not ready.exists()
    try:
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        yield is_new
        if is_new:
            ready.touch()
    except OSError as error:
        raise RnnbenchError(f"{folder}: can't be written: {error.strerror}") from error
