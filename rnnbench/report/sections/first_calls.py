"""First calls, shown apart from running time, for layers that may compile."""

from rnnbench.analysis.labels import conditions_of, sizes
from rnnbench.model.case import TORCH_LAYERS
from rnnbench.model.metric import TIME
from rnnbench.report.content import Cell, Fold, Table, titled
from rnnbench.report.sentences import say
from rnnbench.report.tokens import hue_of
from rnnbench.report.view import CaseView, RunView

_MOST_ROWS = 60


def first_calls_fold(view: RunView) -> Fold | None:
    """The first call of layers that are not torch.nn's; None where there is none."""
    rows = [
        row
        for each in view.cases
        if each.layer not in TORCH_LAYERS and (row := _row(view, each))
    ]
    if not rows:
        return None
    lead = say(
        "The first call in a fresh process includes compilation. It is the longest one "
        "over the launches and no part of the running time."
    )
    columns = titled(
        ("layer", "size", "where"), ("first call", "later calls", "first ÷ later")
    )
    table = Table("First call and running time", columns, tuple(rows[:_MOST_ROWS]))
    return Fold(
        "first-calls", "First call of your own layers", (lead,), tables=(table,)
    )


def _row(view: RunView, each: CaseView) -> tuple[Cell, ...] | None:
    firsts = [turns.first_call for turns in each.result.turns if turns.first_call]
    if not firsts or each.time is None:
        return None
    first = max(firsts)
    return (
        Cell(each.layer, hue_of(each.layer)),
        Cell(sizes(each.case)),
        Cell(view.where(conditions_of(each.case))),
        Cell(TIME.format(first)),
        Cell(TIME.format(each.time.estimate)),
        Cell(f"{first / each.time.estimate:,.0f}×"),
    )
