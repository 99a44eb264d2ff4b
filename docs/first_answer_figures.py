"""Figures of `studies.first_answer`, from results/reference/first-answer/tables.md."""

from pathlib import Path

from runtime_figures import NotCommittedError

TABLES = (
    Path(__file__).parents[1] / "results" / "reference" / "first-answer" / "tables.md"
)
_PLACES = ("seconds", "disturbance")


def table(name: str) -> str:
    """One of the two tables of the study, as it wrote them."""
    if not TABLES.exists():
        raise NotCommittedError(f"no {TABLES.name} of the first answers is committed")
    return TABLES.read_text(encoding="utf-8").strip().split("\n\n")[_PLACES.index(name)]
