"""The verdict on each claim follows from the run, by the rule that the page prints."""

from dataclasses import replace

import pytest

from rnnbench.model.run import Turns, Use
from rnnbench.model.status import Status
from rnnbench.report.claims.verdicts import claims
from rnnbench.report.claims.words import WORDS
from rnnbench.report.view import view

EVERY = [f"C{number}" for number in range(1, 17)]
LEARNING = ["C2", "C3", "C4", "C7", "C8", "C9", "C11", "C12"]
LAYERS = ["rnn_tanh", "gru", "lstm"]
SIZES = [16, 32]


def judged(run):
    return {claim.id: claim for claim in claims(view(run))}


@pytest.fixture
def layers(make_sweep, simulate):
    """A run of two sizes, in which each layer takes what it is given at each."""

    def run_of(**seconds):
        def truth(case):
            return seconds[case.layer][SIZES.index(case.hidden_size)] * 1e-3

        cases = make_sweep(hidden_size=SIZES, layer=list(seconds))
        memory = {"rnn_tanh": 1000, "gru": 2000, "lstm": 4000}
        return simulate(
            cases, truth, memory=lambda case: memory[case.layer], noise=0.001
        )

    return run_of


@pytest.fixture
def knob(make_sweep, simulate):
    """A run of one knob, in which its values take what they are given."""

    def run_of(axis, seconds, memory=None, **axes):
        cases = make_sweep(**axes, **{axis: list(seconds)})
        return simulate(
            cases,
            lambda case: seconds[getattr(case, axis)] * 1e-3,
            compare=(axis,),
            memory=memory and (lambda case: memory[getattr(case, axis)]),
        )

    return run_of


@pytest.mark.parametrize(
    ("name", "seconds", "standing"),
    [
        ("C1", {"rnn_tanh": (1, 1), "gru": (2, 2), "lstm": (3, 3)}, "supported"),
        ("C1", {"rnn_tanh": (4, 4), "gru": (2, 2), "lstm": (3, 3)}, "contradicted"),
        # Faster than the LSTM everywhere, and slower than the GRU at one size.
        ("C1", {"rnn_tanh": (1, 2.5), "gru": (2, 2), "lstm": (3, 3)}, "depends"),
        ("C1", {"gru": (2, 2), "lstm": (3, 3)}, "not measured"),
        ("C1", {"rnn_tanh": (1, 1), "gru": (2, 2)}, "supported"),
        ("C5", {"rnn_tanh": (1, 1), "gru": (2, 2), "lstm": (3, 3)}, "supported"),
        ("C5", {"rnn_tanh": (4, 4), "gru": (5, 5), "lstm": (3, 3)}, "contradicted"),
        ("C5", {"rnn_tanh": (1, 1), "gru": (5, 5), "lstm": (3, 3)}, "depends"),
        ("C5", {"lstm": (3, 3)}, "not measured"),
        ("C6", {"gru": (2, 2), "lstm": (3, 3)}, "supported"),
        ("C6", {"gru": (4, 5), "lstm": (3, 3)}, "contradicted"),
        ("C6", {"gru": (2, 5), "lstm": (3, 3)}, "depends"),
        ("C6", {"gru": (2, 3), "lstm": (3, 3)}, "depends"),
        ("C6", {"gru": (2, 2)}, "not measured"),
    ],
)
def test_a_claim_about_layers_is_judged_by_where_their_intervals_lie(
    layers, name, seconds, standing
):
    claim = judged(layers(**seconds))[name]

    assert claim.standing == standing
    assert bool(claim.section) is (standing != "not measured")


@pytest.mark.parametrize(
    ("seconds", "memory", "standing"),
    [
        ({False: 1, True: 2}, {False: 100, True: 200}, "supported"),
        ({False: 2, True: 1}, {False: 200, True: 100}, "contradicted"),
        ({False: 1, True: 2}, {False: 200, True: 100}, "depends"),
        ({False: 1, True: 1}, None, "depends"),
        ({False: 1}, None, "not measured"),
    ],
)
def test_two_directions_cost_what_their_time_and_memory_say(
    knob, seconds, memory, standing
):
    assert judged(knob("bidirectional", seconds, memory))["C10"].standing == standing


@pytest.mark.parametrize(
    ("sizes", "standing"),
    [
        ([0, 4], "supported"),
        # Beside a projection to one less stand the weights that project.
        ([0, 15], "contradicted"),
        ([0, 4, 15], "depends"),
        ([0], "not measured"),
    ],
)
def test_a_projection_is_judged_by_the_parameters_that_it_leaves(knob, sizes, standing):
    seconds = dict.fromkeys(sizes, 1) | {0: 2}

    claim = judged(knob("proj_size", seconds, hidden_size=[16]))["C13"]

    assert claim.standing == standing
    assert "220,160 parameters, and with proj_size 64 195,584" in claim.evidence[0]


@pytest.mark.parametrize(
    ("input_sizes", "values", "standing"),
    [
        ([8], (False, True), "depends"),
        # By chance the output is as wide as the input.
        ([16], (False, True), "supported"),
        ([8, 16], (True,), "depends"),
        ([8], (False,), "not measured"),
    ],
)
def test_the_two_halves_of_the_claim_about_layouts_end_differently(
    knob, input_sizes, values, standing
):
    run = knob("batch_first", dict.fromkeys(values, 1), input_size=input_sizes)

    claim = judged(run)["C14"]

    assert claim.standing == standing
    if standing == "depends":
        assert "Input of 8: output of 16." in claim.evidence


@pytest.mark.parametrize(
    ("values", "standing"),
    [((True, False), "supported"), ((True,), "not measured")],
)
def test_a_layer_without_bias_has_fewer_parameters(knob, values, standing):
    claim = judged(knob("bias", dict.fromkeys(values, 1)))["C15"]

    assert claim.standing == standing
    assert "2,560 parameters with bias, 2,400 without" in claim.evidence[0]


def used(run, *ids):
    use = Use(name="stream", said_of="GRU", source="x", our_choice=True, cases=ids)
    return replace(run, sweep=replace(run.sweep, uses=(use,)))


@pytest.mark.parametrize(
    ("seq_len", "gru", "standing"),
    [
        (1, 0.5, "supported"),
        (1, 2.0, "contradicted"),
        (1, 1.0, "depends"),
        (9, 0.5, "not measured"),
    ],
)
def test_what_a_gru_suits_is_judged_by_the_streams_among_the_uses(
    make_sweep, simulate, seq_len, gru, standing
):
    cases = make_sweep(seq_len=[seq_len], batch_size=[1], layer=LAYERS)
    seconds = {"lstm": 1e-3, "gru": gru * 1e-3, "rnn_tanh": 0.25e-3}
    run = simulate(cases, lambda case: seconds[case.layer], noise=0.001)

    claim = judged(used(run, *(case.id for case in cases)))["C16"]

    assert claim.standing == standing
    if standing != "not measured":
        assert claim.section == "uses"
        assert "faster at 1 of 1 pair; 0.25×" in claim.evidence[1]


def test_without_uses_nothing_is_known_of_what_a_layer_suits(layers):
    assert judged(layers(gru=(1, 1), lstm=(2, 2)))["C16"].standing == "not measured"


def test_every_claim_is_there_once_whatever_the_run_holds(
    layers, make_run, make_result, make_case
):
    failed = make_result(make_case(), status=Status.SKIPPED)
    own = make_result(make_case(layer="some.module:factory"))
    for run in (make_run(), make_run([failed]), make_run([own]), layers(lstm=(1, 1))):
        assert [claim.id for claim in claims(view(run))] == EVERY
        assert {claim.standing for claim in claims(view(run))} == {"not measured"}
        assert all(claim.evidence for claim in claims(view(run)))
    assert list(WORDS) == EVERY
    assert all(said.text and said.rule for said in WORDS.values())


def test_what_is_learning_stays_open_and_its_cost_is_told(knob):
    run = knob("dropout", {0.0: 1, 0.5: 1.5}, num_layers=[2], phase=["train"])

    found = judged(run)

    assert {found[name].standing for name in LEARNING} == {"not measured"}
    assert "slower at 1 of 1 pair" in found["C12"].evidence[1]
    assert found["C12"].section == "settings"
    assert found["C2"].section == ""


def test_a_ratio_of_one_launch_decides_nothing(make_sweep, simulate):
    cases = make_sweep(layer=["lstm", "gru"])

    run = simulate(cases, lambda case: 1e-3 * len(case.layer), launches=1)

    claim = judged(run)["C6"]
    assert claim.standing == "not measured"
    assert "undecided at 1 of 1 pair" in claim.evidence[1]


def test_the_evidence_holds_the_numbers_of_the_run(make_run, make_result, make_case):
    """The same turns at every launch: the ratio is known without arithmetic."""
    from_seconds = {"lstm": 4e-3, "gru": 3e-3}
    results = [
        make_result(
            make_case(layer=layer),
            turns=tuple(_turns(seconds)),
            peak_memory=1000 if layer == "lstm" else 250,
        )
        for layer, seconds in from_seconds.items()
    ]

    claim = judged(make_run(results))["C6"]

    assert claim.evidence == (
        "By closed form a GRU has 0.75× the parameters of an LSTM.",
        "Time of a GRU against an LSTM's: faster at 1 of 1 pair; 0.75×.",
        "Peak memory against an LSTM's: less at 1 of 1 pair; 0.25×.",
    )


def _turns(seconds):
    return [Turns(launch, (seconds,) * 5) for launch in range(1, 7)]


def test_at_equal_parameters_a_gru_is_another_one(make_run, make_result, make_case):
    twin = make_case(layer="gru", hidden_size=19, parameters_of=16)
    run = make_run([make_result(make_case()), make_result(twin)])

    assert judged(run)["C6"].standing == "not measured"
