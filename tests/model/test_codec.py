import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.case import Case, Phase
from rnnbench.model.codec import WrongValue, fields_of, reader
from rnnbench.model.profile import Ceiling, Kind, Profile
from rnnbench.model.run import Turns


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    share: float
    colour: Colour = Colour.RED


@dataclass(frozen=True)
class Outer:
    name: str
    inner: tuple[Inner, ...]
    rows: tuple[tuple[Colour, float], ...] = ()
    maybe: int | None = None


WHOLE = {
    "name": "a",
    "inner": [{"share": 0.5, "colour": "red"}],
    "rows": [["red", 1]],
    "maybe": None,
}


def test_plain_values_become_the_types_that_are_declared():
    assert reader(Outer)(WHOLE) == Outer("a", (Inner(0.5),), ((Colour.RED, 1.0),), None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": 3}, "name: 3 is not of type str"),
        ({"maybe": True}, "maybe: True is not of type int"),
        ({"maybe": 2**63}, "maybe: an integer of more than 64 bits"),
        ({"inner": [{"share": "x", "colour": "red"}]}, "inner[0].share: 'x' is not"),
        (
            {"inner": [{"share": 10**400, "colour": "red"}]},
            "inner[0].share: an integer",
        ),
        ({"inner": [{"share": 1.0}]}, "inner[0]: colour is missing"),
        (
            {"inner": [{"share": 1.0, "colour": "blue"}]},
            "inner[0].colour: 'blue' is not",
        ),
        ({"inner": {}}, "inner: {} is not of type list"),
        ({"rows": [["red"]]}, "rows[0]: 1 items instead of 2"),
        ({"other": 1}, "no such key: other"),
    ],
)
def test_what_is_not_of_its_type_is_named_with_its_place(change, said):
    with pytest.raises(WrongValue) as caught:
        reader(Outer)(WHOLE | change)

    assert str(caught.value).startswith(said)


SINGLE = st.one_of(
    st.integers(),
    st.integers(-(2**64), 2**64),
    st.floats(),
    st.booleans(),
    st.none(),
    st.just("1"),
)


@pytest.mark.parametrize("kind", [int, float])
@given(values=st.lists(SINGLE) | st.lists(st.integers()) | st.lists(st.floats()))
def test_a_list_is_read_as_its_items_are(kind, values):
    def outcome(read):
        try:
            return repr(read())
        except WrongValue as error:
            return error.what

    def one_by_one():
        return tuple([reader(kind)(value) for value in values])

    at_once = outcome(lambda: reader(tuple[kind, ...])(values))
    assert at_once == outcome(one_by_one)


def test_a_default_does_not_stand_in_for_what_a_file_lacks():
    with pytest.raises(WrongValue, match="maybe is missing"):
        reader(Outer)({key: WHOLE[key] for key in ("name", "inner", "rows")})


def test_what_came_later_may_be_absent_and_is_then_what_it_was_before():
    turns = reader(Turns)(
        {
            "launch": 1,
            "seconds": [0.5],
            "faults": [],
            "back_to_back": [],
            "first_call": None,
        }
    )

    assert (turns.rough, turns.retaken) == (0, 0)


CEILING = {
    "device": "cpu",
    "dtype": "float32",
    "threads": 1,
    "flops": 1e11,
    "shape": [1, 2, 3],
    "bytes": 1e10,
    "product": "",
}


def plain(value):
    return json.loads(json.dumps(asdict(value)))


def test_a_row_of_named_kinds_is_read_in_its_order():
    read = reader(tuple[Kind, float])

    assert read(["pointwise", 1]) == (Kind.POINTWISE, 1.0)


def test_rows_within_rows_are_read():
    read = reader(tuple[tuple[str, int], ...])

    assert read([["parameters", 4], ["other", 0]]) == (("parameters", 4), ("other", 0))
    assert read([]) == ()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (["pointwise"], "1 items instead of 2"),
        (["pointwise", 1.0, 2.0], "3 items instead of 2"),
        (["magic", 1.0], "[0]: 'magic' is not a valid Kind"),
        (["pointwise", "1"], "[1]: '1' is not of type float"),
        ([1.0, "pointwise"], "[0]: 1.0 is not of type str"),
        ("pointwise", "'pointwise' is not of type list"),
        ({"pointwise": 1.0}, "{'pointwise': 1.0} is not of type list"),
    ],
)
def test_a_row_that_is_wrong_says_where(value, told):
    with pytest.raises(WrongValue) as caught:
        reader(tuple[Kind, float])(value)

    assert str(caught.value) == told


def test_a_ceiling_is_read():
    assert reader(Ceiling)(CEILING).shape == (1, 2, 3)


def test_a_ceiling_of_two_dimensions_is_none():
    with pytest.raises(WrongValue, match="shape: 2 items instead of 3"):
        reader(Ceiling)(CEILING | {"shape": [1, 2]})


def test_a_profile_comes_back_as_it_was(make_profile):
    profile = make_profile()

    assert reader(Profile)(plain(profile)) == profile


def test_the_place_of_a_fault_deep_within_is_told(make_profile):
    value = plain(make_profile())
    value["kinds"][1][1] = None

    with pytest.raises(WrongValue, match=r"kinds\[1\]\[1\]: None is not of type float"):
        reader(Profile)(value)


def test_fields_give_the_text_that_copies_of_every_value_give(make_profile):
    profile = make_profile()
    made = Case(layer="a:b", input_size=1, hidden_size=1, seq_len=1, batch_size=1)
    case = replace(made, args=(("x", 1.5),), phase=Phase.TRAIN)

    text = json.dumps({"cases": [case], "profile": profile}, default=fields_of)

    copied = {"cases": [asdict(case)], "profile": asdict(profile)}
    assert text == json.dumps(copied)


def test_what_has_no_fields_is_refused():
    with pytest.raises(TypeError):
        json.dumps({1, 2}, default=fields_of)
