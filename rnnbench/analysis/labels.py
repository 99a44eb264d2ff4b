"""What the facts are called, on a terminal and on a page."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from rnnbench.analysis.ratio import backend
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import DEFAULTS, Case, Phase, applies
from rnnbench.model.metric import significant
from rnnbench.model.workload import Pair

# What a chart can have on its axis: the sizes of the layer and of its input.
SIZES = ("hidden_size", "seq_len", "num_layers", "batch_size", "input_size")
BACKENDS = ("cudnn", "onednn")
# Of one launch: nothing says how far another would be off.
NO_INTERVAL = "no interval"

_LAYERS = {"lstm": "LSTM", "gru": "GRU", "rnn_tanh": "RNN tanh", "rnn_relu": "RNN ReLU"}
_PHASES = {
    Phase.INFERENCE: "inference",
    Phase.FORWARD: "forward",
    Phase.TRAIN: "training",
    Phase.STEP: "training step",
}
_WORDS: dict[str, Callable[[Any], str]] = {
    "phase": lambda value: _PHASES[value],
    "bias": lambda value: "bias" if value else "no bias",
    "batch_first": lambda value: "batch first" if value else "sequence first",
    "dropout": lambda value: f"dropout {value:g}" if value else "no dropout",
    "bidirectional": lambda value: "bidirectional" if value else "one direction",
    "proj_size": lambda value: f"proj_size {value}" if value else "no projection",
    "initial_state": lambda value: f"states {value}",
    "lengths": lambda value: f"lengths {value}".replace("_", " "),
    "dtype": lambda value: str(value).replace("_", " to "),
    "device": lambda value: str(value).upper(),
    "cudnn": lambda value: "cuDNN on" if value else "cuDNN off",
    "onednn": lambda value: "oneDNN on" if value else "oneDNN off",
    "deterministic": lambda value: "deterministic" if value else "any order of sums",
    "tf32": lambda value: "TF32 on" if value else "TF32 off",
    "flatten": lambda value: "weights flat" if value else "weights not flat",
    "threads": lambda value: f"{value} thread{'s' if value > 1 else ''}",
    "allocator": lambda value: f"{value} allocator",
    "optimizer": lambda value: {"adam": "Adam", "sgd": "SGD"}[value],
    "parameters_of": lambda value: (
        "sized to the LSTM's parameters" if value else "equal hidden_size"
    ),
}
_EXTRAS = tuple(
    axis
    for axis in DEFAULTS
    if axis not in (*SIZES, *BACKENDS, "phase", "device", "parameters_of")
)


def layer_name(layer: str) -> str:
    """`gru` is GRU; a layer of the user's own keeps its name."""
    return _LAYERS.get(layer, layer)


def words(axis: str, value: Any) -> str:
    """The value of an axis, for a sentence."""
    if axis == "layer":
        return layer_name(value)
    return _WORDS[axis](value) if axis in _WORDS else f"{axis} {value}"


def setting(case: Case) -> str:
    """Where and how a layer runs: device, backend, and what isn't at its default."""
    extras = [
        words(axis, getattr(case, axis))
        for axis in _EXTRAS
        if getattr(case, axis) != DEFAULTS[axis] and applies(axis, case)
    ]
    return ", ".join([words("device", case.device), backend(case), *extras])


def plain_setting(case: Case, axis: str) -> str:
    """The setting of both members of a pair that differ in `axis`."""
    own = words(axis, getattr(case, axis))
    parts = [part for part in setting(case).split(", ") if part != own]
    return ", ".join(parts)


def sizes(case: Case, axes: Iterable[str] = SIZES) -> str:
    """The sizes by torch.nn's names."""
    return ", ".join(f"{axis} {getattr(case, axis)}" for axis in axes)


def nominal(case: Case, axis: str) -> int:
    """A size; of a case sized to an LSTM's parameters, the hidden_size of that LSTM."""
    if axis == "hidden_size" and case.parameters_of:
        return case.parameters_of
    value: int = getattr(case, axis)
    return value


def pair_label(pair: Pair) -> str:
    """What a ratio divides by what."""
    over = words(pair.axis, getattr(pair.candidate, pair.axis))
    under = words(pair.axis, getattr(pair.reference, pair.axis))
    if pair.axis != "layer":
        return f"{over} / {under}"
    equal = " at equal parameters" if pair.candidate.parameters_of else ""
    return f"{over} / {under}{equal}, {backend(pair.reference)}"


def span(interval: Interval) -> str:
    """An estimate with its interval."""
    if interval.low == interval.high:
        return significant(interval.estimate)
    return f"{significant(interval.estimate)} ({limits(interval)})"


def limits(interval: Interval) -> str:
    """The interval alone."""
    if not math.isfinite(interval.high):
        return NO_INTERVAL
    return f"{significant(interval.low)} to {significant(interval.high)}"
