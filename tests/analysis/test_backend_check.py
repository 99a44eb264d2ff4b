from dataclasses import replace

import pytest

from rnnbench.analysis.backend_check import Certainty, judge, seen
from rnnbench.analysis.backend_rules import Backend


@pytest.fixture
def environment(make_run):
    return replace(
        make_run().environment, cudnn="91300", gpu="NVIDIA H100", gpu_capability="9.0"
    )


@pytest.fixture
def judged(make_case, environment, profiled):
    """What is said of a case in whose profile these names are seen."""

    def judged(names, **values):
        return judge(make_case(**values), environment, profiled(*names))

    return judged


@pytest.fixture
def profiled(make_profile):
    """A profile in which nothing but these names is seen."""
    return lambda *names: make_profile(operators=(), seen=names)


@pytest.mark.parametrize(
    ("names", "backends"),
    [
        (("aten::lstm", "aten::mkldnn_rnn_layer"), {Backend.ONEDNN}),
        (("aten::mkldnn_rnn_layer_backward",), {Backend.ONEDNN}),
        (("aten::gru", "aten::addmm"), {Backend.NATIVE}),
        (("aten::rnn_tanh",), {Backend.NATIVE}),
        (("aten::mm", "aten::tanh"), {Backend.NATIVE}),
        (("aten::lstm", "aten::_thnn_fused_lstm_cell", "aten::mm"), {Backend.THNN}),
        (("aten::_thnn_fused_gru_cell_backward",), {Backend.THNN}),
        (("aten::_cudnn_rnn",), {Backend.CUDNN}),
        (
            ("aten::_cudnn_rnn", "void RNN_blockPersist_fp_LSTM<float, float, 128>"),
            {Backend.SMALL_H},
        ),
        (("aten::_cudnn_rnn", "RNN_persist_fp_LSTM"), {Backend.PERSIST_STATIC}),
        (("void elemWiseRNNcell<__half, float>",), {Backend.STANDARD}),
        (("LSTM_elementWise_bp1",), {Backend.STANDARD}),
        (
            ("aten::_cudnn_rnn", "RNN_blockPersist_fp_GRU", "GRU_elementWise_bp1"),
            {Backend.SMALL_H, Backend.STANDARD},
        ),
        (("aten::tanh", "my_kernel"), set()),
        ((), set()),
    ],
)
def test_what_a_name_tells(profiled, names, backends):
    assert seen(profiled(*names)) == backends


def test_operators_tell_as_what_was_marked_as_seen(make_profile):
    assert seen(make_profile("lstm", seen=())) == {Backend.ONEDNN}


@pytest.mark.parametrize(
    ("values", "names", "certainty"),
    [
        ({}, ("aten::mkldnn_rnn_layer",), Certainty.CONFIRMED),
        ({}, ("aten::lstm",), Certainty.CONTRADICTED),
        ({}, (), Certainty.PREDICTED),
        ({"onednn": False}, ("aten::lstm",), Certainty.CONFIRMED),
        ({"onednn": False}, ("aten::mkldnn_rnn_layer",), Certainty.CONTRADICTED),
        ({"layer": "gru"}, ("aten::gru",), Certainty.CONFIRMED),
        ({"device": "cuda"}, ("RNN_blockPersist_fp_LSTM",), Certainty.CONFIRMED),
        ({"device": "cuda"}, ("elemWiseRNNcell",), Certainty.CONTRADICTED),
        # No kernel names its algorithm: the backend is right, the rest is not known.
        ({"device": "cuda"}, ("aten::_cudnn_rnn",), Certainty.PREDICTED),
        ({"device": "cuda"}, ("aten::_thnn_fused_lstm_cell",), Certainty.CONTRADICTED),
        (
            {"device": "cuda", "cudnn": False},
            ("aten::_cudnn_rnn",),
            Certainty.CONTRADICTED,
        ),
        ({"layer": "mine:LSTM"}, ("aten::mkldnn_rnn_layer",), Certainty.SEEN),
        ({"layer": "mine:LSTM"}, (), Certainty.UNKNOWN),
    ],
)
def test_a_profile_confirms_contradicts_or_leaves_open(
    judged, values, names, certainty
):
    assert judged(names, **values).certainty is certainty


def test_both_passes_of_training_must_be_seen(make_case, environment, profiled):
    case = make_case(device="cuda", phase="train", hidden_size=160)
    forward, backward = "RNN_blockPersist_fp_LSTM", "LSTM_elementWise_bp1"

    whole = judge(case, environment, profiled(forward, backward))
    half = judge(case, environment, profiled(forward))

    assert whole.certainty is Certainty.CONFIRMED
    assert whole.label == "cuDNN PERSIST_STATIC_SMALL_H; backward cuDNN STANDARD"
    assert half.certainty is Certainty.CONTRADICTED


def test_where_no_rule_tells_the_algorithm_what_was_seen_does(
    make_case, environment, profiled
):
    unknown = replace(environment, gpu_capability=None)

    found = judge(make_case(device="cuda"), unknown, profiled("elemWiseRNNcell"))

    assert found.certainty is Certainty.SEEN
    assert found.label == "cuDNN STANDARD"


def test_an_unprofiled_case_is_predicted_only(make_case, environment):
    found = judge(make_case(), environment, None)

    assert found.certainty is Certainty.PREDICTED
    assert found.label == "oneDNN fused"
    assert found.sentence == "oneDNN fused is predicted; it was not profiled."


def test_a_contradiction_says_what_ran_and_what_was_to_run(
    make_case, environment, profiled
):
    found = judge(make_case(), environment, profiled("aten::lstm"))

    assert found.label == "native"
    assert found.sentence == "oneDNN fused is predicted, but native was seen."
