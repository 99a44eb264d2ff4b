"""A search for the version that changed a ratio, by comparisons that may be wrong.

Every version is compared with the first of the range. The search is that of git bisect;
a version that can't be judged is left out, and its neighbour is tried.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rnnbench.analysis.stats import Interval
from rnnbench.regression.gate_decision import BAND, LEVEL, LOOKS, GateVerdict

# The chance of one wrong answer is at most this. A version that did not change is
# called changed only if it is flagged, and again by independent launches; one that
# changed is called the same by either of the two. Each looks len(LOOKS) times.
_ONE_TEST = LEVEL * len(LOOKS)
FALSE_CHANGE, FALSE_SAME = _ONE_TEST**2, 2 * _ONE_TEST


class BisectAnswer(StrEnum):
    """How a version compares with the first of the range."""

    SAME = "same"
    CHANGED = "changed"
    UNKNOWN = "unknown"


ANSWERS = {
    GateVerdict.REGRESSION: BisectAnswer.CHANGED,
    GateVerdict.BROKEN: BisectAnswer.CHANGED,
    GateVerdict.UNCHANGED: BisectAnswer.SAME,
    GateVerdict.IMPROVEMENT: BisectAnswer.SAME,
    GateVerdict.CLEARED: BisectAnswer.SAME,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionComparison:
    """The gate's verdict for one case of two versions; `ratio` is candidate/baseline.

    `others`: further cases of the sweep that are worse, known of the first comparison.
    """

    baseline: str
    candidate: str
    case: str
    verdict: GateVerdict
    ratio: Interval | None
    reason: str
    others: tuple[str, ...]

    def answer(self, half: float = math.inf) -> BisectAnswer:
        """What the verdict means for the search.

        Where the interval is too wide for the gate, it may still lie on one side of
        `half`, the ratio halfway between no change and that of the whole range.
        """
        known = ANSWERS.get(self.verdict, BisectAnswer.UNKNOWN)
        if self.verdict is not GateVerdict.INCONCLUSIVE or self.ratio is None:
            return known
        if math.isfinite(half) and self.ratio.high < half:
            return BisectAnswer.SAME
        return BisectAnswer.CHANGED if self.ratio.low > half else known


@dataclass(frozen=True, slots=True)
class Found:
    """The change lies after `low` and not after `high`, as places in the range."""

    low: int
    high: int


def search(count: int, ask: Callable[[int], BisectAnswer]) -> Found:
    """Where the answer changes, in a range whose first is SAME and last is CHANGED.

    The same answers lead to the same questions, so that a search can be resumed by
    answering again what was asked before.
    """
    low, high = 0, count - 1
    unknown: set[int] = set()
    while places := [at for at in range(low + 1, high) if at not in unknown]:
        middle = min(places, key=lambda at: abs(2 * at - low - high))
        answer = ask(middle)
        if answer is BisectAnswer.SAME:
            low = middle
        elif answer is BisectAnswer.CHANGED:
            high = middle
        else:
            unknown.add(middle)
    return Found(low, high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bisection:
    """The outcome of a search through `versions`, which are in the order given.

    `whole` compares the ends, `step` the two versions around the change. `is_faster`:
    the change made the layer faster, and the comparisons were made from the last
    version to the first. Without `found` the ends do not differ.
    """

    versions: tuple[str, ...]
    whole: VersionComparison
    asked: tuple[VersionComparison, ...] = ()
    found: Found | None = None
    step: VersionComparison | None = None
    is_faster: bool = False

    @property
    def suspects(self) -> tuple[str, ...]:
        """The versions of which one made the change; a single one where it is known."""
        if self.found is None:
            return ()
        return self.versions[self.found.low + 1 : self.found.high + 1]

    @property
    def comparisons(self) -> tuple[VersionComparison, ...]:
        """Every comparison that was made, once."""
        step = (self.step,) if self.step else ()
        return tuple(dict.fromkeys((self.whole, *self.asked, *step)))

    @property
    def half(self) -> float:
        """The ratio halfway between no change and that of the ends."""
        return math.sqrt(self.whole.ratio.estimate) if self.whole.ratio else math.inf

    @property
    def error(self) -> float:
        """A bound on the chance that an answer which led the search was wrong."""
        answers = [one.answer(self.half) for one in (self.whole, *self.asked)]
        return min(
            1.0,
            answers.count(BisectAnswer.CHANGED) * FALSE_CHANGE
            + answers.count(BisectAnswer.SAME) * FALSE_SAME,
        )

    def doubts(self) -> Iterator[str]:
        """Each sign that the range has more changes than the one that was found."""
        if self.found is None or self.step is None:
            return
        step, whole = self.step, self.whole
        is_confirmed = step.answer(self.half) is BisectAnswer.CHANGED
        if len(self.suspects) == 1 and not is_confirmed:
            yield (
                f"{step.candidate} compared directly with {step.baseline} is "
                f"{step.verdict}"
            )
        for one in dict.fromkeys((*self.asked, step)):
            if one.verdict is GateVerdict.IMPROVEMENT:
                yield f"{one.candidate} is faster than {one.baseline}"
            elif one.answer(self.half) is BisectAnswer.CHANGED and _differ(
                one.ratio, whole.ratio
            ):
                yield (
                    f"{one.candidate} is {_times(one)} of {one.baseline}, and "
                    f"{whole.candidate} is {_times(whole)} of {whole.baseline}"
                )


def bisect(
    versions: Sequence[str], compare: Callable[[str, str], VersionComparison]
) -> Bisection:
    """Find the version that changed the ratio of the ends.

    `compare` gives the verdict of a candidate, its second argument, over a baseline.
    """
    given = tuple(versions)
    whole = compare(given[0], given[-1])
    is_faster = whole.verdict is GateVerdict.IMPROVEMENT
    # The gate confirms what is slower. Of a range that became faster, the last version
    # is the baseline, and the first one is slower.
    order = given[::-1] if is_faster else given
    if is_faster:
        whole = compare(order[0], order[-1])
    if whole.answer() is not BisectAnswer.CHANGED:
        return Bisection(versions=given, whole=whole)
    half = Bisection(versions=given, whole=whole).half
    asked: list[VersionComparison] = []

    def ask(at: int) -> BisectAnswer:
        asked.append(compare(order[0], order[at]))
        return asked[-1].answer(half)

    found = search(len(order), ask)
    step = compare(order[found.low], order[found.high])
    last = len(order) - 1
    return Bisection(
        versions=given,
        whole=whole,
        asked=tuple(asked),
        found=Found(last - found.high, last - found.low) if is_faster else found,
        step=step,
        is_faster=is_faster,
    )


def _differ(one: Interval | None, other: Interval | None) -> bool:
    """Whether two ratios differ by more than their intervals and the band explain."""
    if one is None or other is None:
        return False
    wider = 1 + BAND
    return one.high * wider < other.low or other.high * wider < one.low


def _times(one: VersionComparison) -> str:
    return f"{one.ratio.estimate:.3f}×" if one.ratio else "broken beside the time"
