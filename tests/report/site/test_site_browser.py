"""The site in a browser: at two widths and themes, with and without script."""

import importlib
import importlib.util
import os
import re
import shutil
from dataclasses import replace

import pytest


def give_up(reason):
    """Without a browser this says nothing: where it must, that is a failure."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="module")
def chromium():
    for name in ("playwright", "axe_playwright_python"):
        if importlib.util.find_spec(name) is None:
            give_up(f"no {name}: pip install 'rnnbench[browser]'")
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        give_up("no Chromium: apt-get install chromium")
    start = importlib.import_module("playwright.sync_api").sync_playwright
    with start() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory, night, long_history, save_run, make_site):
    folder = tmp_path_factory.mktemp("site")
    results = folder / "results"
    other = replace(night().environment, cpu_model="Other CPU")
    save_run(results / "a.json", night(1))
    save_run(results / "b.json", night(2, 0.5, environment=other))
    shutil.copytree(long_history, results / "history")
    return folder / "reports", make_site(results, folder / "reports")


def pages_of(site):
    machines = [f"machines/{machine.id}/index.html" for machine in site.machines]
    return ["index.html", "compare/index.html", *machines]


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_readers_find_no_fault(site, chromium, width, theme):
    output, built = site
    axe = importlib.import_module("axe_playwright_python.sync_playwright").Axe()
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme
    )
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    for name in pages_of(built):
        page.goto((output / name).as_uri())

        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        found = axe.run(page).response["violations"]
        assert [(name, one["id"]) for one in found] == []
    context.close()
    assert said == []
    assert len(asked) == len(pages_of(built))


@pytest.mark.slow
def test_two_runs_are_compared_and_the_address_says_which(site, chromium):
    output, built = site
    first, second = (run.id for run in built.runs)
    page = chromium.new_page()
    page.goto((output / "compare" / "index.html").as_uri())

    shown = page.inner_text("#result")
    page.select_option("#run-a", second)
    page.select_option("#run-b", first)
    swapped = page.inner_text("#result")
    address = page.url
    page.select_option("#run-b", second)

    assert "agree on the faster layer at 0 of 1 ratios" in shown
    assert re.search(r"0\.(49|50)\d×", shown)
    assert shown != swapped
    assert address.endswith(f"#a={second}&b={first}")
    assert page.inner_text("#result") == "A and B are the same run."
    page.close()


@pytest.mark.slow
def test_a_link_chooses_the_runs_and_a_hostile_one_changes_nothing(site, chromium):
    output, built = site
    first, second = (run.id for run in built.runs)
    page = chromium.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    url = (output / "compare" / "index.html").as_uri()

    page.goto(f"{url}#a={second}&b={second}")
    assert page.inner_text("#result") == "A and B are the same run."
    for text in ("a=%3Cscript%3E&b=__proto__", "a=&b", "%E0%A4%A", f"a={first}"):
        page.goto("about:blank")
        page.goto(f"{url}#{text}")
        assert "agree on" in page.inner_text("#result")
    page.close()
    assert errors == []


@pytest.mark.slow
def test_without_script_the_answer_is_there_and_no_dead_control(site, chromium):
    output, _ = site
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto((output / "compare" / "index.html").as_uri())

    assert page.is_visible("#all-runs")
    assert page.is_hidden("#pair")
    context.close()
