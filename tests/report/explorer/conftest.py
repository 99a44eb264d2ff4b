"""Pages of the reference runs in a browser."""

from pathlib import Path

import pytest
from browser_window import Window

from rnnbench.report.run_page import render_page
from rnnbench.report.view import view
from rnnbench.storage.results_file import load_run

RESULTS = Path(__file__).parents[3] / "results" / "reference"


@pytest.fixture(scope="session")
def path_of(tmp_path_factory):
    """The page of a reference run, each made once."""
    folder = tmp_path_factory.mktemp("pages")
    made = {}

    def path_of(name):
        if name not in made:
            made[name] = folder / f"{name}.html"
            run = load_run(RESULTS / f"{name}.json")
            made[name].write_text(render_page(view(run)), encoding="utf-8")
        return made[name]

    return path_of


@pytest.fixture
def window(browser, path_of):
    """Opens a window on the page of a run; each is closed after the test."""
    opened = []

    def window(name, hash_="", **settings):
        settings.setdefault("viewport", {"width": 1440, "height": 900})
        opened.append(Window(browser, **settings))
        return opened[-1].open(path_of(name).as_uri(), hash_)

    yield window
    for each in opened:
        each.context.close()
