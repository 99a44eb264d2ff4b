"""A recurrent layer as an ONNX graph, built node by node from the layer's weights.

Exporters write different graphs in different versions, and some wrote a wrong GRU
(pytorch/pytorch#189225). This one has a node for each layer, and shapes of any length
and batch.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from rnnbench.model.case import Case

INPUT, OUTPUT = "input", "output"
# Initial and final states have these names, with `_0` and `_n` at the end.
_STATES = {"lstm": ("h", "c")}

# The place in torch's weights of each gate of an ONNX node, in its order. torch has an
# LSTM's gates as i, f, g, o and ONNX as i, o, f, c; a GRU's as r, z, n and as z, r, h.
_GATES = {
    "rnn_tanh": (0,),
    "rnn_relu": (0,),
    "gru": (1, 0, 2),
    "lstm": (0, 3, 1, 2),
}
_OPERATORS = {"rnn_tanh": "RNN", "rnn_relu": "RNN", "gru": "GRU", "lstm": "LSTM"}
_ACTIVATIONS = {"rnn_tanh": "Tanh", "rnn_relu": "Relu"}
_OPSET, _IR_VERSION = 17, 10


def onnx_model(case: Case, layer: nn.Module, *, has_state: bool) -> bytes:
    """The graph of `layer` in ONNX's format; with inputs for states if `has_state`."""
    graph = _Graph(case, layer, has_state)
    graph.build()
    made = helper.make_graph(
        graph.nodes, "recurrent", graph.inputs(), graph.outputs(), graph.weights
    )
    model = helper.make_model(
        made,
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="rnnbench",
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def state_names(case: Case, end: str) -> tuple[str, ...]:
    """Names of the initial states (`end` is "_0") or of the final ones ("_n")."""
    return tuple(f"{name}{end}" for name in _STATES.get(case.layer, ("h",)))


@dataclass(slots=True)
class _Graph:
    case: Case
    layer: nn.Module
    has_state: bool
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def build(self) -> None:
        """One node for each layer; states are split among them and joined again."""
        case = self.case
        sequence = self._time_first(INPUT)
        starts = self._split_states()
        ends: list[tuple[str, ...]] = []
        for number in range(case.num_layers):
            sequence, end = self._layer(number, sequence, starts[number])
            ends.append(end)
        self._rename(sequence)
        for place, name in enumerate(state_names(case, "_n")):
            parts = [end[place] for end in ends]
            self._node("Concat", parts, [name], axis=0)

    def inputs(self) -> list[onnx.ValueInfoProto]:
        """The sequence and, if they are given, the states."""
        case = self.case
        found = [self._value(INPUT, (*self._outer(), case.input_size))]
        if self.has_state:
            found += [self._state(name) for name in state_names(case, "_0")]
        return found

    def outputs(self) -> list[onnx.ValueInfoProto]:
        """The sequence and the final states."""
        case = self.case
        output = self._value(OUTPUT, (*self._outer(), case.output_size))
        return [output, *map(self._state, state_names(case, "_n"))]

    def _outer(self) -> tuple[str, str]:
        return ("batch", "time") if self.case.batch_first else ("time", "batch")

    def _state(self, name: str) -> onnx.ValueInfoProto:
        states = self.case.num_layers * self.case.num_directions
        return self._value(name, (states, "batch", self.case.hidden_size))

    def _value(self, name: str, shape: tuple[int | str, ...]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    def _node(
        self, kind: str, inputs: list[str], outputs: list[str], **options: Any
    ) -> None:
        self.nodes.append(helper.make_node(kind, inputs, outputs, **options))

    def _weight(self, name: str, value: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def _time_first(self, sequence: str) -> str:
        if not self.case.batch_first:
            return sequence
        self._node("Transpose", [sequence], ["time_first"], perm=[1, 0, 2])
        return "time_first"

    def _rename(self, sequence: str) -> None:
        if self.case.batch_first:
            self._node("Transpose", [sequence], [OUTPUT], perm=[1, 0, 2])
        else:
            self._node("Identity", [sequence], [OUTPUT])

    def _split_states(self) -> list[tuple[str, ...]]:
        """For each layer the names of its initial states; empty where none is given."""
        case = self.case
        if not self.has_state:
            return [()] * case.num_layers
        names = state_names(case, "_0")
        if case.num_layers == 1:
            return [names]
        sizes = np.full(case.num_layers, case.num_directions, np.int64)
        self._weight("state_sizes", sizes)
        for name in names:
            parts = [f"{name}_l{number}" for number in range(case.num_layers)]
            self._node("Split", [name, "state_sizes"], parts, axis=0)
        return [
            tuple(f"{name}_l{number}" for name in names)
            for number in range(case.num_layers)
        ]

    def _layer(
        self, number: int, sequence: str, start: tuple[str, ...]
    ) -> tuple[str, tuple[str, ...]]:
        """A node of one layer; the names of its sequence and of its final states."""
        case, own = self.case, f"l{number}"
        inputs = [sequence, *self._weights_of(number), "", *start]
        ends = tuple(f"{name}_{own}" for name in state_names(case, "_n"))
        options: dict[str, Any] = {"hidden_size": case.hidden_size}
        options["direction"] = "bidirectional" if case.bidirectional else "forward"
        if case.layer == "gru":
            # torch multiplies by the reset gate after the product with the weights.
            options["linear_before_reset"] = 1
        if case.layer in _ACTIVATIONS:
            names = [_ACTIVATIONS[case.layer]] * case.num_directions
            options["activations"] = names
        raw = f"raw_{own}"
        self._node(_OPERATORS[case.layer], inputs, [raw, *ends], **options)
        return self._joined(raw, own), ends

    def _joined(self, raw: str, own: str) -> str:
        """(time, directions, batch, size) as (time, batch, directions * size)."""
        joined = f"sequence_{own}"
        if not self.case.bidirectional:
            axis = self._weight(f"axis_{own}", np.array([1], np.int64))
            self._node("Squeeze", [raw, axis], [joined])
            return joined
        self._node("Transpose", [raw], [f"beside_{own}"], perm=[0, 2, 1, 3])
        shape = self._weight(f"shape_{own}", np.array([0, 0, -1], np.int64))
        self._node("Reshape", [f"beside_{own}", shape], [joined])
        return joined

    def _weights_of(self, number: int) -> list[str]:
        """The names of W, R and, with bias, B: each has both directions."""
        suffixes = ("", "_reverse")[: self.case.num_directions]
        stacked = [
            [self._reordered(f"{name}_l{number}{suffix}") for suffix in suffixes]
            for name in ("weight_ih", "weight_hh")
        ]
        names = [
            self._weight(f"{name}_l{number}", np.stack(parts))
            for name, parts in zip("WR", stacked, strict=True)
        ]
        if not self.case.bias:
            return [*names, ""]
        biases = [
            np.concatenate(
                [
                    self._reordered(f"{name}_l{number}{suffix}")
                    for name in ("bias_ih", "bias_hh")
                ]
            )
            for suffix in suffixes
        ]
        return [*names, self._weight(f"B_l{number}", np.stack(biases))]

    def _reordered(self, name: str) -> np.ndarray:
        """A parameter of torch's with its gates in the order of ONNX."""
        whole: np.ndarray = getattr(self.layer, name).detach().numpy()
        gates = np.split(whole, len(_GATES[self.case.layer]))
        return np.concatenate([gates[place] for place in _GATES[self.case.layer]])
