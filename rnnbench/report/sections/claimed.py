"""The claims of the source article, each with its verdict and its evidence."""

from collections import Counter

from rnnbench.model.formatting import counted
from rnnbench.report.claims.rules import Standing
from rnnbench.report.claims.verdicts import Claim, claims
from rnnbench.report.content import Cell, Column, Fold, Table
from rnnbench.report.sentences import say
from rnnbench.report.view import RunView

_PLACES = {
    "settings": "the settings",
    "uses": "the uses",
    "explore": "every case",
    "learning": "what was learned",
}
_SOURCE = (
    "The claims are those of one tutorial on torch.nn’s recurrent layers: chapter 9 of "
    "the Chinese series “PyTorch deep learning summary”, in our words. Each verdict "
    "follows from this run by the rule below the claim."
)


def claims_fold(view: RunView, anchors: frozenset[str]) -> Fold:
    """A row for each claim that this run says something about.

    `anchors`: ids of the parts of the page that a row can link to.
    """
    judged = claims(view)
    shown = [one for one in judged if one.standing is not Standing.NOT_MEASURED]
    counts = Counter(one.standing for one in shown)
    parts = ", ".join(f"{count} {standing}" for standing, count in counts.items())
    open_ones = len(judged) - len(shown)
    columns = tuple(map(Column, ("claim", "verdict", "evidence")))
    table = Table(
        "What this run says to each claim",
        columns,
        tuple(_row(one, anchors) for one in shown),
    )
    return Fold(
        "claims",
        f"Claims of the article: {parts}" if parts else "Claims of the article",
        (
            say("{source}", source=_SOURCE),
            say(
                "{count} of {all} need another run.",
                count=counted(open_ones, "claim"),
                all=str(len(judged)),
            ),
        ),
        tables=(table,) if shown else (),
    )


def _row(claim: Claim, anchors: frozenset[str]) -> tuple[Cell, ...]:
    is_wrong = claim.standing is Standing.CONTRADICTED
    wrong = "The article is wrong here. " if is_wrong else ""
    link = f"#{claim.section}" if claim.section in anchors else ""
    return (
        Cell(f"{claim.id}: {claim.text}", note=f"Rule: {claim.rule}"),
        Cell(str(claim.standing), note=_PLACES.get(claim.section, ""), link=link),
        Cell(f"{wrong}{' '.join(claim.evidence)}"),
    )
