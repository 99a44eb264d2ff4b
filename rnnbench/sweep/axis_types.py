"""The axes of a sweep as keyword arguments in Python, for type checkers."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from rnnbench.model.layer_arguments import Scalar

Texts = str | Sequence[str]
Integers = int | Sequence[int]
Booleans = bool | Sequence[bool]


class Axes(TypedDict, total=False):
    """The axes of a case, by PyTorch's names; each is a value or a list of values.

    `args` has further arguments of layers of your own, each with its values.
    """

    layer: Texts
    input_size: Integers
    hidden_size: Integers
    num_layers: Integers
    bias: Booleans
    batch_first: Booleans
    dropout: float | Sequence[float]
    bidirectional: Booleans
    proj_size: Integers
    seq_len: Integers
    batch_size: Integers
    initial_state: Texts
    lengths: Texts
    phase: Texts
    optimizer: Texts
    runtime: Texts
    dtype: Texts
    device: Texts
    cudnn: Booleans
    onednn: Booleans
    deterministic: Booleans
    tf32: Booleans
    flatten: Booleans
    threads: Integers | Texts
    allocator: Texts
    args: Mapping[str, Scalar | Sequence[Scalar]]


class LearningAxes(Axes, total=False):
    """The axes of what is trained on a task; see `sweep.learning_schema`."""

    task: Texts
    forget_bias: float | str | Sequence[float | str]
    match: Texts
    target: float
    runtimes: Texts
    seeds: int
    search_seeds: int
    rates: Sequence[float]
