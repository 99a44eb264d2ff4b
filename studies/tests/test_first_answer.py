"""The table of the first answers, from runs made by hand."""

import pytest

from studies.first_answer import PAIRS, Timed, once, spread, table


def test_seconds_and_ratios_of_both_ways_are_in_the_table():
    shown = [Timed(4.0, 8.0, 0.5), Timed(6.0, None, 0.5)]
    found = {"pair": {True: shown, False: [Timed(5.0, 9.0, 0.4)]}}

    lines = list(table(found))

    assert lines[2] == "| pair | 3 | 5.0 (4.0 to 6.0) | 8.5 (8.0 to 9.0) | 2 |"
    assert lines[-1] == "| pair | 0.5000 | 0.4000 | 1.2500 | 0.00% |  |"


def test_what_never_came_is_said():
    assert spread([]) == "never"


@pytest.mark.slow_study
def test_a_pair_is_measured_on_a_terminal():
    timed = once(next(iter(PAIRS)), is_shown=True, launches=2)

    assert timed.first > 0
    assert timed.ratio > 0
