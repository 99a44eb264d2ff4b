"""PyTorch's process-wide switches: set before a turn, never inside a timed call."""

from dataclasses import replace

import torch

from rnnbench.model.case import TORCH_LAYERS, Case, Device, applies


def enter(case: Case) -> None:
    """Set every switch as `case` has it, whatever an earlier layer has set.

    By the setters in `torch._C`: the public context manager of oneDNN takes 9 µs and
    prints a TF32 warning at each use, its setter takes 0.06 µs.
    """
    torch._C._set_mkldnn_enabled(case.onednn)  # noqa: SLF001
    if torch.are_deterministic_algorithms_enabled() != case.deterministic:
        torch.use_deterministic_algorithms(case.deterministic)
    if torch.get_num_threads() != case.threads:
        torch.set_num_threads(case.threads)
    if case.device is Device.CUDA:
        torch._C._set_cudnn_enabled(case.cudnn)  # noqa: SLF001
        # By default it is on in cuDNN and off in native products, so that cuDNN on and
        # off would differ in precision.
        torch._C._set_cudnn_allow_tf32(case.tf32)  # noqa: SLF001
        torch._C._set_cublas_allow_tf32(case.tf32)  # noqa: SLF001


def other(case: Case) -> Case | None:
    """The same case on the other backend of this machine; None if there is none."""
    if case.layer not in TORCH_LAYERS or not applies(switch(case.device), case):
        return None
    if case.device is Device.CUDA:
        return replace(case, cudnn=not case.cudnn)
    return replace(case, onednn=not case.onednn)


def switch(device: Device) -> str:
    """The axis that switches the backend of `device`."""
    return "cudnn" if device is Device.CUDA else "onednn"
