"""A case: one point of a sweep, in PyTorch's parameter names, and its stable id."""

import re
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import Any

from rnnbench.model.case_limits import check_limits
from rnnbench.model.identified import Identified
from rnnbench.model.layer_arguments import (
    PREFIX,
    Arguments,
    check_arguments,
    text,
    value_of,
)

TORCH_LAYERS = ("rnn_tanh", "rnn_relu", "lstm", "gru")
# The runtime of PyTorch itself: the layer is called as it is.
EAGER = "eager"

# A layer of the user's: "package.module:factory", or the name of an entry point in the
# group `rnnbench.layers`. A runtime: a row of model/runtimes, or "package.module:name".
# No other character is allowed: the name is harmless in an id, a file name or a page.
LAYER_NAME = re.compile(
    r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*(:[A-Za-z_][A-Za-z0-9_]*)?"
)


class InitialState(StrEnum):
    """Whether h_0 (and c_0) are passed, or left for the layer to fill with zeros."""

    OMITTED = "omitted"
    GIVEN = "given"


class Phase(StrEnum):
    """Work of one call."""

    INFERENCE = "inference"  # eval mode and inference mode: no autograd
    FORWARD = "forward"  # train mode, the graph is kept
    TRAIN = "train"  # forward and backward from a fixed gradient; no loss
    STEP = "step"  # train, then one step of the optimizer
    STREAM = "stream"  # inference, from the state that the call before has left


class Optimizer(StrEnum):
    """The optimizer of `phase: step`."""

    ADAM = "adam"
    SGD = "sgd"


class Dtype(StrEnum):
    """The type of weights and input; with autocast they stay float32."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    AUTOCAST_BFLOAT16 = "autocast_bfloat16"
    AUTOCAST_FLOAT16 = "autocast_float16"


class Device(StrEnum):
    """The device that the layer runs on."""

    CPU = "cpu"
    CUDA = "cuda"


class Allocator(StrEnum):
    """Settings of glibc's malloc in the worker: kept steady, or the defaults."""

    STEADY = "steady"
    SYSTEM = "system"


class Lengths(StrEnum):
    """Sequence lengths of the batch; all but `full` make the input a PackedSequence.

    The longest is always seq_len. `packed_full`: all have seq_len; `half`: evenly
    spread from seq_len / 2; `wide`: evenly spread from 1; `tail`: many short ones, few
    long. Without `_sorted` they are shuffled, which costs the layer an index_select.
    """

    FULL = "full"
    PACKED_FULL = "packed_full"
    HALF = "half"
    HALF_SORTED = "half_sorted"
    WIDE = "wide"
    WIDE_SORTED = "wide_sorted"
    TAIL = "tail"
    TAIL_SORTED = "tail_sorted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Identified):
    """One point of a sweep: the identity of a result.

    Fields that torch.nn has keep torch.nn's names. `parameters_of` is 0, or the
    hidden_size of the LSTM whose number of parameters this case was sized to match.
    `args`: further arguments of a layer of the user's, by name in alphabetical order.
    ValueError names the field that torch.nn would not accept.
    """

    layer: str
    input_size: int
    hidden_size: int
    num_layers: int = 1
    bias: bool = True
    batch_first: bool = False
    dropout: float = 0.0
    bidirectional: bool = False
    proj_size: int = 0
    seq_len: int
    batch_size: int
    initial_state: InitialState = InitialState.OMITTED
    lengths: Lengths = Lengths.FULL
    phase: Phase = Phase.INFERENCE
    optimizer: Optimizer = Optimizer.ADAM
    runtime: str = EAGER
    dtype: Dtype = Dtype.FLOAT32
    device: Device = Device.CPU
    cudnn: bool = True
    onednn: bool = True
    deterministic: bool = False
    tf32: bool = True
    flatten: bool = True
    threads: int = 1
    allocator: Allocator = Allocator.STEADY
    parameters_of: int = 0
    args: Arguments = ()

    def __post_init__(self) -> None:
        """Raise ValueError for what torch.nn would not accept."""
        if not LAYER_NAME.fullmatch(self.layer):
            raise ValueError(f"layer: {self.layer!r} is not the name of a layer")
        if not LAYER_NAME.fullmatch(self.runtime):
            raise ValueError(f"runtime: {self.runtime!r} is not the name of a runtime")
        check_limits(self)
        if self.args:
            check_arguments(self.args, FIELDS)

    def _make_id(self) -> str:
        return case_id(self)

    @property
    def is_foreign(self) -> bool:
        """Whether code that is not PyTorch's runs, which needs its own process."""
        return self.layer not in TORCH_LAYERS or self.runtime != EAGER

    @property
    def process(self) -> str:
        """The name of the process that it is measured in; "" for PyTorch's own layers.

        A layer of the user's has its own process, and so has each runtime: state that
        it changes, threads that it starts and its crash reach no other one.
        """
        layer = "" if self.layer in TORCH_LAYERS else self.layer
        runtime = "" if self.runtime == EAGER else self.runtime
        return " in ".join(filter(None, (layer, runtime)))

    @property
    def num_directions(self) -> int:
        """1, or 2 where the layer is bidirectional."""
        return 2 if self.bidirectional else 1

    @property
    def output_size(self) -> int:
        """The last dimension of the output: torch.nn concatenates the directions."""
        return self.num_directions * (self.proj_size or self.hidden_size)


FIELDS = tuple(field.name for field in fields(Case))
AXES = tuple(name for name in FIELDS if name not in ("parameters_of", "args"))
DEFAULTS: dict[str, Any] = {
    field.name: field.default for field in fields(Case) if field.default is not MISSING
}


def case_id(case: Case, *, without: tuple[str, ...] = ()) -> str:
    """Id of `case` without the axes of `without`; an axis at its default adds nothing.

    So an axis that is added in a later version leaves every older id unchanged.
    """
    arguments = () if "args" in without else case.args
    tokens = [
        token(value)
        for (name, token, usual), value in zip(_PARTS, _values(case), strict=True)
        if value != usual
        and name not in without
        and not (name == "optimizer" and _has_no_optimizer(case, without))
    ]
    tokens += [f"arg_{name}_{text(value)}" for name, value in arguments]
    return "-".join(tokens)


def _has_no_optimizer(case: Case, without: tuple[str, ...]) -> bool:
    # Where the phase is compared, other phases have no optimizer.
    is_default = case.optimizer is DEFAULTS["optimizer"]
    return case.phase is not Phase.STEP or ("phase" in without and is_default)


_ALWAYS = (
    *("layer", "phase", "optimizer", "input_size", "hidden_size", "num_layers"),
    *("seq_len", "batch_size", "device"),
)
_TOKENS: dict[str, Callable[[Any], str]] = {
    "layer": str,
    "phase": str,
    "optimizer": str,
    "input_size": "i{}".format,
    "hidden_size": "h{}".format,
    "num_layers": "l{}".format,
    "seq_len": "t{}".format,
    "batch_size": "b{}".format,
    "bias": lambda value: "bias" if value else "no_bias",
    "batch_first": lambda value: "batch_first" if value else "seq_first",
    "dropout": "dropout_{:g}".format,
    "bidirectional": lambda value: "bidirectional" if value else "one_direction",
    "proj_size": "proj_{}".format,
    "initial_state": "state_{}".format,
    "lengths": "lengths_{}".format,
    "runtime": str,
    "dtype": str,
    "device": str,
    "cudnn": lambda value: "cudnn" if value else "no_cudnn",
    "onednn": lambda value: "onednn" if value else "no_onednn",
    "deterministic": lambda value: "deterministic" if value else "any_order",
    "tf32": lambda value: "tf32" if value else "no_tf32",
    "flatten": lambda value: "flatten" if value else "no_flatten",
    "threads": "threads_{}".format,
    "allocator": str,
    "parameters_of": "parameters_of_h{}".format,
}
_values = attrgetter(*_TOKENS)
# An axis that every id names is never usual.
_PARTS = tuple(
    (name, token, object() if name in _ALWAYS else DEFAULTS.get(name))
    for name, token in _TOKENS.items()
)


def applies(axis: str, case: Case) -> bool:
    """Whether `axis` has an effect on `case`; if not, it multiplies no cases.

    Sources: torch.nn's documentation, and for `onednn` aten/src/ATen/native/RNN.cpp
    (`use_mkldnn`): only an LSTM without proj_size on padded input is fused. In float32
    the other layers run the same code with the flag on or off.
    """
    if axis.startswith(PREFIX):
        return value_of(case, axis) is not None
    rule = _APPLIES.get(axis)
    return rule is None or rule(case)


def _onednn_applies(case: Case) -> bool:
    if case.device is not Device.CPU or case.dtype is Dtype.FLOAT64:
        return False
    if case.runtime not in _TORCH_RUNTIMES:
        return False
    if case.dtype is not Dtype.FLOAT32 or case.layer not in TORCH_LAYERS:
        return True  # reduced precision uses oneDNN's matrix products as well
    return case.layer == "lstm" and not case.proj_size and case.lengths is Lengths.FULL


# Runtimes that call PyTorch's own kernel of a layer, which the switch changes.
_TORCH_RUNTIMES = frozenset({EAGER, "torchscript", "compile", "compile_rnn", "aoti"})

_APPLIES: dict[str, Callable[[Case], bool]] = {
    "dropout": lambda case: (
        case.num_layers > 1 and case.phase not in (Phase.INFERENCE, Phase.STREAM)
    ),
    # A stream has no end, begins once, and all streams of a batch go on together.
    "bidirectional": lambda case: case.phase is not Phase.STREAM,
    "initial_state": lambda case: case.phase is not Phase.STREAM,
    "lengths": lambda case: case.phase is not Phase.STREAM,
    "proj_size": lambda case: case.layer not in ("rnn_tanh", "rnn_relu", "gru"),
    "batch_first": lambda case: case.lengths is Lengths.FULL,
    "optimizer": lambda case: case.phase is Phase.STEP,
    "cudnn": lambda case: case.device is Device.CUDA,
    "onednn": _onednn_applies,
    "tf32": lambda case: case.device is Device.CUDA and case.dtype is Dtype.FLOAT32,
    "flatten": lambda case: case.device is Device.CUDA,
    "parameters_of": lambda case: case.layer != "lstm",
}
