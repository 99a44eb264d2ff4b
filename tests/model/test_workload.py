"""What is measured side by side, and which ratios come of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.model.case import Case, Device, Lengths, Phase
from rnnbench.model.workload import (
    DEFAULT_COMPARE,
    Pair,
    Workload,
    _are_alike,
    group,
    workload_id,
)

LSTM = Case(layer="lstm", input_size=10, hidden_size=20, seq_len=5, batch_size=3)
GRU = replace(LSTM, layer="gru")
SLOW_LSTM = replace(LSTM, onednn=False)


def test_cases_are_gathered_by_what_is_not_compared():
    trained = [replace(one, phase=Phase.TRAIN) for one in (LSTM, GRU)]

    workloads = group([LSTM, trained[0], GRU, trained[1]], DEFAULT_COMPARE)

    assert [one.members for one in workloads] == [(LSTM, GRU), tuple(trained)]


def test_a_workload_is_named_by_what_its_members_share():
    (workload,) = group([LSTM, GRU, SLOW_LSTM], DEFAULT_COMPARE)

    assert workload.id == "inference-i10-h20-l1-t5-b3-cpu"


def test_members_that_differ_elsewhere_are_refused():
    with pytest.raises(ValueError, match="compared axes only"):
        Workload((LSTM, replace(GRU, hidden_size=21)), DEFAULT_COMPARE)


@pytest.mark.parametrize("members", [(), (LSTM, LSTM)])
def test_a_workload_has_each_member_once(members):
    with pytest.raises(ValueError, match="and none twice"):
        Workload(members, DEFAULT_COMPARE)


def test_a_gru_is_held_against_the_lstm_with_and_without_onednn():
    workload = Workload((GRU, LSTM, SLOW_LSTM), DEFAULT_COMPARE)

    assert set(workload.pairs()) == {
        Pair("layer", GRU, LSTM),
        Pair("layer", GRU, SLOW_LSTM),
        Pair("onednn", SLOW_LSTM, LSTM),
    }


def test_layers_are_held_against_the_lstm_of_the_same_backend():
    cuda = [replace(one, device=Device.CUDA) for one in (LSTM, GRU)]
    native = [replace(one, cudnn=False) for one in cuda]

    pairs = Workload((*cuda, *native), DEFAULT_COMPARE).pairs()

    assert set(pairs) == {
        Pair("layer", cuda[1], cuda[0]),
        Pair("layer", native[1], native[0]),
        Pair("cudnn", native[0], cuda[0]),
        Pair("cudnn", native[1], cuda[1]),
    }


def test_a_knob_is_held_against_its_plain_twin():
    knobs = [replace(LSTM, bias=False), replace(LSTM, lengths=Lengths.HALF)]

    pairs = Workload((LSTM, *knobs), ("bias", "lengths")).pairs()

    assert pairs == (Pair("bias", knobs[0], LSTM), Pair("lengths", knobs[1], LSTM))


def test_an_axis_without_a_default_is_held_against_its_least_value():
    wide = replace(LSTM, hidden_size=40)

    assert Workload((wide, LSTM), ("hidden_size",)).pairs() == (
        Pair("hidden_size", wide, LSTM),
    )


def test_a_twin_of_equal_parameters_stands_beside_the_lstm_it_was_sized_to():
    twin = replace(GRU, hidden_size=24, parameters_of=20)
    workload = Workload((LSTM, GRU, twin), ("layer",))

    assert workload_id(twin, ("layer",)) == workload_id(LSTM, ("layer",))
    assert Pair("layer", twin, LSTM) in workload.pairs()
    assert Pair("layer", GRU, LSTM) in workload.pairs()


def test_where_the_phase_is_compared_a_step_stands_beside_its_training():
    phases = [replace(LSTM, phase=phase) for phase in Phase]

    (workload,) = group(phases, ("phase",))

    assert len(workload.pairs()) == len(Phase) - 1


def test_without_an_lstm_layers_are_compared_with_the_first_one():
    rnn = replace(LSTM, layer="rnn_tanh")
    own = replace(LSTM, layer="my.layers:gru")

    workload = Workload((GRU, rnn, own), DEFAULT_COMPARE)

    assert workload.pairs() == (Pair("layer", rnn, GRU), Pair("layer", own, GRU))


def test_without_eager_runtimes_are_compared_with_the_first_one():
    jax, own = (replace(GRU, runtime=name) for name in ("jax", "my.runtimes:jax"))

    alone = Workload((jax, own), ("runtime",))
    beside = Workload((jax, GRU, own), ("runtime",))

    assert alone.pairs() == (Pair("runtime", own, jax),)
    assert beside.pairs() == (Pair("runtime", jax, GRU), Pair("runtime", own, GRU))


def test_arguments_of_a_layer_stand_beside_the_baseline_and_each_other():
    own = replace(LSTM, layer="my.layers:wide")
    one, two = (replace(own, args=(("expansion", n),)) for n in (1, 2))

    (workload,) = group((LSTM, one, two), DEFAULT_COMPARE)

    assert workload.id == workload_id(LSTM, DEFAULT_COMPARE)
    assert workload.pairs() == (
        Pair("layer", one, LSTM),
        Pair("layer", two, LSTM),
        Pair("args.expansion", two, one),
    )


def test_an_argument_that_a_layer_does_not_have_keeps_no_pair_apart():
    wide = replace(LSTM, layer="my.layers:wide", args=(("expansion", 1),))
    deep = replace(LSTM, layer="my.layers:deep", args=(("depth", 2),))

    pairs = Workload((wide, deep), DEFAULT_COMPARE).pairs()

    assert pairs == (Pair("layer", deep, wide),)


@given(
    members=st.lists(
        st.builds(
            replace,
            st.just(LSTM),
            layer=st.sampled_from(["lstm", "gru", "rnn_tanh"]),
            onednn=st.booleans(),
            batch_size=st.integers(1, 2),
        ),
        min_size=1,
        max_size=6,
        unique=True,
    )
)
def test_pairs_are_those_of_trying_every_two_members(members):
    workload = Workload(tuple(members), ("layer", "onednn", "batch_size"))
    axes = (*workload.compare, "parameters_of")

    assert workload.pairs() == tuple(
        Pair(axis, candidate, baseline)
        for axis in axes
        for baseline in members
        for candidate in members
        if getattr(baseline, axis) == workload._baseline(axis)
        and getattr(candidate, axis) != workload._baseline(axis)
        and _are_alike(candidate, baseline, [other for other in axes if other != axis])
    )
