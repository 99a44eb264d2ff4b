from dataclasses import replace

import pytest

from rnnbench.model.learning import (
    Learning,
    LearningCase,
    LearningResult,
    Match,
    SeedRun,
)
from rnnbench.model.status import Status

GRU = LearningCase(task="adding", seq_len=50, layer="gru", hidden_size=32)
RUN = SeedRun(
    seed=7,
    rate=0.01,
    values=(0.2, 0.04, 0.03),
    every=10,
    reached=20,
    diverged=False,
    digest="",
)


def test_an_axis_at_its_default_adds_nothing_to_the_id():
    other = replace(GRU, bidirectional=True, forget_bias=0.0, match=Match.PARAMETERS)

    assert GRU.id == "adding_t50-gru-h32"
    assert other.id == (
        "adding_t50-gru-h32-bidirectional-forget_bias_0-equal_parameters"
    )


def test_a_run_has_the_step_of_each_value():
    assert RUN.steps == (10, 20, 30)


@pytest.mark.parametrize("reached", [0, 15, 40])
def test_a_target_is_reached_at_an_evaluation(reached):
    with pytest.raises(ValueError, match="was not evaluated"):
        replace(RUN, reached=reached)


def test_a_case_is_in_a_run_once():
    result = LearningResult(case=GRU, status=Status.OK, seeds=(RUN,))

    with pytest.raises(ValueError, match="twice"):
        Learning(results=(result, result))
