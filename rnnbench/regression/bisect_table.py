"""The outcome of a bisection as a table: the answer, its error, the steps."""

from collections.abc import Callable
from dataclasses import asdict

from rnnbench.analysis.stats import Interval
from rnnbench.model.formatting import counted
from rnnbench.regression.bisect_search import FALSE_CHANGE, BisectAnswer, Bisection
from rnnbench.regression.verdict_table import VerdictTable, interval_text

_HEADINGS = ("version", "compared with", "verdict", "ratio", "98 % interval")


def bisect_table(outcome: Bisection, name: Callable[[str], str]) -> VerdictTable:
    """Everything that a bisection found; `name` gives a version in words."""
    rows = tuple(
        (
            name(one.candidate),
            name(one.baseline),
            one.verdict.value,
            f"{one.ratio.estimate:.3f}" if one.ratio else "",
            interval_text(one.ratio),
        )
        for one in outcome.comparisons
    )
    others = outcome.whole.others
    return VerdictTable(
        title="Bisection",
        answer=answer(outcome, name),
        headings=_HEADINGS,
        rows=rows,
        notable=len(rows),
        reasons=tuple(
            f"{name(one.candidate)}: {one.reason}"
            for one in outcome.comparisons
            if one.reason
        ),
        notes=(
            f"case: {outcome.whole.case}",
            *((f"also worse: {', '.join(others)}",) if others else ()),
            *_certainty(outcome),
        ),
        document={
            "versions": outcome.versions,
            "suspects": outcome.suspects,
            "is_faster": outcome.is_faster,
            "error": outcome.error,
            "doubts": list(outcome.doubts()),
            "comparisons": [asdict(one) for one in outcome.comparisons],
        },
    )


def answer(outcome: Bisection, name: Callable[[str], str]) -> str:
    """The answer in one or two sentences."""
    ends = f"{name(outcome.versions[0])} and {name(outcome.versions[-1])}"
    if outcome.found is None:
        if outcome.whole.answer() is BisectAnswer.UNKNOWN:
            return f"{ends} could not be compared: {outcome.whole.verdict}."
        return f"No change of more than 1 % between {ends}."
    suspects = outcome.suspects
    doubts = list(outcome.doubts())
    more = " The range has more than one change." if doubts else ""
    if len(suspects) > 1:
        return (
            f"The change is in one of {counted(len(suspects), 'version')}, which "
            f"could not be judged: {', '.join(map(name, suspects))}.{more}"
        )
    return f"{name(suspects[0])} {_effect(outcome)}.{more}"


def _effect(outcome: Bisection) -> str:
    """By how much the layer became slower or faster."""
    step = outcome.step
    if step is None or step.ratio is None:
        return "no longer runs the case" if not outcome.is_faster else "runs the case"
    ratio = step.ratio
    if outcome.is_faster:
        count = ratio.count
        ratio = Interval(1 / ratio.estimate, 1 / ratio.high, 1 / ratio.low, count)
    word = "faster" if outcome.is_faster else "slower"
    return (
        f"is {word}: {ratio.estimate:.3f}× the time of the version before it "
        f"({interval_text(ratio)})"
    )


def _certainty(outcome: Bisection) -> tuple[str, ...]:
    if outcome.found is None or outcome.step is None:
        return ()
    steps = counted(len(outcome.comparisons), "comparison")
    count = counted(len(outcome.versions), "version")
    error = f"{outcome.error:.1%}"
    lines = [f"{steps} of {count}; the chance that one is wrong is at most {error}"]
    if (
        len(outcome.suspects) == 1
        and outcome.step.answer(outcome.half) is BisectAnswer.CHANGED
    ):
        lines.append(
            f"a direct comparison with the version before confirms the change; the "
            f"chance that it does so by mistake is at most {FALSE_CHANGE:.2%}"
        )
    return (*lines, *(f"not a single change: {doubt}" for doubt in outcome.doubts()))
