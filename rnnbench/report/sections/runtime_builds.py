"""Build, size and error of each runtime: what its times do not show."""

from collections.abc import Sequence

from rnnbench.analysis.labels import layer_name
from rnnbench.model.formatting import counted, significant
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.run import Result, Run
from rnnbench.model.runtime_facts import RuntimeFacts
from rnnbench.model.runtimes import RUNTIMES, runtime_label
from rnnbench.report.content import Cell, Column, Table
from rnnbench.report.sections.service_charts import size_words
from rnnbench.report.sentences import Sentence, listed, say
from rnnbench.report.tokens import hue_of

_MOST_ROWS = 60
# A difference from eager below this is rounding of float32, and needs no sentence.
_ROUNDING = 1e-4

_Built = tuple[Result, RuntimeFacts]


def runtime_sentences(run: Run) -> tuple[Sentence, ...]:
    """The notes of runtimes, and the errors of those that compute in a smaller type."""
    found = _built(run)
    return tuple(filter(None, (*_notes(found), _errors(found))))


def builds_table(run: Run) -> Table | None:
    """A row for each case in a runtime other than eager; None where there is none."""
    found = _built(run)
    if not found:
        return None
    titles = ("build", "load", "artefact", "error against eager", "threads busy")
    return Table(
        "What each runtime built, once, outside the timed calls",
        (
            *(Column("runtime"), Column("layer"), Column("size"), Column("phase")),
            *(Column(title, number=True) for title in titles),
        ),
        tuple(_row(*one) for one in found[:_MOST_ROWS]),
    )


def _built(run: Run) -> list[_Built]:
    return [(one, one.facts) for one in run.results if one.facts]


def _row(result: Result, facts: RuntimeFacts) -> tuple[Cell, ...]:
    case, size = result.case, facts.artefact_bytes
    return (
        Cell(runtime_label(case.runtime)),
        Cell(layer_name(case.layer), hue_of(case.layer)),
        Cell(size_words(case)),
        Cell(str(case.phase)),
        Cell(_seconds(facts.build_seconds)),
        Cell(_seconds(facts.load_seconds)),
        Cell("–" if size is None else PEAK_MEMORY.format(size)),
        Cell(f"{facts.error:.1e}" if facts.error else "0"),
        Cell(f"{facts.threads:.1f} of {case.threads}" if facts.threads else "–"),
    )


def _seconds(value: float | None) -> str:
    return "–" if value is None else TIME.format(value)


def _notes(found: Sequence[_Built]) -> list[Sentence]:
    """A sentence for each note of a runtime, and in how many cases it was made."""
    counts: dict[tuple[str, str], int] = {}
    totals: dict[str, int] = {}
    for result, facts in found:
        runtime = result.case.runtime
        totals[runtime] = totals.get(runtime, 0) + 1
        if facts.note:
            key = (runtime, facts.note)
            counts[key] = counts.get(key, 0) + 1
    return [
        say(
            "{runtime}: {note}{where}.",
            runtime=runtime_label(runtime),
            note=note,
            where=""
            if count == totals[runtime]
            else f" ({count} of {counted(totals[runtime], 'case')})",
        )
        for (runtime, note), count in counts.items()
    ]


def _errors(found: Sequence[_Built]) -> Sentence:
    """The largest error of each runtime that rounds more than float32 does."""
    largest: dict[str, float] = {}
    for result, facts in found:
        runtime = RUNTIMES.get(result.case.runtime)
        if runtime and runtime.tolerance > _ROUNDING:
            largest[runtime.name] = max(largest.get(runtime.name, 0.0), facts.error)
    if not largest:
        return ()
    return say(
        "Largest difference from eager, as a share of the norm: {errors}.",
        errors=listed(
            [
                say(
                    "{percent} % in {runtime}",
                    percent=significant(100 * error),
                    runtime=runtime_label(name),
                )
                for name, error in largest.items()
            ]
        ),
    )
