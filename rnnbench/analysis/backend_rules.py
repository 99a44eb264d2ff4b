"""PyTorch's rules for the backend that runs a layer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from rnnbench.model.case import EAGER, TORCH_LAYERS, Case, Device, Dtype, Lengths, Phase
from rnnbench.model.run import Environment


class Backend(StrEnum):
    """Code that runs a layer; for cuDNN, the algorithm that PyTorch requests."""

    ONEDNN = "oneDNN fused"
    NATIVE = "native"
    THNN = "native, fused cell"
    STANDARD = "cuDNN STANDARD"
    PERSIST_STATIC = "cuDNN PERSIST_STATIC"
    SMALL_H = "cuDNN PERSIST_STATIC_SMALL_H"
    CUDNN = "cuDNN, algorithm unknown"
    UNKNOWN = "unknown"


CUDNN = frozenset(
    {
        Backend.STANDARD,
        Backend.PERSIST_STATIC,
        Backend.SMALL_H,
        Backend.CUDNN,
    }
)


@dataclass(frozen=True, slots=True)
class Path:
    """Backends of the forward and of the backward pass; None without a backward pass.

    cuDNN's algorithm is chosen for each pass separately.
    """

    forward: Backend
    backward: Backend | None = None

    def __str__(self) -> str:
        """In words; the backward pass is named only where it differs."""
        if self.backward is None or self.backward is self.forward:
            return self.forward.value
        return f"{self.forward}; backward {self.backward}"


def predict(case: Case, environment: Environment) -> Path:
    """The backends that PyTorch's rules choose for `case` in that environment.

    From aten/src/ATen/native/RNN.cpp and native/cudnn/RNN.cpp of PyTorch 2.13. UNKNOWN
    where a rule needs something that the environment does not hold.
    """
    backward = case.phase in (Phase.TRAIN, Phase.STEP)
    if case.layer not in TORCH_LAYERS or case.runtime != EAGER:
        return Path(Backend.UNKNOWN, Backend.UNKNOWN if backward else None)
    choose = _on_cpu if case.device is Device.CPU else _on_cuda
    forward = choose(case, environment, forward=True)
    if not backward:
        return Path(forward)
    return Path(forward, choose(case, environment, forward=False))


def _on_cpu(case: Case, environment: Environment, *, forward: bool) -> Backend:
    """`use_mkldnn`: only an LSTM is fused; its backward pass follows its forward."""
    del forward
    if not case.onednn or environment.onednn is None or case.layer != "lstm":
        return Backend.NATIVE
    if case.proj_size or case.lengths is not Lengths.FULL:
        return Backend.NATIVE
    flags = set((environment.cpu_flags or "").split())
    return Backend.ONEDNN if _FUSED_DTYPES[case.dtype](case, flags) else Backend.NATIVE


# CPU flags that kernels of reduced precision need (mkldnn_bf16_device_check and
# mkldnn_fp16_device_check). Measured with 2.13: bfloat16 is fused in training as well;
# under autocast the check sees the float32 input, so that it always fuses.
_FUSED_DTYPES: dict[Dtype, Callable[[Case, set[str]], bool]] = {
    Dtype.FLOAT64: lambda _case, _flags: False,
    Dtype.FLOAT32: lambda _case, _flags: True,
    Dtype.BFLOAT16: lambda _case, flags: {"avx512bw", "avx512vl", "avx512dq"} <= flags,
    Dtype.FLOAT16: lambda case, flags: (
        case.phase is Phase.INFERENCE and "avx512_fp16" in flags
    ),
    Dtype.AUTOCAST_BFLOAT16: lambda _case, _flags: True,
    Dtype.AUTOCAST_FLOAT16: lambda _case, _flags: True,
}


def _on_cuda(case: Case, environment: Environment, *, forward: bool) -> Backend:
    capability = _capability(environment)
    # cuDNN's layers support bfloat16 from compute capability 8 on.
    old = capability is not None and capability < (8, 0)
    if not case.cudnn or (old and _computes_in(case) is Dtype.BFLOAT16):
        return Backend.THNN if case.layer in ("lstm", "gru") else Backend.NATIVE
    if environment.cudnn is None:
        return Backend.UNKNOWN
    if case.proj_size or case.lengths is not Lengths.FULL:
        return Backend.STANDARD
    return _algorithm(case, environment, capability, forward=forward)


def _algorithm(
    case: Case,
    environment: Environment,
    capability: tuple[int, int] | None,
    *,
    forward: bool,
) -> Backend:
    """`get_algo`, for padded input without a projection."""
    if case.dtype is Dtype.FLOAT64:
        return Backend.STANDARD
    if capability is None:
        return Backend.CUDNN
    if _is_small(case, capability, forward=forward):
        return Backend.SMALL_H
    if _computes_in(case) is Dtype.FLOAT16 and _could_persist(case):
        return _persists(case, environment, capability)
    return Backend.STANDARD


def _is_small(case: Case, capability: tuple[int, int], *, forward: bool) -> bool:
    """`use_rnn_persist_small_h`: the cliffs at hidden 128|129 and 192|193."""
    if capability < (6, 0):
        return False
    simple = case.layer in ("rnn_tanh", "rnn_relu")
    if forward:
        return case.hidden_size <= (384 if simple else 192)
    return case.hidden_size <= (256 if simple else 128)


def _could_persist(case: Case) -> bool:
    """`use_persist_common_heuristics`."""
    return (
        case.num_layers == 1
        and not case.bidirectional
        and case.hidden_size <= 1024
        and case.hidden_size % 128 == 0
        and case.input_size % 128 == 0
    )


def _persists(
    case: Case, environment: Environment, capability: tuple[int, int]
) -> Backend:
    """`use_persist_device_heuristics`: from capability 8 on, with 98 or more SMs."""
    if capability < (8, 0) or capability[1] == 6:
        # Older ones have rules of their own (batch and length), not implemented here.
        return Backend.STANDARD if capability >= (7, 5) else Backend.CUDNN
    if case.layer == "gru" or case.batch_size % 8 or case.batch_size > 128:
        return Backend.STANDARD
    if case.layer != "lstm" and case.batch_size >= 96 and case.hidden_size >= 896:
        return Backend.STANDARD
    processors = environment.gpu_multiprocessors
    if processors is None:
        return Backend.CUDNN
    return Backend.PERSIST_STATIC if processors >= 98 else Backend.STANDARD


def _capability(environment: Environment) -> tuple[int, int] | None:
    found = re.fullmatch(r"(\d+)\.(\d+)", environment.gpu_capability or "")
    return (int(found[1]), int(found[2])) if found else None


def _computes_in(case: Case) -> Dtype:
    return Dtype(case.dtype.removeprefix("autocast_"))
