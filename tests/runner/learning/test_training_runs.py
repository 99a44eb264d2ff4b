import asyncio
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from rnnbench.model.learning import (
    LearningCase,
    LearningPlan,
    LearningTask,
    Quality,
)
from rnnbench.model.policy import Policy
from rnnbench.model.status import Status
from rnnbench.runner.journal import Header, Journal
from rnnbench.runner.lanes import Lane
from rnnbench.runner.launch import Order
from rnnbench.runner.learning.learning_order import DescribedPlan
from rnnbench.runner.learning.learning_results import learning_results
from rnnbench.runner.scheduler import Campaign, survey
from rnnbench.worker.learning_jobs import DescribedLayer

FAKE = (sys.executable, str(Path(__file__).parents[2] / "data" / "fake_worker.py"))
HEADER = Header(sweep="s", digest="d", policy="p", machine="m")
TASK = LearningTask(
    name="adding",
    seq_len=10,
    input_size=2,
    output_size=1,
    batch_size=32,
    question="?",
    source="",
    quality=Quality.SQUARED_ERROR,
    chance=0.2,
    order_free=0.2,
    linear=0.2,
    target=0.05,
    budget=100,
    evaluate_every=10,
)
SEEDS, SEARCH, RATES = (1, 2, 3), (8, 9), (0.003, 0.01)


def described(*layers):
    cases = tuple(
        LearningCase(task="adding", seq_len=10, layer=layer, hidden_size=8)
        for layer in layers
    )
    plan = LearningPlan(cases=cases, seeds=SEEDS, search_seeds=SEARCH, rates=RATES)
    layer = DescribedLayer(status=Status.OK, hidden_size=8, parameters=9)
    tasks = {TASK.id: TASK}
    return DescribedPlan(plan=plan, tasks=tasks, layers=(layer,) * len(cases))


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """How often each run was done, by the layer, the rate and the seed."""
    path = tmp_path / "trained"
    monkeypatch.setenv("FAKE_TRAINED", str(path))
    return lambda: Counter(path.read_text().splitlines()) if path.exists() else {}


async def train(plan, path=None, *, resume=False, show=lambda _: None):
    policy = Policy(launches=1, budget=60, time_limit=5)
    order = Order(
        workloads=(),
        policy=policy,
        command=FAKE,
        learning=plan,
        lanes=(Lane(), Lane()),
    )
    environment, reasons = await survey((), FAKE)
    with Journal.start(path, HEADER, resume=resume) as journal:
        campaign = Campaign(order, environment, journal, show)
        await campaign.run(reasons)
    return learning_results(plan, journal, "not begun")


def conduct(*args, **options):
    return asyncio.run(train(*args, **options))


def test_every_seed_is_trained_at_the_rate_that_the_search_chose(trained):
    found = conduct(described("gru", "lstm"))

    for result in found.results:
        assert result.status is Status.OK
        assert [trial.mean_steps for trial in result.search] == [20, 10]
        assert [run.seed for run in result.seeds] == list(SEEDS)
        assert {run.rate for run in result.seeds} == {0.01}
    assert set(trained().values()) == {1}
    assert trained().total() == 2 * (len(SEARCH) * len(RATES) + len(SEEDS))


def test_a_killed_run_repeats_only_what_was_not_finished(trained, tmp_path):
    plan, path = described("gru", "lstm"), tmp_path / "journal"

    once = iter([True])

    def interrupt(progress):
        # The other lane may tell the same while it ends: that is no second Ctrl-C.
        if progress.done == 5 and next(once, False):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        conduct(plan, path, show=interrupt)
    finished = path.read_text().count("Learned")
    before = trained()
    found = conduct(plan, path, resume=True)

    assert 5 <= finished < len(trained())
    # A run that the other lane was at is done once more, and no run that had ended.
    assert trained().total() - len(trained()) <= before.total() - finished
    assert all(len(result.seeds) == len(SEEDS) for result in found.results)


def test_a_case_that_fails_ends_alone(trained):
    found = conduct(described("fake:raises", "fake:sigkill", "gru"))

    by_layer = {result.case.layer: result for result in found.results}
    assert by_layer["fake:raises"].status is Status.ERROR
    assert by_layer["fake:raises"].reason == "ValueError: no"
    assert by_layer["fake:sigkill"].status is Status.KILLED
    assert by_layer["gru"].status is Status.OK


def test_a_step_is_timed_in_each_runtime_and_trained_in_none_but_eager():
    plain = described("gru", "lstm")
    more = replace(plain.plan, runtimes=("torchscript", "cell_loop", "jax"))

    cases = replace(plain, plan=more).step_cases()

    states = [(c.layer, c.runtime, c.onednn, c.phase) for c in cases]
    assert states == [
        ("gru", "eager", True, "step"),
        ("gru", "torchscript", True, "step"),
        ("gru", "cell_loop", True, "step"),
        # It brings no optimizer.
        ("gru", "jax", True, "train"),
        ("lstm", "eager", True, "step"),
        ("lstm", "eager", False, "step"),
        ("lstm", "torchscript", True, "step"),
        ("lstm", "torchscript", False, "step"),
        ("lstm", "cell_loop", True, "step"),
        ("lstm", "jax", True, "train"),
    ]
    assert [case for case in cases if case.runtime == "eager"] == [*plain.step_cases()]
