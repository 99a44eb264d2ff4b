"""A window of a real browser, for tests of pages."""

import importlib
import importlib.util
import os
import shutil
from pathlib import Path

import pytest

# Debian's name first; Chrome will do where another system has no Chromium.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ELSEWHERE = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
# Nothing of the browser's own may reach for the network either.
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)
# The rules of WCAG 2.2 AA, and what axe advises beyond them.
RULES = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# Counts the page's own short pauses that are not over yet.
PAUSES = """(() => {
    const waiting = new Set();
    const { setTimeout: start, clearTimeout: stop } = globalThis;
    globalThis.setTimeout = (run, delay = 0, ...rest) => {
        const id = start(() => { waiting.delete(id); run(...rest); }, delay);
        if (delay < 1000) waiting.add(id);
        return id;
    };
    globalThis.clearTimeout = (id) => { waiting.delete(id); stop(id); };
    globalThis.pauses = () => waiting.size;
})()"""
# All that a colour scheme can break.
CONTRAST = {"type": "rule", "values": ["color-contrast"]}


def give_up(reason):
    """Without a browser these tests say nothing: where they must, that is a failure."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def found_browser():
    """Its path, or None."""
    paths = (shutil.which(name) for name in NAMES)
    return next(filter(None, paths), str(ELSEWHERE) if ELSEWHERE.exists() else None)


def start_browser():
    """A driver and its browser; both must be closed."""
    for name in ("playwright", "axe_playwright_python"):
        if importlib.util.find_spec(name) is None:
            give_up(f"no {name}: pip install 'rnnbench[browser]'")
    if (path := found_browser()) is None:
        give_up("no Chromium: apt-get install chromium")
    driver = importlib.import_module("playwright.sync_api").sync_playwright().start()
    return driver, driver.chromium.launch(executable_path=path, args=list(FLAGS))


class Window:
    """A window on one page, and everything that it noticed."""

    def __init__(self, browser, **settings):
        self.context = browser.new_context(**settings)
        self.context.add_init_script(PAUSES)
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.context.on("request", lambda request: self.asked.append(request.url))

    def open(self, address, hash_=""):
        # A new hash alone would not reload the page.
        self.page.goto("about:blank")
        self.page.goto(address + hash_)
        return self

    def ask(self, script, value=None):
        return self.page.evaluate(script, value)

    def settle(self):
        """Wait until what was asked for is drawn, and the address has followed."""
        self.page.wait_for_timeout(250)
        # A busy machine may not have come to the end of a pause yet.
        for _ in range(200):
            if not self.ask("() => globalThis.pauses?.()"):
                break
            self.page.wait_for_timeout(50)
        self.ask(
            "() => new Promise(r => requestAnimationFrame(() =>"
            " requestAnimationFrame(r)))"
        )
        return self

    def axe(self, within=None, scheme="light"):
        """Faults that axe finds in the page or in a part of it, a line each.

        Every rule in the light scheme, those of colours in the dark one.
        """
        axe = importlib.import_module("axe_playwright_python.sync_playwright").Axe()
        rules = RULES if scheme == "light" else CONTRAST
        found = axe.run(self.page, context=within, options={"runOnly": rules}).response
        assert "color-contrast" in {rule["id"] for rule in found["passes"]}
        return [
            f"{rule['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]
