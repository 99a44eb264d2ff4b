"""The verdicts on the claims about learning follow from what was learned."""

from dataclasses import replace

import pytest
from learning_runs import make_result, make_seed_run, make_task, profile, steps_around

from rnnbench.model.learning import Learning, Match
from rnnbench.report.claims.verdicts import claims
from rnnbench.report.sections.claimed import claims_fold
from rnnbench.report.view import view

FAST, SLOW, NEVER = 50, 500, None


@pytest.fixture(scope="module")
def run(make_learning_run):
    return make_learning_run()


def judged(run, task, **sides):
    """The claims of a run whose layers need those steps on `task`."""
    results = tuple(
        make_result(task, layer, middle if isinstance(middle, list) else around(middle))
        for layer, middle in sides.items()
    )
    return of(run, task, *results)


def around(middle):
    return [None] * 5 if middle is None else steps_around(middle, 1, spread=0.05)


def of(run, task, *results):
    learning = Learning((task,), results)
    return {one.id: one for one in claims(view(replace(run, learning=learning)))}


@pytest.mark.parametrize(
    ("name", "sides", "standing"),
    [
        ("C3", {"rnn_tanh": NEVER, "lstm": FAST}, "supported"),
        ("C3", {"rnn_tanh": SLOW, "lstm": FAST}, "supported"),
        ("C3", {"rnn_tanh": FAST, "lstm": SLOW}, "contradicted"),
        ("C3", {"rnn_tanh": FAST, "lstm": FAST}, "no difference found"),
        ("C3", {"rnn_tanh": NEVER, "lstm": NEVER}, "no difference found"),
        ("C3", {"gru": FAST, "lstm": FAST}, "not measured"),
        ("C4", {"lstm": SLOW}, "supported"),
        ("C4", {"lstm": NEVER}, "contradicted"),
        ("C4", {"lstm": [100, None, 90]}, "depends"),
        ("C7", {"gru": FAST}, "supported"),
        ("C7", {"lstm": FAST}, "not measured"),
        ("C8", {"gru": SLOW, "lstm": FAST}, "supported"),
        ("C8", {"gru": FAST, "lstm": SLOW}, "contradicted"),
        ("C8", {"gru": FAST, "lstm": FAST}, "no difference found"),
    ],
)
def test_a_claim_about_long_sequences(run, name, sides, standing):
    claim = judged(run, make_task(), **sides)[name]

    assert claim.standing == standing
    assert bool(claim.section) is (standing != "not measured")


@pytest.mark.parametrize("name", ["C3", "C4", "C7", "C8"])
def test_a_short_task_says_nothing_about_long_sequences(run, name):
    sides = {"rnn_tanh": NEVER, "gru": FAST, "lstm": SLOW}

    assert judged(run, make_task(seq_len=10), **sides)[name].standing == "not measured"


def test_on_two_tasks_that_disagree_it_depends(run):
    tasks = make_task(), make_task("recall", 25)
    results = [
        *(
            make_result(tasks[0], *each)
            for each in (("rnn_tanh", around(None)), ("lstm", around(FAST)))
        ),
        *(
            make_result(tasks[1], *each)
            for each in (("rnn_tanh", around(FAST)), ("lstm", around(None)))
        ),
    ]
    learning = Learning(tasks, tuple(results))

    found = {one.id: one for one in claims(view(replace(run, learning=learning)))}

    assert found["C3"].standing == "depends"
    assert found["C4"].standing == "depends"


def test_a_gru_that_is_worse_at_longer_sequences_supports_the_claim(run):
    task = make_task(longer=(200,))

    def result(layer, quality):
        runs = tuple(
            make_seed_run(task, n, 100, longer=((200, quality + 0.001 * n),))
            for n in range(5)
        )
        return make_result(task, layer, (), seeds=runs)

    worse = of(run, task, result("gru", 0.5), result("lstm", 0.1))["C8"]
    alike = of(run, task, result("gru", 0.1), result("lstm", 0.1))["C8"]

    assert worse.standing == "supported"
    assert "at length 200" in " ".join(worse.evidence)
    assert alike.standing == "no difference found"


@pytest.mark.parametrize(
    ("factors", "standing"),
    [
        ({"rnn_tanh": 0.6, "lstm": 0.99}, "supported"),
        ({"rnn_tanh": 1.3, "lstm": 0.99}, "supported"),
        ({"rnn_tanh": 0.6, "gru": 0.64, "lstm": 0.64}, "depends"),
        ({"rnn_tanh": 0.99, "lstm": 0.99}, "contradicted"),
        ({"lstm": 0.6}, "not measured"),
    ],
)
def test_gradients_are_judged_before_training(run, factors, standing):
    task = make_task("gradient_profile", 50, target=None)
    results = [
        make_result(
            task,
            layer,
            (),
            seeds=tuple(
                make_seed_run(task, n, None, values=(), gradient=profile(factor))
                for n in range(3)
            ),
        )
        for layer, factor in factors.items()
    ]

    assert of(run, task, *results)["C2"].standing == standing


@pytest.mark.parametrize(
    ("axis", "value", "name"),
    [("bidirectional", True, "C9"), ("num_layers", 2, "C11"), ("dropout", 0.2, "C12")],
)
@pytest.mark.parametrize(
    ("plain", "variant", "standing"),
    [
        (NEVER, FAST, "supported"),
        (FAST, SLOW, "contradicted"),
        (FAST, FAST, "no difference found"),
    ],
)
def test_a_variant_is_judged_against_the_plain_layer(  # noqa: PLR0917 - two tables
    run, axis, value, name, plain, variant, standing
):
    task = make_task()
    pair = (
        make_result(task, "lstm", around(plain)),
        make_result(task, "lstm", around(variant), **{axis: value}),
    )

    assert of(run, task, *pair)[name].standing == standing


def test_both_directions_are_judged_at_equal_parameters_if_there_are_any(run):
    task = make_task()
    results = (
        make_result(task, "lstm", around(FAST)),
        make_result(task, "lstm", around(SLOW), bidirectional=True),
        make_result(
            task,
            "lstm",
            steps_around(10, 1),
            bidirectional=True,
            match=Match.PARAMETERS,
        ),
    )

    assert of(run, task, *results)["C9"].standing == "supported"


def test_a_control_is_evidence_and_no_verdict(run):
    task = make_task(control=True)
    pair = (
        make_result(task, "lstm", around(FAST)),
        make_result(task, "lstm", around(FAST), bidirectional=True),
    )

    claim = of(run, task, *pair)["C9"]

    assert claim.standing == "not measured"
    assert any(line.startswith("Control:") for line in claim.evidence)


def test_the_page_says_where_the_article_is_wrong(run):
    task = make_task()
    learning = Learning(
        (task,),
        (
            make_result(task, "gru", around(FAST)),
            make_result(task, "lstm", around(SLOW)),
        ),
    )

    fold = claims_fold(view(replace(run, learning=learning)), frozenset({"learning"}))

    rows = {row[0].text[:2]: row for row in fold.tables[0].rows}
    assert rows["C8"][2].text.startswith("The article is wrong here.")
    assert rows["C8"][1].link == "#learning"
    assert not rows["C7"][2].text.startswith("The article is wrong")


@pytest.mark.parametrize(
    ("last", "standing"),
    [(0.3, "supported"), (0.9, "contradicted"), (0.601, "no difference found")],
)
def test_without_a_target_a_variant_is_judged_by_its_last_quality(run, last, standing):
    task = make_task("sunspots", 36, target=None)

    def result(quality, **axes):
        runs = tuple(
            make_seed_run(task, n, None, values=(1.0, quality * (1 + 0.01 * n)))
            for n in range(5)
        )
        return make_result(task, "lstm", (), num_layers=2, seeds=runs, **axes)

    claim = of(run, task, result(0.6), result(last, dropout=0.3))["C12"]

    assert claim.standing == standing
    assert f"{last / 0.6:.2f}" in claim.evidence[0]
    assert "of the mean squared error after 1,000 steps" in claim.evidence[0]


def test_evidence_names_the_size_where_a_task_has_several(run):
    task = make_task()
    results = [make_result(task, "lstm", around(FAST), size=n) for n in (32, 64)]

    claim = of(run, task, *results)["C4"]

    assert [line.partition(":")[0] for line in claim.evidence] == [
        "adding, length 50, hidden size 32",
        "adding, length 50, hidden size 64",
    ]
