"""How a claim is judged by ratios, and how its evidence is put into words."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rnnbench.analysis.ratio import Ratio, Verdict
from rnnbench.model.case import Case
from rnnbench.model.cost import flops, parameters
from rnnbench.model.formatting import counted
from rnnbench.model.metric import PEAK_MEMORY, TIME, Metric
from rnnbench.report.sentences import from_to, plain

SIMPLE = ("rnn_tanh", "rnn_relu")
LESS = frozenset({Verdict.FASTER, Verdict.LESS})
MORE = frozenset({Verdict.SLOWER, Verdict.MORE})
_ORDER = {"rnn_tanh": "a plain RNN", "gru": "a GRU", "lstm": "an LSTM"}


class Standing(StrEnum):
    """The verdict of a run on a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    DEPENDS = "depends"
    NO_DIFFERENCE = "no difference found"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a rule. `section`: the part of the page that shows the details."""

    standing: Standing
    evidence: tuple[str, ...]
    section: str = ""


def weigh(ratios: Iterable[Ratio], claimed: frozenset[Verdict]) -> Standing:
    """Where the intervals lie: all on the side that is claimed, all on the other.

    A tie is on neither side. Where none is decided, nothing is known.
    """
    verdicts = {ratio.verdict for ratio in ratios}
    if verdicts <= {Verdict.UNDECIDED}:
        return Standing.NOT_MEASURED
    if verdicts <= claimed:
        return Standing.SUPPORTED
    return Standing.CONTRADICTED if verdicts <= _other(claimed) else Standing.DEPENDS


def agree(holds: Sequence[bool]) -> Standing:
    """What must hold for each case, and does for all, for none, or for some."""
    if not holds:
        return Standing.NOT_MEASURED
    if all(holds):
        return Standing.SUPPORTED
    return Standing.DEPENDS if any(holds) else Standing.CONTRADICTED


def of_layers(found: Iterable[Ratio], candidates: Sequence[str]) -> list[Ratio]:
    """Ratios of those layers to the LSTM of the same hidden_size."""
    return [
        ratio
        for ratio in found
        if ratio.pair.axis == "layer"
        and ratio.pair.candidate.layer in candidates
        and ratio.pair.baseline.layer == "lstm"
        and not ratio.pair.candidate.parameters_of
    ]


def of_axis(found: Iterable[Ratio], axis: str) -> list[Ratio]:
    """Ratios over a knob, whatever the layer."""
    return [ratio for ratio in found if ratio.pair.axis == axis]


def of_metric(found: Iterable[Ratio], metric: Metric) -> list[Ratio]:
    """The ratios of time, or those of peak memory."""
    return [ratio for ratio in found if ratio.metric is metric]


def counts_of(what: str, ratios: Sequence[Ratio]) -> tuple[str, ...]:
    """How many ratios lie on each side, and their range; empty if there are none."""
    if not ratios:
        return ()
    counts = Counter(ratio.verdict for ratio in ratios).most_common()
    parts = ", ".join(f"{verdict} at {count}" for verdict, count in counts)
    return (f"{what}: {parts} of {counted(len(ratios), 'pair')}; {_range(ratios)}.",)


def time_and_memory(pairs: Sequence[Ratio], what: str) -> tuple[str, ...]:
    """The sentence about a setting."""
    return (
        *counts_of(f"Time, {what}", of_metric(pairs, TIME)),
        *counts_of(f"Peak memory, {what}", of_metric(pairs, PEAK_MEMORY)),
    )


def example(case: Case) -> str:
    """Parameters and FLOPs of the three layers at one size, by closed form."""
    return (
        f"By closed form, with input_size {case.input_size} and hidden_size "
        f"{case.hidden_size}: {_by_layer(case, parameters, 'parameters')}; "
        f"{_by_layer(case, flops, 'FLOP a call')}."
    )


def weights_of(case: Case) -> int:
    """The parameters; 0 of a layer whose parameters are not known."""
    return parameters(case) or 0


def _other(claimed: frozenset[Verdict]) -> frozenset[Verdict]:
    return MORE if claimed == LESS else LESS


def _range(ratios: Iterable[Ratio]) -> str:
    values = [ratio.interval.estimate for ratio in ratios]
    return plain(from_to(min(values), max(values)))


def _by_layer(case: Case, count: Callable[[Case], int | None], unit: str) -> str:
    parts = [
        f"{name} {count(replace(case, layer=layer)):,}"
        for layer, name in _ORDER.items()
    ]
    return f"{', '.join(parts)} {unit}"
