"""A trace for people: a file that TensorBoard's profiler plugin and Perfetto read."""

import re
import time
from gzip import compress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rnnbench.model.case import Case
from rnnbench.worker.profiling.events import MODULE

# TensorBoard shows it as the worker of a run.
_WORKER = "rnnbench"

# The default, 9, takes five times as long for a few bytes less.
_LEVEL = 6

_OUR_SPAN = re.compile(
    rb'"cat":\s*"user_annotation",\s*"name":\s*"%b[^{}]*"args":\s*\{' % MODULE.encode()
)

# Bytes of an event in a gzipped trace, roughly; seen: 18 to 22. What would be far too
# large is not written first: that takes memory and time.
_BYTES_OF_AN_EVENT = 20
_FAR = 2


def write_trace(
    profiler: Any, case: Case, folder: Path, limit: int, events: int
) -> tuple[str, str]:
    """The path within `folder`, or "" and the reason; one of the two is empty.

    The layout is that of `torch.profiler.tensorboard_trace_handler`: a folder a run.
    """
    if not _is_inside(folder, case.id):
        return "", f"{case.id!r} is no name for a folder"
    if (guess := events * _BYTES_OF_AN_EVENT) > _FAR * limit:
        return "", _too_large(f"about {guess}", limit)
    name = f"{_WORKER}.{time.time_ns()}.pt.trace.json.gz"
    try:
        return _write(profiler, folder, Path(case.id, name), limit)
    except OSError as error:
        return "", f"{type(error).__name__}: {error.strerror or error}"


def _write(profiler: Any, folder: Path, place: Path, limit: int) -> tuple[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    # Written elsewhere first: a viewer may be reading the folder.
    with TemporaryDirectory(dir=folder, prefix=".") as beside:
        written = Path(beside, place.name)
        # The profiler's own way to gzip takes ten times as long.
        plain = Path(beside, "plain.json")
        profiler.export_chrome_trace(str(plain))
        written.write_bytes(compress(with_module(plain.read_bytes()), _LEVEL))
        if (size := written.stat().st_size) > limit:
            return "", _too_large(str(size), limit)
        (folder / place).parent.mkdir(exist_ok=True)
        written.replace(folder / place)
    return place.as_posix(), ""


def with_module(trace: bytes) -> bytes:
    """The trace, with our span around the layer as the plugin's module view wants it.

    It knows a module by what the profiler writes of it where it takes stacks, which are
    left out for their size.
    """
    return _OUR_SPAN.sub(
        lambda found: (
            found[0].replace(b"user_annotation", b"python_function")
            + b'"Python id":1,"Python parent id":null,"Python module id":0,'
        ),
        trace,
    )


def _is_inside(folder: Path, name: str) -> bool:
    """Whether `name` is in `folder`; an id has no separator, but there may be links."""
    inner = folder / name
    return inner.parent == folder and inner.resolve().parent == folder.resolve()


def _too_large(size: str, limit: int) -> str:
    return f"{size} bytes; at most {limit} are kept"
