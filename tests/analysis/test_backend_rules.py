"""PyTorch's rules as tables: a row for each rule, and both sides of each cliff."""

from dataclasses import replace

import pytest

from rnnbench.analysis.backend_rules import Backend, Path, predict


@pytest.fixture
def cpu(make_run):
    flags = "avx2 avx512bw avx512vl avx512dq avx512_fp16"
    return replace(make_run().environment, cpu_flags=flags)


@pytest.fixture
def gpu(make_run):
    return replace(
        make_run().environment,
        cuda="13.0",
        cudnn="91300",
        gpu="NVIDIA H100 80GB HBM3",
        gpu_capability="9.0",
        gpu_multiprocessors=132,
    )


@pytest.mark.parametrize(
    ("values", "backend"),
    [
        ({}, Backend.ONEDNN),
        ({"num_layers": 3, "bidirectional": True, "bias": False}, Backend.ONEDNN),
        ({"phase": "train"}, Backend.ONEDNN),
        ({"onednn": False}, Backend.NATIVE),
        ({"layer": "gru"}, Backend.NATIVE),
        ({"layer": "gru", "onednn": False}, Backend.NATIVE),
        ({"layer": "rnn_tanh"}, Backend.NATIVE),
        ({"layer": "rnn_relu"}, Backend.NATIVE),
        ({"proj_size": 4}, Backend.NATIVE),
        ({"lengths": "packed_full"}, Backend.NATIVE),
        ({"lengths": "wide"}, Backend.NATIVE),
        ({"dtype": "float64"}, Backend.NATIVE),
        ({"dtype": "bfloat16"}, Backend.ONEDNN),
        ({"dtype": "bfloat16", "phase": "train"}, Backend.ONEDNN),
        ({"dtype": "float16"}, Backend.ONEDNN),
        ({"dtype": "float16", "phase": "forward"}, Backend.NATIVE),
        ({"dtype": "float16", "phase": "train"}, Backend.NATIVE),
        ({"dtype": "autocast_bfloat16", "phase": "step"}, Backend.ONEDNN),
        ({"layer": "mine:GRU"}, Backend.UNKNOWN),
    ],
)
def test_on_a_cpu(make_case, cpu, values, backend):
    assert predict(make_case(**values), cpu).forward is backend


@pytest.mark.parametrize(
    ("dtype", "flags", "backend"),
    [
        ("bfloat16", "avx2", Backend.NATIVE),
        ("bfloat16", "avx512bw avx512vl", Backend.NATIVE),
        ("bfloat16", "avx512bw avx512vl avx512dq", Backend.ONEDNN),
        ("float16", "avx512bw avx512vl avx512dq", Backend.NATIVE),
        ("float16", "avx512_fp16", Backend.ONEDNN),
        ("float32", "", Backend.ONEDNN),
        ("bfloat16", None, Backend.NATIVE),
    ],
)
def test_reduced_precision_asks_for_a_processor(make_case, cpu, dtype, flags, backend):
    environment = replace(cpu, cpu_flags=flags)

    assert predict(make_case(dtype=dtype), environment).forward is backend


def test_a_pytorch_without_onednn_is_native(make_case, cpu):
    assert predict(make_case(), replace(cpu, onednn=None)) == Path(Backend.NATIVE)


@pytest.mark.parametrize(
    ("values", "backend"),
    [
        # cuDNN off.
        ({"cudnn": False}, Backend.THNN),
        ({"cudnn": False, "layer": "gru"}, Backend.THNN),
        ({"cudnn": False, "layer": "rnn_tanh"}, Backend.NATIVE),
        ({"cudnn": False, "layer": "rnn_relu"}, Backend.NATIVE),
        # The cliff of PERSIST_STATIC_SMALL_H, forward.
        ({"hidden_size": 192}, Backend.SMALL_H),
        ({"hidden_size": 193}, Backend.STANDARD),
        ({"layer": "gru", "hidden_size": 192}, Backend.SMALL_H),
        ({"layer": "gru", "hidden_size": 193}, Backend.STANDARD),
        ({"layer": "rnn_tanh", "hidden_size": 384}, Backend.SMALL_H),
        ({"layer": "rnn_tanh", "hidden_size": 385}, Backend.STANDARD),
        ({"dtype": "float64"}, Backend.STANDARD),
        ({"dtype": "bfloat16"}, Backend.SMALL_H),
        ({"proj_size": 4}, Backend.STANDARD),
        ({"lengths": "packed_full"}, Backend.STANDARD),
        ({"lengths": "tail_sorted"}, Backend.STANDARD),
    ],
)
def test_on_a_gpu(make_case, gpu, values, backend):
    case = make_case(device="cuda", **values)

    assert predict(case, gpu).forward is backend


@pytest.mark.parametrize(
    ("layer", "hidden_size", "passes"),
    [
        ("lstm", 128, (Backend.SMALL_H, Backend.SMALL_H)),
        ("lstm", 129, (Backend.SMALL_H, Backend.STANDARD)),
        ("gru", 128, (Backend.SMALL_H, Backend.SMALL_H)),
        ("gru", 129, (Backend.SMALL_H, Backend.STANDARD)),
        ("gru", 193, (Backend.STANDARD, Backend.STANDARD)),
        ("rnn_relu", 256, (Backend.SMALL_H, Backend.SMALL_H)),
        ("rnn_relu", 257, (Backend.SMALL_H, Backend.STANDARD)),
    ],
)
def test_backward_has_a_cliff_of_its_own(make_case, gpu, layer, hidden_size, passes):
    case = make_case(device="cuda", phase="train", layer=layer, hidden_size=hidden_size)

    assert predict(case, gpu) == Path(*passes)


PERSISTENT = {
    "device": "cuda",
    "dtype": "float16",
    "hidden_size": 256,
    "input_size": 128,
    "batch_size": 32,
}


@pytest.mark.parametrize(
    ("values", "backend"),
    [
        ({}, Backend.PERSIST_STATIC),
        ({"dtype": "autocast_float16"}, Backend.PERSIST_STATIC),
        ({"dtype": "bfloat16"}, Backend.STANDARD),
        ({"dtype": "float32"}, Backend.STANDARD),
        ({"layer": "gru"}, Backend.STANDARD),
        ({"layer": "rnn_tanh", "hidden_size": 512}, Backend.PERSIST_STATIC),
        ({"layer": "rnn_tanh", "hidden_size": 896, "batch_size": 96}, Backend.STANDARD),
        (
            {"layer": "rnn_tanh", "hidden_size": 896, "batch_size": 88},
            Backend.PERSIST_STATIC,
        ),
        ({"batch_size": 33}, Backend.STANDARD),
        ({"batch_size": 128}, Backend.PERSIST_STATIC),
        ({"batch_size": 136}, Backend.STANDARD),
        ({"hidden_size": 1024}, Backend.PERSIST_STATIC),
        ({"hidden_size": 1152}, Backend.STANDARD),
        ({"hidden_size": 320}, Backend.STANDARD),
        ({"input_size": 100}, Backend.STANDARD),
        ({"num_layers": 2}, Backend.STANDARD),
        ({"bidirectional": True}, Backend.STANDARD),
        ({"lengths": "packed_full"}, Backend.STANDARD),
        ({"proj_size": 128}, Backend.STANDARD),
        # The small one is asked for first.
        ({"hidden_size": 128}, Backend.SMALL_H),
    ],
)
def test_persist_static_wants_all_of_its_conditions(make_case, gpu, values, backend):
    case = make_case(**(PERSISTENT | values))

    assert predict(case, gpu).forward is backend


@pytest.mark.parametrize(
    ("capability", "multiprocessors", "backend"),
    [
        ("8.0", 108, Backend.PERSIST_STATIC),
        ("9.0", 132, Backend.PERSIST_STATIC),
        ("9.0", 98, Backend.PERSIST_STATIC),
        ("9.0", 97, Backend.STANDARD),
        ("8.0", 56, Backend.STANDARD),
        ("8.6", 132, Backend.STANDARD),
        ("7.5", 132, Backend.STANDARD),
        ("7.0", 132, Backend.CUDNN),  # rules of its own
        ("12.0", 170, Backend.PERSIST_STATIC),
        ("12.0", None, Backend.CUDNN),
        (None, 132, Backend.CUDNN),
    ],
)
def test_the_algorithm_depends_on_the_gpu(
    make_case, gpu, capability, multiprocessors, backend
):
    environment = replace(
        gpu, gpu_capability=capability, gpu_multiprocessors=multiprocessors
    )

    assert predict(make_case(**PERSISTENT), environment).forward is backend


@pytest.mark.parametrize(
    ("capability", "layer", "backend"),
    [
        ("7.0", "lstm", Backend.THNN),
        ("7.5", "rnn_tanh", Backend.NATIVE),
        ("8.0", "lstm", Backend.SMALL_H),
    ],
)
def test_cudnn_has_no_bfloat16_for_older_gpus(
    make_case, gpu, capability, layer, backend
):
    case = make_case(device="cuda", dtype="bfloat16", layer=layer)

    found = predict(case, replace(gpu, gpu_capability=capability))

    assert found.forward is backend


def test_before_capability_6_no_algorithm_is_persistent(make_case, gpu):
    environment = replace(gpu, gpu_capability="5.2")

    assert predict(make_case(device="cuda"), environment) == Path(Backend.STANDARD)


def test_without_cudnn_nothing_is_claimed(make_case, cpu):
    assert predict(make_case(device="cuda"), cpu) == Path(Backend.UNKNOWN)


@pytest.mark.parametrize(
    ("phase", "has_backward"),
    [("inference", False), ("forward", False), ("train", True), ("step", True)],
)
def test_only_a_phase_with_backward_has_a_backward(make_case, cpu, phase, has_backward):
    path = predict(make_case(phase=phase), cpu)

    assert (path.backward is not None) == has_backward


def test_a_path_names_both_passes_where_they_differ():
    assert str(Path(Backend.ONEDNN, Backend.ONEDNN)) == "oneDNN fused"
    assert str(Path(Backend.SMALL_H, Backend.STANDARD)) == (
        "cuDNN PERSIST_STATIC_SMALL_H; backward cuDNN STANDARD"
    )
