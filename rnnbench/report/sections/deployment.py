"""Deployment cards: size, start and memory of each layer in each runtime."""

from collections.abc import Sequence

from rnnbench.analysis.labels import layer_name
from rnnbench.analysis.service import Deployment, Service, services
from rnnbench.model.case import EAGER, Case
from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.runtimes import RUNTIMES
from rnnbench.report.content import Cell, Fold, Table, titled
from rnnbench.report.forest import Forest
from rnnbench.report.sections.service_charts import (
    NAME_TITLES,
    ServiceChart,
    ServiceRow,
    name_cells,
    runtime_words,
    service_forest,
    time_cell,
)
from rnnbench.report.sections.service_sentences import deployment_sentence
from rnnbench.report.view import RunView

_MOST_ROWS = 60
_READY = ServiceChart(
    id="ready",
    title="From nothing to the first answer, in a fresh process",
    line=1.0,
    low="under a second",
    high="longer",
    label=lambda seconds: TIME.format(seconds).replace(".00", ""),
    marks="median over processes with its 95 % interval",
)
_NOTES = (
    (
        "build",
        (
            "Export or compilation; for eager, constructing the layer. The import of "
            "the packages is not part of it."
        ),
    ),
    (
        "first answer",
        "Build, load and first call, one after another, in a fresh process.",
    ),
    ("artefact", "The file that would be deployed; for eager, the saved weights."),
    (
        "peak memory",
        (
            "Resident memory of the whole process, with PyTorch and the export. "
            "Below it, what the case added to the process."
        ),
    ),
    (
        "with conversion",
        (
            "The call with input and output converted from and to torch’s tensors. "
            "Below it, what this adds to the call."
        ),
    ),
    (
        "pays after",
        (
            "Number of calls after which the runtime has taken less time in total "
            "than eager, first answer included."
        ),
    ),
    (
        "error",
        (
            "Norm of the difference from eager’s answer, as a share of its norm; the "
            "largest of output and states."
        ),
    ),
)


def deployment_fold(view: RunView) -> Fold | None:
    """A card for each case; None where the run has none."""
    every = services(view.run)
    found = [(each, each.deployment) for each in every if each.deployment]
    missing = [
        (f"{layer_name(each.case.layer)}, {runtime_words(each.case)}", reason)
        for each in every
        for part, reason in each.reasons
        if part == "deploy"
    ]
    if not found and not missing:
        return None
    return Fold(
        "deployment",
        "Deployment: size, start and memory",
        tuple(filter(None, (deployment_sentence(every),))),
        forests=_forests(found),
        tables=(_starts(found), _artefacts(found)) if found else (),
        notes=(*_NOTES, *missing),
        is_open=True,
    )


def _forests(found: Sequence[tuple[Service, Deployment]]) -> tuple[Forest, ...]:
    rows = [
        ServiceRow(
            each.case,
            card.ready,
            (),
            TIME.format(card.ready.estimate),
            f"then {TIME.format(card.call.estimate)} a call",
        )
        for each, card in found
    ]
    forest = service_forest(_READY, rows)
    return (forest,) if forest else ()


def _starts(found: Sequence[tuple[Service, Deployment]]) -> Table:
    titles = (
        *("build", "load", "first call", "first answer", "call", "with conversion"),
        "pays after",
    )
    return Table(
        "Times in a fresh process",
        titled(NAME_TITLES, titles),
        tuple(
            (
                *name_cells(each.case),
                *map(time_cell, (card.build, card.load, card.first_call)),
                *map(time_cell, (card.ready, card.call)),
                _conversion_cell(card),
                Cell(_pays(each.case, card)),
            )
            for each, card in found[:_MOST_ROWS]
        ),
    )


def _artefacts(found: Sequence[tuple[Service, Deployment]]) -> Table:
    return Table(
        "What is deployed",
        (
            *titled(NAME_TITLES, ("artefact", "peak memory")),
            *titled(("any sequence length", "any batch"), ("error",)),
        ),
        tuple(
            (
                *name_cells(each.case),
                Cell("–" if card.artefact is None else _bytes(card.artefact)),
                _memory_cell(card),
                *_dynamic(each.case),
                Cell(_error(each.case, card)),
            )
            for each, card in found[:_MOST_ROWS]
        ),
    )


def _conversion_cell(card: Deployment) -> Cell:
    """The call with conversion, and the share that conversion adds to it."""
    if card.whole_call is None:
        return Cell("–")
    added = card.whole_call.estimate / card.call.estimate - 1
    return Cell(TIME.format(card.whole_call.estimate), note=f"{added:+.1%}")


def _pays(case: Case, card: Deployment) -> str:
    if case.runtime == EAGER:
        return "–"
    if card.pays_after is None:
        return "never"
    return f"{card.pays_after:,} calls" if card.pays_after else "at once"


def _memory_cell(card: Deployment) -> Cell:
    if card.peak_memory is None:
        return Cell("not read")
    added = card.added_memory
    note = f"{_bytes(added.estimate)} added" if added else ""
    return Cell(_bytes(card.peak_memory.estimate), note=note)


def _dynamic(case: Case) -> tuple[Cell, Cell]:
    runtime = RUNTIMES.get(case.runtime)
    if runtime is None:
        return Cell("not known"), Cell("not known")
    length = "yes" if runtime.dynamic_length else "no"
    return Cell(length), Cell("yes" if runtime.dynamic_batch else "no")


def _error(case: Case, card: Deployment) -> str:
    if case.runtime == EAGER or card.error is None:
        return "–"
    return f"{card.error:.1e}" if card.error else significant(0)


def _bytes(value: float) -> str:
    return PEAK_MEMORY.format(value)
