"""Training runs of real tasks, a few steps each."""

import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import pytest
import torch

from rnnbench.analysis.gradient_decay import factor_interval
from rnnbench.model.learning import LearningCase, Match
from rnnbench.model.status import Status
from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning import baselines
from rnnbench.worker.learning.answer_jobs import (
    MATCH_WITHIN,
    describe,
    find_task,
    parameters,
)
from rnnbench.worker.learning.task import NOT_SCORED
from rnnbench.worker.learning.training import Trainee, make_layer, step_reached, train
from rnnbench.worker.learning_jobs import DescribeTasks

HERE = [name for name, row in TASKS.items() if not row.needs or find_spec(row.needs)]
REAL = [name for name in HERE if find_task(name, TASKS[name].seq_len).data]


def case_of(name, **changes):
    facts = {"layer": "lstm", "hidden_size": 8, "seq_len": TASKS[name].seq_len}
    return LearningCase(task=name, **{**facts, **changes})


def task_of(name, **changes):
    return replace(find_task(name, TASKS[name].seq_len), **changes)


def trainee(case, *, seed=7, rate=0.01):
    return Trainee(case=case, hidden_size=case.hidden_size, seed=seed, rate=rate)


DIGESTS = """
import sys
import torch
from dataclasses import replace
from rnnbench.model.learning import LearningCase
from rnnbench.model.task_table import TASKS
from rnnbench.worker.learning.answer_jobs import find_task
from rnnbench.worker.learning.training import Trainee, train
torch.set_num_threads(1)
for name in sys.argv[1:]:
    length = TASKS[name].seq_len
    task = find_task(name, length)
    task = replace(task, budget=min(task.budget, 20), longer={})
    case = LearningCase(task=name, seq_len=length, layer="lstm", hidden_size=8)
    run = train(task, Trainee(case=case, hidden_size=8, seed=7, rate=0.01))
    print(name, run.digest, run.gradient[:3])
"""


@pytest.mark.slow
def test_a_run_of_every_task_is_bitwise_the_same_in_two_processes():
    both = [
        subprocess.run(
            [sys.executable, "-c", DIGESTS, *HERE],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]

    assert both[0].count("\n") == len(HERE)
    assert both[0] == both[1]


@pytest.mark.parametrize("name", HERE)
def test_batches_have_the_form_that_the_task_says(name):
    task = task_of(name)
    batch = task.sample(torch.Generator().manual_seed(1), 3)

    assert batch.inputs.shape[:2] == (TASKS[name].seq_len, 3)
    assert batch.inputs.shape[2] == task.test.inputs.shape[2]
    assert task.each_step == TASKS[name].each_step
    if batch.targets.is_floating_point():
        assert batch.targets.shape == (3, task.output_size)
    else:
        known = batch.targets[batch.targets != NOT_SCORED]
        assert 0 <= known.min() <= known.max() < task.output_size


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_a_baseline_without_order_does_not_solve_a_task_of_real_data(name):
    task = task_of(name)

    assert task.target is None or baselines.order_free(task) > 1.5 * task.target


def test_adding_is_learned_by_a_gru():
    task = find_task("adding", 10)

    run = train(task, trainee(case_of("adding", layer="gru", seq_len=10), rate=0.03))

    assert run.reached is not None
    assert run.steps[-1] == run.reached + task.evaluate_every
    assert max(run.values[-2:]) <= task.target


def test_a_run_that_blows_up_is_recorded_as_diverged():
    def sample(generator, count):
        batch = find_task("adding", 10).sample(generator, count)
        return replace(batch, targets=batch.targets * float("inf"))

    task = task_of("adding", sample=sample, gradient=False)

    run = train(task, trainee(case_of("adding")))

    assert run.diverged
    assert run.values == ()
    assert run.reached is None


@pytest.mark.parametrize(
    ("values", "reached"),
    [([0.01], None), ([0.9, 0.01, 0.9], None), ([0.9, 0.05, 0.01], 20)],
)
def test_a_target_counts_at_the_first_of_two_evaluations_in_a_row(values, reached):
    assert step_reached(values, task_of("adding")) == reached


def test_a_forget_bias_is_the_sum_of_both_biases():
    layer = make_layer(case_of("adding", forget_bias=3.0, num_layers=2), 8, 2)

    for name in ("l0", "l1"):
        both = getattr(layer, f"bias_ih_{name}") + getattr(layer, f"bias_hh_{name}")
        assert both[8:16].tolist() == [3.0] * 8
        assert 3.0 not in both[:8]


def test_layers_are_sized_to_the_parameters_of_the_lstm():
    cases = tuple(
        case_of("tags_depth", layer=layer, hidden_size=49, match=Match.PARAMETERS)
        for layer in ("rnn_tanh", "gru")
    )
    lstm = parameters(case_of("tags_depth"), 49, task_of("tags_depth"))

    answer = describe(DescribeTasks(cases=cases), lambda _, __: None)

    for layer in answer.layers:
        assert layer.status is Status.OK
        assert abs(layer.parameters - lstm) <= MATCH_WITHIN * lstm


def test_a_size_that_can_not_be_matched_is_an_error_with_the_nearest():
    case = case_of("adding", layer="gru", hidden_size=2, match=Match.PARAMETERS)

    (layer,) = describe(DescribeTasks(cases=(case,)), lambda _, __: None).layers

    assert layer.status is Status.ERROR
    assert "no hidden_size comes within 1%" in layer.reason
    assert "nearest" in layer.reason


def test_the_gradient_shrinks_faster_without_a_forget_bias():
    task = task_of("gradient_profile")
    factors = []
    for bias in (None, 3.0):
        case = case_of("gradient_profile", hidden_size=32, forget_bias=bias)
        run = train(task, trainee(case))
        assert run.values == ()
        factors.append(factor_interval([run.gradient]).estimate)

    assert factors[0] < 0.8 < factors[1] < 1.1


def test_a_task_of_the_users_is_found_by_its_name(monkeypatch, pytestconfig):
    monkeypatch.syspath_prepend(str(pytestconfig.rootpath))
    name = "examples.own_task:make_task"
    case = LearningCase(task=name, seq_len=6, layer="gru", hidden_size=16)

    answer = describe(DescribeTasks(cases=(case,)), lambda _, __: None)
    run = train(find_task(name, 6), trainee(case, rate=0.03))

    assert answer.tasks[0].target == 0.01
    assert answer.tasks[0].order_free > answer.tasks[0].target
    assert run.values[-1] < answer.tasks[0].chance


def test_what_is_no_task_is_an_error_of_its_case():
    case = LearningCase(task="math:sqrt", seq_len=4, layer="gru", hidden_size=4)

    (layer,) = describe(DescribeTasks(cases=(case,)), lambda _, __: None).layers

    assert layer.status is Status.ERROR
    assert "gives a float, not a Task" in layer.reason
