"""What compilers build in one run: kept for later launches, and for no other run."""

import hashlib
import os
import sys
from pathlib import Path

from rnnbench.model.case import Case
from rnnbench.model.runtimes import build_folder


def keep_compiled_code() -> None:
    """Let the workers of a run share compiled code.

    So the first launch compiles as a user's first run does, and later ones need not.
    """
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(_folder() / "inductor")


def place_of(case: Case, ending: str) -> Path:
    """The file of a case in the folder of this run, which is there afterwards.

    Each environment has a file of its own: a gate measures two of them in one run.
    """
    _folder().mkdir(parents=True, exist_ok=True)
    owner = f"{sys.prefix}\n{case.id}"
    name = hashlib.sha256(owner.encode()).hexdigest()[:16]
    return _folder() / f"{name}.{ending}"


def first_build(case: Case, seconds: float) -> float:
    """Seconds that the first build of `case` in this run took; `seconds` if it is this.

    A later launch finds what the first has compiled, which says nothing of compiling.
    """
    place = place_of(case, "seconds")
    if not place.exists():
        place.write_text(repr(seconds), encoding="ascii")
    return float(place.read_text(encoding="ascii"))


def _folder() -> Path:
    return build_folder(os.getppid())
