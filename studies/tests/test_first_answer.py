"""The table of the first answers, from runs made by hand."""

import json

import pytest

from studies.first_answer import PAIRS, Timed, load, once, rounds, save, spread, table


def test_seconds_and_ratios_of_both_ways_are_in_the_table():
    shown = [Timed(4.0, 8.0, 0.5), Timed(6.0, None, 0.5)]
    found = {"pair": {True: shown, False: [Timed(5.0, 9.0, 0.4)]}}

    lines = list(table(found))

    assert lines[2] == "| pair | 3 | 5.0 (4.0 to 6.0) | 8.5 (8.0 to 9.0) | 2 |"
    assert lines[-1] == "| pair | 0.5000 | 0.4000 | 1.2500 | 0.00% | - |"


def test_every_second_round_is_also_without_a_table():
    ways = [sorted(shown for _, shown in work) for work in rounds(3, 60)]

    assert ways[0] == ways[2] == [False] * len(PAIRS) + [True] * len(PAIRS)
    assert ways[1] == [True] * len(PAIRS)


def test_no_round_begins_after_the_time():
    assert list(rounds(3, -1)) == []


def test_every_run_is_saved_with_the_tables(tmp_path):
    found = {"pair": {True: [Timed(4.0, None, 0.5)], False: [Timed(5.0, 9.0, 0.4)]}}

    save(found, tmp_path / "made")

    document = json.loads((tmp_path / "made" / "runs.json").read_text("utf-8"))
    run = {"first": 4.0, "narrow": None, "ratio": 0.5}
    assert document["pair"]["with table"] == [run]
    assert "| pair | 2 |" in (tmp_path / "made" / "tables.md").read_text("utf-8")


def test_a_later_part_continues_what_was_saved(tmp_path):
    shown = [Timed(4.0, None, 0.5)]
    found = {name: {True: shown, False: shown} for name in PAIRS}

    save(found, tmp_path)

    assert load(tmp_path) == found
    assert len(list(rounds(3, 60, done=1))) == 2


def test_what_never_came_is_said():
    assert spread([]) == "never"


@pytest.mark.slow_study
def test_a_pair_is_measured_on_a_terminal():
    timed = once(next(iter(PAIRS)), is_shown=True, launches=2)

    assert timed.first > 0
    assert timed.ratio > 0
