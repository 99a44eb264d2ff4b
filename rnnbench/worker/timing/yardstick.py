"""A fixed matrix product: what the machine gave at the moment when members ran."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import torch

from rnnbench.model.case import Case, Device
from rnnbench.worker.layers import switches as backend
from rnnbench.worker.layers.factory import AUTOCAST, DTYPES, SEED

# About a millisecond of one core; on a GPU, large enough to fill it.
_SIZE = {Device.CPU: 256, Device.CUDA: 2048}


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The product, as a turn needs it. It runs under the switches of `plain`."""

    plain: Case
    call: Callable[[], object]

    def enter(self) -> None:
        """The same switches, whoever ran before."""
        backend.enter(self.plain)

    def context(self) -> AbstractContextManager[object]:
        """Nothing is kept for autograd."""
        return torch.inference_mode()


def make_yardstick(case: Case) -> Yardstick:
    """In float32 on a CPU; on a GPU in the type that `case` computes in."""
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
    # Its result has a place of its own: it allocates nothing.
    call = partial(torch.mm, left, right, out=torch.empty_like(left))
    return Yardstick(plain, call)
