from dataclasses import replace

import pytest

from studies import speed


@pytest.fixture
def sixty(simulate, make_sweep):
    cases = make_sweep(layer=["lstm", "gru"], hidden_size=[32, 64])
    run = simulate(cases, lambda case: 1e-3 if case.layer == "lstm" else 8e-4)
    effort = replace(run.effort, wall=290.0, lanes=2.0, inside_turns=435.0)
    return replace(run, effort=effort)


def test_a_run_is_judged_by_time_width_and_share(sixty):
    wall, width, share = speed.table(sixty)

    assert wall.startswith("met: wall time 290 s")
    assert width.startswith("met: 2 of 2 time ratios")
    assert share.startswith("MISSED: 75.0% of the wall time inside turns")


def test_a_slow_and_noisy_run_misses_its_goals(simulate, make_sweep):
    cases = make_sweep(layer=["lstm", "gru"], hidden_size=[32, 64])
    run = simulate(cases, lambda _: 1e-3, noise=0.3)

    wall, width, _ = speed.table(replace(run, effort=replace(run.effort, wall=301.0)))

    assert wall.startswith("MISSED: wall time 301 s")
    assert width.startswith("MISSED: 0 of 2 time ratios")
