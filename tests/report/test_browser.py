"""The page of a run as a reader meets it: in Chromium, with no network."""

import json
import re
from collections import Counter
from dataclasses import fields, replace
from itertools import cycle, pairwise

import pytest
from browser_window import Window, give_up

from rnnbench.model.status import Status
from rnnbench.report.run_page import render_page
from rnnbench.report.view import view

PAGES = (
    *("normal", "settings", "one_layer", "failures", "one_launch", "empty", "learning"),
)
CHARTED = ("normal", "settings", "one_launch", "learning")
SCHEMES = ("light", "dark")
WIDTHS = (390, 1440)

# Each runs by itself wherever it is taken for markup, or when it is clicked.
CALL = "globalThis.ran=1,alert(1)"
VECTORS = (
    f"<script>{CALL}</script>",
    f"<img src=x onerror={CALL}>",
    f"<svg onload={CALL}>",
    f"<svg><script>{CALL}</script></svg>",
    f"<details open ontoggle={CALL}>",
    f'<iframe srcdoc="<script>parent.{CALL}</script>">',
    f"<iframe src=javascript:parent.{CALL}>",
    f"<math><style><img src=x onerror={CALL}></style></math>",
    f"<input autofocus onfocus={CALL}>",
    f"<video><source onerror={CALL}></video>",
    f"<a href=javascript:{CALL}>x</a>",
    f"<object data=javascript:{CALL}>",
    f'<meta http-equiv=refresh content="0;url=javascript:{CALL}">',
)
BREAKOUTS = ("", '">', "'>", "</title>", "</style>", "</svg>", "-->")
ODD = (
    f"javascript:{CALL}",
    f'" onmouseover="{CALL}" x="',
    f"' autofocus onfocus='{CALL}' x='",
    f"&lt;script&gt;{CALL}&lt;/script&gt;",
    f"&#60;script&#62;{CALL}&#60;/script&#62;",
    f"%3Cscript%3E{CALL}%3C/script%3E",
    f"+ADw-script+AD4-{CALL}+ADw-/script+AD4-",
    f"\uff1cscript\uff1e{CALL}\uff1c/script\uff1e",
    f"<scr\x00ipt>{CALL}</scr\x00ipt>",
    f"<script\u2028>{CALL}</script\u2029>",
    f"\u202e<script>{CALL}</script>\u202c",
    f"<ScRiPt\n\r\t>{CALL}//\x0b\x0c\x85\x1b[31m",
    f"<plaintext><script>{CALL}",
    f"<textarea><script>{CALL}",
    f"<!--<script>{CALL}",
    f"<?xml-stylesheet href=x?><x onclick={CALL}>",
    "<base href=http://192.0.2.1/><link rel=stylesheet href=x>",
    "<style>@import url(http://192.0.2.1/x);*{background:url(//192.0.2.1)}</style>",
    "url(http://192.0.2.1/x);}</style>",
    "{{ 7 * 7 }}{% raw %}{# x #}",
    "${7*7} $\\frac{1}{2}$ \\1 \\g<0> \\\\ %s {0}",
    "#000000 #d55e00 <svg viewBox='0'> <metadata>",
    "\ufeff\u200b\u2060\U0001f980 \U000e0001",
)
# Each way to run something, and each way out of where text stands.
HOSTILE = (*map("".join, zip(cycle(BREAKOUTS), VECTORS, strict=False)), *ODD)
# As far as a layer's name may go.
NAMES_OF_LAYERS = (
    "javascript:alert",
    "constructor.prototype:__proto__",
    "onerror",
    "my_package.recurrent_layers.experimental:quick_recurrent_unit",
)


class Reader(Window):
    """A window on one file, and the dialogs that it was shown."""

    def __init__(self, browser, **settings):
        super().__init__(browser, **settings)
        self.dialogs = []
        self.page.on("dialog", self.dismiss)

    def dismiss(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, path, *, unfolded=True):
        self.page.goto(path.as_uri())
        if unfolded:
            self.ask(
                "() => document.querySelectorAll('details').forEach(x => x.open=1)"
            )
        return self

    def ran(self):
        return self.dialogs or self.ask("() => globalThis.ran ?? null")


@pytest.fixture
def reader(browser):
    """Windows with the settings that are asked for; closed after the test."""
    opened = []

    def reader(**settings):
        opened.append(Reader(browser, **settings))
        return opened[-1]

    yield reader
    for each in opened:
        each.context.close()


def seconds(case):
    known = {"lstm": 1e-4, "gru": 2e-4, "rnn_tanh": 0.6e-4}
    off = 3 if case.layer == "lstm" and not case.onednn else 1
    return known.get(case.layer, 4e-4) * off * case.hidden_size * case.seq_len / 64


@pytest.fixture(scope="module")
def failures(make_case, make_result):
    """Results that hold nothing but a status and a long reason."""
    compare = ("layer", "onednn")
    reason = "RuntimeError: what happened, at which place, and what would do: " * 3
    statuses = [status for status in Status if status not in {"ok", "imprecise"}]
    return [
        make_result(
            make_case(layer=layer, hidden_size=900 + number),
            compare=compare,
            status=status,
            reason=reason,
        )
        for number, status in enumerate(statuses)
        for layer in ("lstm", "gru")
    ]


@pytest.fixture(scope="module")
def measured(make_sweep, simulate, make_profile, make_ceiling):
    """A run of those layers, with profiles of some cases and with a ceiling."""

    def measured(*, layers, launches=6, phases=("inference",)):
        cases = make_sweep(
            layer=layers,
            hidden_size=[16, 64],
            seq_len=[4, 16] if len(layers) > 2 else [4],
            phase=phases,
            onednn=[True, False],
        )
        there = [
            case
            for case in cases
            if (case.onednn or case.layer == "lstm")
            and (case.phase == "inference" or case.seq_len == 4)
        ]
        plain = simulate(
            there,
            seconds,
            memory=lambda case: case.hidden_size * (900 + len(case.layer)),
            compare=("layer", "onednn"),
            launches=launches,
        )
        results = tuple(
            replace(
                one, profile=make_profile(one.case.layer, seconds=seconds(one.case))
            )
            if one.case.hidden_size == 64 and one.case.seq_len == 4
            else one
            for one in plain.results
        )
        return replace(plain, results=results, ceilings=(make_ceiling(),))

    return measured


@pytest.fixture(scope="module")
def runs(measured, make_run, failures, make_sweep, simulate):
    """A run for each kind of page."""
    layers = ["lstm", "gru", "rnn_tanh", NAMES_OF_LAYERS[-1]]
    normal = measured(layers=layers, phases=["inference", "train"])
    settings = simulate(
        make_sweep(
            layer=["lstm", "gru"], bias=[True, False], bidirectional=[True, False]
        ),
        lambda case: 1e-3 * (2 if case.bidirectional else 1),
        compare=("bias", "bidirectional"),
    )
    return {
        "normal": replace(normal, results=(*normal.results, *failures)),
        "settings": settings,
        "one_layer": measured(layers=["gru"]),
        "failures": make_run(failures, compare=("layer", "onednn")),
        "one_launch": measured(layers=layers[:2], launches=1),
        "empty": make_run(),
    }


@pytest.fixture(scope="module")
def every_run(runs, make_learning_run):
    return {**runs, "learning": make_learning_run()}


@pytest.fixture(scope="module")
def path_of(every_run, tmp_path_factory):
    """The file of each page, each made once."""
    folder = tmp_path_factory.mktemp("pages")
    made = {}

    def path_of(name):
        if name not in made:
            made[name] = write(folder / f"{name}.html", every_run[name])
        return made[name]

    return path_of


def write(path, run):
    path.write_text(render_page(view(run)), encoding="utf-8")
    return path


@pytest.mark.parametrize("ci", ["", "true"])
def test_without_a_browser_they_skip_but_fail_where_they_must_run(monkeypatch, ci):
    monkeypatch.setenv("CI", ci)
    ends = pytest.fail.Exception if ci else pytest.skip.Exception

    with pytest.raises(ends, match="apt-get install chromium"):
        give_up("no Chromium: apt-get install chromium")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_goes_wrong_and_nothing_is_fetched(reader, path_of, name):
    window = reader().open(path_of(name))
    window.page.wait_for_load_state("networkidle")

    assert window.said == []
    assert window.asked == [path_of(name).as_uri()]


@pytest.mark.parametrize("name", PAGES)
def test_without_script_the_answer_the_method_and_a_table_are_there(
    reader, path_of, every_run, name
):
    page = reader(java_script_enabled=False).open(path_of(name), unfolded=False).page

    words = page.locator("body").inner_text()

    assert "How it was measured" in words
    assert page.locator(".js:visible").count() == 0
    assert page.locator("h1").inner_text() in words
    compares_layers = view(every_run[name]).main is not None
    assert page.locator("noscript table.plain").count() == compares_layers
    assert page.locator(".forest:visible").count() >= (2 if name == "normal" else 0)


def test_a_part_that_is_folded_opens_without_script(reader, path_of):
    page = (
        reader(java_script_enabled=False).open(path_of("normal"), unfolded=False).page
    )
    folded = page.locator("#claims")
    assert not folded.locator("p").first.is_visible()

    folded.locator("summary").click()

    assert folded.locator("p").first.is_visible()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_never_wider_than_the_screen(reader, path_of, name, scheme):
    window = reader(color_scheme=scheme).open(path_of(name))

    for width in WIDTHS:
        window.page.set_viewport_size({"width": width, "height": 900})
        wide = window.ask("() => document.documentElement.scrollWidth")
        assert wide <= width


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CHARTED)
def test_every_mark_of_a_forest_stands_inside_its_strip(reader, path_of, name, width):
    window = reader(viewport={"width": width, "height": 900}).open(path_of(name))

    outside = window.ask(
        """() => [...document.querySelectorAll('.forest .strip')].flatMap(strip => {
            const frame = strip.getBoundingClientRect();
            return [...strip.querySelectorAll('circle, .mean path, line')].filter(x => {
                const box = x.getBoundingClientRect();
                return frame.width && (box.left < frame.left - 8
                    || box.right > frame.right + 8);
            });
        }).length"""
    )

    assert outside == 0
    assert window.page.locator(".forest .mean").count() >= 1


SHADES = """() => ['color', 'backgroundColor'].map(name =>
    getComputedStyle(document.body)[name].match(/\\d+/g)
        .slice(0, 3).reduce((sum, each) => sum + Number(each), 0))"""


def test_dark_is_dark_and_light_is_light(reader, path_of):
    ink, paper = reader(color_scheme="light").open(path_of("normal")).ask(SHADES)
    assert ink < 150
    assert paper > 700

    ink, paper = reader(color_scheme="dark").open(path_of("normal")).ask(SHADES)
    assert ink > 600
    assert paper < 150


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(reader, path_of, name, scheme):
    window = reader(color_scheme=scheme).open(path_of(name))

    assert window.axe(scheme=scheme) == []


@pytest.mark.parametrize("name", PAGES)
def test_each_link_of_the_bar_leads_to_a_section(reader, path_of, name):
    window = reader().open(path_of(name))
    links = window.page.locator("nav a")
    assert links.count() >= 2

    for link in links.all():
        target = link.get_attribute("href").removeprefix("#")
        assert window.page.locator(f"section#{target}").count() == 1

    assert window.ask(LOST) == []


LOST = """() => [...document.querySelectorAll('a')].map(x => x.getAttribute('href'))
    .filter(x => !x.startsWith('#') || !document.getElementById(x.slice(1)))"""


@pytest.mark.parametrize("name", PAGES)
def test_no_id_is_used_twice_and_each_that_is_named_is_there(reader, path_of, name):
    window = reader().open(path_of(name))
    ids = window.ask("() => [...document.querySelectorAll('[id]')].map(x => x.id)")
    named = window.ask(
        "() => [...document.querySelectorAll('*')].flatMap(x => [...x.attributes])"
        ".flatMap(x => x.name.startsWith('aria-') && /ledby|describedby/.test(x.name)"
        "  ? x.value.split(' ')"
        "  : [...x.value.matchAll(/^#(.+)$|url\\(#([^)]+)\\)/g)]"
        "      .map(x => x[1] ?? x[2]))"
    )

    assert [name for name, count in Counter(ids).items() if count > 1] == []
    assert set(named) - set(ids) == set()
    assert len(named) >= 2


@pytest.mark.parametrize("name", PAGES)
def test_it_prints_with_all_its_sections(reader, path_of, name):
    page = reader(color_scheme="dark").open(path_of(name), unfolded=False).page

    printed = page.pdf(format="A4", outline=True, tagged=True)

    assert printed.startswith(b"%PDF-")
    assert re.search(rb"/Type /Page\b", printed)
    for title in page.locator("h2").all_text_contents():
        # What a reader of a PDF finds in its outline, in either of its encodings.
        assert title.encode() in printed or title.encode("utf-16-be").hex().upper() in (
            printed.decode("latin-1").upper()
        )


def test_what_is_printed_fits_on_the_paper(reader, path_of):
    window = reader(viewport={"width": 718, "height": 1000}).open(path_of("normal"))
    window.page.emulate_media(media="print", color_scheme="dark")

    cut = window.ask(
        "() => [...document.querySelectorAll('.plain td, .plain th, .strip')].filter("
        "  x => x.getBoundingClientRect().right > innerWidth + 2).length"
    )

    assert cut == 0
    assert window.ask(SHADES)[0] < 150


def test_the_way_past_the_sections_is_the_first_thing_that_the_keyboard_meets(
    reader, path_of
):
    page = reader().open(path_of("normal")).page

    page.keyboard.press("Tab")
    assert page.locator(":focus").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")

    assert page.evaluate("() => document.activeElement.id") == "main"


@pytest.mark.parametrize("name", PAGES)
def test_headings_go_down_one_level_at_a_time_and_each_section_has_one(
    reader, path_of, name
):
    page = reader().open(path_of(name)).page

    levels = page.evaluate(
        "() => [...document.querySelectorAll('h1,h2,h3,h4')].map(x => +x.nodeName[1])"
    )

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(low - high <= 1 for high, low in pairwise(levels))
    assert page.locator("section:not(:has(h1, h2))").count() == 0
    assert page.locator("nav a").count() == page.locator("section").count()


def test_each_table_that_scrolls_is_reached_by_the_keyboard(reader, path_of):
    page = reader().open(path_of("normal")).page

    assert page.locator(".scroll").count() > 3
    assert page.locator("#more .scroll:not([tabindex='0'][aria-label])").count() == 0


@pytest.fixture(scope="module")
def poisoned(make_case, make_result, make_run):
    """A run in which each text that may be any text is `text`, drawn without charts."""

    def poison(whole, text):
        # What the facts gain later is poisoned as well.
        texts = [each.name for each in fields(whole) if each.type in (str, str | None)]
        return replace(whole, **dict.fromkeys(texts, text))

    def poisoned(text):
        reasons = {"memory_reason": text, "profile_reason": text, "peak_memory": None}
        results = (
            make_result(make_case(hidden_size=8), **reasons),
            make_result(status=Status.ERROR, reason=text, **reasons),
        )
        run = make_run(results)
        return replace(
            poison(run, text),
            environment=poison(run.environment, text),
            sweep=poison(run.sweep, text),
        )

    return poisoned


SHAPE = "() => [...document.querySelectorAll('*')].map(x => x.nodeName)"
# What a browser could act on, beyond the text that stands on the page.
LIVE = """() => [...document.querySelectorAll('*')].flatMap(x => [...x.attributes])
    .filter(x => /^on|^(src|srcdoc|action|formaction|data|background)$/.test(x.name)
        || /url\\((?!.?#)|@import|expression/.test(x.name == 'style' && x.value)
        || x.name === 'href' && !x.value.startsWith('#'))
    .map(x => `${x.name}=${x.value}`)"""


def plain(text):
    """The letters that are seen: no control character or its sign, and no space."""
    return "".join(
        each
        for each in text
        if each.isprintable() and not each.isspace() and each != "\ufffd"
    )


def test_a_hostile_string_is_read_and_not_run(reader, poisoned, tmp_path):
    # Without the page's own policy, which would cover up what was not escaped.
    window = reader(bypass_csp=True)
    window.open(write(tmp_path / "page.html", poisoned("word"))).settle()
    harmless = window.ask(SHAPE)
    assert window.page.title().startswith("word ")
    assert len(set(HOSTILE)) == len(HOSTILE) > 30

    for text in HOSTILE:
        window.open(write(tmp_path / "page.html", poisoned(text)))
        # The script draws a little later; on a busy machine, much later.
        window.page.wait_for_function(
            f"count => ({SHAPE})().length >= count", arg=len(harmless)
        )

        shape, live, words, ran = window.ask(
            f"() => [({SHAPE})(), ({LIVE})(), document.body.textContent,"
            "        globalThis.ran ?? null]"
        )
        assert (live, ran, window.dialogs) == ([], None, []), text
        assert shape == harmless, text
        assert plain(words).count(plain(text)) > 15, text

    assert window.said == []
    assert set(window.asked) == {(tmp_path / "page.html").as_uri()}


@pytest.fixture(scope="module")
def hostile_profiles(make_profile):
    """Profiles whose names are hostile, all of them together of each string."""
    profile = make_profile()
    spans = [replace(profile.timeline[0], lane=text, name=text) for text in HOSTILE]
    operators = [replace(profile.operators[0], name=text) for text in HOSTILE]
    return [
        replace(
            profile,
            timeline=tuple(spans[start::20]),
            operators=tuple(operators[start : start + 6]),
            memory=((HOSTILE[start], 4096), *profile.memory),
            unseen=HOSTILE[start],
            trace=HOSTILE[start],
            seen=HOSTILE,
        )
        for start in range(20)
    ]


def test_a_hostile_name_in_a_drawing_is_read_and_not_run(
    reader, measured, hostile_profiles, make_ceiling, tmp_path
):
    whole = measured(layers=["lstm", "gru", *NAMES_OF_LAYERS])
    results = tuple(
        replace(one, profile=hostile_profiles[number % 20])
        for number, one in enumerate(whole.results)
    )
    ceilings = tuple(make_ceiling(product=text) for text in HOSTILE)
    run = replace(whole, results=results, ceilings=ceilings)
    window = reader(bypass_csp=True)

    window.open(write(tmp_path / "page.html", run))

    assert window.ran() is None
    assert window.ask(LIVE) == []
    tags = {tag.lower() for tag in window.ask(SHAPE)}
    assert not tags & {"img", "iframe", "math", "object"}
    # The page's own: the data, and what reads them.
    assert window.page.locator("script").count() == 2
    assert window.said == []
    assert len(window.asked) == 1


def test_what_would_run_does_run_where_nothing_stops_it(reader, tmp_path):
    window = reader(bypass_csp=True)
    ran = []
    for number, text in enumerate(VECTORS[:10]):
        path = tmp_path / f"{number}.html"
        path.write_text(f"<!doctype html><body>{text}", encoding="utf-8")
        window.open(path)
        window.page.wait_for_timeout(50)
        ran.append(bool(window.dialogs))
        window.dialogs.clear()

    assert ran == [True] * 10


def test_the_policy_of_the_page_stops_what_was_not_escaped(reader, path_of, tmp_path):
    document = path_of("empty").read_text(encoding="utf-8")
    path = tmp_path / "page.html"
    raw = "".join(VECTORS[:10])
    path.write_text(document.replace("</main>", f"{raw}</main>"), encoding="utf-8")
    window = reader()

    window.open(path)
    window.page.wait_for_timeout(300)

    assert window.ran() is None
    assert any("Content Security Policy" in text for text in window.said)


def test_no_field_of_a_run_can_end_the_file(poisoned, tmp_path):
    text = json.loads('"\\ud800"')

    write(tmp_path / "page.html", poisoned(text))

    assert (tmp_path / "page.html").read_bytes().endswith(b"</html>\n")
