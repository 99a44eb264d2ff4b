"""The size at and above which a layer is faster, in words."""

from collections.abc import Iterator

from rnnbench.analysis.crossover import crossover
from rnnbench.analysis.labels import span
from rnnbench.report.sections.outcomes import usual_of
from rnnbench.report.sentences import Sentence, listed, named, say
from rnnbench.report.view import RatioGroup, RunView


def crossing_sentences(view: RunView) -> tuple[Sentence, ...]:
    """For each phase, the layers that are faster at and above some size."""
    by_phase: dict[str, list[Sentence]] = {}
    for contrast in view.contrasts:
        if contrast.is_of_layers:
            for group in usual_of(view.groups_of(contrast)):
                phase = group.conditions.phase_words
                by_phase.setdefault(phase, []).extend(_crossing(group))
    return tuple(
        say("In {phase}, {parts}.", phase=phase, parts=listed(parts))
        for phase, parts in by_phase.items()
        if phase and parts
    )


def crossing_words(group: RatioGroup) -> str:
    """The same for one group, as a line below its ratio; "" without a crossover."""
    found = crossover(group.ratios)
    if found is None:
        return ""
    side = "below" if found.is_candidates else "above"
    phase, place = group.conditions.phase_words, f"{found.axis} {found.value}"
    return f"{phase}: {side} 1 from {place} on, {span(found.interval)} there"


def _crossing(group: RatioGroup) -> Iterator[Sentence]:
    if found := crossover(group.ratios):
        layers = group.contrast.layers
        faster, slower = layers if found.is_candidates else layers[::-1]
        yield say(
            "{faster} is faster than {slower} at {axis} {value} and above, taking "
            "{share} of the time at {value}",
            faster=named(faster),
            slower=named(slower),
            axis=found.axis,
            value=str(found.value),
            share=span(found.share),
        )
