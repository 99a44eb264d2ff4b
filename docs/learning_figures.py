"""Figures of learning runs: those in results/reference/ whose names begin alike.

A run that is not committed yet gives a table that says so.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markdown_tables import table
from run_figures import REFERENCE
from runtime_figures import NotCommittedError

from rnnbench.report.claims.rules import Standing
from rnnbench.report.claims.verdicts import claims
from rnnbench.report.learning_table import learning_table
from rnnbench.report.view import RunView, view
from rnnbench.storage.results_file import load_run

LEARNING_CLAIMS = ("C2", "C3", "C4", "C7", "C8", "C9", "C11", "C12")
_MISSING = "no reference run is committed yet"


def steps(prefix: str) -> str:
    """Steps and seconds of the main pair of layers, task by task."""
    rows, headings = [], ("run", "task")
    for name, seen in _views(prefix):
        found, *of_run = learning_table(seen, with_limits=True) or [()]
        headings = ("run", *found) if found else headings
        rows += [(name, *row) for row in of_run]
    return table(headings, rows or [(prefix, _MISSING)])


def verdicts(prefix: str) -> str:
    """The claims about learning, with their verdicts and the data behind each."""
    rows = [
        (claim.id, claim.text, str(claim.standing), " ".join(claim.evidence))
        for _, seen in _views(prefix)
        for claim in claims(seen)
        if claim.id in LEARNING_CLAIMS and claim.standing is not Standing.NOT_MEASURED
    ]
    missing = [("", "", "", _MISSING)]
    return table(("claim", "in our words", "verdict", "evidence"), rows or missing)


def character_bits(arm: str, evaluated: str = "bits") -> str:
    """Held-out bits per character of an arm of `studies.characters`."""
    return f"{_characters()['arms'][arm][evaluated]:.2f}"


def character_table(order: str) -> str:
    """The same of a table of the last `order` characters."""
    return f"{_characters()['baselines']['tables']['blocks'][order]:.2f}"


def _characters() -> dict[str, Any]:
    path = REFERENCE / "characters" / "arms.json"
    if not path.exists():
        raise NotCommittedError(f"no {path.name} of the character model is committed")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _views(prefix: str) -> Iterator[tuple[str, RunView]]:
    for path in _files(prefix):
        yield path.stem, view(load_run(path))


def _files(prefix: str) -> list[Path]:
    """`learning` means the full sweep, not `learning-quick`."""
    known = sorted(REFERENCE.glob(f"{prefix}-*.json"))
    others = REFERENCE.glob("learning-quick-*.json") if prefix == "learning" else ()
    return [path for path in known if path not in set(others)]
