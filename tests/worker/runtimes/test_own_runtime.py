"""A runtime of the user's is prepared, checked and refused as ours are."""

from dataclasses import replace
from pathlib import Path

import pytest

from rnnbench.model.case import Case, Phase
from rnnbench.model.status import Status
from rnnbench.worker.failure import attempt
from rnnbench.worker.layers.step import build
from rnnbench.worker.runtimes.agreement import agreement
from rnnbench.worker.runtimes.prepared import Prepared

EXAMPLES = Path(__file__).parents[3] / "examples"
PLAIN = Case(
    layer="gru",
    input_size=5,
    hidden_size=7,
    seq_len=6,
    batch_size=3,
    runtime="numpy_runtime:make_runtime",
)


@pytest.fixture(autouse=True)
def _examples(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)


def test_the_example_agrees_with_eager():
    step = build(PLAIN)
    step.call()

    found = agreement(step, step.prepared)

    assert found.wrong == ""
    assert step.prepared.build_seconds > 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"layer": "lstm"}, "plain GRU"), ({"phase": Phase.TRAIN}, "no backward pass")],
)
def test_a_case_that_it_refuses_is_skipped_for_its_reason(changed, words):
    outcome = attempt(lambda: build(replace(PLAIN, **changed)))

    assert outcome.status is Status.SKIPPED
    assert words in outcome.reason


def test_what_is_no_prepared_case_is_an_error():
    outcome = attempt(lambda: build(replace(PLAIN, runtime="builtins:repr")))

    assert outcome.status is Status.ERROR
    assert f"returned a str, not a {Prepared.__name__}" in outcome.reason
