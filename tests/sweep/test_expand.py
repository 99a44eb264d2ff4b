"""From rules to cases: products, collapse, exclusion, twins, each case once."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.case import AXES, Device, Dtype, Lengths, Phase, applies
from rnnbench.model.cost import parameters
from rnnbench.model.workload import DEFAULT_COMPARE
from rnnbench.sweep.expand import MOST_CASES, Inapplicable, Rules, expand

SIZES = {"input_size": (10,), "hidden_size": (20,), "seq_len": (5,), "batch_size": (3,)}


def rules(axes, compare=DEFAULT_COMPARE, **settings):
    return Rules(axes={**SIZES, **axes}, compare=compare, **settings)


def faults(expansion):
    return [(route, what) for route, what in expansion.faults]


def test_cases_come_in_the_order_of_the_product():
    axes = {"layer": ("lstm", "gru"), "hidden_size": (64, 32)}

    cases = expand(rules(axes)).cases

    # hidden_size stands before layer here, so layer varies faster.
    assert [(case.hidden_size, case.layer) for case in cases] == [
        *product((64, 32), ("lstm", "gru"))
    ]


def test_an_axis_that_means_nothing_multiplies_no_cases():
    axes = {
        "layer": ("lstm", "gru"),
        "onednn": (True, False),
        "cudnn": (True, False),
        "dropout": (0.0, 0.5),
        "proj_size": (0, 8),
    }

    expansion = expand(rules(axes))

    assert [case.id for case in expansion.cases] == [
        "lstm-inference-i10-h20-l1-t5-b3-cpu",
        "lstm-inference-i10-h20-l1-t5-b3-proj_8-cpu",
        "lstm-inference-i10-h20-l1-t5-b3-cpu-no_onednn",
        "gru-inference-i10-h20-l1-t5-b3-cpu",
    ]
    assert "cudnn does not apply to 16 combinations: set to true" in expansion.notes
    assert "32 combinations give 4 different cases" in expansion.notes


def test_on_request_an_axis_that_means_nothing_is_refused_by_name():
    axes = {"layer": ("lstm", "gru"), "onednn": (True, False)}

    expansion = expand(rules(axes, inapplicable=Inapplicable.REFUSE))

    assert faults(expansion) == [
        (
            ("axes", "onednn"),
            "does not apply to 1 case, as gru-inference-i10-h20-l1-t5-b3-cpu",
        )
    ]


def test_what_is_excluded_as_it_is_written_is_not_refused():
    axes = {"layer": ("lstm", "gru"), "onednn": (True, False)}
    without = ({"layer": ("gru",), "onednn": (False,)},)

    expansion = expand(rules(axes, exclude=without, inapplicable=Inapplicable.REFUSE))

    assert not expansion.faults
    assert len(expansion.cases) == 3


def test_a_refusal_points_at_the_rule_that_gives_the_value():
    expansion = expand(
        rules(
            {"layer": ("gru",)},
            include=({"bias": (False,)}, {"cudnn": (False,)}),
            inapplicable=Inapplicable.REFUSE,
        )
    )

    assert [route for route, _ in expansion.faults] == [("include", 1, "cudnn")]


def test_an_include_rule_adds_the_product_with_its_axes_replaced():
    include = ({"bias": (False,), "hidden_size": (30, 40)},)

    cases = expand(rules({"layer": ("lstm", "gru")}, include=include)).cases

    assert [(case.layer, case.hidden_size, case.bias) for case in cases] == [
        ("lstm", 20, True),
        ("gru", 20, True),
        *[(layer, size, False) for size, layer in product((30, 40), ("lstm", "gru"))],
    ]


def test_an_exclude_rule_removes_what_matches_all_of_it():
    axes = {"layer": ("lstm", "gru"), "hidden_size": (32, 64)}
    exclude = ({"layer": ("gru",), "hidden_size": (64, 128)},)

    cases = expand(rules(axes, exclude=exclude)).cases

    assert {(case.layer, case.hidden_size) for case in cases} == {
        ("lstm", 32),
        ("lstm", 64),
        ("gru", 32),
    }


def test_an_exclude_rule_that_matches_nothing_is_a_fault():
    exclude = ({"layer": ("lstm",)}, {"layer": ("rnn_tanh",)})

    expansion = expand(rules({"layer": ("lstm", "gru")}, exclude=exclude))

    assert faults(expansion) == [(("exclude", 1), "matches no case")]


def test_a_sweep_of_nothing_is_a_fault():
    expansion = expand(rules({"layer": ("lstm",)}, exclude=({"bias": (True,)},)))

    assert faults(expansion) == [(("exclude",), "leaves no case")]


def test_an_impossible_combination_is_a_fault_unless_it_is_excluded():
    axes = {"layer": ("lstm",), "hidden_size": (20, 64), "proj_size": (0, 32)}

    impossible = expand(rules(axes))
    mended = expand(rules(axes, exclude=({"hidden_size": (20,), "proj_size": (32,)},)))

    assert faults(impossible) == [
        (("axes", "proj_size"), "32 is not less than hidden_size 20")
    ]
    assert not mended.faults
    assert [(case.hidden_size, case.proj_size) for case in mended.cases] == [
        (20, 0),
        (64, 0),
        (64, 32),
    ]


def test_a_projection_larger_than_a_gru_is_no_fault():
    expansion = expand(rules({"layer": ("gru",), "proj_size": (0, 32)}))

    assert not expansion.faults
    assert len(expansion.cases) == 1


def test_too_many_cases_are_refused_before_they_are_built():
    axes = {"layer": ("lstm",), "hidden_size": tuple(range(1, MOST_CASES + 2))}

    expansion = expand(rules(axes))

    assert faults(expansion) == [
        (("axes",), f"{MOST_CASES + 1} combinations are more than {MOST_CASES}")
    ]
    assert expansion.cases == ()


def test_a_collapsed_axis_that_is_not_compared_is_said_to_stand_apart():
    axes = {"layer": ("lstm", "gru"), "onednn": (True, False)}

    expansion = expand(rules(axes, compare=("layer",)))

    assert (
        "onednn is not in compare: those cases are measured at true only"
        in expansion.notes
    )
    assert (
        "1 of 2 workloads with one member: nothing is compared there" in expansion.notes
    )


def test_two_cases_of_one_id_are_refused():
    axes = {
        "layer": ("lstm",),
        "num_layers": (2,),
        "phase": (Phase.TRAIN,),
        "dropout": (0.1234567, 0.1234568),
    }

    expansion = expand(rules(axes))

    assert [what for _, what in expansion.faults] == [
        "2 cases have the same id lstm-train-i10-h20-l2-t5-b3-dropout_0.123457-cpu"
    ]


def test_twins_have_the_lstm_s_parameters_and_stand_beside_it():
    axes = {"layer": ("rnn_tanh", "lstm", "gru"), "hidden_size": (128,)}

    expansion = expand(rules(axes, match_parameters=True))

    (workload,) = expansion.workloads
    lstm = next(case for case in workload.members if case.layer == "lstm")
    twins = [case for case in workload.members if case.parameters_of]
    assert [(twin.layer, twin.parameters_of) for twin in twins] == [
        ("rnn_tanh", 128),
        ("gru", 128),
    ]
    for twin in twins:
        assert parameters(twin) == pytest.approx(parameters(lstm), rel=0.01)
    assert len(workload.members) == 5


def test_a_size_that_can_t_be_matched_is_a_fault_that_names_the_case():
    axes = {
        "layer": ("lstm", "gru"),
        "hidden_size": (3,),
        "phase": (Phase.INFERENCE, Phase.TRAIN),
    }

    expansion = expand(rules(axes, match_parameters=True))

    ((route, what),) = expansion.faults
    assert route == ("match",)
    assert "gru with input_size 10" in what
    assert "hidden_size 3 " in what


def test_a_sweep_without_lstm_has_nothing_to_match():
    expansion = expand(rules({"layer": ("gru",)}, match_parameters=True))

    assert (("match",), "there is no lstm whose parameters could be matched") in faults(
        expansion
    )


def test_a_user_s_layer_is_not_matched_and_the_notes_say_so():
    axes = {"layer": ("lstm", "a.b:c"), "hidden_size": (128,)}

    expansion = expand(rules(axes, match_parameters=True))

    assert [case.parameters_of for case in expansion.cases] == [0, 0]
    assert (
        "a.b:c: not matched, since its number of parameters is unknown"
        in expansion.notes
    )


CHOICES = {
    "layer": ["rnn_tanh", "lstm", "gru", "a.b:c"],
    "hidden_size": [8, 16],
    "num_layers": [1, 2],
    "dropout": [0.0, 0.5],
    "proj_size": [0, 4],
    "batch_first": [False, True],
    "lengths": [Lengths.FULL, Lengths.HALF],
    "phase": [Phase.INFERENCE, Phase.STEP],
    "dtype": [Dtype.FLOAT32, Dtype.FLOAT64],
    "device": [Device.CPU, Device.CUDA],
    "cudnn": [True, False],
    "onednn": [False, True],
    "tf32": [True, False],
}


def test_arguments_go_to_layers_of_the_users_alone():
    axes = {
        "layer": ("gru", "my_layers:wide"),
        "args.expansion": (1, 2),
        "args.kind": ("plain",),
    }

    expansion = expand(rules(axes, exclude=({"args.expansion": (2,)},)))

    assert [(case.layer, case.args) for case in expansion.cases] == [
        ("gru", ()),
        ("my_layers:wide", (("expansion", 1), ("kind", "plain"))),
    ]


some_axes = st.fixed_dictionaries(
    {"layer": st.lists(st.sampled_from(CHOICES["layer"]), min_size=1, unique=True)},
    optional={
        axis: st.lists(st.sampled_from(values), min_size=1, unique=True)
        for axis, values in CHOICES.items()
        if axis != "layer"
    },
).map(lambda axes: {axis: tuple(values) for axis, values in axes.items()})


@given(some_axes, st.lists(some_axes, max_size=1), st.sets(st.sampled_from(AXES)))
def test_every_case_is_there_once_and_in_one_workload(axes, include, compare):
    expansion = expand(rules(axes, compare=tuple(compare), include=tuple(include)))

    assert not expansion.faults
    members = [case for one in expansion.workloads for case in one.members]
    assert sorted(case.id for case in members) == sorted(
        case.id for case in expansion.cases
    )
    assert len({case.id for case in members}) == len(members) > 0
    for case in members:
        for axis in ("cudnn", "onednn", "dropout", "proj_size", "tf32"):
            assert applies(axis, case) or getattr(case, axis) in (True, 0)
