import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.report.site import addresses

PLAIN = re.compile(r"[a-z0-9-]{1,60}")


@given(text=st.text())
def test_an_address_is_one_plain_name(text, night):
    run = night()
    run = replace(run, created=text, sweep=replace(run.sweep, name=text))

    names = (
        addresses.slug(text),
        addresses.machine_slug(text),
        addresses.run_id(run, "0" * 64),
    )

    assert all(PLAIN.fullmatch(name) for name in names)


def test_run_id_begins_with_its_time_in_utc(night):
    run = replace(night(), created="2026-10-01T01:30:00+02:00")

    assert addresses.run_id(run, "f" * 64).startswith("20260930t233000z-quick-")


@pytest.mark.parametrize("created", ["", "yesterday", "0001-01-01T00:00:00+14:00"])
def test_a_run_without_a_time_is_undated(created, night):
    run = replace(night(), created=created)

    assert addresses.run_id(run, "f" * 64).startswith("undated-")


@pytest.mark.parametrize(
    "address",
    [
        addresses.run_page("a"),
        addresses.run_results("a"),
        addresses.run_summary("a"),
        addresses.machine_page("a"),
        addresses.machine_badge("a"),
        addresses.COMPARE,
        addresses.FEED,
        addresses.BADGE,
        addresses.INDEX,
    ],
)
def test_every_page_is_the_site_s_own(address):
    assert addresses.OWN_FILE.fullmatch(address)


@pytest.mark.parametrize(
    "address",
    ["../index.html", "runs/../index.html", "index.json", "a.html", "/feed.xml"],
)
def test_no_other_file_is_the_site_s_own(address):
    assert not addresses.OWN_FILE.fullmatch(address)
