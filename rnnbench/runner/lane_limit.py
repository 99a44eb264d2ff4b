"""The number of lanes that `rnnbench calibrate` allows on this machine.

It is kept in the user's state folder, where a run reads it for its default.
"""

import hashlib
import json
import os
import platform
from contextlib import suppress
from pathlib import Path

from rnnbench.model.machine import core_count
from rnnbench.storage.files import read_json, write_text

_MAX_BYTES = 2**20


def load_lane_limit(path: Path | None = None) -> int | None:
    """The most lanes for this machine; None where no self-check has been made."""
    with suppress(OSError, ValueError, RecursionError):
        limit = _limits(path or _default_path()).get(_this_machine())
        return limit if type(limit) is int and limit > 0 else None
    return None


def save_lane_limit(limit: int, path: Path | None = None) -> Path:
    """Keep `limit` for this machine and return the file; ResultsError if it fails."""
    path = path or _default_path()
    limits: dict[str, object] = {}
    # A file that can't be read is replaced.
    with suppress(OSError, ValueError, RecursionError):
        limits = _limits(path)
    text = json.dumps({**limits, _this_machine(): limit}, indent=1, sort_keys=True)
    write_text(path, f"{text}\n")
    return path


def _limits(path: Path) -> dict[str, object]:
    content = read_json(path, _MAX_BYTES)
    return content if isinstance(content, dict) else {}


def _default_path() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(state) / "rnnbench" / "lanes.json"


def _this_machine() -> str:
    """A name that differs between hosts that share a home folder."""
    digest = hashlib.sha256(platform.node().encode()).hexdigest()[:12]
    return f"{digest}-{core_count()}-cores"
