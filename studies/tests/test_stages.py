from itertools import product

import pytest

from rnnbench.model.case import Allocator
from studies.calibration.cells import cells_of
from studies.calibration.samples import Condition, Part
from studies.calibration.stages import Selection, plan


@pytest.mark.parametrize("part", list(Part))
def test_a_cell_compares_members_that_it_has(part):
    for cell in cells_of(part, Allocator.STEADY):
        names = [member.name for member in cell.members]
        compared = {
            name
            for comparison in cell.comparisons
            for name in (comparison.candidate, comparison.baseline)
        }
        assert len(set(names)) == len(names)
        assert compared == set(names)


@pytest.mark.parametrize("part", list(Part))
def test_no_two_cells_share_an_id(part):
    cells = cells_of(part, Allocator.STEADY)

    assert len({cell.id for cell in cells}) == len(cells)


def test_a_slowed_layer_is_measured_beside_the_layer_itself():
    for cell in cells_of(Part.INJECTED, Allocator.STEADY):
        plain, *slowed = cell.members

        assert plain.slowdown == 0
        assert all(member.case == plain.case for member in slowed)
        assert all(member.slowdown > 0 for member in slowed)


def test_every_part_has_a_stage_for_each_condition_and_allocator():
    stages = plan(Selection())

    assert [(stage.condition, stage.allocator, stage.part) for stage in stages] == list(
        product(Condition, Allocator, Part)
    )


def test_both_allocators_measure_the_same_layers():
    stages = {stage.name: stage for stage in plan(Selection(launches=7))}

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


def test_parts_and_launches_can_be_selected():
    stages = plan(Selection(parts=(Part.FLOOR,), launches=3))

    assert {(stage.part, stage.launches) for stage in stages} == {(Part.FLOOR, 3)}
