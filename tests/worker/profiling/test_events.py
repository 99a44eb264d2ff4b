"""A recorded call taken apart; events that are made up stand in for a GPU's."""

from types import SimpleNamespace

import pytest
import torch
from torch.autograd import DeviceType

from rnnbench.model.case import Device, Phase
from rnnbench.model.profile import Kind
from rnnbench.worker.layers.step import build
from rnnbench.worker.profiling import capture as profiling
from rnnbench.worker.profiling.breakdown import kinds, operators, seen, timeline
from rnnbench.worker.profiling.capture import take_profile
from rnnbench.worker.profiling.events import CALL, read
from rnnbench.worker.profiling.kinds import kind_of_kernel

PERSISTENT = "void RNN_blockPersist_fp_LSTM<float, PERSIST_STATIC>(...)"


class Event:
    """As `torch._C._autograd._KinetoEvent` has it; times in nanoseconds."""

    def __init__(self, name, start, duration, *, at=1, number=0, launcher=0, size=0):
        self.values = {
            "name": name,
            "start_ns": start,
            "duration_ns": duration,
            "device_type": DeviceType.CUDA if at < 0 else DeviceType.CPU,
            "start_thread_id": at,
            "device_resource_id": -at,
            "correlation_id": number,
            "linked_correlation_id": launcher,
            "nbytes": size,
            "is_user_annotation": name in (CALL, "ProfilerStep#2"),
        }

    def __getattr__(self, name):
        value = self.values[name]
        return lambda: value


def recorded(*events):
    return read(SimpleNamespace(events=lambda: list(events)))


def seconds_of(call):
    return {kind: round(spent * 1e9) for kind, spent in kinds(call) if spent}


def on_cpu():
    return recorded(
        Event("ProfilerStep#1", 0, 90),
        Event(CALL, 10, 50),
        Event("aten::mm", 20, 9),
        Event("ProfilerStep#2", 95, 120),
        Event(CALL, 100, 100, number=1),
        Event("aten::linear", 110, 40, number=2),
        Event("aten::addmm", 120, 20, number=3),
        Event("[memory]", 125, 0, size=64),
        Event("[memory]", 130, 0, size=-64),
        Event("aten::tanh", 150, 10, number=4),
        Event("aten::mm", 300, 10),
    )


def test_the_last_call_is_read_and_what_is_around_it_is_not():
    call = on_cpu()

    assert (call.call.start, call.call.duration) == (100, 100)
    assert [node.name for node in call.nodes()] == [
        "aten::linear",
        "aten::addmm",
        "aten::tanh",
    ]
    assert call.events == 11


def test_a_profile_without_a_call_is_refused():
    with pytest.raises(LookupError, match="no call"):
        recorded(Event("aten::mm", 0, 1))


def test_an_operator_has_its_own_time_and_its_own_allocations():
    rows = {row.name: row for row in operators(on_cpu())}

    assert rows["aten::linear"].host_seconds == pytest.approx(20e-9)
    assert rows["aten::addmm"].host_seconds == pytest.approx(20e-9)
    assert rows["aten::addmm"].allocated_bytes == 64
    assert rows["aten::linear"].allocated_bytes == 0


def test_what_no_operator_covers_is_overhead():
    assert seconds_of(on_cpu()) == {
        Kind.MATRIX: 40,
        Kind.POINTWISE: 10,
        Kind.FRAMEWORK: 50,
    }


def test_the_timeline_has_the_outermost_operator_that_does_something():
    spans, left_out = timeline(on_cpu())

    assert [(span.lane, span.name) for span in spans] == [
        ("thread 1", "aten::linear"),
        ("thread 1", "aten::tanh"),
    ]
    assert [span.start for span in spans] == [10e-9, 50e-9]
    assert left_out == 0


def test_an_operator_that_starts_where_another_ends_is_beside_it():
    call = recorded(
        Event(CALL, 0, 100), Event("aten::mm", 10, 10), Event("aten::mul", 20, 10)
    )

    assert [node.name for node in call.call.inner] == ["aten::mm", "aten::mul"]


def on_cuda():
    """cuDNN in the forward pass; the backward pass on a thread of its own."""
    return recorded(
        Event(CALL, 0, 1000, number=1),
        Event("aten::lstm", 10, 200, number=2),
        Event("aten::_cudnn_rnn", 20, 100, number=3),
        Event("cudaLaunchKernel", 30, 10, number=30),
        Event("aten::copy_", 140, 20, number=4),
        Event("CudnnRnnBackward0", 300, 200, at=2, number=5),
        Event("aten::_cudnn_rnn_backward", 310, 100, at=2, number=6),
        Event(CALL, 0, 990, at=-7),
        Event(PERSISTENT, 100, 200, at=-7, launcher=3),
        Event("ampere_sgemm_128x64_tn", 250, 150, at=-8, launcher=6),
        Event("Memcpy DtoD (Device -> Device)", 500, 100, at=-7, launcher=4),
        Event("ampere_sgemm_32x32_nn", 900, 500, at=-7, launcher=99),
    )


def test_on_a_gpu_the_kinds_are_moments_of_the_device():
    spent = seconds_of(on_cuda())

    # 100 to 400 cuDNN on two streams that overlap, 500 to 600 a copy, from 900 on a
    # product that outlasts the call.
    assert spent == {
        Kind.FUSED: 300,
        Kind.LAYOUT: 100,
        Kind.MATRIX: 100,
        Kind.IDLE: 500,
    }
    assert sum(spent.values()) == 1000


def test_time_on_the_device_is_that_of_the_operator_that_launched_it():
    rows = {row.name: row for row in operators(on_cuda())}

    assert rows["aten::_cudnn_rnn"].device_seconds == pytest.approx(200e-9)
    assert rows["aten::_cudnn_rnn_backward"].device_seconds == pytest.approx(150e-9)
    assert rows["aten::copy_"].device_seconds == pytest.approx(100e-9)
    # Nobody says who launched it: it has a row of its own.
    assert rows["ampere_sgemm_32x32_nn"].device_seconds == pytest.approx(500e-9)
    assert rows["aten::_cudnn_rnn"].host_seconds == pytest.approx(90e-9)


def test_kernels_of_a_fused_layer_are_seen():
    assert seen(on_cuda()) == (
        "ampere_sgemm_128x64_tn",
        "aten::_cudnn_rnn",
        "aten::_cudnn_rnn_backward",
        "aten::lstm",
        PERSISTENT,
    )


def test_a_gpus_streams_are_lanes():
    spans, _ = timeline(on_cuda())

    lanes = {span.lane: [] for span in spans}
    for span in spans:
        lanes[span.lane].append(span.name)
    assert lanes["stream 8"] == ["ampere_sgemm_128x64_tn"]
    assert lanes["thread 2"] == ["aten::_cudnn_rnn_backward"]
    assert CALL not in lanes["stream 7"]


@pytest.mark.parametrize(
    ("name", "launcher", "kind"),
    [
        ("ampere_sgemm_128x64_tn", Kind.MATRIX, Kind.MATRIX),
        ("ampere_sgemm_128x64_tn", Kind.FUSED, Kind.FUSED),
        ("ampere_sgemm_128x64_tn", Kind.FRAMEWORK, Kind.MATRIX),
        ("void at::native::lstm_cell_forward<float>", Kind.FRAMEWORK, Kind.FUSED),
        ("void at::native::vectorized_elementwise_kernel", Kind.MATRIX, Kind.POINTWISE),
        ("void direct_copy_kernel_cuda::elementwise", Kind.LAYOUT, Kind.LAYOUT),
        ("Memset (Device)", Kind.LAYOUT, Kind.LAYOUT),
        ("something new", Kind.POINTWISE, Kind.POINTWISE),
    ],
)
def test_the_kind_of_a_kernel(name, launcher, kind):
    assert kind_of_kernel(name, launcher) is kind


def test_of_a_gpu_its_allocator_and_its_driver_are_asked(make_case, monkeypatch):
    log = []
    said = {
        "max_memory_allocated": 1600,
        "max_memory_reserved": 4096,
        "mem_get_info": (1000, 9000),
    }
    for name in (*said, "synchronize", "reset_peak_memory_stats"):

        def ask(name=name):
            log.append(name)
            return said.get(name)

        monkeypatch.setattr(torch.cuda, name, ask)
    step = build(make_case())
    fake = SimpleNamespace(
        case=SimpleNamespace(device=Device.CUDA),
        context=step.context,
        release=step.release,
        call=lambda: log.append("call"),
    )

    found = dict(profiling._device_memory(fake))

    assert found == {
        "max_memory_allocated": 1600,
        "max_memory_reserved": 4096,
        "used on the device": 8000,
    }
    assert log[:4] == ["synchronize", "reset_peak_memory_stats", "call", "synchronize"]


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_real_gpus_call_is_taken_apart(make_case, tmp_path):
    case = make_case(device=Device.CUDA, phase=Phase.TRAIN, hidden_size=64, seq_len=20)

    profile = take_profile(build(case), tmp_path, 1 << 22)

    assert dict(profile.kinds)[Kind.FUSED] > 0
    assert sum(spent for _, spent in profile.kinds) == pytest.approx(profile.seconds)
    assert any("cudnn" in name for name in profile.seen)
    assert (tmp_path / profile.trace).is_file()
    assert dict(profile.device_memory)["max_memory_allocated"] > 0
