"""A smoke test of the coverage study: few trials, and the failure that it shows."""

import random

import pytest

from studies import learning


def shares(rows):
    return {row[:2]: [float(cell) for cell in row[2:]] for row in rows}


def test_every_row_has_a_share_for_each_number_of_seeds(monkeypatch):
    monkeypatch.setattr(learning, "TRUTH", 2000)

    lines = learning.report(trials=4)

    assert any("Newcombe" in line for line in lines)
    assert all("nan" not in line for line in lines)


def test_welch_covers_where_a_bootstrap_of_five_seeds_does_not(monkeypatch):
    monkeypatch.setattr(learning, "TRUTH", 20_000)
    name = "spread 0.1 and 0.5"
    monkeypatch.setattr(learning, "PAIRS", {name: learning.PAIRS[name]})
    monkeypatch.setattr(learning, "SEEDS", (5,))

    found = shares(learning.ratio_rows(1600, random.Random(1)))

    assert found["ratio of steps, Welch on log steps", name] == pytest.approx(
        [95], abs=4
    )
    assert found["ratio of steps, percentile bootstrap", name][0] < 90
