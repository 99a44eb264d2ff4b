"""The layers of the user's that changed process-wide state while they were measured."""

from collections import Counter
from dataclasses import dataclass

from rnnbench.analysis.labels import layer_name
from rnnbench.model.formatting import counted
from rnnbench.model.run import Run
from rnnbench.report.content import Cell, Column, Fold, Table
from rnnbench.report.sentences import Sentence, named, say
from rnnbench.report.tokens import hue_of
from rnnbench.report.view import RunView

_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class SideEffects:
    """The state that a layer changed, each with the number of its cases that did."""

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
    """Each layer that changed something, in the order of the run."""
    found: dict[str, Counter[str]] = {}
    for result in run.results:
        if result.process_changes:
            counts = found.setdefault(result.case.layer, Counter())
            counts.update(dict.fromkeys(result.process_changes, 1))
    return tuple(
        SideEffects(layer, tuple(counts.most_common()))
        for layer, counts in found.items()
    )


def side_effects_sentence(effects: SideEffects) -> Sentence:
    """One sentence on one layer, which says that no other layer is affected."""
    return say(
        "{layer} changed state of its process ({changes}); other layers run in other "
        "processes and are not affected.",
        layer=named(effects.layer),
        changes=effects.words,
    )


def side_effects_fold(view: RunView) -> Fold | None:
    """Every change by layer; None where no layer changed anything."""
    found = side_effects(view.run)
    if not found:
        return None
    rows = [
        (
            Cell(layer_name(each.layer), hue_of(each.layer)),
            Cell(name),
            Cell(counted(count, "case")),
        )
        for each in found
        for name, count in each.changes
    ]
    columns = (Column("layer"), Column("what it changed"), Column("in", number=True))
    lead = say(
        "Each layer of your own runs in a process of its own. These changed state that "
        "is shared by the whole process, compared before and after. Their own times "
        "may depend on it, and in a program of yours it would affect other code. "
        "Other layers of this run are not affected."
    )
    title = f"Side effects of {counted(len(found), 'layer')}"
    table = Table("State that layers changed", columns, tuple(rows))
    return Fold("side-effects", title, (lead,), tables=(table,))
