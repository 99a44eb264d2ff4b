import math
from statistics import fmean

import pytest

from rnnbench.analysis.attribution import attribute
from rnnbench.analysis.launch_estimate import log_ratio
from rnnbench.analysis.ratio import ratios
from rnnbench.model.metric import PEAK_MEMORY


def truth(case):
    """The GRU is 1.5 times an LSTM with oneDNN on, 0.75 times one with it off."""
    off = 2 if case.layer == "lstm" and not case.onednn else 1
    return 1e-3 * case.hidden_size * off * (1.5 if case.layer == "gru" else 1)


@pytest.fixture
def run(make_sweep, simulate):
    cases = [
        case
        for case in make_sweep(
            layer=["gru", "lstm"], onednn=[True, False], hidden_size=[16, 32]
        )
        if case.onednn or case.layer == "lstm"
    ]
    return simulate(
        cases, truth, memory=lambda case: 300 if case.layer == "gru" else 400
    )


def of_layers(run):
    return [ratio for ratio in ratios(run) if ratio.pair.axis == "layer"]


def test_the_backend_s_part_is_what_divides_the_two_ratios(run):
    found = attribute(of_layers(run))

    assert found.switch == "oneDNN"
    assert found.count == 2
    assert found.default.estimate == pytest.approx(1.5, rel=0.02)
    assert found.alike.estimate == pytest.approx(0.75, rel=0.02)
    assert found.backend.low < 2 < found.backend.high
    assert found.backend.estimate == pytest.approx(
        found.default.estimate / found.alike.estimate
    )


def test_it_is_taken_within_each_launch(run):
    """By hand: what the GRU shares with both LSTMs cancels, and the rest is off/on."""
    by = {
        (one.case.layer, one.case.onednn, one.case.hidden_size): one.turns
        for one in run.results
    }
    logs = []
    for launch in range(6):
        of_launch = []
        for size in (16, 32):
            gru = by["gru", True, size][launch].seconds
            on = by["lstm", True, size][launch].seconds
            off = by["lstm", False, size][launch].seconds
            of_launch.append(log_ratio(gru, on) - log_ratio(gru, off))
        logs.append(fmean(of_launch))

    found = attribute(of_layers(run)).backend

    assert math.log(found.estimate) == pytest.approx(fmean(logs))
    assert found.count == 6


def test_only_what_was_measured_both_ways_counts(run, make_case, simulate):
    alone = make_case(hidden_size=64)
    more = simulate([alone, make_case(hidden_size=64, layer="gru")], truth)

    found = attribute([*of_layers(run), *of_layers(more)])

    assert found == attribute(of_layers(run))


def test_without_a_twin_there_is_no_attribution(make_sweep, simulate):
    run = simulate(make_sweep(layer=["gru", "lstm"]), truth)

    assert attribute(of_layers(run)) is None


def test_of_cudnn_both_layers_are_switched(make_sweep, simulate):
    run = simulate(
        make_sweep(layer=["gru", "lstm"], device=["cuda"], cudnn=[True, False]),
        lambda case: 1e-3 * (1 if case.cudnn else 3 if case.layer == "gru" else 2),
    )

    found = attribute(of_layers(run))

    assert found.switch == "cuDNN"
    assert found.default.estimate == pytest.approx(1, rel=0.02)
    assert found.alike.estimate == pytest.approx(1.5, rel=0.02)


def test_memory_has_its_own_and_no_noise(run):
    found = attribute(of_layers(run), PEAK_MEMORY)

    assert found.default.estimate == pytest.approx(0.75)
    assert found.backend.low == found.backend.high == pytest.approx(1)
