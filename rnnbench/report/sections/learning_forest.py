"""The pair of layers that a run's learning is about, and its forest plot."""

from dataclasses import dataclass

from rnnbench.analysis.labels import layer_name
from rnnbench.analysis.learning_ratios import LearningRatio, LearningVerdict
from rnnbench.analysis.stats import Interval
from rnnbench.model.formatting import significant
from rnnbench.model.learning import Match
from rnnbench.report.forest import Forest, ForestRow, Scale, mark_of
from rnnbench.report.sections.learning_words import ratio_place, seconds_name, solved
from rnnbench.report.tokens import Hue, hue_of
from rnnbench.report.view import RunView

_MOST_ROWS = 48


@dataclass(frozen=True, slots=True)
class MainPair:
    """The pair of layers that the learning part is about, and its ratios by task."""

    layers: tuple[str, str]
    ratios: tuple[LearningRatio, ...]

    def winner(self, ratio: LearningRatio) -> str:
        """The layer that needs fewer steps, or ""."""
        if ratio.verdict is LearningVerdict.FEWER:
            return self.layers[0]
        return self.layers[1] if ratio.verdict is LearningVerdict.MORE else ""

    def of_first_kind(self) -> tuple[LearningRatio, ...]:
        """One ratio for each task: at equal hidden size where it has one."""
        found: dict[str, LearningRatio] = {}
        for ratio in sorted(self.ratios, key=lambda one: one.match is Match.PARAMETERS):
            found.setdefault(ratio.candidate.task.id, ratio)
        return tuple(found.values())


def main_pair(view: RunView) -> MainPair | None:
    """GRU and LSTM, or the first pair of layers; None where none was compared."""
    ratios = view.learning.of_axis("layer")
    pairs = dict.fromkeys(
        (one.candidate.case.layer, one.baseline.case.layer) for one in ratios
    )
    if not pairs:
        return None
    layers = ("gru", "lstm") if ("gru", "lstm") in pairs else next(iter(pairs))
    own = tuple(one for one in ratios if _layers(one) == layers)
    return MainPair(layers, own)


def learning_forest(view: RunView) -> Forest | None:
    """Ratios of steps and of seconds of the main pair, by task."""
    pair = main_pair(view)
    if pair is None:
        return None
    over, under = pair.layers
    scale = Scale(
        value
        for ratio in pair.ratios
        for _, interval in _intervals(ratio)
        for value in (interval.estimate, *_finite(interval))
    )
    rows = [row for ratio in pair.ratios for row in _rows(pair, ratio, scale)]
    return Forest(
        id="hero-learning",
        title=(
            f"Steps and seconds to the target, {layer_name(over)} ÷ {layer_name(under)}"
        ),
        low=(f"{layer_name(over)} needs fewer", hue_of(over)),
        high=(f"{layer_name(under)} needs fewer", hue_of(under)),
        one=scale(1),
        ticks=scale.ticks(),
        rows=tuple(rows[:_MOST_ROWS]),
        more=max(len(rows) - _MOST_ROWS, 0),
        marks="ratio of geometric means over seeds, with its 95 % interval",
    )


def side_of(interval: Interval) -> int:
    """-1 where the interval is below 1, 1 where it is above, otherwise 0."""
    return (interval.low > 1) - (interval.high < 1)


def _layers(ratio: LearningRatio) -> tuple[str, str]:
    return ratio.candidate.case.layer, ratio.baseline.case.layer


def _intervals(ratio: LearningRatio) -> tuple[tuple[str, Interval], ...]:
    steps = (("steps", ratio.steps),) if ratio.steps else ()
    return (
        *steps,
        *((seconds_name(state), found) for state, found in ratio.seconds),
    )


def _finite(interval: Interval) -> tuple[float, ...]:
    is_finite = interval.low > 0 and interval.high < float("inf")
    return (interval.low, interval.high) if is_finite else ()


def _rows(pair: MainPair, ratio: LearningRatio, scale: Scale) -> list[ForestRow]:
    """A row for steps, and one for seconds in each state of the backend."""
    if not ratio.steps:
        return [_censored_row(pair, ratio)]
    head = ratio_place(ratio)
    return [
        _interval_row(pair, label, interval, scale, head="" if place else head)
        for place, (label, interval) in enumerate(_intervals(ratio))
    ]


def _interval_row(
    pair: MainPair, label: str, interval: Interval, scale: Scale, *, head: str
) -> ForestRow:
    side = side_of(interval)
    layer = pair.layers[side > 0] if side else ""
    hue = hue_of(layer) if layer else Hue.EVEN
    return ForestRow(
        label=label,
        dots=(),
        marks=(mark_of(scale, interval, hue),),
        value=f"{significant(interval.estimate)}×",
        limits=" to ".join(significant(end) for end in _finite(interval)),
        says=f"{layer_name(layer)} needs fewer" if layer else "no difference found",
        hue=hue,
        head=head,
    )


def _censored_row(pair: MainPair, ratio: LearningRatio) -> ForestRow:
    """Counts of seeds, where there is no ratio."""
    layer = pair.winner(ratio)
    is_alone = layer and _is_alone(ratio)
    return ForestRow(
        label="steps",
        detail=f"{solved(ratio.candidate)} and {solved(ratio.baseline)} seeds",
        dots=(),
        marks=(),
        value="no ratio",
        says=f"{layer_name(layer)} alone" if is_alone else str(ratio.verdict),
        hue=hue_of(layer) if layer else Hue.EVEN,
        head=ratio_place(ratio),
    )


def _is_alone(ratio: LearningRatio) -> bool:
    sides = [
        cell.steps.solved for cell in (ratio.candidate, ratio.baseline) if cell.steps
    ]
    return 0 in sides
