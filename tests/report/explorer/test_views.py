"""The map, the chart, the table and the inspector, as a reader uses them."""

import csv
import functools
import io
import json
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser_window import Window

from rnnbench.model.status import Status
from rnnbench.report.run_page import render_page
from rnnbench.report.view import view

QUICK = "quick-epyc-2-cores"
NIGHTLY = "nightly-epyc-2-cores"
KNOBS = "knobs-epyc-2-cores"

SAID = "() => document.querySelector('p.hide[role=status]').textContent"


def explore(window, name, query="", **settings):
    return window(name, f"#explore?{query}", **settings).settle()


def show(window, which):
    window.ask(
        "view => document.querySelector(`[name=view][value=${view}]`).click()", which
    )
    return window.settle()


def test_a_cell_picks_a_size(window):
    page = explore(window, QUICK)

    page.page.locator(".map td[aria-label]").last.click()
    page.settle()

    assert "oneDNN off, training" in page.page.locator("#aside .what").text_content()
    assert page.ask(
        "() => document.querySelector('[name=at-phase]:checked').value"
    ) == ("1")
    assert page.page.locator(".map td.now").count() == 1


def test_a_cell_says_who_wins(window):
    page = explore(window, QUICK)

    labels = page.ask(
        "() => [...document.querySelectorAll('.map td[aria-label]')]"
        ".map(x => [x.textContent, x.getAttribute('aria-label')])"
    )

    assert len(labels) == 48
    for text, label in labels:
        assert re.fullmatch(
            r"[\d.]+×, (GRU faster|LSTM faster|tie|undecided)", label
        ), label
        assert text in {"=", "?"} or label.startswith(text[:3])


def test_arrow_keys_walk_the_map_and_the_focus_stays(window):
    page = explore(window, QUICK)
    page.page.locator(".map td[tabindex='0']").first.focus()

    for key in ("ArrowUp", "ArrowDown", "ArrowDown"):
        page.page.keyboard.press(key)
    assert page.ask("() => document.activeElement.tagName") == "TD"
    assert "hidden size" in page.ask(SAID)
    page.page.keyboard.press("Enter")
    page.settle()

    assert page.ask("() => document.activeElement.matches('td.now')")


def test_a_cell_of_several_sizes_leads_to_them_and_back(window):
    page = explore(window, NIGHTLY, "rows=hidden_size&cols=phase")
    cell = page.page.locator(".map td[aria-label*='mean of']").first
    count = int(re.search(r"mean of (\d+)", cell.get_attribute("aria-label"))[1])

    cell.click()
    page.settle()

    assert page.page.locator(".count").text_content().startswith(f"{count} of ")
    assert page.page.locator("canvas").is_visible()
    page.page.go_back()
    page.settle()
    assert page.page.locator(".map").first.is_visible()


def test_the_mean_of_a_cell_has_the_interval_that_python_gave(window):
    # At first the map of this run has two sizes in a cell.
    page = explore(window, "sixty-epyc-2-cores")

    tips = page.ask(
        "() => [...document.querySelectorAll('[data-t]')].map(x=>x.dataset.t)"
    )

    pooled = [tip for tip in tips if "on average" in tip]
    assert all("95 %:" in tip for tip in pooled)


def test_comparisons_of_settings_stand_side_by_side(window):
    page = explore(window, KNOBS)
    heads = page.page.locator(".map").first.locator("tbody th").all_text_contents()
    assert "bidirectional ÷ one direction" in heads

    page.page.locator(".map td[aria-label*='mean of']").first.click()
    page.settle()

    assert page.page.locator(".stage .dense tbody tr").count() >= 2


def test_a_phone_shows_the_default_backend_first_and_folds_the_rest(window):
    page = explore(window, NIGHTLY, viewport={"width": 390, "height": 844})

    titles = page.page.locator(".map caption")
    shown = [one.text_content() for one in titles.all() if one.is_visible()]

    assert shown == [
        "oneDNN on, inference, one direction",
        "oneDNN on, training, one direction",
    ]
    page.page.locator(".more summary").click()
    assert sum(one.is_visible() for one in titles.all()) == titles.count() > 4


def test_arrow_keys_read_the_chart(window):
    page = explore(window, QUICK, "view=chart")
    page.page.locator("canvas").focus()

    page.page.keyboard.press("End")
    last = page.ask(SAID)
    page.page.keyboard.press("Home")
    first = page.ask(SAID)
    page.page.keyboard.press("ArrowRight")

    assert len({first, last, page.ask(SAID)}) == 3
    assert "95 %" in first
    page.page.keyboard.press("Enter")
    page.settle()
    assert "hidden size 32" in page.page.locator("#aside .what").text_content()
    assert page.ask("() => document.activeElement.tagName") == "CANVAS"


def test_a_point_of_the_chart_is_picked_by_a_click(window):
    page = explore(window, QUICK, "view=chart&facet=")
    # As a reader would: where the keyboard says that a point is.
    page.page.locator("canvas").focus()
    page.settle().page.keyboard.press("End")
    box = page.page.locator("#tip").bounding_box()
    said = page.ask(SAID)

    page.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] + 14)
    page.settle()

    place = page.page.locator("#aside .what").text_content()
    assert place in said


@pytest.mark.parametrize("y", ["time", "rate", "memory", "memory_ratio", "roof"])
def test_every_figure_can_be_drawn_against_every_other(window, y):
    page = explore(window, QUICK, f"view=chart&y={y}")
    selects = page.page.locator(".controls:visible select")

    for place in range(1, 4):
        values = (
            selects.nth(place)
            .locator("option")
            .evaluate_all("options => options.map(x => x.value)")
        )
        for value in values:
            selects.nth(place).select_option(value)
            page.settle()
            label = page.page.locator("canvas").get_attribute("aria-label")
            assert int(re.search(r"(\d+) points?", label)[1]) > 20, (place, value)
    assert page.said == []


def test_panels_may_have_scales_of_their_own(window):
    page = explore(window, NIGHTLY, "view=chart")
    pixels = "() => document.querySelector('canvas').toDataURL()"
    shared = page.ask(pixels)

    page.page.get_by_text("own scales").click()
    page.settle()

    assert page.ask(pixels) != shared
    assert "yrange=own" in page.ask("() => location.hash")


def ratios(page):
    return page.ask(
        "() => [...document.querySelectorAll('.stage .dense tbody tr')].map(row =>"
        " parseFloat(row.querySelector('td button').textContent))"
    )


def test_the_table_is_sorted_by_value_in_both_orders(window):
    page = explore(window, QUICK, "view=table")
    head = page.page.get_by_role("button", name="GRU ÷ LSTM")

    for order in ("ascending", "descending"):
        head.click()
        page.settle()
        found = ratios(page)
        assert found == sorted(found, reverse=order == "descending")
        assert len(set(found)) > 10
        assert page.page.locator("[aria-sort]").get_attribute("aria-sort") == order
        assert page.ask("() => document.activeElement.textContent") == "GRU ÷ LSTM"


def test_the_table_has_pages_of_fifty_and_the_focus_stays(window):
    page = explore(window, NIGHTLY, "view=table")
    seen = []

    for number in range(1, 8):
        assert f"Page {number} of 7" in page.page.locator(".pager").text_content()
        seen += ratios(page)
        page.page.get_by_role("button", name="Next").press("Enter")
        page.settle()

    assert len(seen) == 320
    assert page.ask("() => document.activeElement.textContent") == "Next"


def test_a_row_is_picked_by_the_keyboard(window):
    page = explore(window, QUICK, "view=table")

    page.page.locator(".stage .dense tbody button").nth(3).press("Enter")
    page.settle()

    assert page.page.locator(".stage .dense tbody tr.now").count() == 1
    assert page.ask("() => !!document.activeElement.closest('tr.now')")


def test_a_filter_holds_for_every_view(window):
    page = explore(window, QUICK)
    page.page.locator(".filters label", has_text="oneDNN off").click()
    page.settle()

    counts = [
        show(page, which).page.locator(".count").text_content()
        for which in ("map", "chart", "table")
    ]

    assert counts == ["24 of 48 ratios"] * 3
    assert "only.onednn=false" in page.ask("() => location.hash")
    page.page.get_by_role("button", name="Show all").click()
    page.settle()
    assert page.page.locator(".count").text_content() == "48 of 48 ratios"


def saved(page, button):
    with page.page.expect_download() as found:
        page.page.get_by_role("button", name=button).click()
    return found.value.path().read_bytes().decode("utf-8")


def test_what_is_shown_is_what_is_saved(window):
    page = explore(window, NIGHTLY, "view=table&only.hidden_size=32,64&sort=-ratio")

    rows = list(csv.DictReader(io.StringIO(saved(page, "Save as CSV"), newline="")))
    records = json.loads(saved(page, "Save as JSON"))

    assert len(rows) == len(records) == 160
    assert {row["hidden_size"] for row in rows} == {"32", "64"}
    values = [record["ratio"] for record in records]
    assert values == sorted(values, reverse=True)
    assert [float(row["ratio"]) for row in rows] == values
    assert values[:50] == pytest.approx(ratios(page), rel=0.01)


def test_every_case_is_saved_whatever_is_filtered(window):
    page = explore(window, QUICK, "only.hidden_size=32")

    rows = list(csv.DictReader(io.StringIO(saved(page, "Save CSV"), newline="")))
    records = json.loads(saved(page, "Save JSON"))

    assert len(rows) == len(records) == 96
    assert {record["hidden_size"] for record in records} == {32, 64, 128, 256}
    for record in records:
        low, high = record["interval_low_seconds"], record["interval_high_seconds"]
        assert low <= record["time_seconds"] <= high
        assert record["input_size"] == 64


@pytest.fixture
def failing(browser, tmp_path, make_case, make_result, make_run):
    """A window on a run in which one layer failed, with a reason of two lines."""
    cases = [make_case(layer=layer, hidden_size=8) for layer in ("lstm", "gru")]
    failed = make_result(
        make_case(layer="gru", hidden_size=64),
        status=Status.ERROR,
        reason="RuntimeError: <b>no</b> luck\nTraceback",
    )
    run = make_run([*map(make_result, cases), failed])
    path = tmp_path / "page.html"
    path.write_text(render_page(view(run)), encoding="utf-8")
    window = Window(browser)
    yield window.open(path.as_uri(), "#explore?view=table&table=times").settle()
    window.context.close()


def test_a_case_that_failed_is_in_the_table_with_its_reason(failing):
    row = failing.page.locator(".stage .dense tbody tr", has_text="error")

    assert row.count() == 1
    assert "error: RuntimeError: <b>no</b> luck" in row.inner_text()
    assert "Traceback" not in row.inner_text()
    assert failing.said == []
    (record,) = [
        record
        for record in json.loads(saved(failing, "Save as JSON"))
        if record["status"] == "error"
    ]
    assert record["reason"] == "RuntimeError: <b>no</b> luck\nTraceback"
    assert record["time_seconds"] is None


def test_the_inspector_shows_both_cases_and_where_their_time_goes(window):
    page = explore(window, QUICK)
    aside = page.page.locator("#aside")
    assert aside.locator(".compare tbody tr").count() >= 6
    # It does not repeat the card of the picker.
    assert aside.locator(".bars, .mini").count() == 0

    for tab, found in (
        ("Operators", "addmm"),
        ("Memory", "parameters"),
        ("Timeline", "fused recurrent kernel"),
    ):
        aside.get_by_text(tab, exact=True).click()
        page.settle()
        assert found in aside.text_content()
        assert f"show={tab.lower()}" in page.ask("() => location.hash")
        assert page.ask("() => document.activeElement.name") == "show"


def test_a_timeline_is_saved_as_a_trace_that_perfetto_reads(window):
    page = explore(window, QUICK, "show=timeline")

    with page.page.expect_download() as found:
        page.page.get_by_role("button", name="Save as a trace").first.click()

    assert found.value.suggested_filename == "quick-gru-trace.json"
    events = json.loads(found.value.path().read_text())["traceEvents"]
    assert len([event for event in events if event["ph"] == "X"]) > 50
    assert page.page.get_by_role("button", name="Open in Perfetto").count() == 0


# What Perfetto documents: it answers PING, and takes a trace by a message.
PERFETTO = """<!doctype html><script>addEventListener("message", ({ data, source }) => {
    if (data === "PING") source.postMessage("PONG", "*");
    else document.title = new TextDecoder().decode(data.perfetto.buffer).slice(0, 80);
});</script>"""


@pytest.fixture
def served(path_of):
    """The folder of the pages over http, on this machine."""
    folder = path_of(QUICK).parent
    handler = functools.partial(SimpleHTTPRequestHandler, directory=folder)
    handler.log_message = lambda *_: None
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_over_http_a_timeline_opens_in_perfetto(window, served):
    page = window(QUICK)
    page.context.route(
        "https://ui.perfetto.dev/**",
        lambda route: route.fulfill(content_type="text/html", body=PERFETTO),
    )
    page.open(f"{served}{QUICK}.html", "#explore?show=timeline").settle()
    asked = len(page.asked)

    with page.context.expect_page() as opened:
        page.page.get_by_role("button", name="Open in Perfetto").first.click()
    opened.value.wait_for_function("document.title.includes('traceEvents')")

    assert {url.split("/")[2] for url in page.asked[asked:]} == {"ui.perfetto.dev"}
    assert page.said == []


def test_the_hint_tells_a_ratio_with_its_interval(window):
    page = window(QUICK)

    page.page.locator("#hero-time [data-r]").nth(3).hover(force=True)

    tip = page.page.locator("#tip")
    assert tip.is_visible()
    assert "95 %" in tip.text_content()
    page.page.keyboard.press("Escape")
    assert not tip.is_visible()
