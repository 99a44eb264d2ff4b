"""The selection: one place that the picker, the views and the address share."""

import re

import pytest

QUICK = "quick-epyc-2-cores"
NIGHTLY = "nightly-epyc-2-cores"


def pick(window, axis, value):
    window.ask(
        "([axis, value]) => document.querySelector("
        "  `[name='at-${axis}'][value='${value}']`).click()",
        [axis, str(value)],
    )
    return window.settle()


def address(window):
    return window.ask("() => location.hash")


def picked(window):
    """The words of each chosen chip by its axis."""
    return window.ask(
        "() => Object.fromEntries([...document.querySelectorAll('#picker :checked')]"
        ".map(x => [x.name, x.nextElementSibling.textContent]))"
    )


def test_a_chip_shows_the_ratio_that_it_would_give(window):
    page = window(QUICK)
    chips = page.page.locator("#picker label")
    shown = {}
    for place in range(chips.count()):
        text = chips.nth(place).locator("small").text_content()
        if re.fullmatch(r"[\d.]+×", text):
            shown[place] = text
    assert len(shown) > 8

    for place, text in list(shown.items())[:6]:
        page.open(page.page.url.partition("#")[0])
        chips.nth(place).click()
        page.settle()
        assert page.page.locator("#verdict .says b").first.text_content() == text


def test_a_pick_is_in_the_address_by_its_own_names(window):
    page = pick(window(QUICK), "seq_len", 2)

    assert address(page) == "#size?seq_len=64"


def test_the_address_is_empty_again_at_the_start(window):
    page = window(QUICK)
    start = picked(page)
    pick(page, "phase", 1)
    assert address(page) == "#size?phase=train"

    pick(page, "phase", 0)

    assert picked(page) == start
    assert address(page) == "#size"


def test_a_place_that_was_not_measured_is_never_made_up(window):
    page = pick(window(QUICK), "seq_len", 2)

    pick(page, "hidden_size", 0)

    assert picked(page)["at-hidden_size"] == "32"
    assert picked(page)["at-seq_len"] == "32"
    note = page.page.locator("#picker .note").text_content()
    assert note.startswith("Not measured")
    assert "32 steps" in note
    assert "hidden" not in note


def test_why_follows_the_selection(window):
    page = window(NIGHTLY)
    before = page.page.locator("#why .lead").text_content()

    pick(page, "phase", 1)

    assert page.page.locator("#why .lead").text_content() != before
    chosen = "() => document.querySelector('#why select').selectedOptions[0].text"
    assert "training" in page.ask(chosen)
    # Asked for another, it keeps that until the selection moves.
    page.page.locator("#why select").select_option(index=0)
    page.settle()
    assert "inference" in page.ask(chosen)
    pick(page, "num_layers", 1)
    assert "training" in page.ask(chosen)


def test_a_typed_address_is_followed(window):
    page = window(QUICK)

    page.ask("() => { location.hash = '#size?hidden_size=256&onednn=false'; }")
    page.settle()

    assert picked(page)["at-hidden_size"] == "256"
    assert "hidden size 256" in page.page.locator("#verdict .what").text_content()


def test_an_address_of_no_measured_place_snaps_and_says_so(window):
    page = window(QUICK, "#size?hidden_size=32&seq_len=64").settle()

    assert page.page.locator("#picker .note").text_content().startswith("Not measured")
    assert page.page.locator("#verdict .big").count() == 1


@pytest.mark.parametrize(
    "hash_",
    [
        "#explore?view=chart&y=time&color=layer&only.onednn=true&hidden_size=256",
        "#explore?view=table&table=times&sort=-time&only.phase=train",
        "#explore?view=map&pair=lstm-onednn-false&rows=phase&cols=seq_len",
        "#explore?view=chart&yrange=own&x=memory_ratio&yscale=linear",
        "#explore?show=operators&why=memory",
    ],
)
def test_a_link_brings_back_the_view(window, hash_):
    seen = """() => [document.querySelector('.count').textContent,
        document.querySelector('.stage').innerText,
        document.querySelector('canvas').getAttribute('aria-label'),
        document.querySelector('#aside').innerText,
        document.querySelector('#why').innerText]"""
    page = window(QUICK, hash_).settle()
    before, kept = page.ask(seen), address(page)
    start = window(QUICK, "#explore?").settle().ask(seen)

    page.open(page.page.url.partition("#")[0], kept).settle()

    assert page.ask(seen) == before
    assert before != start
    assert page.said == []


HOSTILE = [
    "#explore?view=chart&constructor=1&color=__proto__&pair=__proto__&x=nothing",
    "#explore?view=chart&only.hidden_size=7,<b>&sort=-zzz&page=-3&facet=,,",
    "#explore?view=<img src=x onerror=alert(1)>&rows=a,b,c&cols=&figure=1e999",
    "#javascript:alert(1)",
    "#%E0%A4%A?%E0%A4%A=%",
    "#explore?hidden_size=__proto__&only.__proto__=1&only.=2&=3&&&",
    "#data?page=99999&view=table",
    "#" + "explore?" * 400,
]


@pytest.mark.parametrize("hash_", HOSTILE)
def test_nonsense_in_an_address_is_harmless(window, hash_):
    page = window(QUICK, hash_).settle()

    page.ask("() => document.querySelector('#explore').scrollIntoView()")
    page.settle()

    assert page.said == []
    assert page.page.locator("#verdict .big").text_content() == "The LSTM is faster"
    assert page.page.locator("#aside .what").count() == 1
    # Where the address is ours again, nothing of the nonsense is left in it.
    assert re.fullmatch(r"#?[\w.?=&,%*-]*", address(page))


def test_the_way_back_leads_to_where_one_was(window):
    page = pick(window(QUICK), "phase", 1)
    page.page.get_by_role("link", name="How it was measured").first.click()
    page.settle()
    assert address(page) == "#method?phase=train"
    pick(page, "hidden_size", 3)

    page.page.go_back()
    page.settle()
    assert picked(page)["at-hidden_size"] == "128"
    assert picked(page)["at-phase"] == "training"

    page.page.go_forward()
    page.settle()
    assert picked(page)["at-hidden_size"] == "256"


def test_the_link_is_copied_as_it_is_seen(window):
    page = window(QUICK, permissions=["clipboard-read", "clipboard-write"])
    pick(page, "hidden_size", 3)

    page.page.get_by_role("button", name="Copy link").click()

    assert page.ask("() => navigator.clipboard.readText()").endswith(
        "#size?hidden_size=256"
    )
    assert page.page.locator("#share").text_content() == "Copied"


def test_a_dot_of_the_answer_picks_its_size(window):
    page = window(QUICK)
    dots = page.page.locator("#hero-time [data-r]")
    assert dots.count() >= 48

    dots.last.dispatch_event("click")
    page.settle()

    assert "oneDNN off, training" in page.page.locator("#verdict .what").text_content()


def test_few_measured_sizes_are_one_list(window):
    page = window("uses-epyc-2-cores")
    sizes = page.page.locator("#picker select")
    assert sizes.locator("option").count() == 15 - 2
    assert page.page.locator("[name=at-hidden_size]").count() == 0

    sizes.select_option(index=0)
    page.settle()

    chosen = sizes.locator("option").first.text_content()
    what = page.page.locator("#verdict .what").text_content()
    for part in re.findall(r"hidden size \d+|batch \d+", chosen):
        assert part in what


def test_a_run_of_other_pairs_has_no_picker(window):
    page = window("knobs-epyc-2-cores", "#explore?").settle()

    assert page.page.locator("#size, nav a[href='#size']").count() == 0
    assert page.page.locator(".map td[aria-label]").count() > 40
    assert page.page.locator("#aside .what").count() == 1
