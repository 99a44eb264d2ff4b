"""The results files of nights, kept in the history for their pages and to compare with.

`runs/MACHINE/TIME-DIGEST.json`: written once, as the history's other files are. The
digest is of the content, so that a file which was changed is recognized.
"""

import hashlib
import re
from pathlib import Path

from rnnbench.model.errors import ResultsError
from rnnbench.model.machine import machine_key, machine_parts
from rnnbench.regression.history_store import RUNS, utc
from rnnbench.storage.files import read_limited, reason_of, write_bytes
from rnnbench.storage.results_file import MAX_BYTES, is_one_file, load_run

_NAME = re.compile(r"\d{8}T\d{6}Z-(?P<digest>[0-9a-f]{16})\.json")


def keep(results: Path, store: Path) -> Path:
    """Copy a results file into the history, and return the copy."""
    run = load_run(results)
    content = _content(results)
    if not is_one_file(content):
        raise ResultsError(
            f"{results}: too large to keep: its turns are in a separate file"
        )
    stamp = re.sub(r"[-:]", "", utc(run.created))[:15] + "Z"
    folder = store / RUNS / machine_key(machine_parts(run.environment))
    target = folder / f"{stamp}-{_digest(content)}.json"
    if not target.exists():
        write_bytes(target, content)
    return target


def read_kept(path: Path) -> bytes:
    """The content of a kept file; ResultsError unless it is a run of that name."""
    match = _NAME.fullmatch(path.name)
    content = _content(path)
    if match is None or _digest(content) != match["digest"]:
        raise ResultsError(f"{path}: foreign or damaged: not the file of its name")
    run = load_run(path)
    if machine_key(machine_parts(run.environment)) != path.parent.name:
        raise ResultsError(f"{path}: of another machine than its folder's")
    return content


def night_before(results: Path, store: Path) -> Path | None:
    """The newest kept file of the same machine, other than that of `results`."""
    own = f"*-{_digest(_content(results))}.json"
    for kept in (store / RUNS).glob(f"*/{own}"):
        earlier = [path for path in kept.parent.glob("*.json") if path.name < kept.name]
        return max(earlier, key=lambda path: path.name, default=None)
    return None


def kept_files(store: Path) -> list[Path]:
    """Every kept file, by machine and time."""
    return sorted((store / RUNS).glob("*/*.json"))


def _content(path: Path) -> bytes:
    try:
        return read_limited(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: can't be read: {reason_of(error)}") from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
