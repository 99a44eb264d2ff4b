"""Environment variables that change a measurement: removed for a worker, or recorded.

A variable of which only a program's author can know what it is for is recorded, because
removing it would measure something else than the user runs. One that traces, debugs or
instruments the process, or that a worker sets itself, is removed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Treatment(StrEnum):
    """Treatment of a variable of the user's environment."""

    REMOVED = "removed"  # a worker does not get it
    RECORDED = "recorded"  # a worker gets it, and the results file has its value
    KEPT = "kept"  # a worker gets it; it changes no call


@dataclass(frozen=True, slots=True)
class Variable:
    """A row: variables whose names begin with one of `prefixes`, and the reason."""

    prefixes: tuple[str, ...]
    treatment: Treatment
    reason: str


_REMOVED, _RECORDED, _KEPT = Treatment.REMOVED, Treatment.RECORDED, Treatment.KEPT

# The first row that has a variable decides.
VARIABLES = (
    Variable(
        ("OMP_", "MKL_", "KMP_", "GOMP_"),
        _REMOVED,
        "threads are an axis: a worker sets them itself",
    ),
    Variable(
        ("OPENBLAS_", "GOTO_", "BLIS_", "VECLIB_", "NUMEXPR_"),
        _REMOVED,
        "threads of other libraries would run beside those that are measured",
    ),
    Variable(
        ("MALLOC_", "GLIBC_TUNABLES"),
        _REMOVED,
        "the allocator is an axis: a worker sets it itself",
    ),
    Variable(
        ("LD_PRELOAD", "LD_AUDIT", "LD_PROFILE", "DYLD_INSERT_LIBRARIES"),
        _REMOVED,
        "a library that replaces malloc or intercepts calls is in every timed call",
    ),
    Variable(
        ("COVERAGE_PROCESS_", "COV_CORE_"),
        _REMOVED,
        "coverage would start in the worker and trace every line",
    ),
    Variable(
        ("PYTEST_",),
        _REMOVED,
        "a layer must not behave differently because pytest started the run",
    ),
    Variable(
        ("PYTHONMALLOC", "PYTHONTRACEMALLOC"),
        _REMOVED,
        "debugging and tracing allocations slow every call",
    ),
    Variable(
        ("PYTHONDEVMODE", "PYTHONASYNCIODEBUG", "PYTHONDEBUG", "PYTHONDUMPREFS"),
        _REMOVED,
        "debug modes add checks to every call",
    ),
    Variable(
        (
            *("PYTHONPROFILEIMPORTTIME", "PYTHONVERBOSE", "PYTHONPERFSUPPORT"),
            *("PYTHON_PERF_JIT_SUPPORT", "PYTHONINSPECT"),
        ),
        _REMOVED,
        "profiles or prints while the process runs, or keeps it from ending",
    ),
    Variable(
        ("PYTHONHASHSEED",),
        _REMOVED,
        "a fixed seed gives all launches the same order of sets and dicts in memory",
    ),
    Variable(
        ("PYTHONOPTIMIZE", "PYTHON_GIL", "PYTHON_JIT"),
        _RECORDED,
        "chooses how the interpreter runs a layer's Python code",
    ),
    Variable(
        ("ONEDNN_VERBOSE", "DNNL_VERBOSE", "ONEDNN_JIT_", "DNNL_JIT_"),
        _REMOVED,
        "oneDNN would print or dump code in timed calls",
    ),
    Variable(
        ("ONEDNN_", "DNNL_", "ATEN_"),
        _RECORDED,
        "chooses the kernels on a CPU, for example the instruction set",
    ),
    Variable(
        ("CUDA_LAUNCH_BLOCKING", "CUDNN_LOG", "CUBLAS_LOG", "CUBLASLT_LOG"),
        _REMOVED,
        "waits for each kernel, or logs each call",
    ),
    Variable(
        ("CUDA_INJECTION", "NVTX_INJECTION", "CUDA_ENABLE_COREDUMP"),
        _REMOVED,
        "a profiler or debugger would be loaded into the worker",
    ),
    Variable(
        ("CUDA_CACHE_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_HOME", "CUDA_PATH"),
        _KEPT,
        "a folder or a choice of GPU; the results file names the GPU",
    ),
    Variable(
        ("CUDA_", "CUBLAS_", "CUDNN_", "NVIDIA_TF32_OVERRIDE"),
        _RECORDED,
        "chooses kernels, precision or memory on a GPU",
    ),
    Variable(
        (
            *("TORCH_LOGS", "TORCH_TRACE", "TORCH_SHOW_CPP_STACKTRACES"),
            *("TORCH_CPP_LOG_LEVEL", "TORCH_COMPILE_DEBUG", "TORCHDYNAMO_VERBOSE"),
            *("TORCH_DISTRIBUTED_DEBUG", "TORCHINDUCTOR_TRACE"),
        ),
        _REMOVED,
        "PyTorch would log, trace or dump while a layer runs",
    ),
    Variable(
        ("TORCHINDUCTOR_COMPILE_THREADS",),
        _REMOVED,
        "compiling processes would run beside turns: a worker sets it to 1",
    ),
    Variable(
        ("TORCH_HOME", "TORCH_EXTENSIONS_DIR", "TORCHINDUCTOR_CACHE_DIR"),
        _KEPT,
        "a folder",
    ),
    Variable(
        ("PYTORCH_", "TORCH_", "TORCHDYNAMO_", "TORCHINDUCTOR_", "TRITON_"),
        _RECORDED,
        "chooses how PyTorch allocates, compiles or computes",
    ),
    Variable(
        ("XLA_", "JAX_", "ORT_", "OV_", "OPENVINO_"),
        _RECORDED,
        "chooses how another runtime compiles or computes",
    ),
)


def treatment_of(name: str) -> Treatment:
    """The treatment of a variable; one that is in no row changes no call."""
    for row in VARIABLES:
        if name.startswith(row.prefixes):
            return row.treatment
    return Treatment.KEPT


def recorded(variables: Mapping[str, str]) -> tuple[str, ...]:
    """The variables to record, as `NAME=value`, in alphabetical order."""
    return tuple(
        f"{name}={value}"
        for name, value in sorted(variables.items())
        if treatment_of(name) is Treatment.RECORDED
    )
