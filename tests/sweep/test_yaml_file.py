"""YAML as plain values with places; what is not plain is refused, never followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.sweep.yaml_file import (
    MOST_BYTES,
    MOST_DEPTH,
    Place,
    nearest,
    read_text,
    read_yaml,
)


def test_values_are_those_of_yaml_1_2():
    text = "{a: yes, b: true, c: 012, d: 1e3, e: ~, f: 0x10, g: .inf, h: 2020-01-01}"

    assert read_yaml(text).data == {
        "a": "yes",
        "b": True,
        "c": 12,
        "d": 1000.0,
        "e": None,
        "f": "0x10",
        "g": ".inf",
        "h": "2020-01-01",
    }


def test_every_key_and_value_has_its_place():
    document = read_yaml("# why\naxes:\n  layer: [lstm,\n    gru]\n")

    assert document.key(("axes",)) == Place(2, 1)
    assert document.key(("axes", "layer")) == Place(3, 3)
    assert document.value(("axes", "layer", 1)) == Place(4, 5)


def test_a_path_that_is_not_there_is_placed_at_what_is_around_it():
    document = read_yaml("axes:\n  layer: lstm\n")

    assert document.value(("axes", "layer", 0, "x")) == Place(2, 10)
    assert document.key(("axes", "seq_len")) == Place(2, 3)


def test_every_duplicate_is_found_with_both_places():
    document = read_yaml("a: 1\nb: {c: 1, c: 2}\na: 2\n")

    assert [(one.place, one.what) for one in document.faults] == [
        (Place(2, 11), "'c' is there twice: also at 2:5"),
        (Place(3, 1), "'a' is there twice: also at 1:1"),
    ]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a: &x [1]\nb: *x\n", Place(1, 4), "anchors and aliases"),
        ("a: &a [*a]\n", Place(1, 4), "anchors and aliases"),
        ("a: !!python/object:os.system [ls]\n", Place(1, 4), "tags"),
        ("%YAML 1.1\n---\na: yes\n", Place(2, 1), "directives"),
        ("a: 1\n---\nb: 2\n", Place(2, 1), "second document"),
        ("? [a, b]\n: 1\n", Place(1, 3), "a key must be a plain word"),
        ("[" * 60 + "]" * 60, Place(1, MOST_DEPTH + 1), "levels deep"),
        ("[" * 100_000, Place(1, MOST_DEPTH + 1), "levels deep"),
        ("a: [1\nb: 2\n", Place(2, 2), "expected"),
        ("a: \x07\n", Place(1, 4), "not allowed in YAML"),
        ("\ta: 1\n", Place(1, 1), "cannot start any token"),
    ],
)
def test_what_is_not_plain_is_a_fault_with_its_place(text, place, said):
    faults = read_yaml(text).faults

    assert faults[0].place == place
    assert said in faults[0].what


def test_a_bomb_of_aliases_is_refused_unexploded():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]

    document = read_yaml("\n".join(lines))

    assert document.data is None
    assert document.faults


def test_the_text_is_read_as_utf_8(tmp_path):
    path = tmp_path / "sweep.yaml"
    path.write_bytes("# zwei\nä: \udcff".encode("utf-8", "surrogateescape"))

    text, (fault,) = read_text(path)

    assert text == ""
    assert fault.place == Place(2, 4)
    assert fault.what == "byte 0xff is not UTF-8"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    path = tmp_path / "sweep.yaml"
    path.write_bytes(b"\xef\xbb\xbf# why")

    assert read_text(path) == ("# why", [])


def test_a_file_that_never_ends_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "sweep.yaml"
    path.write_bytes(b"#" * (MOST_BYTES + 1))

    with pytest.raises(ValueError, match="larger than"):
        read_text(path)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("hiden_size", " (hidden_size?)"), ("LAYER", " (layer?)"), ("q", "")],
)
def test_the_nearest_name_is_offered_where_one_is_near(name, hint):
    assert nearest(name, ["layer", "hidden_size"]) == hint


@given(st.text())
def test_any_text_is_read_or_refused(text):
    document = read_yaml(text)

    assert document.faults or document.values or document.data is None
    assert all(fault.what and "\n" not in fault.what for fault in document.faults)


# What a scanner, a parser or a composer turns on.
yaml_pieces = st.sampled_from(
    [
        *("a", "1", "-1", "1e9", "0x1", "~", "true", "=", "#c", "\U0001f600"),
        *("b: ", "- ", "? ", ": ", "[", "]", "{", "}", ",", "<<: ", "|", ">"),
        *("\n", "  ", "\n  ", "\t", "\x85", "\ufeff", "\x00", "'", '"', "\\"),
        *("&x ", "*x", "!t ", "%Y", "---\n", "...\n"),
    ]
)


@given(st.lists(yaml_pieces, max_size=40).map("".join))
def test_anything_that_looks_like_yaml_is_read_or_refused(text):
    document = read_yaml(text)

    assert all(fault.what for fault in document.faults)
