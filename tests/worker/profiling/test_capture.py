"""A profile of a real layer, on this machine's CPU."""

import gc
import gzip
import json
from dataclasses import asdict

import pytest
import torch
from torch.autograd import DeviceType

from rnnbench.model.case import Dtype, Lengths, Phase
from rnnbench.model.profile import Kind, MemoryPart
from rnnbench.model.status import Status
from rnnbench.worker.job_handlers import JobHandler
from rnnbench.worker.layers.step import build
from rnnbench.worker.profiling import capture as profiling
from rnnbench.worker.profiling import trace
from rnnbench.worker.profiling.breakdown import MOST_SPANS
from rnnbench.worker.profiling.capture import take_profile
from rnnbench.worker.profiling.events import CALL, read
from rnnbench.worker.profiling.kinds import kind_of_operator
from rnnbench.worker.protocol import TakeProfile
from rnnbench.worker.timing.canary import Watch

FUSED = "aten::mkldnn_rnn_layer"
MEBIBYTE = 1 << 20

needs_onednn = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="a PyTorch without oneDNN"
)


def profile_of(case, folder=None, limit=MEBIBYTE):
    return take_profile(build(case), folder, limit)


def calls_of(profile):
    return {row.name: row.calls for row in profile.operators}


@needs_onednn
@pytest.mark.parametrize("phase", Phase)
def test_with_onednn_on_it_runs_the_lstm_and_not_the_gru(make_case, phase):
    lstm = profile_of(make_case(layer="lstm", phase=phase))
    gru = profile_of(make_case(layer="gru", phase=phase))

    assert FUSED in lstm.seen
    assert calls_of(lstm)[FUSED] == 1
    assert dict(lstm.kinds)[Kind.FUSED] > 0
    assert FUSED not in gru.seen
    assert FUSED not in calls_of(gru)
    assert dict(gru.kinds)[Kind.FUSED] == 0


@pytest.mark.parametrize("layer", ["lstm", "gru"])
@pytest.mark.parametrize("phase", [Phase.INFERENCE, Phase.TRAIN])
def test_with_onednn_off_it_runs_neither(make_case, layer, phase):
    profile = profile_of(make_case(layer=layer, phase=phase, onednn=False))

    assert not any("mkldnn" in name for name in profile.seen)
    assert not any("mkldnn" in name for name in calls_of(profile))
    assert dict(profile.kinds)[Kind.MATRIX] > 0


@needs_onednn
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported")
@pytest.mark.parametrize("knobs", [{"proj_size": 4}, {"lengths": Lengths.WIDE}])
def test_an_lstm_that_onednn_has_no_kernel_for_is_seen_to_do_without(make_case, knobs):
    profile = profile_of(make_case(layer="lstm", **knobs))

    assert FUSED not in profile.seen
    assert "aten::lstm" in profile.seen


@pytest.mark.parametrize("layer", ["lstm", "gru", "rnn_tanh", "rnn_relu"])
@pytest.mark.parametrize("phase", Phase)
def test_the_kinds_are_the_whole_step(make_case, layer, phase):
    profile = profile_of(make_case(layer=layer, phase=phase, seq_len=8))

    assert [kind for kind, _ in profile.kinds] == list(Kind)
    assert min(seconds for _, seconds in profile.kinds) >= 0
    assert sum(seconds for _, seconds in profile.kinds) == pytest.approx(
        profile.seconds, rel=1e-9
    )
    assert dict(profile.kinds)[Kind.IDLE] == 0
    assert dict(profile.kinds)[Kind.FRAMEWORK] > 0


def test_operators_are_counted_as_the_layer_calls_them(make_case):
    seq_len = 7

    calls = calls_of(profile_of(make_case(layer="gru", seq_len=seq_len)))

    # The input's product for all steps at once, then the state's in each.
    assert calls["aten::addmm"] == 1 + seq_len
    assert calls["aten::tanh_"] == seq_len
    assert calls["aten::sigmoid_"] == 2 * seq_len
    assert calls["aten::gru"] == 1
    assert CALL not in calls


def test_the_operators_agree_with_the_profilers_own_table(make_case):
    step = build(make_case(layer="gru", phase=Phase.STEP))
    profiler = profiling._record(step)

    rows = {row.name: row for row in profiling.operators(read_last(profiler))}

    # Its table is of both calls that were heard; each made the same.
    table = {row.key: row for row in profiler.key_averages()}
    assert rows.keys() < table.keys()
    for name, row in rows.items():
        assert 2 * row.calls == table[name].count
    own = sum(row.host_seconds for row in rows.values())
    theirs = sum(table[name].self_cpu_time_total for name in rows) * 1e-6
    assert 0 < own < theirs


def read_last(profiler):
    return read(profiler.profiler.kineto_results)


def test_of_two_calls_the_second_counts(make_case):
    step = build(make_case(layer="gru", phase=Phase.TRAIN))
    profiler = profiling._record(step)

    recorded = read_last(profiler)

    starts = [
        event.start_ns()
        for event in profiler.profiler.kineto_results.events()
        if event.name() == CALL and event.device_type() == DeviceType.CPU
    ]
    assert len(starts) == 2
    assert recorded.call.start == max(starts)


def test_what_an_operator_allocates_is_its_own(make_case):
    case = make_case(layer="gru", seq_len=4, batch_size=2, hidden_size=16)

    rows = {row.name: row for row in profile_of(case).operators}

    # Gates are three times the hidden state; the input's are made for all steps.
    gates = 4 * 3 * 16 * 2
    assert rows["aten::addmm"].allocated_bytes == gates * 4 + gates * 4
    assert rows["aten::gru"].allocated_bytes == 0


def test_the_timeline_is_bounded_and_says_what_it_leaves_out(make_case):
    short = profile_of(make_case(layer="gru", phase=Phase.TRAIN, seq_len=4))
    long = profile_of(make_case(layer="gru", phase=Phase.TRAIN, seq_len=60))

    assert short.left_out == 0
    assert 0 < len(short.timeline) < MOST_SPANS
    assert len(long.timeline) == MOST_SPANS
    assert long.left_out > 0
    assert len(json.dumps(asdict(long))) < 100_000


def test_spans_of_a_lane_follow_each_other_within_the_call(make_case):
    profile = profile_of(make_case(layer="gru", phase=Phase.TRAIN))

    # One thread computes a forward and a backward pass on a CPU.
    assert len({span.lane for span in profile.timeline}) == 1
    end = 0.0
    for span in profile.timeline:
        assert span.start >= end - 1e-9
        assert span.kind is not Kind.FRAMEWORK
        end = span.start + span.seconds
    assert end <= profile.seconds


def test_memory_is_by_part_with_what_is_unseen(make_case):
    profile = profile_of(make_case(phase=Phase.TRAIN))

    assert [part for part, _ in profile.memory] == list(MemoryPart)
    assert "oneDNN" in profile.unseen
    assert profile.device_memory == ()


@pytest.mark.parametrize("dtype", [Dtype.BFLOAT16, Dtype.AUTOCAST_BFLOAT16])
def test_reduced_precision_is_profiled_too(make_case, dtype):
    profile = profile_of(make_case(layer="gru", phase=Phase.TRAIN, dtype=dtype))

    assert dict(profile.kinds)[Kind.MATRIX] > 0


def test_a_profile_leaves_nothing_behind(make_case):
    step = build(make_case(phase=Phase.TRAIN))

    take_profile(step, None, MEBIBYTE)

    assert not step.module._forward_hooks
    assert not step.module._forward_pre_hooks
    assert {parameter.grad for parameter in step.module.parameters()} == {None}
    assert gc.isenabled()


def test_a_trace_lies_in_a_folder_of_its_cases_name(make_case, tmp_path):
    case = make_case(layer="gru")

    profile = profile_of(case, tmp_path / "traces")

    path = tmp_path / "traces" / profile.trace
    assert profile.trace_reason == ""
    assert path.parent == tmp_path / "traces" / case.id
    assert path.name.startswith("rnnbench.")
    assert path.name.endswith(".pt.trace.json.gz")
    # Nothing else is left in the folder.
    assert list((tmp_path / "traces").iterdir()) == [path.parent]
    events = json.loads(gzip.decompress(path.read_bytes()))["traceEvents"]
    assert sum(event["name"] == CALL for event in events) == 2
    assert not any("Call stack" in event.get("args", {}) for event in events)


def test_the_layer_is_a_module_in_the_trace(make_case, tmp_path):
    profile = profile_of(make_case(layer="gru"), tmp_path)

    packed = (tmp_path / profile.trace).read_bytes()
    events = json.loads(gzip.decompress(packed))["traceEvents"]
    modules = [event for event in events if event["name"] == "nn.Module: GRU_0"]
    assert [event["cat"] for event in modules] == ["python_function"] * 2
    assert {event["args"]["Python module id"] for event in modules} == {0}


def test_a_trace_that_is_too_large_is_left_out_with_its_size(make_case, tmp_path):
    profile = profile_of(make_case(layer="gru"), tmp_path, limit=2000)
    unwritten = profile_of(make_case(layer="gru"), tmp_path, limit=10)

    assert profile.trace == unwritten.trace == ""
    assert profile.trace_reason.endswith(" bytes; at most 2000 are kept")
    assert unwritten.trace_reason.startswith("about ")
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_there_is_no_trace(make_case):
    assert profile_of(make_case()).trace_reason == "no folder for traces was given"


def test_a_trace_that_can_not_be_written_costs_the_trace_alone(make_case, tmp_path):
    (tmp_path / "traces").write_text("a file where the folder should be")

    profile = profile_of(make_case(layer="gru"), tmp_path / "traces")

    assert profile.trace == ""
    assert "File exists" in profile.trace_reason
    assert profile.operators


@pytest.mark.parametrize("name", ["../out", "..", ".", "a/b", "/etc", "link"])
def test_a_trace_stays_in_its_folder(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/link").symlink_to(tmp_path)

    class Named:
        id = name

    written, why = trace.write_trace(None, Named(), tmp_path / "folder", MEBIBYTE, 1)

    assert written == ""
    assert why == f"{name!r} is no name for a folder"


def test_a_case_that_fails_under_the_profiler_costs_itself_alone(
    make_case, monkeypatch, pytestconfig
):
    monkeypatch.syspath_prepend(pytestconfig.rootpath)
    cases = (make_case(layer="tests.data.faulty_layers:Raises"), make_case(layer="gru"))

    answer = JobHandler(Watch()).answer(
        TakeProfile(cases=cases, folder=None, trace_limit=MEBIBYTE)
    )

    wrong, right = answer.outcomes
    assert (wrong.status, right.status) == (Status.ERROR, Status.OK)
    assert wrong.reason.startswith("ValueError: this layer raises")
    assert answer.profiles[0] is None
    assert answer.profiles[1].seen == ("aten::gru",)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("aten::addmm", Kind.MATRIX),
        ("aten::mkldnn_linear", Kind.MATRIX),
        ("aten::_linear_backward", Kind.MATRIX),
        ("aten::mul_", Kind.POINTWISE),
        ("aten::sigmoid_backward", Kind.POINTWISE),
        ("aten::_foreach_addcdiv_", Kind.POINTWISE),
        ("aten::copy_", Kind.LAYOUT),
        ("aten::_to_copy", Kind.LAYOUT),
        ("aten::index_select", Kind.LAYOUT),
        ("aten::mkldnn_rnn_layer", Kind.FUSED),
        ("aten::mkldnn_rnn_layer_backward", Kind.FUSED),
        ("aten::_thnn_fused_gru_cell", Kind.FUSED),
        ("aten::_cudnn_rnn", Kind.FUSED),
        ("aten::lstm", Kind.FRAMEWORK),
        ("AddmmBackward0", Kind.FRAMEWORK),
        ("my::addmm", Kind.FRAMEWORK),
    ],
)
def test_the_kind_of_an_operator_is_in_its_name(name, kind):
    assert kind_of_operator(name) is kind
