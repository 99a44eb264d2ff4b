"""The answer of a page: what its headline and its sentences say."""

from dataclasses import replace

import pytest

from rnnbench.model.profile import Kind
from rnnbench.model.status import Status
from rnnbench.report.sections.answer import answer, question
from rnnbench.report.sentences import plain
from rnnbench.report.view import view


def backends(case):
    """A GRU takes 1.5 times an LSTM's time with oneDNN on, 0.75 times with it off."""
    seconds = {"lstm": 1e-5, "gru": 1.5e-5}.get(case.layer, 4e-5)
    off = 2 if case.layer == "lstm" and not case.onednn else 1
    return seconds * case.hidden_size * off


@pytest.fixture
def quick(make_sweep, simulate):
    cases = [
        case
        for case in make_sweep(
            phase=["inference", "train"],
            hidden_size=[32, 64, 128],
            layer=["gru", "lstm"],
            onednn=[True, False],
        )
        if case.onednn or case.layer == "lstm"
    ]
    return simulate(cases, backends, noise=0.001)


@pytest.fixture
def at_sizes(make_sweep, simulate):
    """A run of GRU and LSTM in which the GRU takes that factor at each hidden size."""

    def run(factors, **noise):
        cases = make_sweep(hidden_size=list(factors), layer=["lstm", "gru"])
        return simulate(
            cases,
            lambda case: (
                1e-3 * (factors[case.hidden_size] if case.layer == "gru" else 1)
            ),
            **noise,
        )

    return run


def headline(run):
    return plain(answer(view(run)).headline)


def lead(run):
    return [plain(line) for line in answer(view(run)).lead]


def test_a_layer_that_wins_everywhere_is_named(at_sizes):
    run = at_sizes({16: 2, 32: 3})

    assert headline(run) == "On this CPU, the LSTM is faster."
    assert lead(run)[0] == (
        "With PyTorch’s defaults a GRU takes 2.4× as long as an LSTM in inference, at "
        "both sizes."
    )


def test_a_layer_that_wins_at_more_than_half_of_the_sizes_wins_at_most(at_sizes):
    run = at_sizes({16: 2, 32: 2, 64: 0.5})

    assert headline(run) == "On this CPU, the LSTM is faster at most sizes."


def test_sizes_in_balance_decide_nothing(at_sizes):
    run = at_sizes({16: 2, 32: 0.5})

    assert headline(run) == "On this CPU, it depends on the size."


def test_a_winner_for_each_phase_is_named_with_its_phase(make_sweep, simulate):
    cases = make_sweep(phase=["inference", "train"], layer=["lstm", "gru"])

    run = simulate(
        cases,
        lambda c: 1e-3 * (2 if (c.layer == "gru") == (c.phase == "train") else 1),
    )

    assert headline(run) == (
        "On this CPU, the GRU is faster for inference and the LSTM is faster for "
        "training."
    )


def test_equal_layers_are_called_equal(at_sizes):
    run = at_sizes({16: 1, 32: 1}, noise=0.001)

    assert headline(run) == "On this CPU, GRU and LSTM take the same time."


def test_one_launch_decides_nothing(make_sweep, simulate):
    cases = make_sweep(layer=["lstm", "gru"])

    run = simulate(cases, lambda case: 1e-3, launches=1)

    assert (
        headline(run) == "On this CPU, no difference between GRU and LSTM is certain."
    )


def test_the_sizes_of_an_exception_are_named_where_they_share_a_value(
    make_sweep, simulate
):
    cases = make_sweep(
        hidden_size=[16, 32, 64, 128], seq_len=[4, 8], layer=["lstm", "gru"]
    )

    run = simulate(
        cases,
        lambda c: (
            1e-3
            * (3 if c.layer == "lstm" and c.hidden_size == 16 else 1)
            * (2 if c.layer == "gru" else 1)
        ),
    )

    assert "The GRU wins inference at 2 of 8 sizes: hidden size 16." in lead(run)


def test_the_answer_on_the_same_code_stands_beside_the_default(quick):
    assert headline(quick) == "On this CPU, the LSTM is faster."
    assert (
        "With oneDNN off the winner changes: 0.75× in inference and 0.75× in training."
        in lead(quick)
    )


@pytest.mark.parametrize(
    ("kinds", "is_said"),
    [
        ({"lstm": Kind.FUSED, "gru": Kind.MATRIX}, True),
        ({"lstm": Kind.FUSED, "gru": Kind.FUSED}, False),
        ({"lstm": Kind.MATRIX, "gru": Kind.MATRIX}, False),
        ({"lstm": Kind.FUSED}, False),
    ],
)
def test_a_fused_kernel_is_named_only_where_profiles_show_it(
    quick, make_profile, kinds, is_said
):
    def profiled(result):
        kind = kinds.get(result.case.layer)
        if kind is None or not result.case.onednn:
            return result
        profile = make_profile(kinds=((kind, 1e-3), (Kind.FRAMEWORK, 1e-3)))
        return replace(result, profile=profile)

    run = replace(quick, results=tuple(map(profiled, quick.results)))

    text = " ".join(lead(run))
    assert ("one fused kernel for the LSTM and none for the GRU" in text) is is_said


def test_equal_memory_is_no_news(make_sweep, simulate):
    run = simulate(
        make_sweep(layer=["lstm", "gru"]), lambda case: 1e-3, memory=lambda case: 64
    )

    assert "memory" not in " ".join(lead(run))


def test_memory_is_told_where_one_layer_needs_less_everywhere(make_sweep, simulate):
    cases = make_sweep(hidden_size=[16, 32], layer=["lstm", "gru"])

    run = simulate(
        cases, lambda case: 1e-3, memory=lambda c: 300 if c.layer == "gru" else 400
    )

    assert lead(run)[-1] == "The GRU needs less memory: 0.75× of an LSTM’s peak."


def test_another_answer_under_other_conditions_is_told(make_sweep, simulate):
    cases = make_sweep(
        hidden_size=[16, 32], layer=["lstm", "gru"], bidirectional=[False, True]
    )

    run = simulate(
        cases, lambda c: 1e-3 * (2 if (c.layer == "gru") != c.bidirectional else 1)
    )

    assert "With bidirectional the winner changes: 0.50× in inference." in lead(run)


def test_conditions_that_every_case_has_are_no_default(make_sweep, simulate):
    cases = make_sweep(layer=["lstm", "gru"], bidirectional=[True])

    run = simulate(cases, lambda case: 2e-3 if case.layer == "gru" else 1e-3)

    assert lead(run)[0].startswith("With bidirectional a GRU takes 2.0× as long")


def test_each_device_has_its_answer(make_sweep, simulate):
    cases = make_sweep(device=["cpu", "cuda"], layer=["lstm", "gru"])

    run = simulate(
        cases, lambda c: 1e-3 * (2 if (c.layer == "gru") == (c.device == "cpu") else 1)
    )

    assert headline(run) == (
        "On this CPU, the LSTM is faster; on this GPU, the GRU is faster."
    )


def test_devices_with_one_answer_share_it(make_sweep, simulate):
    cases = make_sweep(device=["cpu", "cuda"], layer=["lstm", "gru"])

    run = simulate(cases, lambda case: 2e-3 if case.layer == "gru" else 1e-3)

    assert headline(run) == "On this CPU and this GPU, the LSTM is faster."


def test_without_gru_and_lstm_the_pair_that_there_is_is_answered(make_sweep, simulate):
    cases = make_sweep(layer=["lstm", "mine:Layer"])

    run = simulate(cases, lambda case: 2e-3 if ":" in case.layer else 1e-3)

    assert headline(run) == "On this CPU, the LSTM is faster."
    assert lead(run)[0].startswith(
        "With PyTorch’s defaults mine:Layer takes 2.0× as long as an LSTM"
    )


def test_one_case_is_answered_with_its_time(
    make_case, make_result, make_turns, make_run
):
    result = make_result(make_case(layer="gru"), turns=make_turns(1e-3, noise=0))

    run = make_run([result])

    assert headline(run) == "On this CPU, a GRU takes 1.00 ms per call."


def test_layers_that_meet_nothing_are_named(make_sweep, make_result, make_run):
    run = make_run([make_result(case) for case in make_sweep(hidden_size=[8, 16])])

    assert headline(run) == "This run compares no two layers."
    assert lead(run) == ["It measured 2 cases of LSTM."]


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ([], "None of its 0 cases has a result."),
        ([Status.SKIPPED], "None of its 1 case has a result."),
        ([Status.ERROR, Status.SKIPPED], "None of its 2 cases has a result, 1 failed."),
    ],
)
def test_nothing_measured_is_said_with_what_failed(
    make_case, make_result, make_run, statuses, said
):
    results = [
        make_result(make_case(hidden_size=8 + place), status=status)
        for place, status in enumerate(statuses)
    ]

    run = make_run(results)

    assert headline(run) == "Nothing was measured."
    assert lead(run) == [said]


@pytest.fixture
def min_layers(make_sweep, simulate):
    """A GRU, and two layers of the user's, one faster than it from 64 steps on."""
    seconds = {"mine:slow": lambda n: 2 * n, "mine:fast": lambda _: 30.0}
    cases = make_sweep(
        seq_len=[4, 16, 64, 256], phase=["train"], layer=["gru", *seconds]
    )
    return simulate(
        cases,
        lambda case: 1e-5 * seconds.get(case.layer, float)(case.seq_len),
        noise=0.001,
    )


def test_the_size_from_which_on_a_layer_is_faster_is_said(min_layers):
    (said,) = [line for line in lead(min_layers) if "seq_len" in line]

    assert said.startswith(
        "In training, mine:fast is faster than GRU at seq_len 64 and above, taking 0.46"
    )
    assert said.endswith("of the time at 64.")
    assert "mine:slow" not in said


def test_the_question_names_the_layers_that_are_compared(quick, min_layers):
    assert question(view(quick)) == "GRU or LSTM?"
    assert question(view(min_layers)) == "slow, fast or GRU?"
