"""The text of a comment, from verdicts that anybody may have written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnbench.analysis.stats import Interval
from rnnbench.model.codec import reader, typed
from rnnbench.model.errors import ResultsError
from rnnbench.model.formatting import for_terminal
from rnnbench.regression.gate_decision import UNJUDGED, WORSE, GateVerdict
from rnnbench.regression.verdict_table import (
    VerdictTable,
    as_markdown,
    count_verdicts,
    interval_text,
)
from rnnbench.storage.files import read_json, reason_of

# The name of the artifact that holds gate.json.
ARTIFACT = "rnnbench"
# The first line of each comment, by which the next run finds it.
MARKER = "<!-- rnnbench -->"
_MOST_BYTES = 10**7
# A comment holds 65,536 characters.
_MOST_CHARACTERS, _MOST_ROWS = 60_000, 50
_HEADINGS = ("verdict", "case", "candidate/baseline", "98 % interval")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenJudgement:
    """The verdict for a case, as gate.json has it."""

    case: str
    baseline_case: str
    verdict: GateVerdict
    reason: str
    first: Interval | None
    confirmed: Interval | None


def comment_text(path: Path, address: str) -> str:
    """Markdown for the verdicts in a gate.json; ResultsError if it is none.

    Nothing of the file is taken over as it is: it is decoded, and all text escaped.
    """
    try:
        document = typed(dict, read_json(path, _MOST_BYTES))
        found = reader(tuple[WrittenJudgement, ...])(document.get("judgements"))
        sweep = reader(str)(document.get("sweep"))
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: no verdicts: {reason_of(error)}") from error
    text = as_markdown(_table(f"Gate of {for_terminal(sweep[:60])}", found))
    return f"{MARKER}\n{text[:_MOST_CHARACTERS]}\n\n{address}\n"


def _table(title: str, judgements: tuple[WrittenJudgement, ...]) -> VerdictTable:
    order = list(GateVerdict)
    ordered = sorted(judgements, key=lambda one: order.index(one.verdict))
    verdicts = {one.verdict for one in ordered}
    answer = "Nothing is worse."
    if verdicts & WORSE:
        answer = "The candidate is worse."
    elif not verdicts - UNJUDGED:
        answer = "No case could be judged."
    counts = count_verdicts((one.verdict for one in ordered), GateVerdict)
    notable = [one for one in ordered if one.verdict is not GateVerdict.UNCHANGED]
    return VerdictTable(
        title=title,
        answer=f"{answer} {counts}.",
        headings=_HEADINGS,
        rows=tuple(map(_row, ordered)),
        notable=min(len(notable), _MOST_ROWS),
    )


def _row(one: WrittenJudgement) -> tuple[Any, ...]:
    ratio = one.confirmed or one.first
    estimate = f"{ratio.estimate:.3f}" if ratio else ""
    return (
        one.verdict.value,
        for_terminal(one.case[:120]),
        estimate,
        interval_text(ratio),
    )
