"""The first map of a page: its layout, and means of cells of several sizes."""

import math
from collections import Counter

import pytest

from rnnbench.report.island_axes import axes_of
from rnnbench.report.pools import default_map, pools_of
from rnnbench.report.view import mean_of, view


@pytest.fixture
def mapped():
    """A run's view, its axes and the layout of its map."""

    def of(run):
        found = view(run)
        axes = axes_of([each.case for each in found.shown])
        return found, axes, default_map(found, axes)

    return of


def grid(make_sweep, simulate, **axes):
    return simulate(
        make_sweep(layer=["lstm", "gru"], **axes),
        lambda c: 1e-3 * (1 + 0.1 * (c.hidden_size % 7)),
        launches=4,
        rounds=3,
    )


def test_up_to_four_sizes_stand_along_the_sides(make_sweep, simulate, mapped):
    run = grid(
        make_sweep,
        simulate,
        hidden_size=[8, 16, 32, 64],
        seq_len=[2, 3, 4],
        num_layers=[1, 2],
        phase=["inference", "train"],
    )

    _, _, layout = mapped(run)

    assert layout == {
        "rows": ["hidden_size", "num_layers"],
        "cols": ["seq_len"],
        "facets": ["phase"],
    }


def test_a_map_without_shared_cells_has_no_means(make_sweep, simulate, mapped):
    found, axes, layout = mapped(grid(make_sweep, simulate, hidden_size=[8, 16]))

    assert pools_of(found, axes, layout)["k"] == []


def test_the_mean_of_a_cell_is_the_pooled_ratio_of_its_sizes(
    make_sweep, simulate, mapped
):
    run = grid(
        make_sweep,
        simulate,
        hidden_size=[8, 16],
        seq_len=[2, 3],
        num_layers=[1, 2],
        batch_size=[1, 2],
        input_size=[4, 5],
    )

    found, axes, layout = mapped(run)
    pools = pools_of(found, axes, layout)

    averaged = {axis.id for axis in axes} - {
        name for part in layout.values() for name in part
    }
    assert averaged == {"input_size"}
    assert pools["n"] == [2] * 16
    for place in range(16):
        at = {
            axis.id: axis.values[column[place]]
            for axis, column in zip(axes, pools["axis"], strict=True)
            if column[place] >= 0
        }
        members = [
            ratio
            for ratio in found.times
            if all(getattr(ratio.pair.baseline, k) == v for k, v in at.items())
        ]
        mean = mean_of(members)
        assert len(members) == 2
        assert pools["r"][place] == pytest.approx(mean.estimate, rel=1e-4)
        half = math.log(mean.high / mean.low) / 2
        assert pools["h"][place] == pytest.approx(half * 1e5, abs=1)


def test_too_many_cells_are_pooled_into_one_axis_a_side(make_sweep, simulate, mapped):
    run = grid(
        make_sweep,
        simulate,
        hidden_size=list(range(1, 18)),
        seq_len=list(range(1, 17)),
        batch_size=list(range(1, 17)),
    )

    found, axes, layout = mapped(run)
    pools = pools_of(found, axes, layout)

    assert (len(layout["rows"]), len(layout["cols"])) == (1, 1)
    assert Counter(pools["n"]) == {16: 17 * 16}


def test_a_value_that_was_never_measured_is_no_axis_of_the_map(
    make_sweep, make_result, make_run, make_case, mapped
):
    results = [make_result(make_case(layer=layer)) for layer in ("lstm", "gru")]
    results.append(make_result(make_case(hidden_size=99)))

    _, _, layout = mapped(make_run(results))

    assert layout == {"rows": [], "cols": [], "facets": []}
