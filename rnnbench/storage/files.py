"""A file that is there whole, or not at all, whenever its writer is killed."""

import errno
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rnnbench.model.errors import ResultsError


def put_whole(
    path: Path, content: bytes, check: Callable[[Path], object] = lambda _: None
) -> None:
    """Put `content` at `path`, or raise and leave what was there.

    `check` reads the file before it is moved into place, and may raise. On the disk,
    its name too, when this returns. OSError where the system refuses.
    """
    aside = _aside(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with aside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        check(aside)
        aside.replace(path)
    finally:
        # Where it was moved, it is gone; where it can't be removed, the first fault is
        # the one to tell of.
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def require_writable(path: Path) -> None:
    """ResultsError if no file can be put at `path`; asked before a long measurement."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = _aside(path)
        try:
            # A full disk has room for a name, but not for a block.
            aside.write_bytes(bytes(4096))
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(f"{path}: can't be written: {error.strerror}") from error


def _aside(path: Path) -> Path:
    """A name beside `path`; two writers at once do not write into one file."""
    return path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")


def sync_folder(folder: Path) -> None:
    """Make a rename outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, text: str) -> None:
    """The same for a text; ResultsError, a line, where it can't be."""
    try:
        put_whole(path, text.encode())
    except OSError as error:
        raise ResultsError(f"{path}: can't be written: {error.strerror}") from error
