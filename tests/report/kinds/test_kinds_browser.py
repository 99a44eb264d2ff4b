"""The page of several machines in a browser: two widths, two themes, no script."""

from dataclasses import replace

import pytest
from browser_window import Window

from rnnbench.report.kinds.kinds_page import render_kinds
from rnnbench.report.kinds.machine_kind import kinds_of
from rnnbench.report.kinds.shared_ratios import shared_view


@pytest.fixture(scope="module")
def page(machine, two_machines, tmp_path_factory):
    """Two machines that disagree, and a third one with a long name and fewer sizes."""
    third = machine("A CPU whose name is long (R) @ 2.00GHz" * 2, lambda _: 1.2, seed=7)
    fewer = replace(third[1], results=third[1].results[2:])
    files = [(kind.path, kind.run) for kind in two_machines]
    path = tmp_path_factory.mktemp("kinds") / "index.html"
    text = render_kinds(shared_view(kinds_of([*files, (third[0], fewer)])))
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_readers_of_many_machines_find_no_fault(page, browser, width, theme):
    window = Window(
        browser, viewport={"width": width, "height": 900}, color_scheme=theme
    )

    window.open(page.as_uri())
    window.ask("() => document.querySelectorAll('details').forEach(x => x.open = 1)")

    assert window.ask("document.documentElement.scrollWidth") <= width
    assert window.axe() == []
    assert window.said == []
    assert window.asked == [page.as_uri()]
    window.context.close()
