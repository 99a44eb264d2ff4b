"""A run that compares settings: its answer, its forest and its tables."""

import pytest

from rnnbench.model.metric import TIME
from rnnbench.report.sections.answer import answer
from rnnbench.report.sections.costs import settings_fold
from rnnbench.report.sections.forests import main_forest
from rnnbench.report.sections.settings import settings_of
from rnnbench.report.sentences import plain
from rnnbench.report.view import view


@pytest.fixture
def knobs(make_sweep, simulate):
    """Bidirectional takes twice as long, no bias 0.8 times, a state as long."""
    plain_cases = make_sweep(layer=["lstm", "gru"], phase=["inference", "train"])
    cases = plain_cases + [
        case
        for knob in (
            {"bidirectional": True},
            {"bias": False},
            {"initial_state": "given"},
        )
        for case in make_sweep(
            layer=["lstm", "gru"],
            phase=["inference", "train"],
            **{name: [value] for name, value in knob.items()},
        )
    ]
    return simulate(
        cases,
        lambda c: 1e-3 * (2 if c.bidirectional else 1) * (1 if c.bias else 0.8),
        compare=("bidirectional", "bias", "initial_state"),
        noise=0.001,
    )


def test_the_dearest_setting_is_the_headline(knobs):
    found = answer(view(knobs))

    assert plain(found.headline) == "On this CPU, bidirectional costs the most time."
    assert [plain(line) for line in found.lead] == [
        "Bidirectional takes 2.0× as long.",
        "These save time: no bias 0.80×.",
        "No effect beyond ±2 %: initial state given.",
    ]


def test_one_setting_alone_is_answered_with_its_factor(make_sweep, simulate):
    cases = make_sweep(dropout=[0.0, 0.5], num_layers=[2], phase=["train"])

    run = simulate(
        cases, lambda c: 1e-3 * (1.5 if c.dropout else 1), compare=("dropout",)
    )

    assert plain(answer(view(run)).headline) == (
        "On this CPU, dropout 0.5 takes 1.5× as long."
    )


def test_the_forest_has_a_row_for_each_setting_and_phase_and_a_mark_for_each_layer(
    knobs,
):
    forest = main_forest(view(knobs), TIME, {})

    assert [(row.head, row.label) for row in forest.rows] == [
        ("bidirectional", "inference"),
        ("", "training"),
        ("no bias", "inference"),
        ("", "training"),
        ("initial state given", "inference"),
        ("", "training"),
    ]
    for row in forest.rows:
        assert {mark.hue for mark in row.marks} == {"gru", "lstm"}


def test_a_layer_that_a_switch_means_nothing_for_shares_the_row_of_the_others(knobs):
    # oneDNN is on for the LSTM, and means nothing for the GRU.
    (table,) = settings_fold(view(knobs)).tables

    assert [column.title for column in table.columns] == [
        *("setting", "where", "LSTM", "GRU")
    ]
    assert len(table.rows) == 6
    for row in table.rows:
        assert all("×" in cell.text for cell in row[2:])


@pytest.mark.parametrize("axis", ["threads", "allocator"])
def test_what_a_process_is_started_with_is_a_setting_too(make_sweep, simulate, axis):
    values = {"threads": [1, 2], "allocator": ["steady", "system"]}[axis]
    cases = make_sweep(layer=["lstm", "gru"], **{axis: values})

    run = simulate(
        cases,
        lambda c: 1e-3 * (3 if getattr(c, axis) == values[1] else 1),
        noise=0.001,
    )

    (cost,) = settings_of(view(run))
    assert cost.axis == axis
    assert cost.candidate == values[1]
    assert cost.range() == pytest.approx((3, 3), rel=0.05)


def of_runtimes(make_sweep, simulate, factors, **options):
    cases = make_sweep(layer=["gru"], runtime=["eager", *factors])
    return simulate(
        cases,
        lambda case: 1e-3 * factors.get(case.runtime, 1.0),
        compare=("runtime",),
        **options,
    )


@pytest.mark.parametrize(
    ("factors", "headline"),
    [
        (
            {"onnxruntime": 0.5, "cell_loop": 1.5},
            "On this CPU, ONNX Runtime is the fastest: 0.50× of eager’s time.",
        ),
        (
            {"jax": 1.2, "cell_loop": 1.5},
            "On this CPU, no runtime is faster than eager at every size.",
        ),
    ],
)
def test_of_runtimes_the_fastest_is_the_headline(
    make_sweep, simulate, factors, headline
):
    run = of_runtimes(make_sweep, simulate, factors, noise=0.001)

    assert plain(answer(view(run)).headline) == headline


def test_without_an_interval_no_setting_is_ranked(make_sweep, simulate):
    run = of_runtimes(
        make_sweep, simulate, {"onnxruntime": 0.5, "cell_loop": 1.5}, launches=1
    )

    found = answer(view(run))

    assert plain(found.headline) == "On this CPU, no difference is certain yet."
    assert [plain(line) for line in found.lead] == [
        "No difference is certain for ONNX Runtime and cell loop."
    ]
