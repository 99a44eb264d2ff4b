"""Intervals hold where each launch has a host of its own, and fail on one host."""

from studies.host_effect import CELLS, coverage, report


def test_a_host_for_each_launch_covers_the_kind_and_one_host_does_not():
    many, _ = coverage(hosts=6, launches=6, trials=2000)
    single, _ = coverage(hosts=1, launches=6, trials=2000)

    assert many >= 0.94
    assert single < 0.75


def test_fewer_hosts_than_launches_cover_these_hosts():
    kind, own = coverage(hosts=3, launches=20, trials=1000)

    assert own >= 0.94 > kind


def test_every_number_of_hosts_has_a_row():
    assert len(report(trials=2)) == 2 + len(set(CELLS))
