"""The sentences below the headline: the factors, exceptions, causes and memory."""

from collections.abc import Sequence

from rnnbench.analysis.labels import SIZES, Conditions, nominal, words
from rnnbench.analysis.ratio import TIE, Ratio
from rnnbench.model.metric import PEAK_MEMORY
from rnnbench.report.sections.crossing import crossing_sentences
from rnnbench.report.sections.fused import fused_sentence
from rnnbench.report.sections.outcomes import (
    Winner,
    apart_from_phase,
    is_unanimous,
    outcome,
    usual_of,
    winner,
)
from rnnbench.report.sentences import (
    Sentence,
    from_to,
    listed,
    named,
    say,
    times,
    with_article,
)
from rnnbench.report.view import FOR_BASELINE, FOR_CANDIDATE, RatioGroup, RunView

# Above this share of the sizes, they are no longer exceptions.
_MOST_EXCEPTIONS = 1 / 3
_MOST_OTHERS = 2
# With more values of one axis than this, there is no pattern.
_MOST_VALUES = 2


def lead_of(view: RunView, groups: Sequence[RatioGroup]) -> tuple[Sentence, ...]:
    """Sentences on the groups of the page's two layers, and on where others win."""
    usual = usual_of(groups)
    found = [_usual_sentence(usual)]
    if exceptions := [said for group in usual if (said := _exceptions(group))]:
        found.append(_joined(exceptions))
    found += crossing_sentences(view)
    rest = [group for group in groups if group not in usual]
    off = [group for group in rest if _is_other_backend(group, usual[0])]
    if off:
        found.append(_off_sentence(view, usual, off))
    found += _others(usual, [group for group in rest if group not in off])
    if memory := _memory_sentence(view):
        found.append(memory)
    return tuple(found)


def _joined(sentences: Sequence[Sentence]) -> Sentence:
    whole = sentences[0]
    for one in sentences[1:]:
        whole = say("{whole} {one}", whole=whole, one=one)
    return whole


def _usual_sentence(groups: Sequence[RatioGroup]) -> Sentence:
    candidate, baseline = groups[0].contrast.layers
    return say(
        "{start}{candidate} takes {factors}{sizes}.",
        start=start_of(groups[0].conditions),
        candidate=with_article(candidate),
        factors=_factors(groups, baseline),
        sizes=_all_sizes(groups),
    )


def start_of(conditions: Conditions) -> Sentence:
    """The beginning of a sentence: "With PyTorch’s defaults "."""
    if conditions.is_default and not conditions.equal_parameters:
        return say("With PyTorch’s defaults ")
    return say("With {extras} ", extras=_extras(conditions))


def _extras(conditions: Conditions) -> Sentence:
    parts = [*conditions.extra_words]
    if conditions.backend is False:
        parts.insert(0, conditions.backend_words)
    return listed(parts)


def _factors(groups: Sequence[RatioGroup], baseline: str = "") -> Sentence:
    """By phase: "2.3× as long as an LSTM in inference and 3.1× in training"."""
    parts = []
    for place, group in enumerate(groups):
        phase = group.conditions.phase_words
        as_long = (
            say(" as long as {layer}", layer=with_article(baseline))
            if baseline and not place
            else ()
        )
        parts.append(
            say(
                "{factor}{as_long} in {phase}",
                factor=factor_of(group),
                as_long=as_long,
                phase=phase,
            )
        )
    return listed(parts)


def factor_of(group: RatioGroup) -> Sentence:
    """The mean of a group, or its range if no launch measured enough of the group."""
    if group.mean:
        return (times(group.mean.estimate),)
    return from_to(*group.range)


def _all_sizes(groups: Sequence[RatioGroup]) -> str:
    counts = {len(group.ratios) for group in groups}
    if counts == {1}:
        return ", at the one size measured"
    if all(map(is_unanimous, groups)):
        most = f"{min(counts)}" if len(counts) == 1 else ""
        if most == "2":
            return ", at both sizes"
        return f", at all {most} sizes".replace("  ", " ")
    return ", on average"


def _exceptions(group: RatioGroup) -> Sentence:
    """The sizes at which the overall loser wins, if they have something in common."""
    sides = {Winner.CANDIDATE: FOR_BASELINE, Winner.BASELINE: FOR_CANDIDATE}
    verdicts = sides.get(outcome(group))
    if verdicts is None:
        return ()
    odd = [ratio for ratio in group.ratios if ratio.verdict in verdicts]
    if not odd or len(odd) > _MOST_EXCEPTIONS * len(group.ratios):
        return ()
    loser = next(each for each in group.contrast.layers if each != winner(group))
    shared = _shared(group.ratios, odd)
    return say(
        "The {layer} wins {phase} at {count} of {all} sizes{where}.",
        layer=named(loser),
        phase=group.conditions.phase_words,
        count=str(len(odd)),
        all=str(len(group.ratios)),
        where=f": {shared}" if shared else "",
    )


def _shared(every: Sequence[Ratio], odd: Sequence[Ratio]) -> str:
    """The axis values that all exceptions share, but not all sizes."""
    said = []
    for axis in SIZES:
        values = {nominal(ratio.pair.baseline, axis) for ratio in every}
        own = sorted({nominal(ratio.pair.baseline, axis) for ratio in odd})
        if len(own) == len(values) or len(own) > _MOST_VALUES:
            continue
        text = words(axis, own[-1])
        if len(own) > 1:
            text = text.replace(str(own[-1]), f"{own[0]} or {own[-1]}")
        said.append(text)
    return ", ".join(said)


def _is_other_backend(group: RatioGroup, usual: RatioGroup) -> bool:
    one, other = group.conditions, usual.conditions
    return (
        one.device is other.device
        and one.backend is False
        and other.backend is True
        and one.extras == other.extras
        and one.equal_parameters == other.equal_parameters
    )


def _off_sentence(
    view: RunView, usual: Sequence[RatioGroup], off: Sequence[RatioGroup]
) -> Sentence:
    """The same ratios with the backend's fused kernels switched off."""
    return say(
        "With {switch} {change}: {factors}{average}.{why}",
        switch=off[0].conditions.backend_words,
        change=_change(usual, off),
        factors=_factors(off),
        average=_average(off),
        why=fused_sentence(view),
    )


def _change(usual: Sequence[RatioGroup], other: Sequence[RatioGroup]) -> str:
    before = {group.conditions.phase: outcome(group) for group in usual}
    pairs = [(before.get(one.conditions.phase), outcome(one)) for one in other]
    decided = {Winner.CANDIDATE, Winner.BASELINE}
    if all(old in decided and new in decided - {old} for old, new in pairs):
        return "the winner changes"
    if all(old == new for old, new in pairs):
        return "the order stays"
    if all(new is Winner.UNDECIDED for _, new in pairs):
        return "no difference is certain"
    if all(new is Winner.TIE for _, new in pairs):
        return "both take the same time"
    if any(new is Winner.DEPENDS for _, new in pairs):
        return "it depends on the size"
    return "the picture changes"


def _others(usual: Sequence[RatioGroup], rest: Sequence[RatioGroup]) -> list[Sentence]:
    """Conditions under which another answer holds, those that are named first."""
    gathered: dict[tuple[object, ...], list[RatioGroup]] = {}
    for group in rest:
        if group.conditions.backend is not False:
            gathered.setdefault(apart_from_phase(group.conditions), []).append(group)
    found = []
    for groups in gathered.values():
        change = _change(usual, groups)
        if change == "the order stays":
            continue
        found.append(
            say(
                "With {extras} {change}: {factors}{average}.",
                extras=_extras(groups[0].conditions),
                change=change,
                factors=_factors(groups),
                average=_average(groups),
            )
        )
    return found[:_MOST_OTHERS]


def _average(groups: Sequence[RatioGroup]) -> str:
    if all(is_unanimous(group) or len(group.ratios) == 1 for group in groups):
        return ""
    return ", on average"


def _memory_sentence(view: RunView) -> Sentence:
    groups = [
        group
        for group in view.groups_of(view.main, PEAK_MEMORY)
        if group.mean and not group.conditions.extras
    ]
    means = [group.mean.estimate for group in groups if group.mean]
    if not means or view.main is None:
        return ()
    low, high = min(means), max(means)
    if high > 1 / TIE and low < TIE:
        return ()
    candidate, baseline = view.main.layers
    return say(
        "The {candidate} needs {how} memory: {range} of {baseline}’s peak.",
        candidate=named(candidate),
        how="less" if high < 1 else "more",
        range=from_to(low, high),
        baseline=with_article(baseline),
    )
