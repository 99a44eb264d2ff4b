"""The winner of a group of ratios, and the conditions that a page starts with."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from rnnbench.analysis.labels import Conditions
from rnnbench.analysis.ratio import Verdict
from rnnbench.report.view import RatioGroup


class Winner(StrEnum):
    """Which side wins at more than half of the sizes of a group."""

    CANDIDATE = "candidate"
    BASELINE = "baseline"
    TIE = "tie"
    UNDECIDED = "undecided"
    DEPENDS = "depends"


def outcome(group: RatioGroup) -> Winner:
    """The side that wins at more than half of the sizes, if one does."""
    wins = dict(zip((Winner.CANDIDATE, Winner.BASELINE), group.wins, strict=True))
    verdicts = Counter(ratio.verdict for ratio in group.ratios)
    counts = wins | {
        Winner.TIE: verdicts[Verdict.TIE],
        Winner.UNDECIDED: verdicts[Verdict.UNDECIDED],
    }
    top = max(counts, key=counts.__getitem__)
    return top if 2 * counts[top] > len(group.ratios) else Winner.DEPENDS


def winner(group: RatioGroup) -> str:
    """The layer that is faster, or needs less, at most sizes of a group; or nothing."""
    sides = {Winner.CANDIDATE: 0, Winner.BASELINE: 1}
    side = sides.get(outcome(group))
    return "" if side is None else group.contrast.layers[side]


def no_winner_words(group: RatioGroup) -> str:
    """Words for a group without a winner; a single size depends on nothing."""
    found = outcome(group)
    if found in (Winner.TIE, Winner.UNDECIDED):
        return str(found)
    return "depends on the size" if len(group.ratios) > 1 else str(Winner.UNDECIDED)


def is_unanimous(group: RatioGroup) -> bool:
    """Whether one side wins at every size."""
    return len(group.ratios) in group.wins


def usual_of(groups: Sequence[RatioGroup]) -> list[RatioGroup]:
    """The groups of all phases under the conditions nearest to PyTorch's defaults."""
    first = apart_from_phase(groups[0].conditions)
    return [one for one in groups if apart_from_phase(one.conditions) == first]


def apart_from_phase(conditions: Conditions) -> tuple[object, ...]:
    """The conditions that a sentence names before it lists the phases."""
    return (
        conditions.device,
        conditions.backend,
        conditions.extras,
        conditions.equal_parameters,
    )
