"""The page of a run, with its sections in the order of the reader's questions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rnnbench.analysis.labels import layer_name, machine_name
from rnnbench.calibration.check_section import CheckSection
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.report.content import Fold
from rnnbench.report.explorer import assets
from rnnbench.report.html import markup, render_template
from rnnbench.report.island import island, island_text, ratio_places
from rnnbench.report.sections.answer import answer, question
from rnnbench.report.sections.by_runtime import runtimes_fold
from rnnbench.report.sections.claimed import claims_fold
from rnnbench.report.sections.costs import backend_fold, layers_fold, settings_fold
from rnnbench.report.sections.decision import decision_table
from rnnbench.report.sections.deployment import deployment_fold
from rnnbench.report.sections.first_calls import first_calls_fold
from rnnbench.report.sections.forests import main_forest
from rnnbench.report.sections.learned import learning_folds, reading
from rnnbench.report.sections.learning_answer import seeds_sentence
from rnnbench.report.sections.learning_forest import learning_forest
from rnnbench.report.sections.limits import energy_fold, limits_fold
from rnnbench.report.sections.method import failure_sentence, method
from rnnbench.report.sections.precision import precision_of, share
from rnnbench.report.sections.provenance import provenance_fold
from rnnbench.report.sections.side_effects import side_effects_fold
from rnnbench.report.sections.streaming import streaming_fold
from rnnbench.report.sections.used import uses_fold
from rnnbench.report.view import RunView

_TEMPLATE = "run.html.j2"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The links and files around a published page.

    `links`: ways to other pages, text and address. `results`: the address of the
    results file. `traces`: the address of the folder of traces. `check`: what a
    self-check found on that machine.
    """

    links: tuple[tuple[str, str], ...] = ()
    results: str = ""
    traces: str = ""
    check: CheckSection | None = None


def render_page(view: RunView, around: Surroundings | None = None) -> str:
    """The page of a run as one HTML document that fetches nothing."""
    around = around or Surroundings()
    data = island(view, around.traces)
    return render_template(
        _TEMPLATE,
        {**_context(view, around), "data": markup(island_text(data))},
        style=assets.style(),
        script=assets.script(),
    )


def _context(view: RunView, around: Surroundings) -> dict[str, Any]:
    run, places = view.run, ratio_places(view)
    learned = learning_folds(view)
    forests = (
        [learning_forest(view)]
        if learned
        else [main_forest(view, metric, places) for metric in (TIME, PEAK_MEMORY)]
    )
    folds = _folds(view)
    return {
        "run": run,
        "around": around,
        "environment": run.environment,
        "machine": machine_name(run.environment),
        "date": _date(run.created),
        "question": question(view),
        "answer": answer(view),
        "failure": failure_sentence(run),
        "precision": precision_of(view),
        "share": share,
        "forests": [forest for forest in forests if forest],
        "learned": learned,
        "reading": reading(view),
        "seeds": seeds_sentence(view),
        "has_layers": view.main is not None,
        "layers": [
            (each, layer_name(each))
            for each in dict.fromkeys(one.layer for one in view.cases)
        ],
        "has_picker": view.main is not None and bool(view.times),
        "has_profiles": any(each.result.profile for each in view.cases),
        "total": len(view.shown),
        "decisions": decision_table(view),
        "folds": folds,
        "method": method(view, around.check),
    }


def _folds(view: RunView) -> tuple[Fold, ...]:
    """The optional parts of a page, besides the answer."""
    found = (
        runtimes_fold(view),
        streaming_fold(view),
        deployment_fold(view),
        uses_fold(view),
        settings_fold(view),
        layers_fold(view),
        backend_fold(view),
        limits_fold(view),
        energy_fold(view),
        first_calls_fold(view),
        provenance_fold(view),
        side_effects_fold(view),
    )
    kept = tuple(fold for fold in found if fold)
    anchors = frozenset({"explore", "learning", *(fold.id for fold in kept)})
    return (*kept, claims_fold(view, anchors))


def _date(created: str) -> str:
    """A date for people; text that is not a date is returned unchanged."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    return f"{moment.day} {moment:%b %Y}"
