"""The yardstick: a fixed matrix product, which shows the speed of the machine."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import torch

from rnnbench.model.case import Case, Device
from rnnbench.worker.layers import switches as backend
from rnnbench.worker.layers.factory import AUTOCAST, DTYPES, SEED

# About a millisecond on one core; on a GPU, large enough to fill it.
_SIZE = {Device.CPU: 256, Device.CUDA: 2048}


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The product as a step; it runs under the switches of `plain`."""

    plain: Case
    call: Callable[[], object]

    def enter(self) -> None:
        """Set the same switches whatever ran before."""
        backend.enter(self.plain)

    def context(self) -> AbstractContextManager[object]:
        """Inference mode: no autograd."""
        return torch.inference_mode()


def make_yardstick(case: Case) -> Yardstick:
    """The yardstick of a case: float32 on a CPU, the case's type on a GPU."""
    dtype = torch.float32
    if case.device is Device.CUDA:
        dtype = AUTOCAST.get(case.dtype, DTYPES[case.dtype])
    size = _SIZE[case.device]
    generator = torch.Generator().manual_seed(SEED)
    left, right = (
        torch.randn(size, size, generator=generator).to(case.device.value, dtype)
        for _ in range(2)
    )
    plain = Case(
        layer="lstm",
        input_size=1,
        hidden_size=1,
        seq_len=1,
        batch_size=1,
        device=case.device,
        threads=case.threads,
    )
    # With a fixed place for the result it allocates nothing.
    call = partial(torch.mm, left, right, out=torch.empty_like(left))
    return Yardstick(plain, call)
