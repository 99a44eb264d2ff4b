"""Copying the files of one history into another, where the first may hold anything."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnnbench.model.errors import ResultsError
from rnnbench.regression.history_store import RUNS, read_file
from rnnbench.regression.night_files import read_kept
from rnnbench.storage.files import reason_of, write_bytes

# As `machine_key` makes them: no dot, so that no name is hidden or leads elsewhere.
_MACHINE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Merge:
    """The files that were copied, and how many were there already.

    `refused`: a line for each thing in the source that was not copied.
    `is_whole`: whether every history file, by its suffix, was copied or there.
    """

    copied: tuple[Path, ...]
    known: int
    refused: tuple[str, ...]
    is_whole: bool


def merge(source: Path, store: Path) -> Merge:
    """Copy each history file in the folders of machines in `source` to `store`.

    A file is read once, checked as `load` checks it, and written from memory. Nothing
    else is copied, no link is followed, and no file of the store is replaced. Raises
    ResultsError if `source` can't be listed or `store` can't be written.
    """
    copied: list[Path] = []
    refused: list[str] = []
    known, is_whole = 0, True
    for path in _all_files(source):
        target = store / path.relative_to(source)
        try:
            content = _checked(path, source)
        except ResultsError as error:
            refused.append(str(error))
            is_whole = is_whole and path.suffix not in (".parquet", ".json")
            continue
        if target.exists():
            known += 1
            continue
        write_bytes(target, content)
        copied.append(target)
    return Merge(tuple(copied), known, tuple(refused), is_whole)


def _all_files(source: Path) -> Iterator[Path]:
    """Everything below `source` but folders; a link is listed and not followed."""

    def refuse(error: OSError) -> None:
        raise ResultsError(f"{error.filename}: {reason_of(error)}") from error

    for folder, folders, files in os.walk(source, onerror=refuse):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        yield from (Path(folder) / name for name in sorted((*files, *links)))


def _checked(path: Path, source: Path) -> bytes:
    """The content of a history file; ResultsError if `path` is anything else."""
    if path.is_symlink():
        raise ResultsError(f"{path}: a symbolic link")
    folder = path.parent
    if folder.parent == source / RUNS and _MACHINE.fullmatch(folder.name):
        return read_kept(path)
    if folder.parent != source or not _MACHINE.fullmatch(folder.name):
        raise ResultsError(f"{path}: not in the folder of a machine")
    entry, content = read_file(path)
    if entry.machine != folder.name:
        raise ResultsError(f"{path}: of another machine than its folder's")
    return content
