import math
import random
from pathlib import Path
from statistics import fmean, variance

import pytest

from rnnbench.analysis.launch_estimate import launch_log
from rnnbench.storage.results_file import load_run
from studies import rounds

ROOT = Path(__file__).parents[2]


def turns(generator, count):
    return [math.exp(abs(generator.gauss(0, 0.03))) for _ in range(count)]


def test_two_halves_tell_the_variance_of_the_whole():
    generator = random.Random(1)
    launches = [(turns(generator, 12), turns(generator, 12)) for _ in range(4000)]

    told = fmean(rounds.split_half(*each) for each in launches)

    seen = variance(launch_log(ours) - launch_log(theirs) for ours, theirs in launches)
    # A third of six turns leans on two, of twelve on four: nearly half the variance.
    assert told == pytest.approx(seen, rel=0.35)


def test_the_cheapest_number_of_rounds_has_the_least_time():
    parts = rounds.Parts(within=1.0, between=2.5, rounds=10.0, start=1.0, round=0.1)

    cheapest = parts.cheapest()

    assert cheapest == pytest.approx(math.sqrt(40))
    assert parts.share(10.0) == pytest.approx(1.0)
    assert parts.share(cheapest) < min(parts.share(4), parts.share(9), 1.0)


def test_where_processes_are_alike_more_rounds_are_always_cheaper():
    parts = rounds.Parts(within=1.0, between=0.0, rounds=10.0, start=1.0, round=0.1)

    assert parts.cheapest() == math.inf
    assert parts.share(16) < parts.share(10) < parts.share(4)


def test_a_run_tells_its_parts():
    run = load_run(ROOT / "results/reference/sixty-epyc-2-cores.json")

    parts = rounds.parts_of(run)

    lane_seconds = run.effort.wall * run.effort.lanes
    each = parts.start + parts.rounds * parts.round
    assert 0 < each < lane_seconds
    assert parts.variance(parts.rounds) == pytest.approx(parts.within + parts.between)
    assert len(list(rounds.table(parts))) == 2 + len(rounds.ROUNDS)


def test_a_run_without_ratios_tells_nothing(make_run):
    with pytest.raises(LookupError, match="two launches"):
        rounds.parts_of(make_run())
