"""The data of a page: columns that lead back to the run."""

import json
import math
from dataclasses import replace

import pytest

from rnnbench.model.status import Status
from rnnbench.report.island import island, island_text, ratio_places
from rnnbench.report.view import contrast_of, view


@pytest.fixture
def cases(make_sweep):
    return [
        case
        for case in make_sweep(
            phase=["inference", "train"],
            hidden_size=[32, 64],
            layer=["rnn_tanh", "gru", "lstm"],
            onednn=[True, False],
        )
        if case.onednn or case.layer == "lstm"
    ]


@pytest.fixture
def run(cases, simulate):
    return simulate(cases, lambda c: 1e-5 * c.hidden_size, memory=lambda c: 100)


def low_high(value, half):
    return [value * math.exp(side * half * 1e-5) for side in (-1, 1)]


def test_each_case_can_be_read_back_from_its_columns(run):
    found = view(run)
    data = island(found)

    axes, columns = data["axes"], data["cases"]
    assert [axis["id"] for axis in axes] == ["hidden_size", "onednn", "phase"]
    for place, each in enumerate(found.cases):
        case = each.case
        assert data["layers"][columns["layer"][place]]["id"] == case.layer
        for axis, column in zip(axes, columns["axis"], strict=True):
            at = column[place]
            if axis["id"] == "onednn" and case.layer != "lstm":
                assert at == -1
            else:
                assert axis["values"][at] == getattr(case, axis["id"])
        assert columns["t"][place] == pytest.approx(each.time.estimate * 1e9, rel=1e-4)
        assert low_high(columns["t"][place], columns["h"][place]) == pytest.approx(
            [each.time.low * 1e9, each.time.high * 1e9], rel=1e-4
        )
        assert columns["n"][place] == each.time.count
        assert columns["m"][place] == 100
        assert data["status"][columns["s"][place]] == "ok"
        assert each.provenance.label in data["prov"][columns["p"][place]]


def test_each_ratio_can_be_read_back_with_its_pair_and_its_launches(run):
    found = view(run)
    data = island(found)

    cases = [each.case for each in found.cases]
    columns = data["ratios"]
    for place, ratio in enumerate(found.times):
        pair = data["pairs"][columns["k"][place]]
        contrast = contrast_of(ratio)
        assert (pair["axis"], data["layers"][pair["a"]]["id"]) == (
            contrast.axis,
            contrast.layers[0],
        )
        assert cases[columns["a"][place]] == ratio.pair.candidate
        assert cases[columns["b"][place]] == ratio.pair.baseline
        assert columns["r"][place] == pytest.approx(ratio.interval.estimate, rel=1e-4)
        words = ("faster", "slower", "tie", "undecided")
        assert words[columns["v"][place]] == ratio.verdict
        mean = sum(value for _, value in ratio.logs) / len(ratio.logs)
        assert [mean + each * 1e-4 for each in columns["l"][place]] == pytest.approx(
            [value for _, value in ratio.logs], abs=1e-4
        )
        assert ratio_places(found)[ratio.pair] == place


def test_gru_and_lstm_are_the_first_pair_and_both_sides_have_words(run):
    first, _, last = island(view(run))["pairs"]

    assert (first["name"], first["candidate"], first["baseline"]) == (
        *("GRU ÷ LSTM", "GRU", "LSTM"),
    )
    assert (last["candidate"], last["baseline"]) == ("oneDNN off", "oneDNN on")


def test_pairs_have_ids_of_their_own(make_sweep, simulate):
    cases = make_sweep(
        layer=["lstm", "gru", "mine", "mine.other:Layer"], bias=[True, False]
    )

    run = simulate(cases, lambda case: 1e-3, compare=("layer", "bias"))

    ids = [pair["id"] for pair in island(view(run))["pairs"]]
    assert len(set(ids)) == len(ids) == 7


def test_a_failed_case_keeps_its_place_and_its_reason(make_case, make_result, make_run):
    results = [
        make_result(make_case()),
        make_result(make_case(hidden_size=32), status=Status.ERROR, reason="broken"),
    ]

    data = island(view(make_run(results)))

    assert data["cases"]["t"][1] is None
    assert data["status"][data["cases"]["s"][1]] == "error"
    assert data["reasons"][data["cases"]["e"][1]] == "broken"
    assert data["cases"]["e"][0] == -1


def test_a_layer_sized_to_the_parameters_stands_at_the_size_it_is_compared_at(
    make_case, simulate
):
    cases = [
        make_case(layer=layer, hidden_size=size, parameters_of=of)
        for base in (16, 32)
        for layer, size, of in (
            ("lstm", base, 0),
            ("gru", base, 0),
            ("gru", base + 3, base),
        )
    ]

    data = island(view(simulate(cases, lambda case: 1e-3)))

    hidden, equality = data["axes"]
    assert hidden["values"] == [16, 32]
    assert equality["words"] == ["equal hidden_size", "sized to the LSTM's parameters"]
    assert data["cases"]["axis"][1] == [-1, 0, 1, -1, 0, 1]


def test_sizes_that_do_not_vary_are_fixed_and_others_are_axes(run):
    data = island(view(run))

    assert data["fixed"] == {
        "seq_len": 4,
        "num_layers": 1,
        "batch_size": 2,
        "input_size": 8,
    }


def test_a_sweep_of_scattered_sizes_is_sparse(make_case, simulate, run):
    sizes = [(8, 4), (16, 5), (32, 6), (64, 7)]
    cases = [
        make_case(layer=layer, hidden_size=hidden, seq_len=steps)
        for hidden, steps in sizes
        for layer in ("lstm", "gru")
    ]

    scattered = simulate(cases, lambda case: 1e-3)

    assert island(view(scattered))["sparse"] is True
    assert island(view(run))["sparse"] is False


@pytest.mark.parametrize(
    "text", ["</script>", "<!--", "]]>", "\u2028", "&amp;", "\ud800"]
)
def test_no_text_can_end_the_element_that_holds_the_data(run, text):
    data = island(view(run))
    data["run"]["command"] = text

    written = island_text(data)

    assert not {"<", ">", "&", "\u2028"} & set(written)
    assert json.loads(written)["run"]["command"] == text


def test_profiles_lead_to_their_case_and_say_where_the_time_went(
    run, make_profile, cases
):
    profile = make_profile("gru", trace="some/trace.json.gz")
    results = tuple(
        replace(one, profile=profile if one.case == cases[1] else None)
        for one in run.results
    )

    found = view(replace(run, results=results))
    data = island(found, "traces/")

    assert "trace" not in island(found)["profiles"][0]
    (found,) = data["profiles"]
    assert found["c"] == 1
    assert dict(zip(data["kinds"], found["k"], strict=True)) == {
        **dict.fromkeys(data["kinds"], 0),
        "matrix products": 1e6,
        "pointwise": 5e5,
        "framework overhead": 5e5,
    }
    assert sum(found["m"]) == 2**20
    assert found["calls"] == 20
    assert found["ops"][0][:3] == ["addmm", 0, 10]
    assert found["trace"] == "some/trace.json.gz"
    starts = [found["tl"][0], found["tl"][0] + found["tl"][3]]
    assert starts == [round(span.start * 1e8) for span in profile.timeline]


def test_threads_and_streams_of_a_timeline_stay_apart(run, make_profile):
    profile = make_profile("gru")
    spans = tuple(
        replace(span, lane=lane)
        for lane in ("thread", "stream")
        for span in profile.timeline
    )
    first = replace(run.results[0], profile=replace(profile, timeline=spans))

    data = island(view(replace(run, results=(first, *run.results[1:]))))

    (found,) = data["profiles"]
    assert [name for name, _ in found["lanes"]] == ["thread", "stream"]
    assert found["lanes"][0][1] == found["lanes"][1][1] == found["tl"]


def test_the_sentence_on_a_workload_counts_operators_and_names_the_fused_kernel(
    run, make_profile
):
    results = tuple(
        replace(
            one,
            profile=make_profile(one.case.layer)
            if one.case.layer != "rnn_tanh" and one.case.hidden_size == 32
            else None,
        )
        for one in run.results
    )

    data = island(view(replace(run, results=results)))

    said = ["".join(part[0] for part in each["say"]) for each in data["why"]]
    once = (
        "One call of the GRU runs 20 operators. The LSTM runs 20, and spends 50 % of "
        "its time in fused kernels."
    )
    assert said == [once, once]
    members = [place for each in data["why"] for place in each["p"]]
    assert members == list(range(len(data["profiles"])))
