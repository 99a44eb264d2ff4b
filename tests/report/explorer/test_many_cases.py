"""The explorer with 10,000 cases: what it draws, and what the page weighs.

How long it takes depends on the machine and is asserted nowhere.
"""

import math
import random
from dataclasses import replace

import pytest
from browser_window import Window

from rnnbench.report.run_page import render_page
from rnnbench.report.view import view

MOST_BYTES = 1_200_000


@pytest.fixture(scope="module")
def many(make_sweep, simulate):
    """A run of 10,000 cases: LSTM with either backend, GRU and RNN."""
    noise = random.Random(7)
    cases = make_sweep(
        layer=["lstm", "gru", "rnn_tanh"],
        hidden_size=[16, 32, 64, 96, 128, 192, 256, 384, 512, 1024],
        num_layers=[1, 2, 3, 4],
        seq_len=[8, 16, 32, 64, 128],
        batch_size=[1, 4, 16, 32, 64],
        phase=["inference", "train"],
        onednn=[True, False],
        bidirectional=[False, True],
    )
    kept = [case for case in cases if case.onednn or case.layer == "lstm"]
    # Whole workloads, drawn by chance.
    sizes = list(dict.fromkeys(map(place_of, kept)))
    noise.shuffle(sizes)
    chosen = set(sizes[:2500])
    kept = [case for case in kept if place_of(case) in chosen]
    assert len(kept) == 10_000
    return simulate(
        kept,
        seconds,
        memory=lambda case: 4096 * case.hidden_size * case.num_layers,
        compare=("layer", "onednn"),
        launches=2,
        rounds=1,
    )


def place_of(case):
    return replace(case, layer="lstm", onednn=True)


def seconds(case):
    factor = {"gru": 1.0, "rnn_tanh": 0.4}.get(case.layer, 1.3 - 0.8 * case.onednn)
    calls = case.seq_len * case.num_layers * (1 + (case.phase == "train"))
    return 1e-6 * factor * calls * math.sqrt(case.hidden_size * case.batch_size)


@pytest.fixture(scope="module")
def path(many, tmp_path_factory):
    made = tmp_path_factory.mktemp("many") / "page.html"
    made.write_text(render_page(view(many)), encoding="utf-8")
    return made


@pytest.fixture
def page(browser, path):
    window = Window(browser, viewport={"width": 1440, "height": 900})
    yield window.open(path.as_uri(), "#explore?").settle()
    window.context.close()


@pytest.mark.slow
def test_the_page_is_not_too_heavy(path):
    assert path.stat().st_size <= MOST_BYTES


@pytest.mark.slow
def test_each_view_is_drawn_and_none_draws_everything(page):
    assert page.page.locator("h2", has_text="Explore 10,000 cases").count() == 1
    assert 100 < page.page.locator(".map td[aria-label]").count() <= 4000

    for view_name, count in (("chart", "5,000"), ("table", "5,000")):
        page.page.locator(f"[name=view][value={view_name}]").dispatch_event("click")
        page.settle()
        assert page.page.locator(".count").text_content().startswith(f"{count} of")
    assert page.page.locator(".stage .dense tbody tr").count() == 50
    assert page.ask("() => document.getElementsByTagName('*').length") < 10_000
    assert page.said == []


@pytest.mark.slow
def test_a_cell_leads_to_the_ratios_that_it_holds(page):
    cell = page.page.locator(".map td[aria-label*='mean of']").first
    words = cell.get_attribute("aria-label").split("mean of ")[1]

    cell.click()
    page.settle()

    assert page.page.locator(".count").text_content().split()[0] == words.split()[0]
    label = page.page.locator("canvas").get_attribute("aria-label")
    assert f"{words.split()[0]} points" in label
