"""What the harness itself took by the number of cases: the file of bench/scaling."""

import json
from dataclasses import dataclass
from pathlib import Path

from rnnbench.decode import reader
from rnnbench.errors import ResultsError


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
        document = json.loads(path.read_bytes(), parse_constant=_refuse)
        scaling: Scaling = reader(Scaling)(document)
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or " ".join(str(error).split())[:300]
        raise ResultsError(f"{path}: {why}") from error
    return scaling


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not a number")
