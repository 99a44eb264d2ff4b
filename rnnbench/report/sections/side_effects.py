"""Layers of the user's and runtimes that changed state of their process."""

from collections import Counter
from dataclasses import dataclass

from rnnbench.analysis.labels import layer_name
from rnnbench.model.case import EAGER, TORCH_LAYERS, Case
from rnnbench.model.formatting import counted
from rnnbench.model.run import Run
from rnnbench.model.runtimes import runtime_label
from rnnbench.report.content import Cell, Fold, Table, Tone, titled
from rnnbench.report.sentences import Sentence, named, say
from rnnbench.report.tokens import hue_of
from rnnbench.report.view import RunView

_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class SideEffects:
    """The state that a layer or runtime changed, each with the number of such cases.

    `name`: for people. `layer`: for its colour.
    """

    name: str
    layer: str
    changes: tuple[tuple[str, int], ...]

    @property
    def words(self) -> str:
        """The names of what changed; of many, the first."""
        names = [name for name, _ in self.changes]
        more = len(names) - _MOST_NAMED
        rest = [f"and {more:,} more"] if more > 0 else []
        return ", ".join([*names[:_MOST_NAMED], *rest])


def side_effects(run: Run) -> tuple[SideEffects, ...]:
    """Each layer or runtime that changed something, in the order of the run."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for result in run.results:
        if result.process_changes:
            counts = found.setdefault(_owner(result.case), Counter())
            counts.update(dict.fromkeys(result.process_changes, 1))
    return tuple(
        SideEffects(name, layer, tuple(counts.most_common()))
        for (name, layer), counts in found.items()
    )


def _owner(case: Case) -> tuple[str, str]:
    """Name and layer of what may have changed state: a runtime of PyTorch's layers."""
    if case.layer in TORCH_LAYERS and case.runtime != EAGER:
        return runtime_label(case.runtime), ""
    return layer_name(case.layer), case.layer


def side_effects_sentence(effects: SideEffects) -> Sentence:
    """One sentence, which says that no other process is affected."""
    return say(
        "{name} changed state of its process ({changes}); other layers and runtimes "
        "run in other processes and are not affected.",
        name=named(effects.layer) if effects.layer else effects.name,
        changes=effects.words,
    )


def side_effects_fold(view: RunView) -> Fold | None:
    """Every change by layer or runtime; None where nothing was changed."""
    found = side_effects(view.run)
    if not found:
        return None
    rows = [
        (
            Cell(each.name, hue_of(each.layer) if each.layer else Tone.PLAIN),
            Cell(name),
            Cell(counted(count, "case")),
        )
        for each in found
        for name, count in each.changes
    ]
    columns = titled(("layer or runtime", "what it changed"), ("in",))
    lead = say(
        "Each layer of your own and each runtime runs in a process of its own. These "
        "changed state that is shared by the whole process, compared before and after. "
        "Their own times may depend on it, and in a program of yours it would affect "
        "other code. Nothing else in this run is affected."
    )
    title = f"Side effects in {counted(len(found), 'process', 'processes')}"
    table = Table("State that was changed", columns, tuple(rows))
    return Fold("side-effects", title, (lead,), tables=(table,))
