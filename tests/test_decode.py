from dataclasses import dataclass
from enum import StrEnum

import pytest

from rnnbench.decode import WrongValue, reader


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
        ({"inner": [{"share": 1.0}]}, "inner[0]: lacks colour"),
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


def test_a_default_does_not_stand_in_for_what_a_file_lacks():
    with pytest.raises(WrongValue, match="lacks maybe"):
        reader(Outer)({key: WHOLE[key] for key in ("name", "inner", "rows")})
