"""The decision of a gate as a table of verdicts."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rnnbench.analysis.stats import Interval
from rnnbench.regression.case_pair import Side
from rnnbench.regression.gate_decision import (
    BAND,
    LEVEL,
    GateDecision,
    GateVerdict,
    Judgement,
)
from rnnbench.regression.verdict_table import (
    VerdictTable,
    count_verdicts,
    interval_text,
)

_HEADINGS = (
    *("verdict", "case", "candidate/baseline", "98 % interval"),
    *("confirmed", "98 % interval", "launches"),
)
_ANSWERS = {
    0: "Nothing is worse.",
    1: "The candidate is worse.",
    2: "No case could be judged.",
}
_LONGEST_FIELD = 80


def gate_table(decision: GateDecision) -> VerdictTable:
    """Everything that a gate decided, the worst first."""
    order = list(GateVerdict)
    judgements = sorted(decision.judgements, key=lambda one: order.index(one.verdict))
    noun = "case" if len(judgements) == 1 else "cases"
    counts = count_verdicts((one.verdict for one in judgements), GateVerdict)
    return VerdictTable(
        title=f"Gate of {decision.sweep}",
        answer=(
            f"{_ANSWERS[decision.exit_code]} {len(judgements)} {noun}"
            f"{': ' if counts else ''}{counts}."
        ),
        headings=_HEADINGS,
        rows=tuple(map(_row, judgements)),
        notable=sum(one.verdict is not GateVerdict.UNCHANGED for one in judgements),
        reasons=tuple(
            f"{one.pair.id}: {one.reason}" for one in judgements if one.reason
        ),
        notes=(_setting(decision), *_differences(decision)),
        document=_document(decision),
    )


def _row(one: Judgement) -> tuple[str, ...]:
    launches = [each.count for each in (one.first, one.confirmed) if each]
    return (
        one.verdict.value,
        one.pair.id,
        _estimate(one.first),
        interval_text(one.first),
        _estimate(one.confirmed),
        interval_text(one.confirmed),
        " + ".join(map(str, launches)),
    )


def _estimate(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.estimate:.3f}"


def _setting(decision: GateDecision) -> str:
    baseline, candidate = (decision.environments[side] for side in Side)
    return (
        f"{decision.sweep}: torch {candidate.torch} over torch {baseline.torch}, "
        f"measured in alternating turns; worse means slower by more than {BAND:.0%}"
    )


def _differences(decision: GateDecision) -> Iterator[str]:
    """Fields of the environment that differ; one may be the subject of the gate."""
    baseline, candidate = (asdict(decision.environments[side]) for side in Side)
    for name, value in baseline.items():
        if value != candidate[name]:
            old = str(value)[:_LONGEST_FIELD]
            new = str(candidate[name])[:_LONGEST_FIELD]
            yield f"{name}: {old} in the baseline, {new} in the candidate"


def _document(decision: GateDecision) -> dict[str, Any]:
    return {
        "sweep": decision.sweep,
        "exit_code": decision.exit_code,
        "band": BAND,
        "level": LEVEL,
        "seconds": decision.seconds,
        "environments": {
            side: asdict(environment)
            for side, environment in decision.environments.items()
        },
        "judgements": [
            {
                "case": one.pair.candidate.id,
                "baseline_case": one.pair.baseline.id,
                "verdict": one.verdict,
                "reason": one.reason,
                "first": asdict(one.first) if one.first else None,
                "confirmed": asdict(one.confirmed) if one.confirmed else None,
            }
            for one in decision.judgements
        ],
    }
