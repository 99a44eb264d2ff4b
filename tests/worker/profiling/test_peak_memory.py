"""Peak memory of one call."""

from types import SimpleNamespace

import pytest
import torch

from rnnbench.model.case import Device, Phase
from rnnbench.worker.layers.step import build
from rnnbench.worker.profiling import peak_memory as memory
from rnnbench.worker.profiling.peak_memory import peak_memory, running_peak


@pytest.mark.parametrize(
    ("changes", "peak"),
    [
        ([], 0),
        ([(1, 8), (2, 8), (3, -16), (4, 8)], 16),
        ([(3, -16), (2, 8), (1, 8)], 16),
        ([(1, -4), (2, 6)], 2),
        ([(1, -4)], 0),
    ],
)
def test_the_peak_is_the_highest_sum_on_the_way(changes, peak):
    assert running_peak(changes) == peak


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("layer", ["lstm", "gru"])
def test_ten_readings_are_the_same_byte_for_byte(make_case, layer, phase):
    case = make_case(layer=layer, phase=phase, num_layers=2)

    peaks = {peak_memory(build(case)) for _ in range(10)}

    assert len(peaks) == 1
    assert peaks.pop() > 0


def test_a_reading_does_not_depend_on_calls_before_it(make_case):
    step = build(make_case(phase=Phase.TRAIN))
    fresh = peak_memory(step)

    step.call()

    assert peak_memory(step) == fresh


def test_the_output_is_within_the_peak(make_case):
    case = make_case(seq_len=64, batch_size=16)

    assert peak_memory(build(case)) >= 4 * 64 * 16 * case.hidden_size


def test_the_gradients_of_training_are_within_the_peak(make_case):
    case = make_case(phase=Phase.TRAIN, hidden_size=256, seq_len=1, batch_size=1)
    step = build(case)
    weights = sum(4 * parameter.numel() for parameter in step.module.parameters())

    assert peak_memory(step) >= weights


def test_training_holds_more_than_inference(make_case):
    sizes = {"seq_len": 64, "batch_size": 16}

    inference = peak_memory(build(make_case(phase=Phase.INFERENCE, **sizes)))

    assert peak_memory(build(make_case(phase=Phase.TRAIN, **sizes))) > inference


def test_without_the_tree_the_flat_list_says_the_same(make_case, monkeypatch):
    case = make_case(phase=Phase.TRAIN)
    by_tree = peak_memory(build(case))
    monkeypatch.setattr(memory, "_from_tree", lambda _: iter(()))

    assert peak_memory(build(case)) == by_tree


def test_a_torch_that_tells_no_allocations_is_named(make_case, monkeypatch):
    monkeypatch.setattr(memory, "_from_tree", lambda _: iter(()))
    monkeypatch.setattr(memory, "_from_events", lambda _: iter(()))

    with pytest.raises(NotImplementedError, match="records no allocations"):
        peak_memory(build(make_case()))


def test_on_cuda_what_was_held_before_does_not_count(make_case, monkeypatch):
    log = []
    said = {"memory_allocated": 1000, "max_memory_allocated": 1600}

    def record(name):
        return lambda: log.append(name) or said.get(name)

    for name in (*said, "synchronize", "reset_peak_memory_stats"):
        monkeypatch.setattr(torch.cuda, name, record(name))
    monkeypatch.setattr("rnnbench.worker.layers.switches.enter", lambda _: None)
    step = build(make_case())
    on_cuda = SimpleNamespace(device=Device.CUDA)
    fake = SimpleNamespace(
        case=on_cuda,
        enter=step.enter,
        context=step.context,
        release=lambda: log.append("release"),
        call=lambda: log.append("call"),
    )

    assert peak_memory(fake) == 600
    assert log == [
        "call",
        "release",
        "synchronize",
        "reset_peak_memory_stats",
        "memory_allocated",
        "call",
        "synchronize",
        "max_memory_allocated",
    ]
