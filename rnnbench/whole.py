"""A file that is there whole, or not at all, whenever its writer is killed."""

import os
from contextlib import suppress
from pathlib import Path

from rnnbench.errors import ResultsError


def write_whole(path: Path, text: str) -> None:
    """Put `text` at `path`, or raise and leave what was there; it outlives a crash."""
    # Two writers at once do not write into one file.
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            # Where it was moved, it is gone; where it can't be removed, the first
            # fault is the one to tell of.
            with suppress(OSError):
                aside.unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(f"{path}: can't be written: {error.strerror}") from error
