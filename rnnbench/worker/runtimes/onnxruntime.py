"""ONNX Runtime: the hand-built graph in a session, with bound inputs and outputs."""

import time
from collections.abc import Callable

import numpy as np
import onnxruntime as ort
import torch
from torch import Tensor

from rnnbench.model.case import Case, Phase
from rnnbench.worker.runtimes.onnx_graph import (
    INPUT,
    OUTPUT,
    onnx_model,
    state_names,
)
from rnnbench.worker.runtimes.prepared import Prepared, RuntimeAnswer, Source


def prepare(source: Source) -> Prepared:
    """The graph in a session of its own."""
    began = time.monotonic()
    model = onnx_model(source.case, source.module, has_state=bool(source.states))
    return in_session(source, model, time.monotonic() - began)


def in_session(source: Source, model: bytes, build_seconds: float) -> Prepared:
    """A model of the layer in a session with the threads of the case."""
    case = source.case
    options = ort.SessionOptions()
    options.intra_op_num_threads = case.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    began = time.monotonic()
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    load_seconds = time.monotonic() - began
    is_stream = case.phase is Phase.STREAM
    calls = _Stream(session, source) if is_stream else _Sequence(session, source)
    return Prepared(
        call=calls,
        answer=calls.answer,
        whole_call=lambda: run_whole(session, source),
        reset=calls.reset,
        artefact_bytes=len(model),
        build_seconds=build_seconds,
        load_seconds=load_seconds,
    )


def run_whole(session: ort.InferenceSession, source: Source) -> RuntimeAnswer:
    """A call from torch's tensors to torch's tensors."""
    names = [each.name for each in session.get_inputs()]
    tensors = (source.arguments[0], *source.states)
    feeds = {name: tensor.numpy() for name, tensor in zip(names, tensors, strict=True)}
    output, *states = map(torch.from_numpy, session.run(None, feeds))
    return output, tuple(states)


class _Sequence:
    """A call of a whole sequence: the input is bound once, the outputs are new."""

    def __init__(self, session: ort.InferenceSession, source: Source) -> None:
        self._binding = binding = session.io_binding()
        names = (INPUT, *state_names(source.case, "_0"))
        # A binding does not keep the memory of its inputs.
        self._inputs = [*map(_value, (source.arguments[0], *source.states))]
        for name, value in zip(names, self._inputs, strict=False):
            binding.bind_ortvalue_input(name, value)
        for name in (OUTPUT, *state_names(source.case, "_n")):
            binding.bind_output(name, "cpu")
        self._run: Callable[..., None] = session.run_with_iobinding

    def __call__(self) -> None:
        """Run the sequence; this is what is timed."""
        self._run(self._binding)

    def answer(self) -> RuntimeAnswer:
        """The outputs of a call."""
        self()
        found = [torch.from_numpy(each) for each in self._binding.copy_outputs_to_cpu()]
        return found[0].clone(), tuple(each.clone() for each in found[1:])

    def reset(self) -> None:
        """Nothing is carried from call to call."""


class _Stream:
    """Calls that read the state which the call before wrote: two sets of buffers."""

    def __init__(self, session: ort.InferenceSession, source: Source) -> None:
        self._session, self._source = session, source
        self._sets = [list(map(_value, source.states)) for _ in range(2)]
        # A binding does not keep the memory of what is bound.
        self._kept = numbers, output = (
            _value(source.arguments[0]),
            _value(torch.empty(_output_shape(source.case))),
        )
        self._bindings = [
            self._bound(numbers, output, self._sets[place], self._sets[1 - place])
            for place in range(2)
        ]
        self._next = 0
        self._run: Callable[..., None] = session.run_with_iobinding

    def __call__(self) -> None:
        """Run the next steps; this is what is timed."""
        self._run(self._bindings[self._next])
        self._next = 1 - self._next

    def answer(self) -> RuntimeAnswer:
        """The outputs of the next steps, which are not taken."""
        states = (torch.from_numpy(each.numpy()) for each in self._sets[self._next])
        names = (INPUT, *state_names(self._source.case, "_0"))
        tensors = (self._source.arguments[0], *states)
        feeds = {name: one.numpy() for name, one in zip(names, tensors, strict=True)}
        output, *last = map(torch.from_numpy, self._session.run(None, feeds))
        return output, tuple(last)

    def reset(self) -> None:
        """Begin the stream again."""
        self._next = 0
        for value, tensor in zip(self._sets[0], self._source.states, strict=True):
            value.update_inplace(np.ascontiguousarray(tensor.numpy()))

    def _bound(
        self,
        numbers: ort.OrtValue,
        output: ort.OrtValue,
        before: list[ort.OrtValue],
        after: list[ort.OrtValue],
    ) -> ort.IOBinding:
        binding, case = self._session.io_binding(), self._source.case
        binding.bind_ortvalue_input(INPUT, numbers)
        binding.bind_ortvalue_output(OUTPUT, output)
        for name, value in zip(state_names(case, "_0"), before, strict=True):
            binding.bind_ortvalue_input(name, value)
        for name, value in zip(state_names(case, "_n"), after, strict=True):
            binding.bind_ortvalue_output(name, value)
        return binding


def _value(tensor: Tensor) -> ort.OrtValue:
    return ort.OrtValue.ortvalue_from_numpy(np.array(tensor.numpy()))


def _output_shape(case: Case) -> tuple[int, ...]:
    outer = (case.seq_len, case.batch_size)
    return (*(outer[::-1] if case.batch_first else outer), case.output_size)
