"""Cells of a task are joined with their step times, and compared in pairs."""

import math
from dataclasses import replace

import pytest
from learning_runs import make_result, make_task, step_cases, steps_around

from rnnbench.analysis.gradient_decay import explodes, factor_interval, vanishes_at
from rnnbench.analysis.learning_cells import learning_cells
from rnnbench.analysis.learning_ratios import learning_view
from rnnbench.model.case import Phase
from rnnbench.model.learning import Learning, Match


@pytest.fixture(scope="module")
def run(make_learning_run):
    return make_learning_run()


def view_of(run, *results, task=None):
    learning = Learning((task or make_task(),), results)
    return learning_view(learning_cells(replace(run, learning=learning)))


def of(view, axis, task):
    return [one for one in view.of_axis(axis) if one.candidate.task.name == task]


def test_seconds_are_steps_times_step_time_for_each_state_of_the_backend(run):
    cells = learning_cells(run)
    lstm = next(one for one in cells if one.case.id == "adding_t50-lstm-h32")

    steps = lstm.steps.log_mean.interval()
    on, off = (lstm.seconds(time) for time in lstm.times)

    assert [time.backend.words for time in lstm.times] == ["oneDNN on", "oneDNN off"]
    assert on.estimate == pytest.approx(
        steps.estimate * lstm.times[0].time.estimate, rel=1e-6
    )
    assert off.estimate / on.estimate == pytest.approx(3, rel=0.1)
    # The interval is wider than that of the steps alone.
    assert on.high / on.low > steps.high / steps.low


def test_seconds_can_say_the_opposite_of_steps(run):
    view = learning_view(learning_cells(run))

    (depth,) = of(view, "layer", "tags_depth")
    seconds = {state.words: found for state, found in depth.seconds}

    assert depth.verdict == "no difference found"
    assert depth.seeds > 5
    assert seconds["oneDNN on"].low > 1 > seconds["oneDNN off"].high


def test_a_censored_seed_leaves_no_ratio_but_a_probability(run):
    view = learning_view(learning_cells(run))

    rnn = next(
        one
        for one in of(view, "layer", "adding")
        if one.candidate.case.layer == "rnn_tanh" and one.candidate.task.seq_len == 50
    )

    assert (rnn.steps, rnn.seconds) == (None, ())
    assert rnn.improvement.estimate == 0
    assert rnn.verdict == "more steps"


def test_where_no_seed_of_either_gets_there_nothing_is_known(run):
    task = make_task()
    none = [None] * 5

    (ratio,) = view_of(
        run, make_result(task, "gru", none), make_result(task, "lstm", none)
    ).ratios

    assert ratio.verdict == "neither reaches the target"
    assert ratio.improvement.estimate == pytest.approx(0.5)


def test_both_directions_are_compared_at_equal_parameters(run):
    view = learning_view(learning_cells(run))

    found = of(view, "bidirectional", "tags_assignment")

    assert [one.candidate.case.layer for one in found] == ["rnn_tanh", "gru", "lstm"]
    assert {one.match for one in found} == {Match.PARAMETERS}
    assert {one.verdict for one in found} == {"fewer steps"}


@pytest.mark.parametrize(
    ("axes", "axis", "match"),
    [
        ({"num_layers": 2}, "num_layers", Match.HIDDEN),
        ({"dropout": 0.2, "num_layers": 1}, "dropout", Match.HIDDEN),
        ({"forget_bias": 1.0}, "forget_bias", Match.HIDDEN),
        ({"bidirectional": True}, "bidirectional", Match.HIDDEN),
        (
            {"bidirectional": True, "match": Match.PARAMETERS},
            "bidirectional",
            Match.PARAMETERS,
        ),
        ({"size": 48}, None, None),
        ({"num_layers": 2, "bidirectional": True}, None, None),
    ],
)
def test_a_pair_differs_in_one_axis(run, axes, axis, match):
    task = make_task()
    plain = make_result(task, "lstm", steps_around(100, 1))
    other = make_result(task, "lstm", steps_around(100, 2), **axes)

    found = view_of(run, plain, other).ratios

    expected = [(axis, match, other.case)] if axis else []
    assert [(one.axis, one.match, one.candidate.case) for one in found] == expected


def test_a_gru_at_equal_parameters_is_compared_with_the_plain_lstm(run):
    task = make_task()
    lstm = make_result(task, "lstm", steps_around(100, 1))
    gru = make_result(task, "gru", steps_around(90, 1), match=Match.PARAMETERS)

    (ratio,) = view_of(run, lstm, gru).ratios

    assert (ratio.axis, ratio.match) == ("layer", Match.PARAMETERS)
    assert ratio.baseline.case.layer == "lstm"


def test_a_task_without_a_target_has_cells_and_no_ratio(run):
    task = make_task(target=None)

    view = view_of(
        run,
        make_result(task, "gru", [None] * 5),
        make_result(task, "lstm", [None] * 5),
        task=task,
    )

    assert view.ratios == ()
    assert [cell.final is not None for cell in view.cells] == [True, True]


def test_without_step_times_there_are_ratios_of_steps_alone(run):
    task = make_task()
    pair = [
        replace(make_result(task, layer, steps_around(100, 3)), timed_by=("lost",))
        for layer in ("gru", "lstm")
    ]

    (ratio,) = view_of(run, *pair).ratios

    assert ratio.steps
    assert ratio.seconds == ()


def test_each_runtime_has_seconds_of_its_own(simulate):
    task = make_task()
    factors = {"eager": 1, "torchscript": 2, "jax": 4}
    results, timed = [], []
    for layer in ("gru", "lstm"):
        result = make_result(task, layer, steps_around(100, 3))
        cases = [
            replace(
                case, runtime=name, phase=Phase.TRAIN if name == "jax" else Phase.STEP
            )
            for name in factors
            for case in step_cases(task, result.case)
            # The switch of oneDNN means nothing to JAX.
            if case.onednn or name != "jax"
        ]
        timed += cases
        results.append(replace(result, timed_by=tuple(case.id for case in cases)))
    taken = simulate(
        timed,
        lambda case: (
            1e-3
            * factors[case.runtime]
            * (3 if case.layer == "lstm" and not case.onednn else 1)
        ),
        noise=0.001,
    )
    learning = Learning((task,), tuple(results))

    (ratio,) = learning_view(learning_cells(replace(taken, learning=learning))).ratios

    # Steps are equal, so that the ratio is that of the step times.
    assert {s.words: round(found.estimate, 1) for s, found in ratio.seconds} == {
        "oneDNN on": 1.0,
        "oneDNN off": 0.3,
        "TorchScript, oneDNN on": 1.0,
        "TorchScript, oneDNN off": 0.3,
        "JAX, without the optimizer": 1.0,
    }
    gru = ratio.candidate
    per_step = [gru.time_in(state).time.estimate for state, _ in ratio.seconds]
    assert per_step == pytest.approx([1e-3, 1e-3, 2e-3, 2e-3, 4e-3], rel=0.02)


def test_a_gradient_shrinks_by_its_factor():
    shrinking = [tuple(f**lag for lag in range(100)) for f in (0.60, 0.58)]

    found = factor_interval(shrinking)

    assert found.estimate == pytest.approx(math.sqrt(0.60 * 0.58), rel=0.01)
    assert vanishes_at(shrinking) == 14
    assert not explodes(shrinking)


def test_a_gradient_explodes_or_stays():
    growing = [tuple(1.2**lag for lag in range(60))]
    steady = [(1.0,) * 60]

    assert explodes(growing)
    assert vanishes_at(growing) is None
    assert factor_interval(steady).estimate == pytest.approx(1)
    assert not explodes(steady)


@pytest.mark.parametrize("profiles", [[], [()], [(1.0,)], [(1.0, 0.0, 0.0)]])
def test_a_gradient_without_two_lags_has_no_factor(profiles):
    assert factor_interval(profiles) is None


def test_a_cell_knows_that_its_task_has_other_sizes(run):
    task = make_task()
    plain = make_result(task, "lstm", steps_around(100, 1))
    wide = make_result(task, "gru", steps_around(100, 2), size=64)

    assert not any(cell.is_sized for cell in learning_cells(run))
    assert all(cell.is_sized for cell in view_of(run, plain, wide).cells)
