"""Tables that a study wrote to results/reference/STUDY/tables.md."""

from run_figures import REFERENCE
from runtime_figures import NotCommittedError


def table(study: str, number: str) -> str:
    """The table of a study with that number, of those that it wrote: 1 is the first."""
    path = REFERENCE / study / "tables.md"
    if not path.exists():
        raise NotCommittedError(f"no results/reference/{study}/tables.md is committed")
    return path.read_text(encoding="utf-8").strip().split("\n\n")[int(number) - 1]
