"""The digest of measuring code, and the proof that restructured code is the same."""

import ast
import math

import pytest

from rnnbench.model.case import Device
from rnnbench.model.errors import ResultsError
from rnnbench.model.turn_plan import rounds_that_fit
from rnnbench.worker.protocol import Rounds
from rnnbench.worker.timing.turn import plan
from studies.calibration.code_digest import code_of, definitions, digests, source_of
from studies.calibration.code_proof import (
    BASE,
    codes,
    differences,
    renamed,
    restamped,
    source_at,
)
from studies.calibration.samples import Part

SOURCE = '''
"""A module."""
import math
from a.b import c

LIMIT = 3


def f(values: list[float], start: float = 0.0) -> float:
    """Words."""
    total = start
    for value in values:
        if value < 0:
            raise ValueError(f"{value} is below 0")
        total += c(value) * LIMIT
    return sum(value for value in values if value) + total


class A:
    """A class."""

    field: int = 1

    def method(self, other):
        """More words."""
        return self.field + other
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Words.", "Other words."),
        ("    total = start\n", "    # why\n    total = start\n"),
        ("import math\nfrom a.b import c\n", "from a.d import c\n"),
        ("is below 0", "must not be negative"),
        ("total", "together"),
        ("value", "each"),
        ("other", "another"),
        ("list[float]", "Sequence[float]"),
    ],
)
def test_what_changes_no_measurement_changes_no_code(old, new):
    changed = SOURCE.replace(old, new)

    assert changed != SOURCE
    assert (
        list(differences(codes(definitions(SOURCE)), codes(definitions(changed)))) == []
    )


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("= 3", "= 4", "LIMIT"),
        ("value < 0", "value <= 0", "f"),
        ("+= c(value)", "+= c(total)", "f"),
        ("ValueError", "KeyError", "f"),
        ("start: float = 0.0", "start: float = 1.0", "f"),
        ("field: int = 1", "field: int = 2", "A"),
        ("self.field + other", "self.field - other", "A.method"),
    ],
)
def test_what_may_change_a_measurement_changes_the_code_of_its_definition(
    old, new, name
):
    found = differences(
        codes(definitions(SOURCE)), codes(definitions(SOURCE.replace(old, new)))
    )

    assert [(each.name, each.kind) for each in found] == [(name, "changed")]


def test_a_definition_may_move_to_another_module():
    first, second = SOURCE.split("\n\nclass A")
    moved = codes(definitions(f"class A{second}\n{first}"))

    assert list(differences(codes(definitions(SOURCE)), moved)) == []


def test_what_is_missing_and_what_is_new_is_named():
    found = differences(
        codes(definitions(SOURCE)),
        codes(definitions(SOURCE.replace("def f(", "def g("))),
    )

    assert [(each.name, each.kind) for each in found] == [
        ("f", "removed"),
        ("g", "added"),
    ]


def test_a_table_of_names_tells_a_rename_from_a_change():
    after = SOURCE.replace("class A", "class B").replace("LIMIT", "MOST")

    before = renamed(SOURCE, {"A": "B", "LIMIT": "MOST"})

    assert (
        list(differences(codes(definitions(before)), codes(definitions(after)))) == []
    )


def test_definitions_are_functions_methods_constants_and_classes():
    assert [name for name, _ in definitions(SOURCE)] == ["LIMIT", "f", "A", "A.method"]


def test_locals_that_are_swapped_are_another_code():
    before = "def f(a, b):\n    return a - b\n"
    after = "def f(a, b):\n    return b - a\n"

    assert code_of(ast.parse(before).body[0]) != code_of(ast.parse(after).body[0])


def test_each_part_has_a_digest_of_its_own():
    found = digests()

    assert set(found) == set(Part)
    assert len(set(found.values())) == len(Part)


def edited(module):
    """Today's sources, but for one module that only one part depends on."""
    added = "\nADDED = 1\n" if module == "rnnbench.worker.timing.blocks" else ""
    return source_of(module) + added


def test_a_change_of_one_module_voids_only_the_parts_that_use_it():
    before, after = digests(), digests(edited)

    assert [part for part in Part if before[part] != after[part]] == [Part.SETTLE]


def test_parts_that_the_base_measured_are_stamped_and_others_are_not(make_calibration):
    calibration = make_calibration(cells=0)

    stamped = restamped(calibration, edited, base=source_of)

    settle = calibration.measuring[Part.SETTLE]
    assert stamped.measuring == {**digests(), Part.SETTLE: settle}


def test_nothing_is_stamped_where_the_code_differs(make_calibration):
    with pytest.raises(ResultsError, match=r"differs .*: ADDED \(removed\)"):
        restamped(make_calibration(cells=0), source_of, base=edited)


def base_function(name, module, **names):
    """A function of the base commit, with the constants that it needs."""
    try:
        source = source_at(BASE)(module)
    except ResultsError as error:
        pytest.skip(str(error))
    constants = {"_CALLS", "_LONGER", "_LONG_CALL", "_SETTLE_CUDA"}
    wanted = {name, *constants, "_LONG_ROUND", "_ROUNDS_IF_LONG"}
    body = [node for found, node in definitions(source) if found in wanted]
    lazy = ast.parse("from __future__ import annotations").body
    exec(compile(ast.Module([*lazy, *body], []), BASE, "exec"), names)
    return names[name]


def test_a_turn_has_as_many_calls_as_at_the_base():
    module = "rnnbench.worker.timing.turn"
    before = base_function("plan", module, math=math, Device=Device)
    calls = [10 ** (power / 50) for power in range(-350, 60)]
    edges = [0.00025, 0.001, 0.002, 0.005, 0.02, 1.0]

    for call in (*calls, *edges):
        for device in Device:
            assert tuple(plan(call, device)) == before(call, device)


def test_as_many_rounds_fit_as_at_the_base():
    before = base_function("rounds_that_fit", "rnnbench.worker.timing.rounds")
    lengths = [10 ** (power / 20) for power in range(-80, 30)]

    for seconds in (0.0, 0.5, 0.6, 1.0, 30.0):
        for least, most in ((1, 1), (4, 5), (4, 20)):
            job = Rounds(seed=0, seconds=seconds, least=least, most=most)
            for length in (*lengths, 0.12, 0.15, 2.0):
                now = rounds_that_fit(seconds, (least, most), length)
                assert now == before(job, length)


def test_an_accepted_definition_that_changes_again_is_accepted_no_longer(monkeypatch):
    before, after, again = (
        codes(definitions(SOURCE.replace("= 3", f"= {limit}"))) for limit in (3, 4, 5)
    )
    (now,), (later,) = differences(before, after), differences(before, again)
    accepted = {"LIMIT": (now.fingerprint, "a reason")}
    monkeypatch.setattr("studies.calibration.code_proof.ACCEPTED", accepted)

    assert now.reason == "a reason"
    assert later.reason == ""


def test_a_definition_that_was_removed_is_accepted_only_by_name():
    (removed,) = differences({"LIMIT": ["code"]}, {})

    assert removed.kind == "removed"
    assert removed.reason == ""
