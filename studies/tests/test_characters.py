"""The character model of the study, its tables, and what it reports."""

import json
import math

import pytest
import torch

from rnnbench.worker.learning.frozen_text import SymbolText
from studies.characters import (
    ARMS,
    Arm,
    baseline_bits,
    measured,
    report,
    steps_to,
    table_bits,
    task_of,
)


def text_of(symbols):
    numbers = torch.tensor([ord(symbol) - ord("a") for symbol in symbols])
    return SymbolText(tuple("abcd"), numbers, numbers, "digest")


def test_a_table_of_no_character_gives_the_entropy_of_the_text():
    assert table_bits(text_of("aabb" * 2000), 0) == pytest.approx(1, rel=1e-3)


def test_a_table_knows_what_its_context_decides():
    # The next character is known from the last one, and nothing of the third matters.
    text = text_of("abcd" * 2000)

    assert table_bits(text, 0) == pytest.approx(2, rel=1e-3)
    assert table_bits(text, 1) < 0.01


def test_the_step_is_the_first_of_two_evaluations_in_a_row():
    values = (3.0, 2.0, 2.5, 2.1, 2.0)

    assert steps_to(values, 2.2) == 40
    assert steps_to(values, 1.0) is None


@pytest.mark.parametrize("name", ["usual", "unscaled", "tail"])
def test_an_arm_trains_the_shipped_task_but_for_what_it_changes(name):
    arm = ARMS[name]

    task = task_of(arm, 20)
    batch = task.sample(torch.Generator().manual_seed(1), 4)

    assert (task.budget, task.target) == (20, None)
    assert batch.inputs.amax() == task.test.inputs.amax() == arm.scale
    # Each target but the last is the next input.
    assert torch.equal(batch.inputs[1:].argmax(-1), batch.targets[:-1])


@pytest.mark.slow_study
def test_an_arm_is_measured_and_reported():
    arm = measured(Arm(hidden_size=8, layer="studies.characters:embedded_lstm"), 20)
    found = {"baselines": json.loads(json.dumps(baseline_bits())), "arms": {"a": arm}}

    lines = list(report(found))

    assert arm["best"] <= arm["bits"] < 8
    assert math.isfinite(arm["warm_state"])
    assert lines[-1].startswith("| the pilot | 2500 | 1.81 |")
