"""Rules of the claims about learning: by steps to targets, and by gradients."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from rnnbench.analysis.gradient_decay import explodes, factor_interval, vanishes_at
from rnnbench.analysis.labels import layer_name, span
from rnnbench.analysis.learning_cells import LearningCell
from rnnbench.analysis.learning_ratios import (
    LearningRatio,
    LearningVerdict,
    quality_ratio,
)
from rnnbench.model.formatting import significant
from rnnbench.model.learning import LearningCase, Match
from rnnbench.report.claims.rules import SIMPLE, Finding, Standing
from rnnbench.report.sections.learning_words import (
    cell_place,
    ratio_place,
    side_name,
    solved,
    span_of,
    steps_alone,
    task_name,
)
from rnnbench.report.view import RunView

# Tasks whose answer depends on distant steps, and the length from which they are long.
DISTANT = frozenset({"adding", "copy", "recall", "digits"})
LONG = 25
_NOTHING = "This run holds no learning results for it."
_SECTION = "learning"

# Of the last quality of a candidate, where no steps are counted.
_QUALITY = {
    LearningVerdict.FEWER: "better",
    LearningVerdict.MORE: "worse",
    LearningVerdict.NO_DIFFERENCE: "no difference found",
}

Profiles = Sequence[Sequence[float]]


def gradients(view: RunView) -> Finding:
    """C2: whether the RNN's gradient vanishes or explodes, and the others' do not."""
    profiles = _first_profiles(view.learning.cells)
    simple = [layer for layer in profiles if layer in SIMPLE]
    if not simple:
        return _nothing()
    evidence = [_gradient_words(layer, each) for layer, each in profiles.items()]
    lost = [layer for layer, each in profiles.items() if _is_lost(each)]
    if not set(simple) & set(lost):
        return Finding(Standing.CONTRADICTED, tuple(evidence), _SECTION)
    gated = [layer for layer in lost if layer not in SIMPLE]
    if gated:
        names = " and ".join(map(layer_name, gated))
        evidence.append(f"The same holds for {names} before training.")
        return Finding(Standing.DEPENDS, tuple(evidence), _SECTION)
    return Finding(Standing.SUPPORTED, tuple(evidence), _SECTION)


def does_badly(view: RunView) -> Finding:
    """C3: the RNN against the LSTM on long tasks."""
    found = [
        ratio
        for ratio in view.learning.of_axis("layer")
        if ratio.candidate.case.layer in SIMPLE
        and ratio.baseline.case.layer == "lstm"
        and _is_distant(ratio.candidate)
    ]
    return _compared(found, LearningVerdict.MORE)


def captures(layer: str) -> Callable[[RunView], Finding]:
    """C4 and C7: whether `layer` reaches the target of each long task in every seed."""

    def rule(view: RunView) -> Finding:
        cells = [
            cell
            for cell in view.learning.cells
            if cell.case.layer == layer and cell.steps and _is_distant(cell)
        ]
        if not cells:
            return _nothing()
        standing = Standing.DEPENDS
        if all(cell.steps and cell.steps.is_complete for cell in cells):
            standing = Standing.SUPPORTED
        elif not any(cell.steps and cell.steps.solved for cell in cells):
            standing = Standing.CONTRADICTED
        evidence = tuple(
            f"{cell_place(cell)}: {solved(cell)} seeds, {steps_alone(cell)} steps."
            for cell in cells
        )
        return Finding(standing, evidence, _SECTION)

    return rule


def can_be_worse(view: RunView) -> Finding:
    """C8: a long task on which the LSTM beats the GRU; one is enough."""
    found = [
        ratio
        for ratio in view.learning.of_axis("layer")
        if (ratio.candidate.case.layer, ratio.baseline.case.layer) == ("gru", "lstm")
        and ratio.candidate.task.seq_len >= LONG
        and not ratio.candidate.task.control
        and _is_plain(ratio.baseline.case)
    ]
    if not found:
        return _nothing()
    evidence = [_ratio_words(ratio) for ratio in found]
    worse = [ratio for ratio in found if ratio.verdict is LearningVerdict.MORE]
    longer = [ratio for ratio in found if _is_worse_at_length(ratio)]
    evidence += [
        f"{task_name(ratio.candidate.task)}: worse than the LSTM in every seed at "
        f"length {_longest(ratio.candidate)[0]}."
        for ratio in longer
    ]
    decided = [one for one in found if one.verdict is LearningVerdict.FEWER]
    if worse or longer:
        return Finding(Standing.SUPPORTED, tuple(evidence), _SECTION)
    standing = Standing.CONTRADICTED if decided else Standing.NO_DIFFERENCE
    return Finding(standing, tuple(evidence), _SECTION)


def of_variant(axis: str) -> Callable[[RunView], Finding]:
    """C9, C11, C12: a variant of a layer against the plain one, in steps.

    Where it was trained on tasks without a target only: in the last held-out quality.
    """

    def rule(view: RunView) -> Finding:
        ratios = view.learning.of_axis(axis)
        equal = [one for one in ratios if one.match is Match.PARAMETERS]
        chosen = equal or list(ratios)
        judged = [one for one in chosen if not one.candidate.task.control]
        finding = _compared(judged, LearningVerdict.FEWER)
        if not judged:
            finding = _by_quality(view.learning.without_target(axis))
        controls = [one for one in chosen if one.candidate.task.control]
        words = tuple(f"Control: {_ratio_words(one)}" for one in controls)
        return replace(finding, evidence=(*finding.evidence, *words))

    return rule


def _compared(ratios: Sequence[LearningRatio], claimed: LearningVerdict) -> Finding:
    """Where all verdicts are the one that is claimed, the other one, or neither."""
    if not ratios:
        return _nothing()
    evidence = tuple(map(_ratio_words, ratios))
    return _judged({ratio.verdict for ratio in ratios}, claimed, evidence)


def _by_quality(pairs: Iterable[tuple[LearningCell, LearningCell]]) -> Finding:
    """The last quality of each pair; the claim is that it is better, that is, lower."""
    verdicts, evidence = set(), []
    for candidate, baseline in pairs:
        if ratio := quality_ratio(candidate, baseline):
            verdict = LearningVerdict.NO_DIFFERENCE
            if ratio.low > 1 or ratio.high < 1:
                is_less = ratio.high < 1
                verdict = LearningVerdict.FEWER if is_less else LearningVerdict.MORE
            verdicts.add(verdict)
            task = candidate.task
            evidence.append(
                f"{task_name(task)}, {side_name(candidate)} ÷ {side_name(baseline)}: "
                f"{span(ratio)} of the {task.quality} after {task.budget:,} steps, "
                f"{_QUALITY[verdict]}."
            )
    if not evidence:
        return _nothing()
    return _judged(verdicts, LearningVerdict.FEWER, tuple(evidence))


def _judged(
    verdicts: set[LearningVerdict], claimed: LearningVerdict, evidence: tuple[str, ...]
) -> Finding:
    open_ones = {LearningVerdict.NO_DIFFERENCE, LearningVerdict.NEITHER}
    if verdicts <= open_ones:
        return Finding(Standing.NO_DIFFERENCE, evidence, _SECTION)
    if verdicts == {claimed}:
        return Finding(Standing.SUPPORTED, evidence, _SECTION)
    standing = Standing.DEPENDS if claimed in verdicts else Standing.CONTRADICTED
    return Finding(standing, evidence, _SECTION)


def _nothing() -> Finding:
    return Finding(Standing.NOT_MEASURED, (_NOTHING,))


def _is_plain(case: LearningCase) -> bool:
    """Whether a case is one layer of one direction with PyTorch's initialisation."""
    return case.num_layers == 1 and not case.bidirectional and case.forget_bias is None


def _is_distant(cell: LearningCell) -> bool:
    task = cell.task
    return task.name in DISTANT and task.seq_len >= LONG and _is_plain(cell.case)


def _ratio_words(ratio: LearningRatio) -> str:
    names = " ÷ ".join(side_name(cell) for cell in (ratio.candidate, ratio.baseline))
    if ratio.steps:
        told = f"{span_of(ratio.steps)} of the steps"
    else:
        counts = (solved(cell) for cell in (ratio.candidate, ratio.baseline))
        told = f"{' and '.join(counts)} seeds reach the target"
    return f"{ratio_place(ratio)}, {names}: {told}, {ratio.verdict}."


def _first_profiles(cells: Iterable[LearningCell]) -> dict[str, Profiles]:
    """Of each layer the gradients before training, of the first plain cell."""
    found: dict[str, Profiles] = {}
    for cell in cells:
        profiles = [run.gradient for run in cell.result.seeds if run.gradient]
        if profiles and _is_plain(cell.case):
            found.setdefault(cell.case.layer, profiles)
    return found


def _is_lost(profiles: Profiles) -> bool:
    return vanishes_at(profiles) is not None or explodes(profiles)


def _gradient_words(layer: str, profiles: Profiles) -> str:
    factor, lag = factor_interval(profiles), vanishes_at(profiles)
    value = significant(factor.estimate, 2) if factor else "an unknown number"
    ends = f"below 1/1000 after {lag}" if lag is not None else "never below 1/1000"
    return f"{layer_name(layer)}: a factor of {value} for each step back, {ends}."


def _longest(cell: LearningCell) -> tuple[int, tuple[float, ...]]:
    """The longest sequence that it was evaluated at, and its quality for each seed."""
    longest = max(
        (length for run in cell.result.seeds for length, _ in run.longer), default=0
    )
    values = [
        dict(run.longer)[longest]
        for run in cell.result.seeds
        if longest in dict(run.longer)
    ]
    return longest, tuple(values)


def _is_worse_at_length(ratio: LearningRatio) -> bool:
    (length, ours), (other, theirs) = map(_longest, (ratio.candidate, ratio.baseline))
    return length == other != 0 and min(ours) > max(theirs)
