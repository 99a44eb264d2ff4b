"""oneDNN's own GRU and LSTM primitives as a runtime, called through ctypes.

PyTorch's wheels contain oneDNN but export none of its functions, so a build of its own
is needed. From the root of a clone:

    pip install onednn-cpu-gomp
    rnnbench run studies/onednn.yaml --output results/onednn.json

The library is searched for in the environment and in the system; the variable
LIBDNNL names another one. Written for oneDNN 3. As with any runtime, the answer is
compared with eager's before anything is timed.
"""

import ctypes
import ctypes.util
import os
import sys
import time
from collections.abc import Mapping
from ctypes import byref, c_int, c_int64, c_size_t, c_uint, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rnnbench.model.case import Case, Phase
from rnnbench.worker.runtimes.prepared import (
    NotHereError,
    Prepared,
    RuntimeAnswer,
    Source,
)

# From oneapi/dnnl/dnnl_types.h and dnnl_common_types.h of oneDNN 3.
_MOST_DIMS = 12
_CPU = c_int(1)
_IN_ORDER = c_uint(1)
_FLOAT32 = c_int(3)
_ANY_FORMAT = c_int(1)
_ALLOCATE = c_void_p(-1)
_FORWARD_INFERENCE = c_int(96)
_LEFT_TO_RIGHT = c_int(1)
_NO_FLAGS = c_uint(0)
_QUERY_IMPLEMENTATION = c_int(8)
_QUERY_ARGUMENT = c_int(255)
# Arguments of a primitive.
_SRC_LAYER, _DST_LAYER, _DST_ITER, _DST_ITER_C = 1, 17, 18, 19
_WEIGHTS_LAYER, _WEIGHTS_ITER, _BIAS = 33, 34, 41
_FROM, _TO = 1, 17

# The place of each of oneDNN's gates in PyTorch's order: update, reset, new of a GRU
# where PyTorch has reset, update, new; the same order for an LSTM.
_GATES = {"gru": (1, 0, 2), "lstm": (0, 1, 2, 3)}


def primitive(source: Source) -> Prepared:
    """oneDNN's primitive with the weights of the layer."""
    case = source.case
    if reason := _reason_against(case, source):
        raise NotHereError(reason)
    began = time.monotonic()
    library = _Library(_path())
    primitive = _Primitive.of(library, source)
    return Prepared(
        call=primitive.call,
        answer=primitive.answer,
        build_seconds=time.monotonic() - began,
        note=f"oneDNN {library.version()}, {primitive.implementation}",
    )


def _reason_against(case: Case, source: Source) -> str:
    plain = case.num_layers == 1 and not case.bidirectional and not case.proj_size
    if case.layer not in _GATES or not plain or not case.bias or case.batch_first:
        return "this study runs a plain GRU or LSTM of one layer with bias"
    if case.phase is not Phase.INFERENCE or source.states:
        return "this study measures inference from a zero state"
    return ""


def _path() -> str:
    if given := os.environ.get("LIBDNNL"):
        return given
    found = sorted(Path(sys.prefix, "lib").glob("libdnnl.so*"))
    path = str(found[0]) if found else ctypes.util.find_library("dnnl")
    if not path:
        raise NotHereError("no libdnnl here: pip install onednn-cpu-gomp")
    return path


class _Version(ctypes.Structure):
    _fields_ = (("major", c_int), ("minor", c_int), ("patch", c_int))


class _ExecArgument(ctypes.Structure):
    _fields_ = (("arg", c_int), ("memory", c_void_p))


class _Library:
    """The functions of libdnnl, with its engine and its stream on the CPU."""

    def __init__(self, path: str) -> None:
        self.functions = ctypes.CDLL(path)
        self.engine = self.new("dnnl_engine_create", _CPU, c_size_t(0))
        self.stream = self.new("dnnl_stream_create", self.engine, _IN_ORDER)

    def run(self, name: str, *arguments: Any) -> None:
        """Call a function; an error unless it returns success."""
        if status := getattr(self.functions, name)(*arguments):
            raise RuntimeError(f"{name} returns the status {status}")

    def new(self, name: str, *arguments: Any) -> c_void_p:
        """The object that a function creates in its first argument."""
        made = c_void_p()
        self.run(name, byref(made), *arguments)
        return made

    def dense(self, shape: tuple[int, ...]) -> c_void_p:
        """The description of a contiguous tensor."""
        strides = [1]
        for size in shape[:0:-1]:
            strides.insert(0, strides[0] * size)
        name = "dnnl_memory_desc_create_with_strides"
        return self.new(name, c_int(len(shape)), _dims(shape), _FLOAT32, _dims(strides))

    def any(self, shape: tuple[int, ...]) -> c_void_p:
        """The description of a tensor whose layout the primitive chooses."""
        name = "dnnl_memory_desc_create_with_tag"
        return self.new(name, c_int(len(shape)), _dims(shape), _FLOAT32, _ANY_FORMAT)

    def memory(self, described: c_void_p, tensor: Tensor | None = None) -> c_void_p:
        """Memory of its own, or that of a tensor."""
        data = _ALLOCATE if tensor is None else c_void_p(tensor.data_ptr())
        return self.new("dnnl_memory_create", described, self.engine, data)

    def execute(self, primitive: c_void_p, memories: Mapping[int, c_void_p]) -> None:
        """Run a primitive, and wait until it has finished."""
        arguments = _exec_arguments(memories)
        count = c_int(len(memories))
        self.run(
            "dnnl_primitive_execute", primitive, self.stream, count, byref(arguments)
        )
        self.run("dnnl_stream_wait", self.stream)

    def version(self) -> str:
        """The version of the library."""
        self.functions.dnnl_version.restype = ctypes.POINTER(_Version)
        found = self.functions.dnnl_version().contents
        return f"{found.major}.{found.minor}.{found.patch}"


@dataclass(frozen=True, slots=True)
class _Primitive:
    """A primitive with its memory; `kept`: tensors that its memory points to."""

    library: _Library
    handle: c_void_p
    memories: Mapping[int, c_void_p]
    kept: Mapping[int, Tensor]
    implementation: str

    @classmethod
    def of(cls, library: _Library, source: Source) -> "_Primitive":
        """The primitive of a layer, its weights in the layout that it chooses."""
        tensors = _weights(source) | {_SRC_LAYER: source.arguments[0].contiguous()}
        tensors |= _outputs(source.case)
        described = _describe(library, source.case, tensors)
        handle = library.new("dnnl_primitive_create", described)
        memories = {}
        for argument, tensor in tensors.items():
            plain = library.memory(library.dense(tuple(tensor.shape)), tensor)
            chosen = argument in (_WEIGHTS_LAYER, _WEIGHTS_ITER)
            memories[argument] = (
                _reordered(library, described, argument, plain) if chosen else plain
            )
        name = _implementation(library, described)
        return cls(library, handle, memories, tensors, name)

    @property
    def call(self) -> Any:
        """The timed call: the arguments are made once, as in any program."""
        execute = self.library.functions.dnnl_primitive_execute
        wait = self.library.functions.dnnl_stream_wait
        execute.argtypes = (c_void_p, c_void_p, c_int, c_void_p)
        wait.argtypes = (c_void_p,)
        primitive, stream = self.handle, self.library.stream
        arguments, count = _exec_arguments(self.memories), len(self.memories)
        given = ctypes.cast(arguments, c_void_p)

        def call(_keeps: Any = (arguments, self.kept)) -> None:
            if execute(primitive, stream, count, given) or wait(stream):
                raise RuntimeError("the primitive failed")

        return call

    def answer(self) -> RuntimeAnswer:
        """The output and the final states of a call."""
        self.library.execute(self.handle, self.memories)
        states = [
            self.kept[each] for each in (_DST_ITER, _DST_ITER_C) if each in self.kept
        ]
        return self.kept[_DST_LAYER].clone(), tuple(each[0].clone() for each in states)


def _weights(source: Source) -> dict[int, Tensor]:
    """The parameters in oneDNN's shapes: (layer, direction, input, gate, hidden)."""
    hidden, order = source.case.hidden_size, _GATES[source.case.layer]
    found = {name: one.detach() for name, one in source.module.named_parameters()}

    def gates(name: str) -> Tensor:
        whole = found[f"{name}_l0"]
        return whole.reshape(len(order), hidden, *whole.shape[1:])[list(order)]

    bias_ih, bias_hh = gates("bias_ih"), gates("bias_hh")
    bias = bias_ih + bias_hh
    if source.case.layer == "gru":
        # The reset gate scales the recurrent part of `new`, with its bias: it is a
        # fourth one.
        bias = torch.cat([bias[:2], bias_ih[2:], bias_hh[2:]])
    return {
        _WEIGHTS_LAYER: gates("weight_ih").permute(2, 0, 1)[None, None].contiguous(),
        _WEIGHTS_ITER: gates("weight_hh").permute(2, 0, 1)[None, None].contiguous(),
        _BIAS: bias[None, None].contiguous(),
    }


def _outputs(case: Case) -> dict[int, Tensor]:
    state = (1, 1, case.batch_size, case.hidden_size)
    found = {
        _DST_LAYER: torch.zeros(case.seq_len, case.batch_size, case.hidden_size),
        _DST_ITER: torch.zeros(state),
    }
    return found | ({_DST_ITER_C: torch.zeros(state)} if case.layer == "lstm" else {})


def _describe(library: _Library, case: Case, tensors: Mapping[int, Tensor]) -> c_void_p:
    """The description of the primitive, for inference from a zero state."""
    shapes = {argument: tuple(one.shape) for argument, one in tensors.items()}
    dense = {argument: library.dense(shape) for argument, shape in shapes.items()}
    weights = [library.any(shapes[each]) for each in (_WEIGHTS_LAYER, _WEIGHTS_ITER)]
    source, bias, none = dense[_SRC_LAYER], dense[_BIAS], c_void_p()
    ends = [dense[each] for each in (_DST_LAYER, _DST_ITER)]
    head = (library.engine, _FORWARD_INFERENCE, _LEFT_TO_RIGHT, source)
    if case.layer == "gru":
        name = "dnnl_lbr_gru_forward_primitive_desc_create"
        return library.new(name, *head, none, *weights, bias, *ends, _NO_FLAGS, none)
    # No initial h and c; no peephole and no projection.
    between = (none, none, *weights, none, none, bias)
    ends.append(dense[_DST_ITER_C])
    name = "dnnl_lstm_forward_primitive_desc_create"
    return library.new(name, *head, *between, *ends, _NO_FLAGS, none)


def _reordered(
    library: _Library, described: c_void_p, argument: int, plain: c_void_p
) -> c_void_p:
    """`plain` in the layout that the primitive asks for."""
    query = library.functions.dnnl_primitive_desc_query_md
    query.restype = c_void_p
    wanted = c_void_p(query(described, _QUERY_ARGUMENT, c_int(argument)))
    given = c_void_p()
    library.run("dnnl_memory_get_memory_desc", plain, byref(given))
    packed = library.memory(wanted)
    name = "dnnl_reorder_primitive_desc_create"
    engine = library.engine
    reorder = library.new(name, given, engine, wanted, engine, c_void_p())
    handle = library.new("dnnl_primitive_create", reorder)
    library.execute(handle, {_FROM: plain, _TO: packed})
    return packed


def _implementation(library: _Library, described: c_void_p) -> str:
    found = ctypes.c_char_p()
    name = "dnnl_primitive_desc_query"
    library.run(name, described, _QUERY_IMPLEMENTATION, c_int(0), byref(found))
    return (found.value or b"").decode()


def _exec_arguments(memories: Mapping[int, c_void_p]) -> Any:
    pairs = [_ExecArgument(argument, one) for argument, one in memories.items()]
    return (_ExecArgument * len(pairs))(*pairs)


def _dims(values: Any) -> Any:
    return (c_int64 * _MOST_DIMS)(*values)
