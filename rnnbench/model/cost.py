"""Closed-form costs of a case: parameters, floating-point operations and bytes.

Standard library only, since the worker takes the sequence lengths from here.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from rnnbench.model.case import (
    TORCH_LAYERS,
    Case,
    Dtype,
    InitialState,
    Lengths,
    Optimizer,
    Phase,
)

# Gates of each layer: torch.nn stacks their weights into one matrix of gates * hidden.
GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}
# Bytes of a number: in weights, input and given states; and in what a layer computes.
# Autocast leaves the former in float32.
_WIDTHS = {
    Dtype.FLOAT64: (8, 8),
    Dtype.FLOAT32: (4, 4),
    Dtype.BFLOAT16: (2, 2),
    Dtype.FLOAT16: (2, 2),
    Dtype.AUTOCAST_BFLOAT16: (4, 2),
    Dtype.AUTOCAST_FLOAT16: (4, 2),
}
# Vectors that backward needs for each token beside the outputs of the layers: the
# gates, an LSTM's cell, and the product that a GRU's reset gate multiplies.
_KEPT = {"rnn_tanh": 0, "rnn_relu": 0, "lstm": 5, "gru": 4}
# Numbers that an optimizer step reads or writes for each weight: weight and gradient,
# the weight again, and both moments of Adam twice.
_STEPS = {Optimizer.SGD: 3, Optimizer.ADAM: 7}
_EVEN = frozenset({Lengths.FULL, Lengths.PACKED_FULL})
BACKWARD = frozenset({Phase.TRAIN, Phase.STEP})
# Eval mode and inference mode: nothing is kept for autograd.
WITHOUT_GRAPH = frozenset({Phase.INFERENCE, Phase.STREAM})


def parameters(case: Case) -> int | None:
    """Number of weights and biases; None for a layer of the user's."""
    if case.layer not in TORCH_LAYERS:
        return None
    rows = GATES[case.layer] * case.hidden_size
    biases = 2 * rows if case.bias else 0
    return case.num_directions * (_matrix_products(case) + biases * case.num_layers)


def matched_hidden_size(case: Case, target: int) -> tuple[int, float]:
    """The hidden_size with the number of parameters nearest to `target`.

    Also the distance of that number from `target`, as a share of `target`. ValueError
    for a layer of the user's.
    """

    def count(hidden_size: int) -> int:
        found = parameters(replace(case, hidden_size=hidden_size))
        if found is None:
            raise ValueError(f"the parameters of {case.layer} are not known")
        return found

    low = high = case.proj_size + 1
    while count(high) < target:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) < target else (low, middle)
    best = min(low, high, key=lambda size: abs(count(size) - target))
    return best, abs(count(best) - target) / target


def flops(case: Case) -> int | None:
    """Floating-point operations of one forward call, 2 for each multiply-add.

    Only the matrix products of gates and projection count. None for a layer of the
    user's.
    """
    if case.layer not in TORCH_LAYERS:
        return None
    return 2 * case.num_directions * _matrix_products(case) * _tokens(case)


def step_flops(case: Case) -> int | None:
    """Floating-point operations of one call of the case's phase.

    For each product of the forward pass, a backward pass computes one for the weights
    and one for what they were multiplied with; but the input of the first layer and h_0
    need no gradient. The element-wise work of the optimizer is left out.
    """
    forward = flops(case)
    if forward is None or case.phase not in BACKWARD:
        return forward
    rows = GATES[case.layer] * case.hidden_size
    from_input = rows * case.input_size * case.num_directions * _tokens(case)
    from_start = rows * _state_size(case) * case.num_layers * _starting(case)
    return 3 * forward - 2 * (from_input + from_start)


def least_bytes(case: Case) -> int | None:
    """Least number of bytes that one call moves; None for a layer of the user's.

    The compulsory traffic of the roofline model (Williams, Waterman & Patterson 2009,
    CACM 52): nothing stays in a cache between two passes, and within a pass each tensor
    moves once. Forward reads weights, input and given states, and writes the output and
    the last states; with a graph, also what backward needs (`_KEPT`, and the output of
    inner layers). Backward reads all of that except the last states, the weights again
    and the gradient of the output, and writes the gradients of the weights.
    """
    count = parameters(case)
    if count is None:
        return None
    wide, narrow = _WIDTHS[case.dtype]
    tokens, layers = _tokens(case), case.num_layers * case.num_directions
    both = _state_size(case) + case.hidden_size * (case.layer == "lstm")
    states = layers * case.batch_size * both
    is_given = case.initial_state is InitialState.GIVEN or case.phase is Phase.STREAM
    given = states * is_given
    read = wide * (count + tokens * case.input_size + given)
    output = narrow * tokens * case.output_size
    inner = case.output_size * (case.num_layers - 1)
    kept = narrow * tokens * (layers * _KEPT[case.layer] * case.hidden_size + inner)
    if case.phase in WITHOUT_GRAPH:
        return read + output + narrow * states
    moved = read + output + narrow * states + kept
    if case.phase in BACKWARD:
        moved += read + 2 * output + kept + wide * count
    if case.phase is Phase.STEP:
        moved += _STEPS[case.optimizer] * wide * count
    return moved


def weight_bytes_again(case: Case) -> int | None:
    """Bytes of recurrent weights that a call reads if they fit in no cache.

    They are then read in each time step, and once more by backward. None for a layer of
    the user's.
    """
    if case.layer not in TORCH_LAYERS:
        return None
    rows = GATES[case.layer] * case.hidden_size
    recurrent = rows * _state_size(case) + _projection(case)
    layers = case.num_layers * case.num_directions
    passes = 2 if case.phase in BACKWARD else 1
    return _WIDTHS[case.dtype][1] * recurrent * layers * case.seq_len * passes


def lengths_of(case: Case) -> tuple[int, ...]:
    """Length of each sequence of the batch, the same on every machine.

    The longest is seq_len. Without `_sorted` they are shuffled with a fixed seed.
    """
    name = case.lengths.value
    spread = _SPREADS[name.removesuffix("_sorted")]
    last = max(case.batch_size - 1, 1)
    descending = [
        spread(case.seq_len, last - rank, last) for rank in range(case.batch_size)
    ]
    if name.endswith("_sorted") or len(set(descending)) == 1:
        return tuple(descending)
    generator = random.Random(0)  # noqa: S311 - an order, not a secret
    lengths = list(descending)
    # A small batch can be shuffled into descending order again.
    while all(first >= second for first, second in pairwise(lengths)):
        generator.shuffle(lengths)
    return tuple(lengths)


def _tail(longest: int, rank: int, last: int) -> int:
    # Fourth power: the middle sequence has a sixteenth of the longest's steps.
    return 1 + (longest - 1) * rank**4 // last**4


_SPREADS: dict[str, Callable[[int, int, int], int]] = {
    Lengths.FULL: lambda longest, _rank, _last: longest,
    Lengths.PACKED_FULL: lambda longest, _rank, _last: longest,
    Lengths.HALF: lambda longest, rank, last: (
        (longest + 1) // 2 + (longest - (longest + 1) // 2) * rank // last
    ),
    Lengths.WIDE: lambda longest, rank, last: 1 + (longest - 1) * rank // last,
    Lengths.TAIL: _tail,
}


def _state_size(case: Case) -> int:
    """The last dimension of h_n: torch.nn projects only the state of an LSTM."""
    return (case.layer == "lstm" and case.proj_size) or case.hidden_size


def _projection(case: Case) -> int:
    state = _state_size(case)
    return state * case.hidden_size if state < case.hidden_size else 0


def _matrix_products(case: Case) -> int:
    """Number of weights in the matrices of all layers, for one direction."""
    rows, state = GATES[case.layer] * case.hidden_size, _state_size(case)
    # Each layer above the first reads the output of all directions below it.
    inputs = case.input_size + case.num_directions * state * (case.num_layers - 1)
    return rows * inputs + (rows * state + _projection(case)) * case.num_layers


def _starting(case: Case) -> int:
    """Number of sequences that start at h_0 in the first step, over all directions.

    In the reverse direction a packed batch starts with its longest sequences; the
    others join later, in steps that need the gradient of their state.
    """
    if not case.bidirectional:
        return case.batch_size
    if case.lengths in _EVEN:
        return 2 * case.batch_size
    return case.batch_size + lengths_of(case).count(case.seq_len)


def _tokens(case: Case) -> int:
    if case.lengths in _EVEN:
        return case.seq_len * case.batch_size
    return sum(lengths_of(case))
