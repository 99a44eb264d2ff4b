"""Workers of another interpreter, to measure the PyTorch that it has."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rnnbench

# Runs in the other interpreter, which may have another version of this package or none.
_START = (
    "import os, runpy, sys; sys.path[:0] = sys.argv.pop(1).split(os.pathsep); "
    "runpy.run_module('rnnbench.worker', run_name='__main__', alter_sys=True)"
)


def worker_command(
    python: str, package: Path, paths: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """The command that starts a worker; `package` is from `isolated_package`.

    The interpreter needs torch and numpy. Its workers import from `paths` before they
    look into the current folder.
    """
    return (python, "-c", _START, os.pathsep.join((str(package), *paths)))


@contextmanager
def isolated_package() -> Iterator[Path]:
    """A folder with only this package in it.

    Our site-packages must not be on the other interpreter's path: it would then import
    our torch.
    """
    with tempfile.TemporaryDirectory(prefix="rnnbench-") as folder:
        package = Path(rnnbench.__file__).resolve().parent
        Path(folder, "rnnbench").symlink_to(package, target_is_directory=True)
        yield Path(folder)
