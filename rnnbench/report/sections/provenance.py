"""The code that ran: as the rules predict it, and as profiles show it."""

from collections import Counter

from rnnbench.analysis.backend_check import Certainty
from rnnbench.analysis.labels import conditions_of, layer_name, sizes
from rnnbench.model.case import EAGER
from rnnbench.model.formatting import counted
from rnnbench.model.status import MEASURED
from rnnbench.report.content import Cell, Fold, Table, Tone, titled
from rnnbench.report.sentences import say
from rnnbench.report.tokens import hue_of
from rnnbench.report.view import CaseView, RunView

_MOST_NAMED = 20


def provenance_fold(view: RunView) -> Fold | None:
    """The code of each layer in eager; contradictions come first."""
    eager = [each for each in view.cases if each.case.runtime == EAGER]
    measured = [each for each in eager if each.result.status in MEASURED]
    if not measured:
        return None
    profiled = [each for each in measured if each.result.profile]
    wrong = [one for one in profiled if _certainty(one) is Certainty.CONTRADICTED]
    right = sum(_certainty(each) is Certainty.CONFIRMED for each in profiled)
    tables = [_contradictions(view, wrong)] if wrong else []
    title = "Which code ran"
    if wrong:
        title += f": {counted(len(wrong), 'profile')} contradict the prediction"
    elif right:
        title += f": as predicted in {right} of {counted(len(profiled), 'profile')}"
    lead = say(
        "The backend is predicted from PyTorch’s source; a profile shows which one "
        "ran. {count} of {all} were profiled, in launches of their own.",
        count=str(len(profiled)),
        all=counted(len(eager), "case"),
    )
    tables.append(_by_layer(measured))
    return Fold("code", title, (lead,), tables=tuple(tables), is_open=bool(wrong))


def _certainty(each: CaseView) -> Certainty:
    return each.provenance.certainty


def _contradictions(view: RunView, wrong: list[CaseView]) -> Table:
    return Table(
        "Profiles that contradict the prediction",
        titled(("layer", "size", "where", "what was seen")),
        tuple(
            (
                Cell(layer_name(each.layer), hue_of(each.layer)),
                Cell(sizes(each.case)),
                Cell(view.where(conditions_of(each.case))),
                Cell(each.provenance.sentence, Tone.BAD),
            )
            for each in wrong[:_MOST_NAMED]
        ),
    )


def _by_layer(measured: list[CaseView]) -> Table:
    counts = Counter(
        (each.layer, each.provenance.label, str(_certainty(each))) for each in measured
    )
    return Table(
        "The code of each layer",
        titled(("layer", "code", "certainty"), ("cases",)),
        tuple(
            (
                Cell(layer_name(layer), hue_of(layer)),
                Cell(label),
                Cell(certainty),
                Cell(str(count)),
            )
            for (layer, label, certainty), count in counts.items()
        ),
    )
