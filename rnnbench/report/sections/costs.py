"""Tables of the cost of each setting, and of the backend's part of a ratio."""

from collections.abc import Mapping, Sequence

from rnnbench.analysis.attribution import Attribution, attribute
from rnnbench.analysis.labels import layer_name, limits
from rnnbench.analysis.ratio import judge
from rnnbench.analysis.stats import Interval
from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY, TIME, Metric
from rnnbench.report.content import Cell, Fold, Table, titled
from rnnbench.report.sections.forests import layers_forest, settings_forest
from rnnbench.report.sections.settings import SettingCost, settings_of
from rnnbench.report.sentences import from_to, named, plain, say
from rnnbench.report.tokens import Hue, hue_of
from rnnbench.report.view import RatioGroup, RunView

# More rows would not be read; the explorer and the results file have them all.
_MOST_ROWS = 60


def settings_fold(view: RunView) -> Fold | None:
    """Settings against the same layer without them; None where none is compared."""
    costs = settings_of(view)
    if not costs:
        return None
    tables = [_table(view, costs, TIME)]
    if memory := settings_of(view, PEAK_MEMORY):
        tables.append(_table(view, memory, PEAK_MEMORY))
    forest = settings_forest(view, TIME, "settings-time")
    return Fold(
        "settings",
        "What each setting costs a layer",
        forests=(forest,) if view.main and forest else (),
        tables=tuple(tables),
    )


def layers_fold(view: RunView) -> Fold | None:
    """Time of the layers that are not in the page's answer."""
    forest = layers_forest(view, "other-layers")
    if forest is None:
        return None
    return Fold("layers", "The other layers", forests=(forest,))


def backend_fold(view: RunView) -> Fold | None:
    """The ratio with PyTorch's defaults beside the ratio on the same kind of code."""
    if view.main is None:
        return None
    rows = []
    groups = view.groups_of(view.main)
    for group in groups:
        if group.conditions.backend is not True:
            continue
        twin = next((one for one in groups if _is_twin(one, group)), None)
        part = attribute((*group.ratios, *twin.ratios)) if twin else None
        if part:
            rows.append(_share_row(view.where(group.conditions), group, part))
    if not rows:
        return None
    candidate, baseline = (named(layer) for layer in view.main.layers)
    lead = say(
        "The ratio of {candidate} to {baseline} as PyTorch runs them, then with the "
        "fused kernels switched off so that both run the same kind of code. What lies "
        "between is the backend’s doing.",
        candidate=candidate,
        baseline=baseline,
    )
    titles = ("sizes", "backend on", "backend off", "backend’s factor")
    columns = titled(("where",), titles)
    table = Table("The layer’s part and the backend’s", columns, tuple(rows))
    return Fold("backend", "The layer or the backend?", (lead,), tables=(table,))


def _is_twin(one: RatioGroup, group: RatioGroup) -> bool:
    """Whether `one` is the same ratio with the backend switched off."""
    ours, theirs = group.conditions, one.conditions
    return theirs.backend is False and (
        (ours.device, ours.phase, ours.extras, ours.equal_parameters)
        == (theirs.device, theirs.phase, theirs.extras, theirs.equal_parameters)
    )


def _share_row(where: str, group: RatioGroup, part: Attribution) -> tuple[Cell, ...]:
    layers = group.contrast.layers
    return (
        Cell(where),
        Cell(str(part.count)),
        *(
            Cell(_times(value), hue_of(layers[value.estimate >= 1]), limits(value))
            for value in (part.default, part.alike)
        ),
        Cell(_times(part.backend), note=limits(part.backend)),
    )


def _times(value: Interval) -> str:
    return f"{significant(value.estimate)}×"


def _table(view: RunView, costs: Sequence[SettingCost], metric: Metric) -> Table:
    """A row for each setting and condition, a column for each layer."""
    rows: dict[tuple[str, str], dict[str, RatioGroup]] = {}
    for cost in costs:
        for group in cost.groups:
            key = (f"{cost.name} ÷ {cost.plain_name}", view.where(group.conditions))
            rows.setdefault(key, {})[group.contrast.layers[0]] = group
    layers = tuple(dict.fromkeys(layer for row in rows.values() for layer in row))
    more = len(rows) - _MOST_ROWS
    return Table(
        f"{metric.name.capitalize()}, as a multiple of the layer without the setting"
        + (f" (the first {_MOST_ROWS} of {len(rows)} rows)" if more > 0 else ""),
        titled(("setting", "where"), map(layer_name, layers)),
        tuple(
            (Cell(setting), Cell(where), *(_cell(row, layer) for layer in layers))
            for (setting, where), row in list(rows.items())[:_MOST_ROWS]
        ),
    )


def _cell(row: Mapping[str, RatioGroup], layer: str) -> Cell:
    group = row.get(layer)
    if group is None:
        return Cell("–")
    if group.mean is None:
        return Cell(plain(from_to(*group.range)), note=f"{len(group.ratios)} sizes")
    mean = group.mean
    notes = [limits(mean)] if mean.low < mean.high else []
    verdict = judge(mean, group.metric)
    return Cell(f"{_times(mean)} {verdict}", Hue.EVEN, ", ".join(notes))
