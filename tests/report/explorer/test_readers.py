"""The explorer for every reader: by keyboard, by ear, on a phone, on paper."""

import pytest

QUICK = "quick-epyc-2-cores"
NIGHTLY = "nightly-epyc-2-cores"
RUNS = (
    QUICK,
    NIGHTLY,
    "knobs-epyc-2-cores",
    "uses-epyc-2-cores",
    "cuda-h200",
    "allocator-epyc-2-cores",
    "sixty-epyc-2-cores",
    "quick-epyc-avx2-2-cores",
)
VIEWS = ("map", "chart", "table")
SCHEMES = ("light", "dark")
WIDTHS = (390, 1440)


def looking(window, name, view, *, width=1440, scheme="light", query=""):
    settings = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    page = window(name, f"#explore?view={view}{query}", **settings).settle()
    page.ask(
        "() => document.querySelectorAll('details').forEach(x => { x.open = true; })"
    )
    return page.settle()


@pytest.mark.parametrize("name", RUNS)
def test_no_view_goes_wrong_fetches_anything_or_is_wider_than_the_screen(
    window, path_of, name
):
    for width in WIDTHS:
        page = looking(window, name, "map", width=width)
        for view in VIEWS:
            page.ask("view => document.querySelector(`[value=${view}]`)?.click()", view)
            page.settle()
            assert page.page.locator(".stage").is_visible()
            assert page.ask("() => document.documentElement.scrollWidth") <= width

        assert page.said == []
        assert {url.partition("#")[0] for url in page.asked} <= {
            path_of(name).as_uri(),
            "about:blank",
        }


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_no_violation(window, view, scheme, width):
    page = looking(window, QUICK, view, width=width, scheme=scheme)

    # The rest of the page is the same in each view; other tests check it.
    assert page.axe("#explore", scheme) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "scheme"), list(zip(RUNS[:5], 3 * SCHEMES, strict=False))
)
def test_axe_finds_no_violation_in_a_whole_page(window, name, scheme):
    width = WIDTHS[scheme == "light"]
    page = looking(window, name, "map", width=width, scheme=scheme)

    assert page.axe() == []


@pytest.mark.parametrize("show", ["operators", "memory", "timeline"])
def test_axe_finds_no_violation_in_the_inspector(window, show):
    page = looking(window, QUICK, "map", query=f"&show={show}&why={show[:6]}")

    assert page.axe("#explore") == []


SMALL = """() => [...document.querySelectorAll(
    'a[href], button, select, summary, label:has(input), .map td[aria-label]')]
  .filter(x => x.checkVisibility() && !x.closest('p:not(.links):not(.row):not(.pager)')
    && !x.matches('.skip'))
  .map(x => [x.outerHTML.slice(0, 120), x.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 23.9 || box.height < 23.9))
  .map(([text, box]) => `${text} ${box.width} x ${box.height}`)"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_every_target_is_large_enough_for_a_finger(window, view, width):
    page = looking(window, NIGHTLY, view, width=width)

    assert page.ask(SMALL) == []


@pytest.mark.parametrize("view", VIEWS)
def test_the_keyboard_reaches_everything_in_the_order_of_the_page(window, view):
    page = looking(window, QUICK, view)
    page.ask("() => document.querySelector('#explore').scrollIntoView()")
    page.page.locator(".filters input").first.focus()
    reached = []

    for _ in range(140):
        page.page.keyboard.press("Tab")
        if page.ask("() => !document.activeElement.closest('#explorer')"):
            break
        reached.append(
            page.ask(
                "() => { const x = document.activeElement;"
                " const box = x.getBoundingClientRect();"
                " return [x.tagName, x.name ?? '', box.top + scrollY]; }"
            )
        )

    names = {name for _, name, _ in reached}
    assert {"view", "show"} <= names
    assert {"map": "TD", "chart": "CANVAS", "table": "BUTTON"}[view] in {
        tag for tag, _, _ in reached
    }


def test_nothing_moves_for_those_who_want_no_motion(window):
    behaviour = "() => getComputedStyle(document.documentElement).scrollBehavior"

    assert window(QUICK, reduced_motion="reduce").ask(behaviour) == "auto"
    assert window(QUICK, reduced_motion="no-preference").ask(behaviour) == "smooth"


def test_without_script_no_control_is_left(window):
    page = window(QUICK, java_script_enabled=False)

    assert page.page.locator("h1").is_visible()
    assert page.page.locator("#hero-time, #hero-memory").count() == 2
    for part in ("#hero-time", "#hero-memory", "#explore table", "#method"):
        assert page.page.locator(part).first.is_visible()
    for part in page.page.locator("button, #size, #why, .seg").all():
        assert not part.is_visible()


PAPER = """() => { dispatchEvent(new Event('beforeprint'));
    const found = [document.querySelectorAll('.stage .dense tbody tr').length,
        document.documentElement.dataset.theme,
        document.querySelectorAll('details:not([open])').length];
    dispatchEvent(new Event('afterprint'));
    return found; }"""


def test_paper_gets_every_row_unfolded_and_in_black_on_white(window):
    page = window(NIGHTLY, "#explore?view=table", color_scheme="dark").settle()

    assert page.ask(PAPER) == [320, "light", 0]

    page.settle()
    assert page.page.locator(".stage .dense tbody tr").count() == 50
    assert page.ask("() => document.documentElement.dataset.theme ?? 'auto'") == "auto"
    assert page.page.locator("details:not([open])").count() > 3


@pytest.mark.parametrize("view", VIEWS)
def test_a_printed_page_has_no_controls_and_is_not_cut(window, view):
    page = window(
        QUICK, f"#explore?view={view}", viewport={"width": 718, "height": 1000}
    ).settle()

    printed = page.page.pdf(format="A4", tagged=True)
    page.page.emulate_media(media="print")

    assert printed.startswith(b"%PDF-")
    for part in page.page.locator("button:not(.plain button), select, .seg").all():
        assert not part.is_visible()
    assert page.page.locator("#hero-memory").is_visible()


def test_the_theme_repaints_the_chart_and_is_kept(window):
    page = looking(window, QUICK, "chart")
    pixel = """() => { const canvas = document.querySelector('canvas');
        const middle = Math.round(canvas.width / 2) - 30;
        return [...canvas.getContext('2d').getImageData(middle, 60, 1, 1).data]; }"""
    light = page.ask(pixel)

    for theme in ("light", "dark"):
        page.page.locator("#theme").click()
        page.settle()
        assert page.page.locator("#theme").text_content() == f"Theme: {theme}"

    assert sum(page.ask(pixel)[:3]) < sum(light[:3]) - 200
    page.open(page.page.url).settle()
    assert page.page.locator("#theme").text_content() == "Theme: dark"


SHADES = """layers => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const table = document.createElement("table");
  table.className = "map";
  const row = table.insertRow();
  document.body.append(table);
  return layers.flatMap(layer => [1, 2, 3, 4, 5, 6, 7].map(step => {
    const cell = row.insertCell();
    cell.className = `w-${layer} g${step}`;
    const { color, backgroundColor } = getComputedStyle(cell);
    const [a, b] = [light(color), light(backgroundColor)].sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), backgroundColor];
  }));
}"""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_number_in_each_shade_can_be_read(window, scheme):
    layers = ["gru", "lstm", "rnn", "relu", "own", "even"]

    shades = window(QUICK, color_scheme=scheme).ask(SHADES, layers)

    assert len({paper for _, paper in shades}) == len(shades) == 42
    assert [one for one in shades if one[0] < 4.5] == []
