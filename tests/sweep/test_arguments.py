"""Sweeps from axes: the same cases and the same messages as from a file."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.case import AXES, DEFAULTS, Case, Phase
from rnnbench.model.errors import SweepError
from rnnbench.sweep.arguments import split_values, sweep_of_axes
from rnnbench.sweep.axis_table import SIZES, axis_table
from rnnbench.sweep.load import load_sweep


def option(axis):
    return f"--{axis}"


def fault_of(axes, compare=()):
    with pytest.raises(SweepError) as caught:
        sweep_of_axes(axes, compare, option)
    return str(caught.value)


def test_the_sweep_is_that_of_a_file_with_the_same_axes(tmp_path):
    file = tmp_path / "axes.yaml"
    file.write_text(
        "# Why?\n"
        "axes: {layer: [lstm, gru], input_size: 3, hidden_size: [4, 5], seq_len: 2,"
        " batch_size: 1, phase: train}\ncompare: [layer]\n",
        encoding="utf-8",
    )
    axes = {
        "layer": ["lstm", "gru"],
        "input_size": 3,
        "hidden_size": [4, 5],
        "seq_len": 2,
        "batch_size": 1,
        "phase": "train",
    }

    found, expected = sweep_of_axes(axes), load_sweep(file)

    assert found.cases == expected.cases
    assert found.record.digest == expected.record.digest


def test_sizes_that_are_not_given_have_a_default():
    (case,) = sweep_of_axes({"layer": "gru", "hidden_size": 7}).cases

    assert (case.hidden_size, case.layer) == (7, "gru")
    assert [case.seq_len] == SIZES["seq_len"]


@pytest.mark.parametrize(
    ("axes", "compare", "compared"),
    [
        ({}, (), ("layer",)),
        ({"bidirectional": [True, False]}, (), ("layer",)),
        ({"layer": "gru", "bidirectional": [True, False]}, (), ("bidirectional",)),
        ({"layer": "gru", "threads": [1, 2], "bias": [True, False]}, (), ("bias",)),
        ({"layer": "gru"}, (), ("layer",)),
        ({"bias": [True, False]}, ("bias", "layer"), ("bias", "layer")),
    ],
)
def test_what_is_compared_follows_from_what_varies(axes, compare, compared):
    assert sweep_of_axes(axes, compare).record.compare == compared


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"hiden_size": 3}, "--hiden_size: no such axis (hidden_size?)"),
        ({"hidden_size": "x"}, "--hidden_size: 'x' is not a whole number"),
        ({"hidden_size": [3, 3]}, "--hidden_size: 3 is there twice"),
        ({"hidden_size": 0}, "--hidden_size: 0 is less than 1"),
        ({"seq_len": []}, "--seq_len: is an empty list"),
        (
            {"phase": "trian"},
            f"--phase: 'trian' is none of {', '.join(Phase)} (train?)",
        ),
        (
            {"layer": "lstm", "proj_size": 200},
            "--proj_size: 200 is not less than hidden_size 128",
        ),
    ],
)
def test_a_mistake_names_the_option_and_the_nearest_value(axes, message):
    assert fault_of(axes) == message


def test_all_mistakes_come_at_once():
    lines = fault_of({"layer": "lst", "bias": 3, "seq_len": -1}).splitlines()

    assert [line.partition(":")[0] for line in lines] == [
        "--bias",
        "--layer",
        "--seq_len",
    ]


def test_an_unknown_compared_axis_is_named():
    assert fault_of({}, ("phas",)) == "--compare: 'phas': no such axis (phase?)"


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"a": [1, 1]}, "args.a: 1 is there twice"),
        ({"hidden_size": 1}, "args.hidden_size: hidden_size is an axis itself"),
        ({"a": "x y"}, "args.a: 'x y' is not a number, a plain name, true or false"),
        ({}, "args: is empty"),
        (3, "args: [3] is not a mapping"),
    ],
)
def test_a_wrong_argument_is_named(arguments, fault):
    with pytest.raises(SweepError) as error:
        sweep_of_axes({"layer": "my_layers:wide", "args": arguments})

    assert str(error.value) == fault


def test_values_of_an_option_are_read_as_in_a_file():
    assert split_values("lstm, 256,0.5,true,1e1") == ["lstm", 256, 0.5, True, 10.0]
    assert split_values("") == [None]


@given(st.dictionaries(st.sampled_from(AXES), st.text(max_size=20), max_size=4))
def test_any_text_is_a_sweep_or_a_message_of_one_line_per_fault(given_texts):
    axes = {axis: split_values(text) for axis, text in given_texts.items()}

    try:
        sweep = sweep_of_axes(axes)
    except SweepError as error:
        lines = str(error).splitlines()
    else:
        lines = [case.id for case in sweep.cases]

    assert lines
    assert all(line.strip() for line in lines)


def test_the_table_describes_every_axis_with_its_default():
    table = {axis.name: axis for axis in axis_table()}

    assert tuple(table) == AXES
    for field in fields(Case):
        if field.name in DEFAULTS and field.name in table:
            default = split_values(table[field.name].default)
            assert default == [field.default]
    assert "train" in table["phase"].values
    assert table["hidden_size"].option == "--hidden-size"


@pytest.mark.parametrize(
    ("axes", "name"),
    [
        ({"layer": ["lstm", "gru"], "hidden_size": [8, 16]}, "lstm-vs-gru"),
        ({"layer": "gru"}, "gru"),
        (
            {"layer": "gru", "bidirectional": [True, False]},
            "bidirectional-true-vs-false",
        ),
        ({"layer": ["lstm", "a.b:C"]}, "lstm-vs-a-b-c"),
        (
            {"layer": [f"my:Layer{n}" for n in range(9)]},
            "my-layer0-vs-my-layer1-vs-my-layer2-vs-m",
        ),
    ],
)
def test_a_sweep_of_axes_is_named_for_what_it_compares(axes, name):
    assert sweep_of_axes(axes).record.name == name
