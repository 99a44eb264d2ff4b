"""The cost of isolation, from seconds made by hand."""

from studies.isolation_cost import BEFORE, Timed, check_out, report, rounds

ENVIRONMENT = {"cpu_model": "Example", "torch": "2.13.0", "python": "3.11"}


def test_ratios_to_the_version_before_are_in_the_table():
    found = {
        BEFORE: [Timed(4.0, 2.0), Timed(5.0, 2.0)],
        "later": [Timed(4.4, 2.0), Timed(5.5, 2.0)],
    }

    text = report(found, {BEFORE: "a1", "later": "b2"}, ENVIRONMENT)

    assert "2 rounds" in text
    assert f"| {BEFORE} (a1) | 4.50 | 1 | 2.00 | 1 |" in text
    later = "4.95 | 1.100 (1.100 to 1.100) | 2.00 | 1"
    assert f"| later (b2) | {later}" in text
    assert "cpu_model Example" in text


def test_no_round_begins_after_the_time():
    assert list(rounds(("a",), -1)) == []


def test_a_commit_is_put_into_a_folder(tmp_path):
    commit = check_out("HEAD", tmp_path)

    assert len(commit) >= 7
    assert (tmp_path / "rnnbench" / "__init__.py").exists()
