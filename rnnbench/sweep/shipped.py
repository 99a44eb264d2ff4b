"""The sweeps that are installed with the package, found by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnnbench.model.errors import SweepError
from rnnbench.sweep.yaml_file import nearest

# In a checkout this is a symbolic link to configs/; a wheel holds the files themselves.
_FOLDER = Path(__file__).with_name("configs")
# The JSON schema of sweep files, beside them.
SCHEMA = _FOLDER / "sweep.schema.json"


@dataclass(frozen=True, slots=True)
class ShippedSweep:
    """A sweep of the package: its name, its file, and the question it answers."""

    name: str
    path: Path
    question: str


def shipped_sweeps() -> tuple[ShippedSweep, ...]:
    """Every sweep of the package, in alphabetical order."""
    return tuple(_shipped())


def find_sweep(given: str | Path) -> Path:
    """Path of the sweep that the user means: a file, or the name of a shipped sweep.

    `quick` is the shipped sweep unless there is a file of that name. What looks like a
    path (`quick.yaml`, `my/quick`) is returned unchanged, whether or not it exists.
    SweepError where it is neither, with the nearest name.
    """
    path = Path(given)
    if path.is_file() or path.suffix or path.name != str(given):
        return path
    shipped = {sweep.name: sweep.path for sweep in _shipped()}
    if path.name in shipped:
        return shipped[path.name]
    if path.is_dir():
        raise SweepError(f"{given}: is a folder, not a sweep file")
    raise SweepError(
        f"{given}: no such file, and no shipped sweep of that name"
        f"{nearest(path.name, shipped)}; shipped are {', '.join(shipped)}"
    )


def _shipped() -> Iterator[ShippedSweep]:
    for path in sorted(_FOLDER.glob("*.yaml"), key=lambda path: path.stem):
        with path.open(encoding="utf-8") as file:
            yield ShippedSweep(path.stem, path, file.readline().strip("# \n"))
