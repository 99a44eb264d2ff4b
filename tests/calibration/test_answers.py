from dataclasses import replace

import pytest

from rnnbench.calibration.answers import answers_of
from rnnbench.calibration.self_check import CheckedMember, CheckedShape
from rnnbench.model.run import Turns


def changed(check, change):
    """The same check, each member's turns replaced by what `change` makes of them."""
    return replace(
        check,
        shapes=tuple(
            CheckedShape(
                tuple(
                    replace(member, turns=tuple(map(change(member), member.turns)))
                    for member in shape.members
                )
            )
            for shape in check.shapes
        ),
    )


def slower(turns, share):
    return replace(
        turns, seconds=tuple(seconds * (1 + share) for seconds in turns.seconds)
    )


def test_every_set_of_launches_is_a_trial_of_each_claim(make_self_check):
    answers = answers_of(make_self_check(launches=60))

    # 6 shapes, 10 sets; two equal pairs and one slowed member of each size in a shape.
    assert answers.different.count == 6 * 10 * 2
    assert [(share, found.count) for share, found in answers.found] == [
        (0.01, 60),
        (0.02, 60),
        (0.03, 60),
        (0.05, 60),
    ]
    assert answers.repeats.close.count == 6 * 5


def test_a_calm_machine_tells_equal_layers_from_slowed_ones(make_self_check):
    answers = answers_of(make_self_check(noise=0.004))

    found = dict(answers.found)
    assert answers.different.estimate == 0
    assert found[0.05].estimate == found[0.03].estimate == 1
    assert answers.repeats.close.estimate == 1
    assert 0 < answers.repeats.median < answers.repeats.largest < 0.02


def test_noise_hides_small_slowdowns_and_makes_repeats_differ(make_self_check):
    answers = answers_of(make_self_check(noise=0.05))

    found = dict(answers.found)
    assert found[0.02].estimate < 0.5
    assert answers.repeats.close.estimate < 0.7
    assert answers.repeats.largest > 0.02


def test_a_bias_of_the_second_of_two_equal_members_is_called_different(
    make_self_check,
):
    biased = changed(
        make_self_check(),
        lambda member: (
            lambda turns: (
                slower(turns, 0.05) if member.name.endswith("again") else turns
            )
        ),
    )

    answers = answers_of(biased)

    assert answers.different.estimate == 1


def test_one_disturbed_launch_of_a_set_does_not_count(make_self_check):
    def disturb(member):
        def change(turns):
            if turns.launch % 6 == 0 and member.name.endswith("again"):
                return replace(slower(turns, 0.5), rough=len(turns.seconds))
            return turns

        return change

    answers = answers_of(changed(make_self_check(noise=0.001), disturb))

    assert answers.different.estimate == 0


@pytest.mark.parametrize("launches", [0, 1, 5])
def test_too_few_launches_have_no_answer(make_self_check, launches):
    answers = answers_of(make_self_check(launches=launches))

    assert answers.different is None
    assert answers.found == ()
    assert answers.repeats is None


def test_one_set_has_verdicts_and_no_repeat(make_self_check):
    answers = answers_of(make_self_check(launches=11))

    assert answers.different.count == 12
    assert answers.repeats is None


def test_a_launch_that_lacks_a_member_is_in_no_set(make_self_check):
    check = make_self_check(launches=12)
    first, *others = check.shapes
    member, *rest = first.members
    shorter = CheckedShape((replace(member, turns=member.turns[1:]), *rest))

    answers = answers_of(replace(check, shapes=(shorter, *others)))

    # 11 launches have all members of that shape: one set, not two.
    assert answers.different.count == 2 * (5 * 2 + 1)


def test_facts_that_cannot_be_compared_are_refused(make_self_check):
    shape = make_self_check(launches=1).shapes[0]
    first, second, *others = shape.members
    slowed = next(member for member in shape.members if member.slowdown)

    with pytest.raises(ValueError, match="the same name"):
        CheckedShape((first, first))
    with pytest.raises(ValueError, match="none to be compared with"):
        CheckedShape((slowed,))
    with pytest.raises(ValueError, match="turns of unequal rounds"):
        CheckedShape((first, replace(second, turns=(Turns(0, (1e-3,)),)), *others))
    with pytest.raises(ValueError, match="-1 is not a slowdown"):
        CheckedMember(name="gru", case=first.case, slowdown=-1, turns=())
    with pytest.raises(ValueError, match="at least two launches"):
        make_self_check(set_launches=1)


def shifted(share):
    """GRUs that take so much longer where two lanes are busy: in odd launches."""

    def change(member):
        def turns_of(turns):
            is_off = turns.launch % 2 and member.case.layer == "gru"
            return slower(turns, share if is_off else 0)

        return turns_of

    return change


@pytest.mark.parametrize(("share", "sound"), [(0.0, 2), (0.01, 2), (0.06, 1)])
def test_lanes_that_shift_a_ratio_are_unsound(make_self_check, share, sound):
    check = make_self_check(busy=(1, 2) * 30)

    answers = answers_of(changed(check, shifted(share)))

    (shift,) = answers.shifts
    assert shift.lanes == 2
    assert shift.median == pytest.approx(share, abs=0.004)
    assert shift.median <= shift.largest < share + 0.01
    assert answers.sound_lanes == sound


def test_lanes_beyond_unsound_ones_are_not_used(make_self_check):
    check = make_self_check(busy=(1, 2, 1, 4) * 15)

    answers = answers_of(
        changed(
            check,
            lambda member: (
                lambda turns: slower(
                    turns,
                    0.1 if turns.launch % 4 == 1 and member.case.layer == "gru" else 0,
                )
            ),
        )
    )

    assert [shift.is_sound for shift in answers.shifts] == [False, True]
    assert answers.sound_lanes == 1


@pytest.mark.parametrize("busy", [(), (2,) * 60, (1,) * 60, (1, 2) * 5])
def test_too_few_launches_say_nothing_of_lanes(make_self_check, busy):
    answers = answers_of(make_self_check(busy=busy))

    assert answers.shifts == ()
    assert answers.sound_lanes is None
