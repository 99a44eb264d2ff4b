# ruff: noqa: SLF001 - what is process-wide in PyTorch is private in many places
"""State of the process that a layer of the user's could change for others.

A foreign layer runs in a process of its own, so what it changes there reaches no other
layer. It can still spoil its own times, by replacing a clock; and a reader should know
that it changes, say, PyTorch's default dtype for the whole process.
"""

import builtins
import ctypes
import gc
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import torch
from torch import nn
from torch.nn.modules import module as hooks

# Whose attributes are compared: what is called in a turn, and what times it.
_NAMESPACES: Mapping[str, Any] = {
    "builtins": builtins,
    "gc": gc,
    "resource": resource,
    "time": time,
    "torch": torch,
    "torch._VF": torch._VF,
    "torch.nn.functional": nn.functional,
    "torch.Tensor": torch.Tensor,
    "torch.nn.Module": nn.Module,
    "torch.nn.RNNBase": nn.RNNBase,
    "torch.nn.RNN": nn.RNN,
    "torch.nn.LSTM": nn.LSTM,
    "torch.nn.GRU": nn.GRU,
    "torch.nn.Linear": nn.Linear,
    "torch.autograd": torch.autograd,
    "torch.cuda": torch.cuda,
}
# New names in a module are imports; in these they would hide what is called.
_CLOSED = ("builtins", "rnnbench", "torch.Tensor", "torch.nn.")
# Without these, no time of this process can be trusted.
_TIMING = ("builtins.", "gc.", "resource.", "rnnbench.", "time.")

# PyTorch changes the first two, when it first imports its compiler; rnnbench sets the
# next two before it prepares a runtime; and every extension that is built with
# pybind11 may keep its register of types in builtins.
_OWN_CHANGES = (
    "torch.manual_seed",
    "environment variable TORCHINDUCTOR_CACHE_DIR",
    "environment variable NPROC",
    "environment variable XLA_FLAGS",
    "builtins.__pybind11_internals",
)

_OPERATORS = (
    *("aten::lstm.input", "aten::gru.input", "aten::rnn_tanh.input", "aten::linear"),
    *("aten::addmm", "aten::mkldnn_rnn_layer", "aten::mm", "aten::sigmoid"),
)
# Half of the smallest normal number: 0 where the processor flushes denormals.
_SMALLEST = sys.float_info.min


@dataclass(frozen=True, slots=True)
class ProcessState:
    """Objects are compared by identity, values by equality; both by name.

    `modules`: those of rnnbench that are imported; one that is imported later is no
    change.
    """

    objects: Mapping[str, object]
    values: Mapping[str, object]
    modules: frozenset[str] = frozenset()

    @classmethod
    def read(cls) -> "ProcessState":
        """The state of this process, now."""
        objects, values = dict(_objects()), dict(_values())
        # Not before: reading a value may import a module, lazily.
        modules = frozenset(
            name for name in tuple(sys.modules) if name.startswith("rnnbench.")
        )
        return cls(objects, values, modules)

    def changes(self, later: "ProcessState") -> tuple[str, ...]:
        """Names of what differs in `later`, in alphabetical order."""
        gone = object()
        replaced = {
            name
            for name, value in self.objects.items()
            if later.objects.get(name, gone) is not value
        }
        imported = later.modules - self.modules
        within = tuple(f"{name}." for name in imported)
        added = {
            name
            for name in later.objects.keys() - self.objects.keys() - imported
            if name.startswith(_CLOSED) and not name.startswith(within)
        }
        names = self.values.keys() | later.values.keys()
        differing = {
            name for name in names if self.values.get(name) != later.values.get(name)
        }
        found = replaced | added | differing
        return tuple(
            sorted(name for name in found if not name.startswith(_OWN_CHANGES))
        )


def spoils_timing(change: str) -> bool:
    """Whether no time can be trusted after a change of that name."""
    return change.startswith(_TIMING)


def _objects() -> Iterator[tuple[str, object]]:
    for name, namespace in _NAMESPACES.items():
        yield from _attributes(name, namespace)
    for name, module in tuple(sys.modules.items()):
        if name.startswith("rnnbench.") and isinstance(module, ModuleType):
            yield from _attributes(name, module)
            for attribute, value in tuple(vars(module).items()):
                if isinstance(value, type) and value.__module__ == name:
                    yield from _attributes(f"{name}.{attribute}", value)


def _attributes(name: str, namespace: Any) -> Iterator[tuple[str, object]]:
    for attribute, value in tuple(vars(namespace).items()):
        yield f"{name}.{attribute}", value
        if isinstance(value, FunctionType):
            yield f"{name}.{attribute}.__code__", value.__code__


def _values() -> Iterator[tuple[str, object]]:
    yield from _torch_values()
    yield from _interpreter_values()
    yield from _process_values()


def _torch_values() -> Iterator[tuple[str, object]]:
    yield "grad mode", torch.is_grad_enabled()
    yield "inference mode", torch.is_inference_mode_enabled()
    yield "anomaly mode", torch.is_anomaly_enabled()
    yield "default dtype", torch.get_default_dtype()
    yield "default device", torch.get_default_device()
    yield "float32 matmul precision", torch.get_float32_matmul_precision()
    yield (
        "autocast",
        (torch.is_autocast_enabled("cpu"), torch.is_autocast_cache_enabled()),
    )
    yield "cudnn.benchmark", torch.backends.cudnn.benchmark
    yield "inter-op threads", torch.get_num_interop_threads()
    yield "function modes", torch._C._len_torch_function_stack()
    yield "dispatch modes", torch._C._len_torch_dispatch_stack()
    for name, found in vars(hooks).items():
        if name.startswith("_global_") and isinstance(found, dict):
            yield f"hooks of every module: {name}", len(found)
    for name in _OPERATORS:
        yield f"operator {name}", torch._C._dispatch_dump(name)


def _interpreter_values() -> Iterator[tuple[str, object]]:
    yield "garbage collector", (gc.isenabled(), gc.get_threshold(), len(gc.callbacks))
    yield "switch interval", sys.getswitchinterval()
    yield "recursion limit", sys.getrecursionlimit()
    yield "trace function", sys.gettrace()
    yield "profile function", sys.getprofile()
    yield "threads of Python", threading.active_count()


def _process_values() -> Iterator[tuple[str, object]]:
    for name, value in os.environ.items():
        yield f"environment variable {name}", value
    yield "working directory", _working_directory()
    yield (
        "signal handlers",
        [signal.getsignal(number) for number in signal.valid_signals()],
    )
    yield (
        "interval timers",
        tuple(
            signal.getitimer(which)[1]
            for which in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
        ),
    )
    yield "priority", os.getpriority(os.PRIO_PROCESS, 0)
    if hasattr(os, "sched_getaffinity"):
        yield "cores", os.sched_getaffinity(0)
    yield "rounding mode", _libm.fegetround()
    yield "denormal numbers", _SMALLEST / 2 == 0.0
    yield "child processes", _children()


def _working_directory() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def _children() -> int:
    """How many processes this one has started; 0 where the system does not tell."""
    try:
        text = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii")
    except OSError:
        return 0
    return len(text.split())


_libm = ctypes.CDLL(None)
