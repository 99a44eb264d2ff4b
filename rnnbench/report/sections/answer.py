"""The answer that a reader came for: a headline and up to four sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from rnnbench.analysis.labels import layer_name
from rnnbench.model.case import Device
from rnnbench.model.formatting import counted
from rnnbench.model.metric import TIME
from rnnbench.model.status import FAILED, MEASURED
from rnnbench.report.sections.lead import lead_of
from rnnbench.report.sections.learning_answer import learning_headline, learning_lead
from rnnbench.report.sections.outcomes import (
    Winner,
    is_unanimous,
    outcome,
    usual_of,
    winner,
)
from rnnbench.report.sections.settings import settings_answer
from rnnbench.report.sentences import (
    Phrase,
    Sentence,
    capitalized,
    listed,
    named,
    say,
    with_article,
)
from rnnbench.report.view import RatioGroup, RunView

# Layers that a title names; more are counted.
_MOST_NAMED = 4

HERE = {Device.CPU: "this CPU", Device.CUDA: "this GPU"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The text at the top of a page and of a summary."""

    headline: Sentence
    lead: tuple[Sentence, ...]


def answer(view: RunView) -> Answer:
    """The answer of any run: about learning, two layers, settings, or no answer."""
    if view.learning.cells:
        return Answer(learning_headline(view), learning_lead(view))
    # A pair can have a memory ratio but no time ratio, if one side was killed.
    if view.main and (groups := view.groups_of(view.main)):
        return Answer(_headline(groups), lead_of(view, groups))
    if view.main is None and view.contrasts:
        return Answer(*settings_answer(view))
    return _without_ratios(view)


def question(view: RunView) -> str:
    """The layers between which the run decides: "GRU or LSTM?"; "" without two."""
    if view.main is None:
        return ""
    candidate, baseline = view.main.layers
    names = [candidate]
    if not view.main.is_gru_to_lstm:
        names = [
            one.layers[0]
            for one in view.contrasts
            if one.is_of_layers and one.layers[1] == baseline
        ]
    # A layer of the user's without its module.
    short = [layer_name(name).rpartition(":")[2] for name in dict.fromkeys(names)]
    if len(short) > _MOST_NAMED:
        short = [counted(len(short), "layer")]
    return f"{', '.join(short)} or {layer_name(baseline).rpartition(':')[2]}?"


def _headline(groups: Sequence[RatioGroup]) -> Sentence:
    verdicts: dict[Sentence, list[str]] = {}
    for device in dict.fromkeys(group.conditions.device for group in groups):
        own = [group for group in groups if group.conditions.device is device]
        verdicts.setdefault(_verdict(usual_of(own)), []).append(HERE[device])
    parts = [
        say("on {here}, {verdict}", here=listed(here), verdict=verdict)
        for verdict, here in verdicts.items()
    ]
    whole = parts[0]
    for part in parts[1:]:
        whole = say("{whole}; {part}", whole=whole, part=part)
    return capitalized(say("{whole}.", whole=whole))


def _verdict(groups: Sequence[RatioGroup]) -> Sentence:
    """The faster layer, over all phases."""
    outcomes = {outcome(group) for group in groups}
    if len(outcomes) == 1:
        return _one_verdict(outcomes.pop(), groups)
    if outcomes <= {Winner.CANDIDATE, Winner.BASELINE}:
        return listed(
            [
                say(
                    "the {layer} is faster for {phase}",
                    layer=named(winner(group)),
                    phase=group.conditions.phase_words,
                )
                for group in groups
            ]
        )
    return say("it depends on the size")


def _one_verdict(found: Winner, groups: Sequence[RatioGroup]) -> Sentence:
    layers = groups[0].contrast.layers
    if found in (Winner.CANDIDATE, Winner.BASELINE):
        everywhere = all(map(is_unanimous, groups))
        return say(
            "the {layer} is faster{where}",
            layer=named(winner(groups[0])),
            where="" if everywhere else " at most sizes",
        )
    if found is Winner.TIE:
        both = listed([named(layer) for layer in layers])
        return say("{both} take the same time", both=both)
    if found is Winner.UNDECIDED:
        both = listed([named(layer) for layer in layers])
        return say("no difference between {both} is certain", both=both)
    return say("it depends on the size")


def _without_ratios(view: RunView) -> Answer:
    measured = [each for each in view.cases if each.time]
    failed = sum(each.result.status in FAILED for each in view.cases)
    if not measured:
        ends = f", {failed} failed" if failed else ""
        said = f"None of its {counted(len(view.cases), 'case')} has a result{ends}."
        return Answer(say("Nothing was measured."), (say("{it}", it=said),))
    if len(measured) == 1 and measured[0].time:
        one = measured[0]
        headline = say(
            "On {here}, {layer} takes {time} per call.",
            here=HERE[one.case.device],
            layer=with_article(one.layer),
            time=Phrase(TIME.format(measured[0].time.estimate), strong=True),
        )
        return Answer(headline, (say("This run compares nothing: it has one case."),))
    layers = dict.fromkeys(
        each.layer for each in view.cases if each.result.status in MEASURED
    )
    text = ", ".join(map(layer_name, layers))
    lead = say(
        "It measured {count} of {layers}.",
        count=counted(len(measured), "case"),
        layers=text,
    )
    return Answer(say("This run compares no two layers."), (lead,))
