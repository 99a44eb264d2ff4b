"""The axes for people: a sentence and the possible values of each.

Used by the options of the command line and by the documentation. Types and defaults
come from `Case`, so that they can't differ from what is measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from rnnbench.model.case import AXES, DEFAULTS, TORCH_LAYERS, Case
from rnnbench.model.runtimes import RUNTIMES

# Defaults of a run: sizes from the middle of the quick sweep.
SIZES: dict[str, Any] = {
    "layer": ["lstm", "gru"],
    "input_size": [64],
    "hidden_size": [128],
    "seq_len": [32],
    "batch_size": [16],
}

_MEANINGS = {
    "layer": "the layers to compare",
    "input_size": "features of the input",
    "hidden_size": "features of the hidden state",
    "num_layers": "stacked layers",
    "bias": "whether the layer has bias weights",
    "batch_first": "whether tensors are (batch, seq, feature)",
    "dropout": "dropout between stacked layers, as a probability",
    "bidirectional": "whether the sequence is also read backwards",
    "proj_size": "size of the LSTM's projection; 0 is none",
    "seq_len": "time steps of a sequence",
    "batch_size": "sequences in a batch",
    "initial_state": "whether h_0 (and c_0) are passed",
    "lengths": "lengths of the sequences; all but full are packed",
    "phase": "what one call does",
    "optimizer": "the optimizer of phase step",
    "runtime": "what executes the layer",
    "dtype": "type of weights and input",
    "device": "where the layer runs",
    "cudnn": "whether cuDNN may be used",
    "onednn": "whether oneDNN may be used",
    "deterministic": "whether deterministic algorithms are required",
    "tf32": "whether TensorFloat-32 may be used",
    "flatten": "whether flatten_parameters() was called",
    "threads": "threads of PyTorch, or all",
    "allocator": "the setting of the C library's allocator",
}
_FOREIGN_LAYER = "package.module:factory"
_FOREIGN_RUNTIME = "package.module:make_runtime"


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its name, its meaning, its possible values in words, its default."""

    name: str
    meaning: str
    values: str
    default: str

    @property
    def option(self) -> str:
        """The option of the command line, such as `--hidden-size`."""
        return f"--{self.name.replace('_', '-')}"


def axis_table() -> Iterator[Axis]:
    """Every axis of a case, in the order of its fields."""
    types = {field.name: field.type for field in fields(Case)}
    for name in AXES:
        values = SIZES.get(name, [DEFAULTS.get(name)])
        default = ",".join(str(value).lower() for value in values)
        yield Axis(name, _MEANINGS[name], _values(name, types[name]), default)


def _values(name: str, kind: Any) -> str:
    if name == "layer":
        return ", ".join((*TORCH_LAYERS, _FOREIGN_LAYER))
    if name == "runtime":
        return ", ".join((*RUNTIMES, _FOREIGN_RUNTIME))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(kind)
    if kind is bool:
        return "true, false"
    if kind is float:
        return "0 to 1"
    return "0 or more" if name == "proj_size" else "1 or more"
