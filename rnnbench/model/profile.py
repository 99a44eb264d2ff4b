"""Where the time and the memory of one call went, as a profiler saw it."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an operator does; every moment of a profiled call belongs to one kind."""

    MATRIX = "matrix products"
    POINTWISE = "pointwise"
    LAYOUT = "copies and layout"
    FUSED = "fused recurrent kernel"
    FRAMEWORK = "framework overhead"  # dispatch, autograd, Python: what is no operator
    IDLE = "idle"  # on a GPU: gaps between kernels


class MemoryPart(StrEnum):
    """What memory is held for at the peak. The first, third and fourth are held before.

    `input and states` has the fixed gradient of the output, which is made once.
    """

    PARAMETERS = "parameters"
    GRADIENTS = "gradients"
    OPTIMIZER = "optimizer state"
    INPUT = "input and states"
    OUTPUT = "output"
    SAVED = "saved for backward"
    OTHER = "workspace and other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator of the call. Seconds are its own, without those that it calls.

    `allocated_bytes`: what it allocated itself, freed or not.
    """

    name: str
    kind: Kind
    calls: int
    host_seconds: float
    device_seconds: float
    allocated_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of the timeline, in seconds from the start of the call.

    `lane`: the thread, or the stream of a GPU.
    """

    lane: str
    name: str
    kind: Kind
    start: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a profiled call showed. It is never one that was timed.

    `seconds`: the call under the profiler, which slows it. `kinds`: seconds of each,
    which sum to `seconds`. `memory`: bytes by `MemoryPart` at the moment of the peak,
    which sum to the peak; `unseen`: what the method can't see. `device_memory`: on a
    GPU, bytes that its allocator and its driver name. `seen`: operators or kernels that
    tell which backend ran. `left_out`: spans that are not in the timeline, the shortest
    first. `trace`: a file in the folder of the run's traces, or empty with
    `trace_reason`.
    """

    seconds: float
    operators: tuple[Operator, ...]
    kinds: tuple[tuple[Kind, float], ...]
    memory: tuple[tuple[str, int], ...]
    unseen: str
    seen: tuple[str, ...]
    timeline: tuple[Span, ...]
    left_out: int
    device_memory: tuple[tuple[str, int], ...] = ()
    trace: str = ""
    trace_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """What the machine can do at best, measured by the worker, in turns as a layer is.

    `flops`: operations a second of the best matrix product (`shape` m, k, n; `product`:
    by which of PyTorch's ways); `bytes`: a second, read and written, of the best copy.
    """

    device: str
    dtype: str
    threads: int
    flops: float
    shape: tuple[int, int, int]
    bytes: float
    product: str = ""
