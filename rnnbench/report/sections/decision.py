"""The table of decisions for readers without JavaScript: the winner at each size."""

from dataclasses import dataclass

from rnnbench.analysis.labels import SIZES, layer_name, limits, nominal
from rnnbench.analysis.ratio import Ratio
from rnnbench.model.formatting import significant
from rnnbench.model.metric import TIME
from rnnbench.report.tokens import Hue, hue_of
from rnnbench.report.view import FOR_BASELINE, FOR_CANDIDATE, Contrast, RunView

# Most sizes in the table; the results file has them all.
_MOST_ROWS = 200
_SHORT = {
    "hidden_size": "hidden",
    "num_layers": "layers",
    "seq_len": "steps",
    "batch_size": "batch",
    "input_size": "input",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """The winner at one size, with the ratio and its interval."""

    says: str
    hue: Hue
    value: str
    limits: str


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """Rows of sizes and conditions, a column for each backend and phase."""

    axes: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[Decision | None, ...]], ...]
    more: int


def decision_table(view: RunView) -> DecisionTable | None:
    """The time ratios of the page's two layers; None if it has no two layers."""
    first = view.main
    if first is None:
        return None
    cells: dict[tuple[tuple[int, ...], str], dict[str, Decision]] = {}
    columns: dict[str, None] = {}
    for group in view.groups_of(first, TIME):
        conditions = group.conditions
        column = ", ".join(
            filter(None, (conditions.backend_words, conditions.phase_words))
        )
        columns[column] = None
        extras = ", ".join(conditions.extra_words)
        for ratio in group.ratios:
            size = tuple(nominal(ratio.pair.baseline, axis) for axis in SIZES)
            cells.setdefault((size, extras), {})[column] = decision(ratio, first)
    ordered = sorted(cells.items())
    shown = [
        place
        for place in range(len(SIZES))
        if len({size[place] for size, _ in cells}) > 1
    ] or [0]
    has_extras = any(extras for _, extras in cells)
    return DecisionTable(
        axes=(*(_SHORT[SIZES[place]] for place in shown), *["other"] * has_extras),
        columns=tuple(columns),
        rows=tuple(
            (
                (*(str(size[place]) for place in shown), *[extras] * has_extras),
                tuple(found.get(column) for column in columns),
            )
            for (size, extras), found in ordered[:_MOST_ROWS]
        ),
        more=max(len(ordered) - _MOST_ROWS, 0),
    )


def decision(ratio: Ratio, contrast: Contrast) -> Decision:
    """A ratio as a choice: the layer to take, or the word for no choice."""
    says, hue = str(ratio.verdict), Hue.EVEN
    candidate, baseline = contrast.layers
    if ratio.verdict in FOR_CANDIDATE:
        says, hue = layer_name(candidate), hue_of(candidate)
    elif ratio.verdict in FOR_BASELINE:
        says, hue = layer_name(baseline), hue_of(baseline)
    value = f"{significant(ratio.interval.estimate)}×"
    return Decision(says, hue, value, limits(ratio.interval))
