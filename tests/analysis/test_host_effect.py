"""Variances between and within hosts, of log-ratios with known effects."""

import random
from dataclasses import replace
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.analysis.host_effect import host_effect
from rnnbench.analysis.ratio import ratios
from rnnbench.model.run import Turns


@pytest.fixture(scope="module")
def fleet_run(make_case, make_result, make_run):
    """A run whose log-ratios are `values`, each with the host that measured it."""

    def make(*rows):
        results = []
        for size, values in enumerate(rows, start=1):
            numbered = list(enumerate(values, start=1))
            sides = {
                "lstm": [Turns(n, (1e-3,), host=host) for n, (host, _) in numbered],
                "gru": [
                    Turns(n, (1e-3 * exp(log),), host=host)
                    for n, (host, log) in numbered
                ],
            }
            results += [
                make_result(
                    make_case(layer=layer, hidden_size=size), turns=tuple(turns)
                )
                for layer, turns in sides.items()
            ]
        return make_run(results)

    return make


def effect_of(run):
    return host_effect(run, ratios(run))


def test_a_run_of_one_machine_has_no_host_effect(fleet_run):
    assert effect_of(fleet_run([("", 0.1), ("", 0.2)])) is None


def test_variances_are_those_of_the_analysis_of_variance(fleet_run):
    run = fleet_run([("a", 0.0), ("a", 0.2), ("b", 0.4), ("b", 0.6)])

    effect = effect_of(run)

    # Within: 0.02. Between: (0.16 - 0.02) / 2.
    assert effect.within == pytest.approx(0.02**0.5)
    assert effect.between == pytest.approx(0.07**0.5)
    assert [(each.host, each.launches) for each in effect.hosts] == [("a", 2), ("b", 2)]
    assert [each.deviation for each in effect.hosts] == pytest.approx([-0.2, 0.2])


def test_hosts_that_repeat_nothing_leave_the_effect_unknown(fleet_run):
    effect = effect_of(fleet_run([("a", 0.0), ("b", 0.4)]))

    assert (effect.between, effect.within, effect.ratios) == (None, None, 0)


def test_one_host_has_no_deviation(fleet_run):
    effect = effect_of(fleet_run([("a", 0.0), ("a", 0.4)]))

    assert effect.between is None
    assert [each.deviation for each in effect.hosts] == [0.0]


def test_known_spreads_are_found_on_average_over_ratios(fleet_run):
    draw = random.Random(20261129)
    rows = []
    for _ in range(300):
        hosts = {host: draw.gauss(0, 0.03) for host in "abcd"}
        rows.append([(host, hosts[host] + draw.gauss(0, 0.01)) for host in "abcd" * 3])

    effect = effect_of(fleet_run(*rows))

    assert effect.between == pytest.approx(0.03, rel=0.1)
    assert effect.within == pytest.approx(0.01, rel=0.1)


@given(
    values=st.lists(
        st.tuples(st.sampled_from("abc"), st.floats(-1, 1)), min_size=2, max_size=9
    ),
    by=st.floats(-2, 2),
)
def test_the_effect_does_not_depend_on_the_ratio_itself(fleet_run, values, by):
    moved = effect_of(fleet_run([(host, value + by) for host, value in values]))
    effect = effect_of(fleet_run(values))

    assert moved.within == pytest.approx(effect.within, abs=1e-6)
    # A variance of 0 is a standard deviation of 1e-8 after rounding.
    assert moved.between == pytest.approx(effect.between, abs=1e-6)
    assert [each.launches for each in moved.hosts] == [
        each.launches for each in effect.hosts
    ]


def test_launches_without_a_host_are_left_out(fleet_run):
    known = fleet_run([("a", 0.0), ("a", 0.2), ("b", 0.4), ("b", 0.6)])
    mixed = fleet_run([("a", 0.0), ("a", 0.2), ("b", 0.4), ("b", 0.6), ("", 9.0)])

    assert effect_of(mixed).between == effect_of(known).between
    assert {each.host for each in effect_of(mixed).hosts} == {"a", "b"}


def test_a_host_keeps_its_launches_when_they_are_renumbered(fleet_run):
    run = fleet_run([("a", 0.0), ("b", 0.4), ("b", 0.5)])
    shifted = replace(
        run,
        results=tuple(
            replace(
                result,
                turns=tuple(
                    replace(each, launch=each.launch + 7) for each in result.turns
                ),
            )
            for result in run.results
        ),
    )

    assert effect_of(shifted) == effect_of(run)
