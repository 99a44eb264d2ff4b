"""The size from which on a side is faster, on ratios that are known."""

from dataclasses import replace

import pytest

from rnnbench.analysis.crossover import crossover
from rnnbench.analysis.ratio import ratios
from rnnbench.analysis.stats import Interval
from rnnbench.model.metric import TIME


@pytest.fixture
def at_lengths(make_sweep, simulate):
    """Ratios of GRU and LSTM, at each length with that interval."""

    def found(intervals, **axes):
        cases = make_sweep(seq_len=list(intervals), layer=["lstm", "gru"], **axes)
        run = simulate(cases, lambda _: 1e-3)
        return [
            replace(one, interval=Interval(1, *intervals[one.pair.baseline.seq_len], 5))
            for one in ratios(run)
            if one.metric is TIME
        ]

    return found


FASTER, SLOWER, OPEN = (0.8, 0.9), (1.1, 1.2), (0.9, 1.1)


@pytest.mark.parametrize(
    ("intervals", "value", "is_candidates"),
    [
        ({4: SLOWER, 16: FASTER, 64: FASTER}, 16, True),
        ({4: SLOWER, 16: OPEN, 64: FASTER}, 64, True),
        # Faster at 4, too, but not from there on.
        ({4: FASTER, 16: OPEN, 64: FASTER, 256: FASTER}, 64, True),
        ({4: FASTER, 16: SLOWER, 64: SLOWER}, 16, False),
    ],
)
def test_it_is_the_least_size_from_which_on_one_side_is_faster(
    at_lengths, intervals, value, is_candidates
):
    found = crossover(at_lengths(intervals))

    assert (found.axis, found.value) == ("seq_len", value)
    assert found.is_candidates is is_candidates
    assert (found.interval.low, found.interval.high) == intervals[value]
    assert found.share.high < 1


@pytest.mark.parametrize(
    "intervals",
    [
        {4: FASTER, 16: FASTER, 64: FASTER},
        {4: FASTER, 16: FASTER, 64: OPEN},
        {4: SLOWER, 64: FASTER},
    ],
    ids=["one side everywhere", "open at the greatest", "two sizes"],
)
def test_without_a_change_of_side_there_is_none(at_lengths, intervals):
    assert crossover(at_lengths(intervals)) is None


def test_with_several_sizes_there_is_none(at_lengths):
    intervals = {4: SLOWER, 16: FASTER, 64: FASTER}

    assert crossover(at_lengths(intervals, batch_size=[1, 8])) is None
