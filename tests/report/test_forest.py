"""Where the parts of a forest plot stand."""

import math

from hypothesis import given
from hypothesis import strategies as st

from rnnbench.analysis.stats import Interval
from rnnbench.report.forest import Scale, dots_of, mark_of, one_in
from rnnbench.report.tokens import Hue

ratios = st.floats(1e-4, 1e4)


@given(values=st.lists(ratios, min_size=1))
def test_a_scale_holds_every_ratio_in_order_and_has_a_tick_at_1(values):
    scale = Scale(values)

    places = [scale(value) for value in sorted(values)]

    assert places == sorted(places)
    assert 0 <= places[0] <= places[-1] <= 100
    ticks = scale.ticks()
    assert [tick.label for tick in ticks if tick.is_one] == ["1×"]
    assert len(ticks) <= 8
    assert all(0 <= tick.x <= 100 for tick in ticks)


@given(value=ratios)
def test_a_ratio_and_its_inverse_are_equally_far_from_1(value):
    scale = Scale([value, 1 / value, 0.1, 10])

    assert math.isclose(
        scale(value) - scale(1), scale(1) - scale(1 / value), abs_tol=0.2
    )


def test_dots_that_would_hide_each_other_are_set_apart():
    scale = Scale([0.5, 2])

    near = dots_of(scale, [(1.0, Hue.GRU, 0), (1.001, Hue.LSTM, 1)])
    far = dots_of(scale, [(0.5, Hue.GRU, 0), (2.0, Hue.LSTM, None)])

    assert near[0].y != near[1].y
    assert [dot.y for dot in far] == [50, 50]
    assert [dot.ratio for dot in far] == [0, None]


@given(st.lists(ratios, min_size=1, max_size=1000))
def test_many_ratios_get_few_dots_that_keep_their_range(values):
    scale = Scale(values)

    dots = dots_of(
        scale, [(value, Hue.GRU, place) for place, value in enumerate(values)]
    )

    assert len(dots) <= 121
    assert dots[0].x == scale(min(values))
    assert dots[-1].x == scale(max(values))
    step = one_in(len(values))
    assert len(dots) >= len(values) / step
    assert len(dots) == len(values) or step > 1


def test_a_mean_without_an_interval_has_no_line():
    scale = Scale([0.5, 2])

    memory = mark_of(scale, Interval(0.75, 0.75, 0.75, 1), Hue.GRU)
    alone = mark_of(scale, Interval(0.75, 0.0, math.inf, 1), Hue.GRU)

    assert (memory.low, memory.high) == (None, None)
    assert (alone.low, alone.high) == (None, None)
