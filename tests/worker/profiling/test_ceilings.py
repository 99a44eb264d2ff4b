"""The ceilings of the machine."""

import math

import pytest
import torch

from rnnbench.model.case import Device, Dtype
from rnnbench.worker.environment import cache_bytes
from rnnbench.worker.job_handlers import JobHandler
from rnnbench.worker.profiling import ceilings
from rnnbench.worker.profiling.ceilings import Exercise, climb, copy_bytes
from rnnbench.worker.protocol import Climb, Climbed
from rnnbench.worker.timing.canary import Watch


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(ceilings, "_SHAPES", {Device.CPU: ((8, 8, 8), (4, 16, 32))})
    monkeypatch.setattr(ceilings, "copy_bytes", lambda: 1 << 16)
    monkeypatch.setattr(ceilings, "_FINAL_SECONDS", 0.0)


class FakeClock:
    """A call takes as many seconds as it gives."""

    def time(self, call):
        return call()

    def queue_length(self, call, seconds):
        return 0


def exercise(make_case, name, amount, seconds, tried=None):
    def call():
        if tried is not None:
            tried.append(name)
        return seconds

    return Exercise(make_case(), call, amount, name=name)


def test_each_type_has_a_ceiling_of_its_own(small):
    job = Climb(device=Device.CPU, dtypes=(Dtype.FLOAT32, Dtype.FLOAT64), threads=1)

    found = climb(job)

    assert [ceiling.dtype for ceiling in found] == ["float32", "float64"]
    for ceiling in found:
        assert 0 < ceiling.flops < math.inf
        assert 0 < ceiling.bytes < math.inf
        assert ceiling.shape in {(8, 8, 8), (4, 16, 32)}
        assert (ceiling.device, ceiling.threads) == ("cpu", 1)


def test_the_copy_is_the_same_for_all_types(small):
    job = Climb(device=Device.CPU, dtypes=(Dtype.FLOAT32, Dtype.FLOAT64), threads=1)

    assert len({ceiling.bytes for ceiling in climb(job)}) == 1


def test_a_type_that_can_not_be_multiplied_has_no_ceiling(small, monkeypatch):
    right = ceilings._products

    def products(plain, dtype, shape):
        if dtype is torch.bfloat16:
            raise RuntimeError("\"addmm\" not implemented for 'BFloat16'")
        return right(plain, dtype, shape)

    monkeypatch.setattr(ceilings, "_products", products)
    job = Climb(device=Device.CPU, dtypes=(Dtype.BFLOAT16, Dtype.FLOAT32), threads=1)

    assert [ceiling.dtype for ceiling in climb(job)] == ["float32"]


def test_a_ceiling_is_the_highest_rate_of_all(make_case):
    tried = [
        exercise(make_case, "slow", 1.0, 0.01),
        exercise(make_case, "fast", 9.0, 0.01),
        exercise(make_case, "middle", 5.0, 0.01),
    ]

    best, rate = ceilings._best(tried, FakeClock())

    assert best.name == "fast"
    assert rate == pytest.approx(900.0)


def test_a_product_that_would_take_too_long_is_not_tried(make_case):
    tried = []
    exercises = [
        exercise(make_case, "short", 1.0, 0.01, tried),
        exercise(make_case, "long", 1000.0, 10.0, tried),
    ]

    best, _ = ceilings._best(exercises, FakeClock())

    assert best.name == "short"
    assert "long" not in tried


def test_both_of_pytorchs_products_are_tried_in_float32(make_case):
    found = list(ceilings._products(make_case(), torch.float32, (4, 8, 16)))

    assert {each.amount for each in found} == {2 * 4 * 8 * 16}
    if torch.backends.mkldnn.is_available():
        assert [each.name for each in found] == ["aten::mm", "aten::mkldnn_linear"]
        dense, blocked = (each.call() for each in found)
        torch.testing.assert_close(blocked.to_dense(), dense, rtol=1e-4, atol=1e-4)


def cached(root, **sizes):
    for name, size in sizes.items():
        place = root / f"sys/devices/system/cpu/cpu0/cache/{name}/size"
        place.parent.mkdir(parents=True)
        place.write_text(f"{size}\n")
    (root / "proc").mkdir()
    return root


def test_a_copy_is_well_beyond_the_largest_cache(tmp_path):
    root = cached(tmp_path, index0="32K", index2="1024K", index3="32768K")

    assert cache_bytes(root) == 32 << 20
    assert copy_bytes(root) == 128 << 20


@pytest.mark.parametrize(
    ("cache", "memory", "size"),
    [
        ("512K", 1 << 34, 64 << 20),
        ("1048576K", 1 << 34, 512 << 20),
        ("32768K", 1 << 29, 1 << 25),
    ],
)
def test_a_copy_has_bounds(tmp_path, cache, memory, size):
    root = cached(tmp_path, index3=cache)
    (root / "proc/meminfo").write_text(f"MemTotal: {memory // 1024} kB\n")

    assert copy_bytes(root) == size


def test_without_a_gpu_a_gpu_has_no_ceiling(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    job = Climb(device=Device.CUDA, dtypes=(Dtype.FLOAT32,), threads=1)

    assert JobHandler(Watch()).answer(job) == Climbed(ceilings=())
