"""What is benchmarked: refused where it is made, named for good, decoded exactly."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.case import (
    AXES,
    DEFAULTS,
    TORCH_LAYERS,
    Case,
    Device,
    Dtype,
    Lengths,
    Optimizer,
    Phase,
    applies,
    case_id,
)
from rnnbench.model.case_codec import decode_case, encode_case

PLAIN = Case(layer="lstm", input_size=10, hidden_size=20, seq_len=5, batch_size=3)


def values_of(axis):
    kind = next(field.type for field in fields(Case) if field.name == axis)
    if axis == "layer":
        return st.sampled_from([*TORCH_LAYERS, "package.module:factory", "brought"])
    if axis == "runtime":
        return st.sampled_from(["eager", "cell_loop", "package.module:make_runtime"])
    if axis == "dropout":
        return st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0])
    if axis == "proj_size":
        return st.integers(0, 19)
    if axis == "hidden_size":
        return st.integers(20, 100)
    return {bool: st.booleans(), int: st.integers(1, 100)}.get(
        kind, st.sampled_from(list(kind)) if kind not in (bool, int) else None
    )


names = st.from_regex(r"[a-zA-Z_][a-z0-9_.]{0,8}", fullmatch=True)
texts = names.filter(lambda text: text not in ("true", "false"))
# Without 0 and 1, which are equal to false and true.
scalars = st.integers(2, 9) | st.booleans() | texts | st.floats(0.1, 0.9)
arguments = st.dictionaries(st.sampled_from(["depth", "expansion", "kind"]), scalars)
cases = st.builds(
    Case,
    **{axis: values_of(axis) for axis in AXES},
    args=arguments.map(lambda found: tuple(sorted(found.items()))),
)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"layer": "<b>lstm"}, "layer"),
        ({"layer": "../lstm"}, "layer"),
        ({"layer": ""}, "layer"),
        ({"runtime": "<b>eager"}, "runtime"),
        ({"hidden_size": 0}, "hidden_size"),
        ({"seq_len": -1}, "seq_len"),
        ({"threads": 0}, "threads"),
        ({"dropout": 1.5}, "dropout"),
        ({"dropout": float("nan")}, "dropout"),
        ({"proj_size": 20}, "proj_size"),
        ({"proj_size": -1}, "proj_size"),
        ({"parameters_of": -1}, "parameters_of"),
        ({"parameters_of": 2**31}, "parameters_of"),
    ],
)
def test_an_impossible_case_is_refused_by_name(wrong, named):
    with pytest.raises(ValueError, match=named):
        replace(PLAIN, **wrong)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "lstm-inference-i10-h20-l1-t5-b3-cpu"),
        ({"bias": False}, "lstm-inference-i10-h20-l1-t5-b3-no_bias-cpu"),
        (
            {"phase": Phase.STEP, "optimizer": Optimizer.SGD},
            "lstm-step-sgd-i10-h20-l1-t5-b3-cpu",
        ),
        ({"dropout": 0.2}, "lstm-inference-i10-h20-l1-t5-b3-dropout_0.2-cpu"),
        (
            {"layer": "my.layers:gru", "dtype": Dtype.BFLOAT16, "threads": 2},
            "my.layers:gru-inference-i10-h20-l1-t5-b3-bfloat16-cpu-threads_2",
        ),
        ({"runtime": "cell_loop"}, "lstm-inference-i10-h20-l1-t5-b3-cell_loop-cpu"),
        (
            {"parameters_of": 64},
            "lstm-inference-i10-h20-l1-t5-b3-cpu-parameters_of_h64",
        ),
    ],
)
def test_the_form_of_an_id_never_changes(changed, expected):
    case = replace(PLAIN, **changed)

    assert case.id == expected


@given(cases, cases)
def test_two_cases_that_mean_something_different_have_different_ids(one, other):
    if one.phase is not Phase.STEP and other.phase is not Phase.STEP:
        other = replace(other, optimizer=one.optimizer)

    assert (one.id == other.id) == (one == other)


@given(cases, st.sampled_from(AXES))
def test_an_id_without_an_axis_is_the_same_whatever_its_value(case, axis):
    # What is not a step has the plain optimizer, once it is collapsed.
    if axis == "phase":
        case = replace(case, optimizer=Optimizer.ADAM)
    plain = {"layer": "gru", "hidden_size": 50}.get(axis, DEFAULTS.get(axis, 7))

    changed = replace(case, **{axis: plain})

    assert case_id(case, without=(axis,)) == case_id(changed, without=(axis,))


@given(cases)
def test_a_case_is_decoded_to_itself(case):
    assert decode_case(encode_case(case)) == case


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"hidden_size": "20"}, "hidden_size"),
        ({"hidden_size": 20.0}, "hidden_size"),
        ({"hidden_size": True}, "hidden_size"),
        ({"bias": 1}, "bias"),
        ({"phase": "training"}, "training"),
        ({"device": None}, "device"),
        ({"hiden_size": 3}, "hiden_size"),
        ({"args": {"a": 1}}, "args"),
        ({"args": [["a"]]}, "args"),
        ({"args": [[1, 2]]}, "args"),
        ({"args": [["a", [1]]]}, "args.a: .1. is not a number"),
        ({"args": [["a", None]]}, "args.a: None is not a number"),
        ({"args": [["a", "<b>"]]}, "args.a: '<b>' is not a number"),
        ({"args": [["a", "1"]]}, "args.a: '1' is not a number"),
        ({"args": [["a", "true"]]}, "args.a: 'true' is not a number"),
        ({"args": [["a", float("nan")]]}, "args.a: nan is not a number"),
        ({"args": [["a", 2**63]]}, "args.a: 92"),
        ({"args": [["a-b", 1]]}, "'a-b' is not the name of an argument"),
        ({"args": [["class", 1]]}, "'class' is not the name of an argument"),
        ({"args": [["layer", 1]]}, "layer is an axis itself"),
        ({"args": [["b", 1], ["a", 1]]}, "args: not up to"),
        ({"args": [["a", 1], ["a", 2]]}, "args: not up to"),
    ],
)
def test_what_is_not_a_case_is_refused_by_name(change, named):
    with pytest.raises(ValueError, match=named):
        decode_case({**encode_case(PLAIN), **change})


def test_a_case_of_an_older_file_ran_in_eager_without_arguments():
    data = encode_case(PLAIN)
    del data["runtime"]
    del data["args"]

    assert decode_case(data) == PLAIN


@pytest.mark.parametrize(
    "name",
    [field.name for field in fields(Case) if field.name not in ("runtime", "args")],
)
def test_a_missing_field_is_never_taken_from_the_reader(name):
    data = encode_case(PLAIN)
    del data[name]

    with pytest.raises(ValueError, match=name):
        decode_case(data)


@pytest.mark.parametrize(
    ("axis", "changed", "expected"),
    [
        ("dropout", {"num_layers": 2, "phase": Phase.TRAIN}, True),
        ("dropout", {"num_layers": 1, "phase": Phase.TRAIN}, False),
        ("dropout", {"num_layers": 2, "phase": Phase.INFERENCE}, False),
        ("proj_size", {}, True),
        ("proj_size", {"layer": "gru"}, False),
        ("proj_size", {"layer": "a.b:c"}, True),
        ("batch_first", {}, True),
        ("batch_first", {"lengths": Lengths.HALF}, False),
        ("optimizer", {"phase": Phase.STEP}, True),
        ("optimizer", {"phase": Phase.TRAIN}, False),
        ("cudnn", {}, False),
        ("cudnn", {"device": Device.CUDA}, True),
        ("onednn", {}, True),
        ("onednn", {"layer": "gru"}, False),
        ("onednn", {"layer": "gru", "dtype": Dtype.BFLOAT16}, True),
        ("onednn", {"proj_size": 5}, False),
        ("onednn", {"lengths": Lengths.PACKED_FULL}, False),
        ("onednn", {"dtype": Dtype.FLOAT64}, False),
        ("onednn", {"device": Device.CUDA}, False),
        ("onednn", {"layer": "a.b:c"}, True),
        ("onednn", {"runtime": "compile"}, True),
        ("onednn", {"runtime": "onnxruntime"}, False),
        ("tf32", {"device": Device.CUDA}, True),
        ("tf32", {"device": Device.CUDA, "dtype": Dtype.FLOAT16}, False),
        ("flatten", {}, False),
        ("parameters_of", {}, False),
        ("parameters_of", {"layer": "gru"}, True),
        ("hidden_size", {}, True),
    ],
)
def test_an_axis_applies_where_it_means_something(axis, changed, expected):
    assert applies(axis, replace(PLAIN, **changed)) is expected


@pytest.mark.parametrize(
    ("changed", "process"),
    [
        ({}, ""),
        ({"layer": "gru"}, ""),
        ({"layer": "a.b:c"}, "a.b:c"),
        ({"runtime": "compile"}, "compile"),
        ({"layer": "a.b:c", "runtime": "d.e:f"}, "a.b:c in d.e:f"),
    ],
)
def test_other_code_than_pytorch_runs_in_its_own_process(changed, process):
    case = replace(PLAIN, **changed)

    assert (case.process, case.is_foreign) == (process, bool(process))


@pytest.mark.parametrize(
    ("changed", "size"),
    [
        ({}, 20),
        ({"bidirectional": True}, 40),
        ({"proj_size": 5}, 5),
        ({"proj_size": 5, "bidirectional": True}, 10),
    ],
)
def test_the_output_joins_the_directions(changed, size):
    assert replace(PLAIN, **changed).output_size == size
