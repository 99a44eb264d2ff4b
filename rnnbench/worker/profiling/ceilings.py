"""Ceilings: the best rates of matrix products and copies, measured in turns."""

import math
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn

from rnnbench.model.case import Case, Device, Dtype
from rnnbench.model.profile import Ceiling
from rnnbench.worker.environment import cache_bytes, memory_bytes
from rnnbench.worker.failure import attempt
from rnnbench.worker.layers import switches as backend
from rnnbench.worker.layers.factory import AUTOCAST, DTYPES, SEED
from rnnbench.worker.protocol import Climb, Outcome
from rnnbench.worker.timing.canary import Watch
from rnnbench.worker.timing.clock import CLOCKS, Clock
from rnnbench.worker.timing.turn import Warm, take_turn, warm_up

# m, k, n of the products that are tried, from small to large. The flat ones are like a
# layer's: few rows, many columns.
_SHAPES = {
    Device.CPU: (
        *((128, 128, 128), (256, 256, 256), (64, 512, 2048), (512, 512, 512)),
        *((1024, 1024, 1024), (2048, 2048, 2048)),
    ),
    Device.CUDA: (
        *((1024, 1024, 1024), (2048, 2048, 2048), (4096, 4096, 4096)),
        *((8192, 8192, 8192),),
    ),
}

# For the search of one type. A product that would not fit is not tried.
_SECONDS = 2.0

# A turn of each that is tried, then some more of the best ones.
_FINALISTS = 2
_MOST_TURNS = 8
_FINAL_SECONDS = 0.5

# A copy is of memory where neither side fits in the cache, within bounds for machines
# that have little memory, or don't say how large their cache is.
_CACHES = 4
_LEAST_COPY, _MOST_COPY = 64 << 20, 512 << 20
_SHARE_OF_MEMORY = 16


@dataclass(frozen=True, slots=True)
class Exercise:
    """A product or a copy to time; `amount`: operations, or bytes, of a call."""

    plain: Case
    call: Callable[[], object]
    amount: float
    shape: tuple[int, int, int] = (0, 0, 0)
    name: str = ""

    def enter(self) -> None:
        """The switches of a case that sets none."""
        backend.enter(self.plain)

    def context(self) -> AbstractContextManager[object]:
        """Inference mode: no autograd."""
        return torch.inference_mode()


def climb(job: Climb) -> tuple[Ceiling, ...]:
    """A ceiling for each type that this machine can multiply."""
    clock = CLOCKS[job.device]()
    plain = _plain(job)
    speed = attempt(lambda: _best([_copy(plain)], clock))
    if isinstance(speed, Outcome):
        return ()
    found = []
    for dtype in job.dtypes:
        best = attempt(partial(_best_product, plain, dtype, clock))
        if not isinstance(best, Outcome):
            found.append(_ceiling(job, dtype, best, speed[1]))
    return tuple(found)


def _ceiling(
    job: Climb, dtype: Dtype, best: tuple[Exercise, float], speed: float
) -> Ceiling:
    exercise, flops = best
    return Ceiling(
        device=job.device,
        dtype=dtype,
        threads=job.threads,
        flops=flops,
        shape=exercise.shape,
        bytes=speed,
        product=exercise.name,
    )


def _best_product(plain: Case, dtype: Dtype, clock: Clock) -> tuple[Exercise, float]:
    numbers = AUTOCAST.get(dtype, DTYPES[dtype])
    products = (
        product
        for shape in _SHAPES[plain.device]
        for product in _products(plain, numbers, shape)
    )
    return _best(products, clock)


def _best(exercises: Iterable[Exercise], clock: Clock) -> tuple[Exercise, float]:
    """The one with the highest rate, and that rate: of its fastest turn.

    A ceiling is what the machine gave at best, so what else ran beside it is left out.
    """
    rates: list[tuple[float, Warm, Exercise]] = []
    spent = 0.0
    for exercise in exercises:
        slowest = min((rate for rate, _, _ in rates), default=math.inf)
        if spent + _turn_seconds(exercise.amount / slowest) > _SECONDS:
            break
        warm = warm_up(exercise, clock)
        rates.append((_rate(warm, exercise, clock), warm, exercise))
        spent += _turn_seconds(warm.call)
    rates.sort(key=lambda row: row[0], reverse=True)
    return _finals(rates[:_FINALISTS], clock)


def _finals(
    rates: list[tuple[float, Warm, Exercise]], clock: Clock
) -> tuple[Exercise, float]:
    """More turns of the best ones, in shuffled rounds."""
    best = {place: rate for place, (rate, _, _) in enumerate(rates)}
    shuffle = random.Random(SEED).shuffle  # noqa: S311 - an order, not a secret
    round_seconds = sum(_turn_seconds(warm.call) for _, warm, _ in rates)
    for _ in range(min(int(_FINAL_SECONDS / round_seconds) + 1, _MOST_TURNS)):
        places = list(best)
        shuffle(places)
        for place in places:
            _, warm, exercise = rates[place]
            best[place] = max(best[place], _rate(warm, exercise, clock))
    first = max(best, key=lambda place: best[place])
    return rates[first][2], best[first]


def _rate(warm: Warm, exercise: Exercise, clock: Clock) -> float:
    # A ceiling is the best of many turns, so a disturbed one does not matter.
    turn = take_turn(warm, clock, exercise.plain.device, Watch(waits=True))
    # Back to back where calls can be queued: a ceiling includes no kernel launch.
    return exercise.amount / (turn.back_to_back or turn.seconds)


def _turn_seconds(call: float) -> float:
    """Roughly, with the warm calls before it: they are few where a call is long."""
    return 8 * call


def _products(
    plain: Case, dtype: torch.dtype, shape: tuple[int, int, int]
) -> Iterator[Exercise]:
    """One exercise for each of PyTorch's matrix products.

    In float32 on a CPU aten::mm is the BLAS that it was built with, and oneDNN's
    product, which its LSTM is made of, was seen to be 2.2 times as fast.
    """
    m, k, n = shape
    amount = 2.0 * m * k * n
    generator = torch.Generator().manual_seed(SEED)
    left, right = (
        torch.randn(size, generator=generator).to(plain.device.value, dtype)
        for size in ((m, k), (k, n))
    )
    out = torch.empty(m, n, dtype=dtype, device=plain.device.value)
    multiply = partial(torch.mm, left, right, out=out)
    yield Exercise(plain, multiply, amount, shape, "aten::mm")
    if plain.device is Device.CPU and dtype is torch.float32 and _has_onednn():
        blocked = left.to_mkldnn(), right.t().contiguous().to_mkldnn()
        multiply = partial(nn.functional.linear, *blocked)
        yield Exercise(plain, multiply, amount, shape, "aten::mkldnn_linear")


def _has_onednn() -> bool:
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


def _copy(plain: Case) -> Exercise:
    size = copy_bytes()
    source, target = (
        torch.ones(size, dtype=torch.uint8, device=plain.device.value) for _ in range(2)
    )
    return Exercise(plain, partial(target.copy_, source), 2.0 * size)


def copy_bytes(root: Path = Path("/")) -> int:
    """Bytes on each side of the copy: several times the largest cache of a core."""
    wanted = max(_CACHES * (cache_bytes(root) or 0), _LEAST_COPY)
    room = (memory_bytes(root) or math.inf) / _SHARE_OF_MEMORY
    return int(min(wanted, room, _MOST_COPY))


def _plain(job: Climb) -> Case:
    return Case(
        layer="lstm",
        input_size=1,
        hidden_size=1,
        seq_len=1,
        batch_size=1,
        device=job.device,
        threads=job.threads,
    )
