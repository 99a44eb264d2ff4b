"""The answer for several kinds of machines: a headline, and sentences below it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rnnbench.analysis.labels import SIZES, layer_name, nominal, varying_sizes, words
from rnnbench.model.formatting import counted
from rnnbench.report.kinds.shared_ratios import (
    SharedGroup,
    SharedRatio,
    SharedVerdict,
    SharedView,
)
from rnnbench.report.sections.lead import factor_of, start_of
from rnnbench.report.sections.outcomes import apart_from_phase, winner
from rnnbench.report.sentences import (
    Sentence,
    listed,
    named,
    say,
    times,
    with_article,
)
from rnnbench.report.view import RatioGroup

# The most machines that the sentence names; the chart has them all.
_MOST_NAMED = 4


def usual_groups(view: SharedView) -> tuple[SharedGroup, ...]:
    """All phases of the main contrast, nearest to PyTorch's defaults."""
    groups = view.groups_of(view.contrasts[0])
    first = apart_from_phase(groups[0].on[0].conditions)
    return tuple(
        group for group in groups if apart_from_phase(group.on[0].conditions) == first
    )


def kinds_headline(view: SharedView) -> Sentence:
    """Which layer is faster, on all machines or depending on the machine."""
    usual = usual_groups(view)
    contrast = view.contrasts[0]
    if not contrast.is_of_layers:
        counts = agreements(usual)
        agreed = counts[SharedVerdict.SAME] + counts[SharedVerdict.TIE]
        return say(
            "{agreed} of {count} {has} the same verdict on {where}.",
            agreed=str(agreed),
            count=counted(counts.total(), "ratio"),
            has="has" if 1 in (agreed, counts.total()) else "have",
            where=_all(view),
        )
    winners = [{winner(group) for group in shared.on} for shared in usual]
    if all(len(found) == 1 and "" not in found for found in winners):
        return _one_answer(view, usual, [found.pop() for found in winners])
    candidate, baseline = map(layer_name, contrast.layers)
    what = "machine" if any(len(found) > 1 for found in winners) else "size"
    return say(
        "{candidate} or {baseline}? It depends on the {what}.",
        candidate=candidate,
        baseline=baseline,
        what=what,
    )


def _one_answer(
    view: SharedView, usual: Sequence[SharedGroup], layers: Sequence[str]
) -> Sentence:
    """The machines agree on the layer that is faster in each phase."""
    counts = agreements(usual)
    at_most = "" if counts[SharedVerdict.SAME] == counts.total() else " at most sizes"
    if len(set(layers)) == 1:
        return say(
            "The {layer} is faster on {where}{at_most}.",
            layer=named(layers[0]),
            where=_all(view),
            at_most=at_most,
        )
    parts = [
        say(
            "the {layer} for {phase}",
            layer=named(layer),
            phase=group.on[0].conditions.phase_words,
        )
        for layer, group in zip(layers, usual, strict=True)
    ]
    return say("Faster on {where}: {parts}.", where=_all(view), parts=listed(parts))


def kinds_lead(view: SharedView) -> tuple[Sentence, ...]:
    """The mean on each machine, the number of ratios that agree, the largest gap."""
    usual = usual_groups(view)
    found = [_agreement_sentence(view, usual), *_others_sentence(view, usual)]
    if view.contrasts[0].is_of_layers:
        found.insert(0, _means_sentence(view, usual))
    found += _gap_sentence(usual)
    return tuple(found + _versions_sentence(view))


def agreements(groups: Iterable[SharedGroup]) -> Counter[SharedVerdict]:
    """The number of ratios of each kind of agreement."""
    return Counter(one.agreement for group in groups for one in group.ratios)


def _all(view: SharedView) -> str:
    count = len(view.kinds)
    return "both machines" if count == 2 else f"all {count} machines"


def _means_sentence(view: SharedView, usual: Sequence[SharedGroup]) -> Sentence:
    """The mean ratios of each phase, machine by machine."""
    candidate, baseline = view.contrasts[0].layers
    phases = " / ".join(group.on[0].conditions.phase_words for group in usual)
    parts = []
    for place, kind in enumerate(view.kinds[:_MOST_NAMED]):
        as_long = (
            say(
                " as long as {layer} ({phases})",
                layer=with_article(baseline),
                phases=phases,
            )
            if not place
            else ()
        )
        means = _joined([group.on[place] for group in usual])
        parts.append(
            say(
                "{means}{as_long} on {machine}",
                means=means,
                as_long=as_long,
                machine=kind.label,
            )
        )
    return say(
        "{start}{candidate} takes {parts}.",
        start=start_of(usual[0].on[0].conditions),
        candidate=with_article(candidate),
        parts=listed(parts),
    )


def _joined(groups: Sequence[RatioGroup]) -> Sentence:
    """The factors of several phases: "2.3× / 3.1×"."""
    whole = factor_of(groups[0])
    for group in groups[1:]:
        whole = say(
            "{whole}\u00a0/\u00a0{factor}", whole=whole, factor=factor_of(group)
        )
    return whole


def _agreement_sentence(view: SharedView, usual: Sequence[SharedGroup]) -> Sentence:
    counts = agreements(usual)
    same = counts[SharedVerdict.SAME]
    return say(
        "{same} of {count} {has} the same winner on {where}, and {different}.",
        same=str(same),
        count=counted(counts.total(), "ratio"),
        has="has" if 1 in (same, counts.total()) else "have",
        where=_all(view),
        different=_different_winners(counts),
    )


def _different_winners(counts: Counter[SharedVerdict]) -> str:
    number = counts[SharedVerdict.DIFFERENT]
    verb = "have" if number > 1 else "has"
    return f"{number or 'none'} {verb} different winners"


def _others_sentence(view: SharedView, usual: Sequence[SharedGroup]) -> list[Sentence]:
    """The ratios under other conditions, or of other layers, with different winners."""
    counts = agreements(group for group in view.groups if group not in usual)
    if not counts:
        return []
    return [
        say(
            "Of the other {count}, {different}.",
            count=counted(counts.total(), "ratio"),
            different=_different_winners(counts),
        )
    ]


def _gap_sentence(usual: Sequence[SharedGroup]) -> list[Sentence]:
    """The ratio that differs most between two machines, if its interval excludes 1."""
    every = [one for group in usual for one in group.ratios]
    widest = max(every, key=lambda one: one.gap.estimate)
    if not widest.gap.low > 1:
        return []
    return [
        say(
            "The same ratio is up to {times} as large on one machine as on another "
            "({where}, {phase}).",
            times=times(widest.gap.estimate),
            where=size_words(widest, sizes_named(every)),
            phase=words("phase", widest.on[0].pair.baseline.phase),
        )
    ]


def sizes_named(ratios: Iterable[SharedRatio]) -> tuple[str, ...]:
    """The axes of size that the ratios differ in, or else the first of all axes."""
    return varying_sizes([each.on[0].pair.baseline for each in ratios]) or SIZES[:1]


def size_words(one: SharedRatio, axes: Iterable[str]) -> str:
    """The sizes of a ratio: "hidden size 128, 32 steps"."""
    case = one.on[0].pair.baseline
    return ", ".join(words(axis, nominal(case, axis)) for axis in axes)


def _versions_sentence(view: SharedView) -> list[Sentence]:
    """A warning if the machines ran different versions of PyTorch."""
    versions = {kind.run.environment.torch.partition("+")[0] for kind in view.kinds}
    if len(versions) == 1:
        return []
    return [
        say(
            "The machines ran different versions of PyTorch ({versions}): a difference "
            "may come from the version.",
            versions=listed(sorted(versions)),
        )
    ]
