"""JAX: the cell in `lax.scan`, compiled by XLA for the shapes of the case."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jax import lax
from torch import Tensor

from rnnbench.model.case import Case, Phase
from rnnbench.worker.layers.inputs import make_grad
from rnnbench.worker.runtimes.prepared import Prepared, RuntimeAnswer, Source

Weights = dict[str, jax.Array]
# The inputs of one step, after the product with weight_ih; the states; the weights.
_Cell = Callable[[jax.Array, Any, Mapping[str, jax.Array]], Any]


def prepare(source: Source) -> Prepared:
    """The compiled function of the phase, with its arguments as JAX's arrays."""
    return _Compiled(source).prepared()


class _Compiled:
    """The functions of one case."""

    def __init__(self, source: Source) -> None:
        self.source, self.case = source, source.case
        began = time.monotonic()
        named = source.module.named_parameters()
        self.weights = {name: _array(weight) for name, weight in named}
        self.numbers = _array(source.arguments[0])
        self.first = tuple(map(_array, source.states))
        self.states = self.first
        case = self.case
        arguments = (self.weights, self.numbers, self.first)
        forward = jax.jit(lambda *given: _layer(case, *given))
        self.forward = forward.lower(*arguments).compile()
        if case.phase is Phase.TRAIN:
            self.grad = _array(make_grad(torch.empty(self._output_shape())))
            train = jax.jit(lambda *given: _train(case, *given))
            self.train = train.lower(*arguments, self.grad).compile()
        self.build_seconds = time.monotonic() - began

    def prepared(self) -> Prepared:
        """The call of the phase, and what it is checked by."""
        is_train = self.case.phase is Phase.TRAIN
        calls = {Phase.TRAIN: self._call_train, Phase.STREAM: self._call_stream}
        return Prepared(
            call=calls.get(self.case.phase, self._call_forward),
            answer=self._answer,
            gradients=self._gradients if is_train else None,
            whole_call=None if is_train else self._whole,
            reset=self._reset,
            build_seconds=self.build_seconds,
        )

    def _output_shape(self) -> tuple[int, ...]:
        return (*self.source.arguments[0].shape[:2], self.case.output_size)

    def _call_forward(self) -> None:
        _finished(self.forward(self.weights, self.numbers, self.states))

    def _call_train(self) -> None:
        _finished(self.train(self.weights, self.numbers, self.states, self.grad))

    def _call_stream(self) -> None:
        found = self.forward(self.weights, self.numbers, self.states)
        self.states = _finished(found)[1]

    def _answer(self) -> RuntimeAnswer:
        return _tensors(self.forward(self.weights, self.numbers, self.states))

    def _whole(self) -> RuntimeAnswer:
        """A call from torch's tensors to torch's tensors."""
        numbers = _array(self.source.arguments[0])
        states = tuple(map(_array, self.source.states))
        return _tensors(self.forward(self.weights, numbers, states))

    def _gradients(self) -> Mapping[str, Tensor]:
        found = self.train(self.weights, self.numbers, self.states, self.grad)
        return {name: _tensor(one) for name, one in found.items()}

    def _reset(self) -> None:
        self.states = self.first


# JAX returns before it has computed.
_finished: Callable[[Any], Any] = jax.block_until_ready


def _array(tensor: Tensor) -> jax.Array:
    return jnp.asarray(tensor.detach().numpy())


def _tensor(array: jax.Array) -> Tensor:
    return torch.from_numpy(np.array(array))


def _tensors(found: Any) -> RuntimeAnswer:
    output, states = found
    return _tensor(output), tuple(map(_tensor, states))


def _train(
    case: Case,
    weights: Weights,
    numbers: jax.Array,
    states: tuple[jax.Array, ...],
    grad: jax.Array,
) -> Weights:
    """The gradients of the weights from the fixed gradient of the output."""
    _, backward = jax.vjp(lambda own: _layer(case, own, numbers, states)[0], weights)
    found: Weights = backward(grad)[0]
    return found


def _layer(
    case: Case,
    weights: Weights,
    numbers: jax.Array,
    states: tuple[jax.Array, ...],
) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    """The output and the final states, as torch.nn's layer gives them."""
    sequence = jnp.swapaxes(numbers, 0, 1) if case.batch_first else numbers
    first = states or _zeros(case, sequence.shape[1])
    ends = []
    for number in range(case.num_layers):
        outputs = []
        for direction, suffix in enumerate(("", "_reverse")[: case.num_directions]):
            place = number * case.num_directions + direction
            own = _of_direction(weights, f"_l{number}{suffix}")
            start = tuple(state[place] for state in first)
            end, output = _direction(case, own, sequence, start, bool(direction))
            ends.append(end)
            outputs.append(output)
        sequence = jnp.concatenate(outputs, -1) if len(outputs) > 1 else outputs[0]
    output = jnp.swapaxes(sequence, 0, 1) if case.batch_first else sequence
    return output, tuple(jnp.stack(parts) for parts in zip(*ends, strict=True))


def _zeros(case: Case, batch: int) -> tuple[jax.Array, ...]:
    outer = (case.num_layers * case.num_directions, batch)
    hidden = jnp.zeros((*outer, case.proj_size or case.hidden_size))
    if case.layer != "lstm":
        return (hidden,)
    return hidden, jnp.zeros((*outer, case.hidden_size))


def _of_direction(weights: Weights, suffix: str) -> Weights:
    names = ("weight_ih", "weight_hh", "weight_hr", "bias_ih", "bias_hh")
    return {
        name: weights[f"{name}{suffix}"]
        for name in names
        if f"{name}{suffix}" in weights
    }


def _direction(
    case: Case,
    weights: Weights,
    sequence: jax.Array,
    start: tuple[jax.Array, ...],
    reverse: bool,  # noqa: FBT001 - as in lax.scan
) -> tuple[tuple[jax.Array, ...], jax.Array]:
    """The final states and the outputs; the input's product is taken for all steps."""
    cell = _CELLS[case.layer]
    products = sequence @ weights["weight_ih"].T
    if "bias_ih" in weights:
        products = products + weights["bias_ih"]

    def step(state: Any, product: jax.Array) -> Any:
        state = cell(product, state, weights)
        return state, state[0]

    found: tuple[tuple[jax.Array, ...], jax.Array] = lax.scan(
        step, start, products, reverse=reverse
    )
    return found


def _recurrent(hidden: jax.Array, weights: Mapping[str, jax.Array]) -> jax.Array:
    product = hidden @ weights["weight_hh"].T
    return product + weights["bias_hh"] if "bias_hh" in weights else product


def _rnn(activation: Callable[[jax.Array], jax.Array]) -> _Cell:
    def cell(product: jax.Array, state: Any, weights: Mapping[str, jax.Array]) -> Any:
        return (activation(product + _recurrent(state[0], weights)),)

    return cell


def _gru(product: jax.Array, state: Any, weights: Mapping[str, jax.Array]) -> Any:
    (hidden,) = state
    reset_in, update_in, new_in = jnp.split(product, 3, -1)
    recurrent = jnp.split(_recurrent(hidden, weights), 3, -1)
    reset = jax.nn.sigmoid(reset_in + recurrent[0])
    update = jax.nn.sigmoid(update_in + recurrent[1])
    new = jnp.tanh(new_in + reset * recurrent[2])
    return (new + update * (hidden - new),)


def _lstm(product: jax.Array, state: Any, weights: Mapping[str, jax.Array]) -> Any:
    hidden, memory = state
    gates = jnp.split(product + _recurrent(hidden, weights), 4, -1)
    enter, forget, output = (jax.nn.sigmoid(gates[place]) for place in (0, 1, 3))
    memory = forget * memory + enter * jnp.tanh(gates[2])
    hidden = output * jnp.tanh(memory)
    if "weight_hr" in weights:
        hidden = hidden @ weights["weight_hr"].T
    return hidden, memory


_CELLS: dict[str, _Cell] = {
    "rnn_tanh": _rnn(jnp.tanh),
    "rnn_relu": _rnn(jax.nn.relu),
    "gru": _gru,
    "lstm": _lstm,
}
