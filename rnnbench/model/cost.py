"""What a case costs by closed form: parameters, FLOPs, bytes, and a guess of seconds.

Standard library alone: the worker reads its lengths here, too.
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
# Bytes of a number of the weights, the input and given states; and of what a layer
# computes: autocast leaves the former in float32.
_WIDTHS = {
    Dtype.FLOAT64: (8, 8),
    Dtype.FLOAT32: (4, 4),
    Dtype.BFLOAT16: (2, 2),
    Dtype.FLOAT16: (2, 2),
    Dtype.AUTOCAST_BFLOAT16: (4, 2),
    Dtype.AUTOCAST_FLOAT16: (4, 2),
}
# Of each token, what backward can't do without beside the outputs of the layers: the
# gates; an LSTM's cell; of a GRU the product that its reset gate multiplies.
_KEPT = {"rnn_tanh": 0, "rnn_relu": 0, "lstm": 5, "gru": 4}
# How often a step reads or writes a number for each weight: weight and gradient, the
# weight again, and Adam's two moments both ways.
_STEPS = {Optimizer.SGD: 3, Optimizer.ADAM: 7}
_EVEN = frozenset({Lengths.FULL, Lengths.PACKED_FULL})
BACKWARD = frozenset({Phase.TRAIN, Phase.STEP})


def parameters(case: Case) -> int | None:
    """Numbers in the weights and biases; None for a layer that is not torch.nn's."""
    if case.layer not in TORCH_LAYERS:
        return None
    rows = GATES[case.layer] * case.hidden_size
    biases = 2 * rows if case.bias else 0
    return case.num_directions * (_matrix_products(case) + biases * case.num_layers)


def matched_hidden_size(case: Case, reference_parameters: int) -> tuple[int, float]:
    """The hidden_size with the nearest number of parameters, and how far off it is.

    The distance is a share of `reference_parameters`. ValueError for a user's layer.
    """

    def count(hidden_size: int) -> int:
        found = parameters(replace(case, hidden_size=hidden_size))
        if found is None:
            raise ValueError(f"the parameters of {case.layer} are not known")
        return found

    low = high = case.proj_size + 1
    while count(high) < reference_parameters:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (
            (middle, high) if count(middle) < reference_parameters else (low, middle)
        )
    best = min(low, high, key=lambda size: abs(count(size) - reference_parameters))
    return best, abs(count(best) - reference_parameters) / reference_parameters


def flops(case: Case) -> int | None:
    """Floating-point operations of one forward call: 2 for each multiply-add.

    Those of the matrix products of gates and projection; None for a user's layer.
    """
    if case.layer not in TORCH_LAYERS:
        return None
    return 2 * case.num_directions * _matrix_products(case) * _tokens(case)


def step_flops(case: Case) -> int | None:
    """Floating-point operations of one call of the case's phase.

    A backward pass takes a product of the forward's size for the weights and one for
    what was multiplied by them, except the input of the first layer and h_0, which
    want no gradient. The optimizer's element-wise work is left out.
    """
    forward = flops(case)
    if forward is None or case.phase not in BACKWARD:
        return forward
    rows = GATES[case.layer] * case.hidden_size
    from_input = rows * case.input_size * case.num_directions * _tokens(case)
    from_start = rows * _state_size(case) * case.num_layers * _starting(case)
    return 3 * forward - 2 * (from_input + from_start)


def least_bytes(case: Case) -> int | None:
    """Bytes that one call moves to and from memory at least; None for a user's layer.

    The compulsory traffic of the roofline model (Williams, Waterman & Patterson 2009,
    CACM 52): no cache outlives a pass, and within one each tensor moves once. Forward
    reads weights, input and given states, and writes output and last states; with a
    graph also what is kept for backward (`_KEPT`, and the output of inner layers).
    Backward reads all of that but the last states, the weights once more and the
    gradient of the output, and writes the gradients of the weights.
    """
    count = parameters(case)
    if count is None:
        return None
    wide, narrow = _WIDTHS[case.dtype]
    tokens, layers = _tokens(case), case.num_layers * case.num_directions
    both = _state_size(case) + case.hidden_size * (case.layer == "lstm")
    states = layers * case.batch_size * both
    given = states * (case.initial_state is InitialState.GIVEN)
    read = wide * (count + tokens * case.input_size + given)
    output = narrow * tokens * case.output_size
    inner = case.output_size * (case.num_layers - 1)
    kept = narrow * tokens * (layers * _KEPT[case.layer] * case.hidden_size + inner)
    if case.phase is Phase.INFERENCE:
        return read + output + narrow * states
    moved = read + output + narrow * states + kept
    if case.phase in BACKWARD:
        moved += read + 2 * output + kept + wide * count
    if case.phase is Phase.STEP:
        moved += _STEPS[case.optimizer] * wide * count
    return moved


def weight_bytes_again(case: Case) -> int | None:
    """Bytes of recurrent weights over all time steps, where no step keeps them.

    What a call reads whose weights fit no cache; backward reads them once more.
    """
    if case.layer not in TORCH_LAYERS:
        return None
    rows = GATES[case.layer] * case.hidden_size
    recurrent = rows * _state_size(case) + _projection(case)
    layers = case.num_layers * case.num_directions
    passes = 2 if case.phase in BACKWARD else 1
    return _WIDTHS[case.dtype][1] * recurrent * layers * case.seq_len * passes


def lengths_of(case: Case) -> tuple[int, ...]:
    """The length of each sequence of the batch, the same on every machine.

    The longest is seq_len. Without `_sorted` their order is shuffled by a fixed seed.
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
    # A small batch may well be shuffled into the order that it is to be free of.
    while all(first >= second for first, second in pairwise(lengths)):
        generator.shuffle(lengths)
    return tuple(lengths)


def _tail(longest: int, rank: int, last: int) -> int:
    # The fourth power: the middle sequence has a sixteenth of the longest's steps.
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
    """The last dimension of h_n: torch.nn projects the LSTM's state alone."""
    return (case.layer == "lstm" and case.proj_size) or case.hidden_size


def _projection(case: Case) -> int:
    state = _state_size(case)
    return state * case.hidden_size if state < case.hidden_size else 0


def _matrix_products(case: Case) -> int:
    """Numbers in the matrices of all layers, of one direction."""
    rows, state = GATES[case.layer] * case.hidden_size, _state_size(case)
    # Each layer above the first reads the output of all directions below it.
    inputs = case.input_size + case.num_directions * state * (case.num_layers - 1)
    return rows * inputs + (rows * state + _projection(case)) * case.num_layers


def _starting(case: Case) -> int:
    """Sequences in the first step of each direction, summed: those that begin at h_0.

    Backward, a packed batch starts with its longest alone; the others join later, in
    steps that do want the gradient of their state.
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
