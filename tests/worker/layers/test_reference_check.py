"""A layer that differs from its reference is found before it is timed."""

import pytest

from rnnbench.model.case import Dtype, InitialState, Lengths, Phase
from rnnbench.worker.layers.reference_check import unlike_reference

FAULTY = "tests.data.faulty_layers"
LOOP = "examples.loops:gru_loop"
MIN = "examples.min_rnn:min_lstm"


@pytest.fixture(autouse=True)
def root_on_the_path(monkeypatch, pytestconfig):
    monkeypatch.syspath_prepend(pytestconfig.rootpath)


@pytest.mark.parametrize("phase", Phase)
def test_a_layer_without_a_reference_is_compared_with_nothing(make_case, phase):
    case = make_case(layer=f"{FAULTY}:NotFinite", phase=phase)

    assert unlike_reference(case, ((LOOP, "gru"),)) == ""


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(
    "knob",
    [
        {},
        {"lengths": Lengths.WIDE},
        {"bidirectional": True, "num_layers": 2, "dropout": 0.5},
        {"dtype": Dtype.BFLOAT16},
        {"batch_first": True, "initial_state": InitialState.GIVEN},
    ],
    ids=str,
)
def test_an_equal_layer_is_like_its_reference(make_case, phase, knob):
    case = make_case(layer=f"{FAULTY}:Right", phase=phase, **knob)

    assert unlike_reference(case, ((case.layer, "gru"),)) == ""


@pytest.mark.parametrize("state", InitialState)
@pytest.mark.parametrize(
    ("layer", "reference"),
    [
        (LOOP, "gru"),
        ("examples.loops:gru_script", "gru"),
        (f"{FAULTY}:TakesWeights", "gru"),
        ("examples.min_rnn:min_lstm_parallel", MIN),
    ],
)
def test_weights_are_taken_over_by_name_or_by_a_hook(
    make_case, layer, reference, state
):
    case = make_case(layer=layer, phase=Phase.TRAIN, initial_state=state, num_layers=2)

    assert unlike_reference(case, ((layer, reference),)) == ""


@pytest.mark.parametrize(
    ("layer", "wrong"),
    [
        ("WrongGradient", "the gradient of "),
        ("WrongLastState", "h_n is 0.01 from that of gru with the same weights"),
        ("NotFinite", "the output is nan from that of gru"),
        ("OtherNames", "the weights of gru can't be loaded (see load_reference): "),
        ("WrongShape", "the output of gru has no counterpart of its shape"),
    ],
)
def test_the_largest_difference_is_named(make_case, layer, wrong):
    case = make_case(layer=f"{FAULTY}:{layer}", phase=Phase.TRAIN)

    assert unlike_reference(case, ((case.layer, "gru"),)).startswith(wrong)


@pytest.mark.parametrize(("scale", "is_like"), [(1, True), (1.5, False)])
def test_an_argument_reaches_the_layer(make_case, scale, is_like):
    case = make_case(layer=f"{FAULTY}:Scaled", args=(("scale", scale),))

    assert (unlike_reference(case, ((case.layer, "gru"),)) == "") is is_like


def test_another_kind_of_layer_is_no_counterpart(make_case):
    case = make_case(layer=f"{FAULTY}:Right")

    assert "can't be loaded" in unlike_reference(case, ((case.layer, "lstm"),))
