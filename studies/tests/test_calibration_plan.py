from itertools import chain, product

import pytest

from rnnbench.model.case import Allocator
from studies.calibration.calibration import Condition, Part
from studies.calibration.calibration_cells import SLOWDOWNS, cells_of
from studies.calibration.calibration_plan import Wish, left_out, plan, seconds_of
from studies.calibration.measuring import COMMON, OWN, code_of, digests


def test_there_are_forty_pairs_of_equals_over_a_hundred_launches():
    stages = [one for one in plan(Wish()) if one.part is Part.AA]

    whole = [one for one in stages if one.allocator is Allocator.STEADY]
    pairs = sum(
        comparison.name in ("gru/gru", "lstm/lstm")
        for cell in whole[0].cells
        for comparison in cell.comparisons
    )
    assert pairs == 40
    assert [one.launches for one in whole] == [100, 100]
    assert {one.allocator for one in stages} == set(Allocator)


def test_there_are_two_hundred_trials_of_each_slowdown():
    stages = [one for one in plan(Wish()) if one.part is Part.INJECTED]

    for stage in stages:
        if stage.allocator is Allocator.STEADY:
            assert stage.launches // 7 * len(stage.cells) >= 200
        for cell in stage.cells:
            assert [one.slowdown for one in cell.members] == [0, *SLOWDOWNS]


@pytest.mark.parametrize("part", list(Part))
def test_a_cell_compares_members_that_it_has(part):
    for cell in cells_of(part, Allocator.STEADY):
        names = [member.name for member in cell.members]
        compared = {
            name for one in cell.comparisons for name in (one.candidate, one.baseline)
        }
        assert len(set(names)) == len(names)
        assert compared == set(names)


@pytest.mark.parametrize("part", list(Part))
def test_a_cell_is_known_by_its_name(part):
    cells = cells_of(part, Allocator.STEADY)

    assert len({cell.id for cell in cells}) == len(cells)


def test_all_is_measured_idle_and_under_bursts_with_both_allocators():
    stages = plan(Wish())

    assert [(one.condition, one.allocator, one.part) for one in stages] == list(
        product(Condition, Allocator, Part)
    )


def test_with_the_systems_allocator_the_same_layers_are_measured():
    stages = {one.name: one for one in plan(Wish(launches=7))}

    for name, steady in stages.items():
        system = stages[name.replace("steady", "system")]
        assert len(system.cells) == len(steady.cells)
        assert system.launches == steady.launches
    cases = [
        member.case
        for part in Part
        for cell in stages[f"{part}/idle/system"].cells
        for member in cell.members
    ]
    assert {case.allocator for case in cases} == {Allocator.SYSTEM}


def test_a_short_one_is_idle_and_steady_and_says_what_it_lacks():
    wish = Wish(short=True)

    stages = plan(wish)

    assert {one.part for one in stages} == set(Part)
    assert {(one.condition, one.allocator) for one in stages} == {
        (Condition.IDLE, Allocator.STEADY)
    }
    assert sum(seconds_of(one, {}, 2) for one in stages) < 180
    assert left_out(wish)[0] == "nothing under bursts"
    assert left_out(Wish()) == ()


def test_launches_can_be_asked_for():
    stages = plan(Wish(parts=(Part.FLOOR,), launches=3))

    assert {(one.part, one.launches) for one in stages} == {(Part.FLOOR, 3)}


def test_what_was_measured_before_is_a_better_guess():
    stage = plan(Wish(parts=(Part.AA,), launches=2))[0]
    walls = {cell.id: 10.0 for cell in stage.cells}

    assert seconds_of(stage, walls, 2) == pytest.approx(201.6)
    assert seconds_of(stage, walls, 1) == pytest.approx(403.2)


def test_words_do_not_change_the_digest_and_constants_do():
    source = '"""Words."""\nA = 1\n\n\ndef f():\n    """More."""\n    return A\n'

    assert code_of(source) == code_of(source.replace("More", "Other") + "# why\n")
    assert code_of(source) != code_of(source.replace("1", "2"))


def test_each_part_has_a_digest_of_its_own_code():
    assert set(digests()) == set(Part)
    assert len(set(digests().values())) == len(Part)
    assert all(len(digest) == 12 for digest in digests().values())
    modules = [*COMMON, *chain.from_iterable(OWN.values())]
    assert len(set(modules)) == len(modules)
