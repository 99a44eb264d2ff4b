"""Names of axes, values and settings, for a terminal and for a page."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from rnnbench.analysis.ratio import backend
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import DEFAULTS, Case, Device, Lengths, Phase, applies
from rnnbench.model.formatting import counted, significant
from rnnbench.model.layer_arguments import PREFIX, text, value_of
from rnnbench.model.run import Environment
from rnnbench.model.runtimes import runtime_label
from rnnbench.model.workload import Pair

# Axes that a chart can use: the sizes of the layer and of its input.
SIZES = ("hidden_size", "seq_len", "num_layers", "batch_size", "input_size")
BACKENDS = ("cudnn", "onednn")
# For a single launch, which gives no interval.
NO_INTERVAL = "no interval"
# For an interval whose ends are two orders of magnitude apart.
NOT_RESOLVED = "not resolved"
_WIDEST = 100
_ADDED = re.compile(
    r"\((?:R|TM)\)| (?:\d+-Core )?(?:CPU|Processor)(?= @|$)| @ .*", re.IGNORECASE
)

_LAYERS = {"lstm": "LSTM", "gru": "GRU", "rnn_tanh": "RNN tanh", "rnn_relu": "RNN ReLU"}
_PHASES = {
    Phase.INFERENCE: "inference",
    Phase.FORWARD: "forward",
    Phase.TRAIN: "training",
    Phase.STEP: "training step",
    Phase.STREAM: "streaming",
}
_LENGTHS = {
    Lengths.FULL: "not packed",
    Lengths.PACKED_FULL: "packed, full length",
    Lengths.HALF: "packed, from half",
    Lengths.HALF_SORTED: "packed, from half, sorted",
    Lengths.WIDE: "packed, from one step",
    Lengths.WIDE_SORTED: "packed, from one step, sorted",
    Lengths.TAIL: "packed, mostly short",
    Lengths.TAIL_SORTED: "packed, mostly short, sorted",
}
_WORDS: dict[str, Callable[[Any], str]] = {
    "input_size": "input size {}".format,
    "hidden_size": "hidden size {}".format,
    "num_layers": lambda value: counted(value, "layer"),
    "seq_len": lambda value: counted(value, "step"),
    "batch_size": "batch {}".format,
    "phase": lambda value: _PHASES[value],
    "bias": lambda value: "bias" if value else "no bias",
    "batch_first": lambda value: "batch first" if value else "sequence first",
    "dropout": lambda value: f"dropout {value:g}" if value else "no dropout",
    "bidirectional": lambda value: "bidirectional" if value else "one direction",
    "proj_size": lambda value: f"proj_size {value}" if value else "no projection",
    "initial_state": lambda value: f"initial state {value}",
    "lengths": lambda value: _LENGTHS[value],
    "dtype": lambda value: str(value).replace("_", " to "),
    "device": lambda value: str(value).upper(),
    "cudnn": lambda value: "cuDNN on" if value else "cuDNN off",
    "onednn": lambda value: "oneDNN on" if value else "oneDNN off",
    "deterministic": lambda value: "deterministic" if value else "not deterministic",
    "tf32": lambda value: "TF32 on" if value else "TF32 off",
    "flatten": lambda value: "weights flat" if value else "weights not flat",
    "threads": lambda value: counted(value, "thread"),
    "allocator": lambda value: f"{value} allocator",
    "runtime": runtime_label,
    "optimizer": lambda value: {"adam": "Adam", "sgd": "SGD"}[value],
    "parameters_of": lambda value: (
        "sized to the LSTM's parameters" if value else "equal hidden_size"
    ),
}
# The text for a setting that is not PyTorch's default.
_EXTRAS = tuple(
    axis
    for axis in DEFAULTS
    if axis not in (*SIZES, *BACKENDS, "phase", "device", "parameters_of", "args")
)
_extras = attrgetter(*_EXTRAS)
_PLAIN = tuple(DEFAULTS[axis] for axis in _EXTRAS)
# Rows that no switch applies to stand together, and not among those that it does.
_BACKEND_ORDER = (True, None, False)
_PHASE_ORDER = tuple(_PHASES)


def layer_name(layer: str) -> str:
    """`gru` is GRU; a layer of the user's own keeps its name."""
    return _LAYERS.get(layer, layer)


def hardware_name(name: str) -> str:
    """The name of a CPU or GPU without what its maker's lawyers and clocks add.

    >>> hardware_name("Intel(R) Xeon(R) CPU @ 2.20GHz")
    'Intel Xeon'
    >>> hardware_name("AMD EPYC 9B45 32-Core Processor")
    'AMD EPYC 9B45'

    """
    return _ADDED.sub("", name).strip() or name


def machine_name(environment: Environment) -> str:
    """The name that people call a machine by: its GPU's, or its CPU's."""
    name = environment.gpu or environment.cpu_model or environment.machine
    return hardware_name(name)


def words(axis: str, value: Any) -> str:
    """The value of an axis, for a sentence."""
    if axis == "layer":
        return layer_name(value)
    if axis.startswith(PREFIX):
        return f"{axis.removeprefix(PREFIX)} {text(value)}"
    return _WORDS[axis](value) if axis in _WORDS else f"{axis} {value}"


@dataclass(frozen=True, slots=True)
class Conditions:
    """Where and how a layer runs, without its sizes.

    `backend`: whether the switch that chooses the code (cuDNN, oneDNN) is on; None
    where the switch is what is compared, or has no effect. `extras`: axes that are not
    at PyTorch's default. `equal_parameters`: the candidate is sized to its baseline.
    """

    device: Device
    backend: bool | None
    phase: Phase | None
    extras: tuple[tuple[str, Any], ...] = ()
    equal_parameters: bool = False

    def at_equal_parameters(self) -> "Conditions":
        """The same setting, for candidates sized to their baseline's parameters."""
        return replace(self, equal_parameters=True)

    def with_arguments_of(self, case: Case) -> "Conditions":
        """The same setting with those arguments of `case` that it does not have."""
        added = tuple(each for each in _arguments(case) if each not in self.extras)
        return replace(self, extras=self.extras + added) if added else self

    @property
    def switch(self) -> str:
        """The axis that `backend` is a value of."""
        return "cudnn" if self.device is Device.CUDA else "onednn"

    @property
    def is_default(self) -> bool:
        """Whether a user gets this without asking for anything."""
        return self.backend is not False and not self.extras

    @property
    def rank(self) -> tuple[Any, ...]:
        """A place in a list that begins with what a user gets without asking."""
        phase = _PHASE_ORDER.index(self.phase) if self.phase else -1
        return (
            self.device,
            _BACKEND_ORDER.index(self.backend),
            self.equal_parameters,
            [(axis, str(value)) for axis, value in self.extras],
            phase,
        )

    @property
    def backend_words(self) -> str:
        """The switch and its state, or nothing."""
        return "" if self.backend is None else words(self.switch, self.backend)

    @property
    def extra_words(self) -> tuple[str, ...]:
        """The settings that differ from PyTorch's defaults, without the backend."""
        extras = [words(axis, value) for axis, value in self.extras]
        equal = ["equal parameters"] if self.equal_parameters else []
        return tuple(extras + equal)

    @property
    def phase_words(self) -> str:
        """The phase, or nothing where phases are compared."""
        return words("phase", self.phase) if self.phase else ""

    def words(self, *, with_device: bool = False) -> str:
        """The setting for a reader: "oneDNN off, bidirectional, training"."""
        device = words("device", self.device) if with_device else ""
        backend = self.backend_words if self.backend is False else ""
        parts = (device, backend, *self.extra_words, self.phase_words)
        return ", ".join(filter(None, parts))


def conditions_of(case: Case, without: str = "") -> Conditions:
    """The setting of a case; of a pair that differs in the axis `without`, of both."""
    switch = "cudnn" if case.device is Device.CUDA else "onednn"
    has_switch = switch != without and applies(switch, case)
    return Conditions(
        device=case.device,
        backend=getattr(case, switch) if has_switch else None,
        phase=None if without == "phase" else case.phase,
        extras=tuple(
            (axis, value)
            for axis, value, default in zip(_EXTRAS, _extras(case), _PLAIN, strict=True)
            if value != default and axis != without and applies(axis, case)
        )
        + tuple(each for each in _arguments(case) if each[0] != without),
    )


def _arguments(case: Case) -> tuple[tuple[str, Any], ...]:
    return tuple((f"{PREFIX}{name}", value) for name, value in case.args)


def sizes(case: Case, axes: Iterable[str] = SIZES) -> str:
    """The sizes in words: "hidden size 128, 32 steps, 1 layer, batch 16"."""
    return ", ".join(words(axis, nominal(case, axis)) for axis in axes)


def nominal(case: Case, axis: str) -> int:
    """A size; of a case sized to an LSTM's parameters, the hidden_size of that LSTM."""
    if axis == "hidden_size" and case.parameters_of:
        return case.parameters_of
    value: int = getattr(case, axis)
    return value


def varying_sizes(cases: Sequence[Case]) -> tuple[str, ...]:
    """The axes of size in which the cases differ."""
    return tuple(
        axis for axis in SIZES if len({nominal(case, axis) for case in cases}) > 1
    )


def pair_label(pair: Pair) -> str:
    """The numerator and the denominator of a ratio, in words."""
    over = words(pair.axis, value_of(pair.candidate, pair.axis))
    under = words(pair.axis, value_of(pair.baseline, pair.axis))
    if pair.axis != "layer":
        return f"{over} / {under}"
    equal = " at equal parameters" if pair.candidate.parameters_of else ""
    return f"{over} / {under}{equal}, {backend(pair.baseline)}"


def span(interval: Interval) -> str:
    """An estimate with its interval."""
    if interval.low == interval.high:
        return significant(interval.estimate)
    return f"{significant(interval.estimate)} ({limits(interval)})"


def limits(interval: Interval) -> str:
    """The interval alone."""
    if not math.isfinite(interval.high):
        return NO_INTERVAL
    if 0 <= _WIDEST * interval.low < interval.high:
        return NOT_RESOLVED
    return f"{significant(interval.low)} to {significant(interval.high)}"
