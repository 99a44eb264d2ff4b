from dataclasses import replace

import pytest

from rnnbench.calibration.check_section import section_of, text_of


def test_the_rows_are_rates_of_the_three_answers(make_self_check):
    section = section_of(make_self_check())

    assert [row[0] for row in section.rows] == [
        "equal layers called different",
        "slowdowns of 1 % called slower",
        "slowdowns of 2 % called slower",
        "slowdowns of 3 % called slower",
        "slowdowns of 5 % called slower",
        "repeated ratios within 2 % of each other",
    ]
    for row in section.rows:
        _, found, trials, share, low, high = row
        assert len(row) == len(section.headings)
        assert share == found / trials
        assert 0 <= low <= share <= high <= 1


@pytest.mark.parametrize(("noise", "smallest"), [(0.005, "2"), (0.009, "3")])
def test_the_smallest_difference_that_is_found_reliably_is_named(
    make_self_check, noise, smallest
):
    section = section_of(make_self_check(noise=noise))

    sentence = f"Differences of {smallest} % and more are found reliably."
    assert sentence in section.sentences


def test_a_noisy_machine_is_said_to_find_nothing_reliably(make_self_check):
    lines = text_of(make_self_check(noise=0.1))

    assert any(line.startswith("No difference up to 5 %") for line in lines)


def test_another_machine_than_the_run_s_is_said_first(make_self_check):
    check = make_self_check(launches=6)
    same = section_of(check, check.environment)
    other = section_of(check, replace(check.environment, cpu_model="Another CPU"))

    assert other.sentences[0].startswith("This self-check was made on another machine")
    assert other.sentences[1:] == same.sentences


def test_the_terminal_is_told_in_a_dozen_lines(make_self_check):
    lines = text_of(make_self_check())

    assert len(lines) <= 12
    assert lines[0] == (
        "Equal layers are not called different more often than by chance."
    )
    assert any(
        line.startswith("slowdowns of 5 % called slower: 60 of 60 (") for line in lines
    )


def test_too_few_launches_are_said_to_be_too_few(make_self_check):
    first, provenance = text_of(make_self_check(launches=3))

    assert first == "Too few launches were measured for an answer."
    assert provenance.startswith("3 launches in 180 s on Example CPU 9000")
