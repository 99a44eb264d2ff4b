"""OpenVINO: the hand-built ONNX graph, compiled for the shape of the case."""

import time

import numpy as np
import openvino as ov
import torch
from torch import Tensor

from rnnbench.model.case import Phase
from rnnbench.worker.runtimes.onnx_graph import onnx_model
from rnnbench.worker.runtimes.prepared import (
    NotHereError,
    Prepared,
    RuntimeAnswer,
    Source,
)


def prepare(source: Source) -> Prepared:
    """The graph in float32, which OpenVINO does not choose by itself on every CPU."""
    return in_precision(source, ov.Type.f32)


def in_precision(source: Source, precision: ov.Type) -> Prepared:
    """The graph compiled for the shape of the case, in this precision.

    NotHereError where this CPU has no such precision: OpenVINO would use another.
    """
    case = source.case
    began = time.monotonic()
    model = onnx_model(case, source.module, has_state=bool(source.states))
    built = time.monotonic()
    compiled = _compiled(source, model, precision)
    load_seconds = time.monotonic() - built
    if compiled.get_property("INFERENCE_PRECISION_HINT") != precision:
        raise NotHereError(f"OpenVINO does not compute in {precision} on this CPU")
    is_stream = case.phase is Phase.STREAM
    calls = _Stream(compiled, source) if is_stream else _Sequence(compiled, source)
    return Prepared(
        call=calls,
        answer=calls.answer,
        whole_call=calls.whole,
        reset=calls.reset,
        artefact_bytes=len(model),
        build_seconds=built - began,
        load_seconds=load_seconds,
    )


def _compiled(source: Source, model: bytes, precision: ov.Type) -> ov.CompiledModel:
    core = ov.Core()
    read = core.read_model(model)
    tensors = (source.arguments[0], *source.states)
    # With a length of any size the loop over time becomes a slow general one.
    shapes = [ov.PartialShape(list(each.shape)) for each in tensors]
    read.reshape(dict(zip(read.inputs, shapes, strict=True)))
    options = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": source.case.threads,
        "NUM_STREAMS": 1,
        # The process is on its cores already.
        "ENABLE_CPU_PINNING": False,
    }
    return core.compile_model(read, "CPU", options)


class _Sequence:
    """A call of a whole sequence; input and outputs stay in their buffers."""

    def __init__(self, compiled: ov.CompiledModel, source: Source) -> None:
        self._source = source
        self._outputs = len(compiled.outputs)
        self._request = compiled.create_infer_request()
        self._inputs = [
            _owned(tensor) for tensor in (source.arguments[0], *source.states)
        ]
        for place, tensor in enumerate(self._inputs):
            self._request.set_input_tensor(place, tensor)
        # The wrapper around it looks for inputs, of which there are none.
        self._infer = self._request.infer

    def __call__(self) -> None:
        """Run the sequence; this is what is timed."""
        self._infer()

    def answer(self) -> RuntimeAnswer:
        """The outputs of a call."""
        self()
        return _copies(self._request, self._outputs)

    def whole(self) -> RuntimeAnswer:
        """A call from torch's tensors to torch's tensors."""
        tensors = (self._source.arguments[0], *self._source.states)
        for own, tensor in zip(self._inputs, tensors, strict=True):
            own.data[:] = tensor.numpy()
        return self.answer()

    def reset(self) -> None:
        """Nothing is carried from call to call."""


class _Stream:
    """Calls that read the state which the call before wrote: two requests."""

    def __init__(self, compiled: ov.CompiledModel, source: Source) -> None:
        self._source, self._compiled = source, compiled
        self._outputs = len(compiled.outputs)
        numbers = _owned(source.arguments[0])
        self._sets = [[_owned(tensor) for tensor in source.states] for _ in range(2)]
        self._requests = [
            self._bound(numbers, self._sets[place], self._sets[1 - place])
            for place in range(2)
        ]
        self._next = 0

    def __call__(self) -> None:
        """Run the next steps; this is what is timed."""
        self._requests[self._next].infer()
        self._next = 1 - self._next

    def answer(self) -> RuntimeAnswer:
        """The outputs of the next steps, which are not taken."""
        kept = [each.data.copy() for each in self._sets[1 - self._next]]
        request = self._requests[self._next]
        request.infer()
        found = _copies(request, self._outputs)
        for own, before in zip(self._sets[1 - self._next], kept, strict=True):
            own.data[:] = before
        return found

    def whole(self) -> RuntimeAnswer:
        """The next steps, from torch's tensors to torch's tensors."""
        for own, tensor in zip(
            self._sets[self._next], self._source.states, strict=True
        ):
            own.data[:] = tensor.numpy()
        self()
        return _copies(self._requests[1 - self._next], self._outputs)

    def reset(self) -> None:
        """Begin the stream again."""
        self._next = 0
        for own, tensor in zip(self._sets[0], self._source.states, strict=True):
            own.data[:] = tensor.numpy()

    def _bound(
        self, numbers: ov.Tensor, before: list[ov.Tensor], after: list[ov.Tensor]
    ) -> ov.InferRequest:
        request = self._compiled.create_infer_request()
        request.set_input_tensor(0, numbers)
        for place, tensor in enumerate(before, 1):
            request.set_input_tensor(place, tensor)
        for place, tensor in enumerate(after, 1):
            request.set_output_tensor(place, tensor)
        return request


def _owned(tensor: Tensor) -> ov.Tensor:
    """A copy in OpenVINO's memory: a request does not keep an array of numpy alive."""
    return ov.Tensor(tensor.numpy())


def _copies(request: ov.InferRequest, count: int) -> RuntimeAnswer:
    output, *states = (
        torch.from_numpy(np.array(request.get_output_tensor(place).data))
        for place in range(count)
    )
    return output, tuple(states)
