"""Each figure holds what the run holds, and says so where the run lacks it."""

from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from rnnbench.model.errors import ResultsError
from rnnbench.report.charts.gallery import FIGURES, draw_figure
from rnnbench.report.view import view

LEARNING = ("steps", "curves", "fronts", "gradient")
SIZES = {"hidden_size": [16, 32, 64], "seq_len": [4, 8]}


@pytest.fixture(scope="module")
def layers(make_sweep, simulate):
    """A GRU takes twice the time and half of the memory of an LSTM."""
    return simulate(
        make_sweep(layer=["lstm", "gru"], phase=["inference", "train"], **SIZES),
        lambda case: 1e-6 * case.hidden_size * (2 if case.layer == "gru" else 1),
        memory=lambda case: 1000 * case.hidden_size * (1 if case.layer == "gru" else 2),
    )


@pytest.fixture(scope="module")
def settings(make_sweep, simulate):
    """One layer with and without bias, no layers to compare."""
    return simulate(
        make_sweep(layer=["lstm"], bias=[True, False], hidden_size=[16, 32]),
        lambda case: 1e-3 if case.bias else 9e-4,
        compare=("bias",),
        memory=lambda _: 4096,
    )


@pytest.fixture(scope="module")
def profiled(layers, make_profile, make_ceiling):
    results = tuple(
        replace(each, profile=make_profile(each.case.layer)) for each in layers.results
    )
    return replace(layers, results=results, ceilings=(make_ceiling(),))


def drawn(name, run):
    """The figure's drawing, and its axes as they are drawn."""
    drawing = FIGURES[name].draw(view(run))
    grid = []
    for row in drawing.rows:
        for draw in row:
            axes = Figure().add_subplot()
            draw(axes)
            grid.append(axes)
    return drawing, grid


def texts_of(axes):
    return [text.get_text() for text in axes.texts]


def points_of(axes):
    return sum(len(each.get_offsets()) for each in axes.collections)


def test_forest_has_a_dot_for_each_size_and_says_who_wins(layers):
    drawing, (axes,) = drawn("forest", layers)

    said = texts_of(axes)
    assert drawing.title == "Time per call, GRU ÷ LSTM"
    assert said.count("LSTM faster at 6 of 6") == 2
    assert "◀ GRU faster" in said
    assert "LSTM faster ▶" in said
    dots = [each for each in axes.collections if len(each.get_offsets()) == 6]
    assert len(dots) == 2
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["oneDNN on, PyTorch’s default", "inference", "training"]


def test_forest_holds_its_means_on_the_side_of_the_faster_layer(layers):
    _, (axes,) = drawn("forest", layers)

    one = axes.lines[0].get_xdata()[0]
    means = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "D"]
    assert len(means) == 2
    assert min(means) > one > 0
    assert [text for text in texts_of(axes) if text.startswith(("1.9", "2.0"))]


@pytest.mark.parametrize(("name", "values"), [("ratio", 12), ("time", 24)])
def test_over_size_has_a_panel_for_each_setting_and_axis(layers, name, values):
    drawing, grid = drawn(name, layers)

    assert [len(row) for row in drawing.rows] == [2, 2]
    assert [axes.get_xlabel() for axes in grid] == ["hidden_size", "seq_len"] * 2
    joined = [line for axes in grid for line in axes.lines if len(line.get_xdata()) > 2]
    assert {len(line.get_xdata()) for line in joined} == {3}
    # Of each panel the sizes that are on no line are points.
    first = grid[0]
    lines = sum(line.get_marker() not in ("None", None) for line in first.lines)
    assert points_of(first) + 3 * lines >= values / 2


def test_over_size_needs_two_values_of_a_size(make_sweep, simulate):
    run = simulate(make_sweep(layer=["lstm", "gru"]), lambda _: 1e-3)

    for name in ("ratio", "time"):
        with pytest.raises(ResultsError, match="at two values"):
            FIGURES[name].draw(view(run))


def test_a_line_joins_sizes_that_differ_in_one_axis_alone(make_sweep, simulate):
    cases = [
        *make_sweep(layer=["lstm", "gru"], hidden_size=[16, 32, 64], seq_len=[4]),
        *make_sweep(layer=["lstm", "gru"], hidden_size=[32], seq_len=[8, 16]),
    ]
    run = simulate(cases, lambda case: 1e-6 * case.hidden_size * case.seq_len)

    _, grid = drawn("time", run)

    across = {axes.get_xlabel(): sorted(axes.lines[0].get_xdata()) for axes in grid}
    assert across == {"hidden_size": [16, 32, 64], "seq_len": [4, 8, 16]}


def test_tradeoff_places_each_size_by_memory_and_time(layers):
    _, (axes,) = drawn("tradeoff", layers)

    points = [point for each in axes.collections for point in each.get_offsets()]
    assert len(points) == 12
    for memory, time in points:
        assert memory == 0.5
        assert 1.9 < time < 2.1


def test_bars_of_a_profile_sum_to_its_call(profiled):
    for name, total in (("operators", 2.0), ("memory", 1.0)):
        drawing, grid = drawn(name, profiled)

        assert len(drawing.rows) == 6
        widths = [bar.get_width() for bar in grid[0].patches]
        assert sum(widths) == pytest.approx(2 * total)
        assert grid[0].get_xlim()[1] == pytest.approx(total)


def test_bars_name_layers_and_their_totals(profiled):
    drawing, grid = drawn("operators", profiled)

    labels = [label.get_text() for label in grid[0].get_yticklabels()]
    assert labels == ["LSTM", "GRU"]
    assert texts_of(grid[0])[1:] == ["2.00 ms, 20 operators"] * 2
    assert [key.label for key in drawing.key] == [
        "matrix products",
        "pointwise",
        "fused recurrent kernel",
        "framework overhead",
    ]


def test_a_part_of_memory_without_a_name_counts_as_other(profiled):
    drawing, _ = drawn("memory", profiled)

    assert [key.label for key in drawing.key] == ["parameters", "workspace and other"]


def test_roofline_has_a_point_for_each_case_under_a_roof(profiled):
    _, (axes,) = drawn("roofline", profiled)

    assert points_of(axes) == len(profiled.results)
    (roof,) = axes.lines
    assert max(roof.get_ydata()) == 100  # GFLOP/s of the ceiling
    assert len(roof.get_xdata()) == 3


def test_knobs_stand_against_their_plain_twins(settings):
    drawing, (time, memory) = drawn("knobs", settings)

    assert [key.label for key in drawing.key] == ["LSTM"]
    labels = [label.get_text() for label in time.get_yticklabels()]
    assert labels == ["no bias: inference"]
    (value,) = [text for text in texts_of(time) if text.startswith("0.")]
    assert 0.88 < float(value.partition("×")[0]) < 0.92
    assert "1.00×" in texts_of(memory)
    # Side by side, rows are named once.
    assert [label.get_text() for label in memory.get_yticklabels()] == [""]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("forest", "compares no two layers"),
        ("ratio", "compares no two layers"),
        ("tradeoff", "compares no two layers"),
        ("operators", "no profiles"),
        ("memory", "no profiles"),
        ("roofline", "no ceiling"),
        ("steps", "trained no two layers"),
        ("curves", "trained nothing"),
        ("fronts", "trained nothing"),
        ("gradient", "trained nothing"),
    ],
)
def test_a_figure_says_what_the_run_lacks(settings, name, said):
    with pytest.raises(ResultsError, match=said):
        FIGURES[name].draw(view(settings))


@pytest.mark.parametrize("name", LEARNING)
def test_what_was_learned_is_drawn(name, make_learning_run):
    run = make_learning_run()

    content = draw_figure(run, name, "svg")

    assert content.startswith(b"<?xml")
    assert FIGURES[name].draw(view(run)).key or name == "steps"


def test_knobs_say_that_a_run_of_layers_has_none(layers):
    with pytest.raises(ResultsError, match="compares layers only"):
        FIGURES["knobs"].draw(view(layers))


@pytest.mark.parametrize("name", FIGURES)
def test_a_run_without_a_measured_case_is_refused_by_each_figure(
    name, make_sweep, make_result, make_run
):
    cases = make_sweep(layer=["lstm", "gru"], hidden_size=[16, 32])
    run = make_run([make_result(case, status="error") for case in cases])

    with pytest.raises(ResultsError):
        FIGURES[name].draw(view(run))


def test_a_pair_with_memory_and_no_time_is_refused(make_sweep, make_result, make_run):
    lstm, gru = make_sweep(layer=["lstm", "gru"])
    killed = make_result(gru, status="killed", peak_memory=4096)
    run = make_run([make_result(lstm), killed])

    for name in ("forest", "ratio", "tradeoff"):
        with pytest.raises(ResultsError, match="compares no two layers"):
            FIGURES[name].draw(view(run))


def test_a_run_of_another_pair_is_about_that_pair(make_sweep, simulate):
    run = simulate(
        make_sweep(layer=["lstm", "rnn_tanh"], hidden_size=[16, 32]),
        lambda case: 1e-3 if case.layer == "lstm" else 5e-4,
    )

    drawing, (axes,) = drawn("forest", run)

    assert drawing.title == "Time per call, RNN tanh ÷ LSTM"
    assert "RNN tanh faster at 2 of 2" in texts_of(axes)


def test_cases_are_never_named_by_their_ids(profiled):
    ids = {result.case.id for result in profiled.results}

    for name in set(FIGURES) - {"knobs", *LEARNING}:
        _, grid = drawn(name, profiled)
        assert not ids & {text for axes in grid for text in texts_of(axes)}
