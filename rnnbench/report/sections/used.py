"""The cost of each named use of recurrent layers, for each layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rnnbench.analysis.labels import conditions_of, layer_name, sizes
from rnnbench.analysis.ratio import Ratio
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import Case
from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.run import Use
from rnnbench.report.content import Cell, Fold, Table, titled
from rnnbench.report.sections.decision import decision
from rnnbench.report.sentences import say
from rnnbench.report.view import CaseView, RunView, contrast_of


@dataclass(frozen=True, slots=True)
class UseSize:
    """One workload of a use: a case of each layer at one size and setting."""

    use: Use
    case: Case
    layers: Mapping[str, CaseView]

    @property
    def is_stream(self) -> bool:
        """Whether a call is one step of one sequence; then latency matters."""
        return self.case.seq_len == 1 and self.case.batch_size == 1


def uses_fold(view: RunView) -> Fold | None:
    """The cost of each use; None if the sweep names no use."""
    found = _sizes_of_uses(view)
    if not found:
        return None
    lead = say(
        "Each use as a workload of the size that its source gives, or that we chose. "
        "Where a use is a stream, latency is the time of one step of one sequence."
    )
    return Fold(
        "uses",
        "What each use costs",
        (lead,),
        tables=(_times(view, found), _memory(found)),
        notes=tuple((use.name, _origin(use)) for use in view.run.sweep.uses),
        is_open=True,
    )


def _times(view: RunView, found: Sequence[UseSize]) -> Table:
    """A row for each workload of a use: the ratio, then each layer's time."""
    layers = _layers(found)
    ratios = {
        (ratio.pair.candidate, ratio.pair.baseline): ratio
        for ratio in view.times
        if ratio.pair.is_gru_to_lstm
    }
    return Table(
        "Time of one call, and time steps a second",
        titled(("use", "size"), ("GRU ÷ LSTM", *map(layer_name, layers))),
        tuple(
            (
                Cell(one.use.name, note=_reading(one)),
                Cell(sizes(one.case), note=view.where(conditions_of(one.case))),
                _ratio_cell(one, ratios),
                *(_time_cell(one.layers.get(layer)) for layer in layers),
            )
            for one in found
        ),
    )


def _memory(found: Sequence[UseSize]) -> Table:
    """The memory that a call of each layer adds at its peak."""
    layers = _layers(found)
    return Table(
        "Peak memory of one call",
        titled(("use", "size"), map(layer_name, layers)),
        tuple(
            (
                Cell(one.use.name),
                Cell(sizes(one.case)),
                *(_memory_cell(one.layers.get(layer)) for layer in layers),
            )
            for one in found
        ),
    )


def _layers(found: Sequence[UseSize]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(layer for one in found for layer in one.layers))


def _reading(one: UseSize) -> str:
    """The stated need of the use, and the figure that matters for it."""
    return f"said of {one.use.said_of}; {'latency' if one.is_stream else 'throughput'}"


def _memory_cell(each: CaseView | None) -> Cell:
    memory = each.result.peak_memory if each else None
    return Cell("not read" if memory is None else PEAK_MEMORY.format(memory))


def _sizes_of_uses(view: RunView) -> list[UseSize]:
    if not view.run.sweep.uses:
        return []
    by_id = {each.case.id: each for each in view.cases}
    found: list[UseSize] = []
    for use in view.run.sweep.uses:
        alike: dict[Case, dict[str, CaseView]] = {}
        # With -k, a run may have only one case of a workload.
        for each in filter(None, map(by_id.get, use.cases)):
            alike.setdefault(replace(each.case, layer="lstm"), {})[each.layer] = each
        found += [UseSize(use, case, layers) for case, layers in alike.items()]
    return found


def _time_cell(each: CaseView | None) -> Cell:
    """The time of a call, and below it the rate."""
    if each is None or each.time is None:
        status = f": {each.result.status}" if each and each.result.reason else ""
        return Cell(f"not measured{status}")
    return Cell(TIME.format(each.time.estimate), note=_rate(each, each.time))


def _rate(each: CaseView, time: Interval) -> str:
    steps = each.case.seq_len * each.case.batch_size / time.estimate
    rounded = float(f"{steps:.3g}")
    text = f"{rounded:,.0f}" if rounded >= 1000 else significant(steps)
    return f"{text} steps/s"


def _ratio_cell(one: UseSize, ratios: Mapping[tuple[Case, Case], Ratio]) -> Cell:
    ours, theirs = one.layers.get("gru"), one.layers.get("lstm")
    ratio = ratios.get((ours.case, theirs.case)) if ours and theirs else None
    if ratio is None:
        return Cell("not measured")
    found = decision(ratio, contrast_of(ratio))
    return Cell(f"{found.value} {found.says}", found.hue, found.limits)


def _origin(use: Use) -> str:
    origin = "Our choice" if use.our_choice else "Source"
    text = f"{origin}: {use.source}{'' if use.source.endswith('.') else '.'}"
    return f"{text} {use.why}".strip()
