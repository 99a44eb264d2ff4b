"""The article's claims, each with its verdict and what that rests on."""

from collections import Counter
from collections.abc import Sequence

from rnnbench.analysis.ratio import Ratio
from rnnbench.model.run import Run
from rnnbench.report.claims.rules import Standing
from rnnbench.report.claims.verdicts import Claim
from rnnbench.report.claims.verdicts import claims as judged
from rnnbench.report.content import Cell, Column, Section, Table, Text, Tone

_TONES = {
    Standing.SUPPORTED: Tone.FIRST,
    Standing.CONTRADICTED: Tone.SECOND,
    Standing.DEPENDS: Tone.EVEN,
    Standing.NOT_MEASURED: Tone.OPEN,
}
_PLACES = {
    "tradeoff": "the layers",
    "knobs": "the knobs",
    "uses": "the uses",
    "cases": "every case",
}


def claims(run: Run, found: Sequence[Ratio]) -> Section:
    """A row for each claim: verdict, evidence, and where that is drawn."""
    every = judged(run, found)
    return Section(
        "claims",
        "The article's claims",
        (
            Text(_opening(every)),
            Table(
                "What this run says to each claim",
                (
                    Column("claim"),
                    Column("verdict"),
                    Column("in our words, with the rule of the verdict"),
                    Column("evidence"),
                    Column("in full"),
                ),
                tuple(map(_row, every)),
            ),
        ),
    )


def _opening(every: Sequence[Claim]) -> str:
    counts = Counter(claim.standing for claim in every)
    parts = ", ".join(
        f"{counts[standing]} {standing}" for standing in Standing if counts[standing]
    )
    return (
        f"What is commonly said of these layers, held against this run: {parts}. Each "
        "verdict follows from the run by the rule that stands under the claim. Claims "
        "about learning stay open until a run holds learning results."
    )


def _row(claim: Claim) -> tuple[Cell, ...]:
    return (
        Cell(claim.id),
        Cell(claim.standing, _TONES[claim.standing]),
        Cell(claim.text, note=f"Rule: {claim.rule}"),
        Cell(" ".join(claim.evidence), note=" ".join(claim.details)),
        Cell(_PLACES[claim.section], link=f"#{claim.section}")
        if claim.section
        else Cell(""),
    )
