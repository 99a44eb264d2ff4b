"""Profiles: how one call spends its time and memory, and what the machine can do."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Kind of work; every moment of a profiled call belongs to one kind."""

    MATRIX = "matrix products"
    POINTWISE = "pointwise"
    LAYOUT = "copies and layout"
    FUSED = "fused recurrent kernel"
    FRAMEWORK = (
        "framework overhead"  # dispatch, autograd, Python: time outside operators
    )
    IDLE = "idle"  # on a GPU: gaps between kernels


class MemoryPart(StrEnum):
    """Purpose of memory that is in use at the peak of a call.

    Parameters, optimizer state, input and states are allocated before the call. `input
    and states` includes the fixed gradient of the output, which is made once.
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
    """All calls of one operator. Seconds are its own, without the operators it calls.

    `allocated_bytes`: sum of its own allocations, whether freed or not.
    """

    name: str
    kind: Kind
    calls: int
    host_seconds: float
    device_seconds: float
    allocated_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One bar of the timeline; `start` is in seconds from the start of the call.

    `lane`: the thread, or the stream of a GPU.
    """

    lane: str
    name: str
    kind: Kind
    start: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile of one call, which is never a timed one.

    Attributes:
        seconds: duration of the call under the profiler, which slows it down.
        operators: one row for each operator, the longest first.
        kinds: seconds of each kind; they sum to `seconds`.
        memory: bytes by `MemoryPart` at the peak; they sum to the peak.
        unseen: memory that the method can't see, in words.
        seen: operators and kernels that show which backend ran.
        timeline: the longest spans of the call, in the order of time.
        left_out: number of shorter spans that are not in the timeline.
        device_memory: on a GPU, bytes as reported by the allocator and the driver.
        trace: a file in the folder of the run's traces; "" with `trace_reason`.

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
    """Best rates of the machine, measured in turns as a layer is.

    Attributes:
        device, dtype, threads: what was measured.
        flops: floating-point operations per second of the fastest matrix product.
        shape: m, k and n of that product.
        bytes: bytes per second, read and written, of the fastest copy.
        product: PyTorch's operator that computed the product.

    """

    device: str
    dtype: str
    threads: int
    flops: float
    shape: tuple[int, int, int]
    bytes: float
    product: str = ""
