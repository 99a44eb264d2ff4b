"""What the harness itself took by the number of cases: the file of studies/scaling."""

from dataclasses import dataclass
from pathlib import Path

from rnnbench.model.codec import reader
from rnnbench.model.errors import ResultsError
from rnnbench.storage.strict_json import one_line, read_strict

# It has some tens of lines.
MAX_BYTES = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One command with so many cases, in a process of its own.

    `seconds`: wall time; `busy`: what a core worked for it; `peak_bytes`: of memory;
    `growth`: of `busy` over the same with a tenth of the cases.
    """

    what: str
    cases: int
    seconds: float
    busy: float
    peak_bytes: int
    command: str
    growth: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """All of them. `wrong`: what missed its goal, or grew too fast."""

    command: str
    machine: str
    python: str
    lines: tuple[Stage, ...]
    wrong: tuple[str, ...]

    def stage(self, what: str, cases: int) -> Stage | None:
        """The line of one command with so many cases."""
        found = (one for one in self.lines if (one.what, one.cases) == (what, cases))
        return next(found, None)


def load_scaling(path: Path) -> Scaling:
    """Read it; ResultsError with what is wrong, in one line."""
    try:
        document = read_strict(path, MAX_BYTES, "table of the harness")
        scaling: Scaling = reader(Scaling)(document)
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: {one_line(error)}") from error
    return scaling
