"""A site on the disk, and as a reader meets it."""

import importlib
import importlib.util
import json
import os
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.cli.main import main
from rnnbench.model.errors import ResultsError
from rnnbench.model.run import Status
from rnnbench.regression.history import add
from rnnbench.regression.history_store import load
from rnnbench.report.site.catalogue import (
    machine_slug,
    made_before,
    run_slug,
    slug,
)
from rnnbench.report.site.folder import build
from rnnbench.report.site.trends import LEAST_NIGHTS, MOST_CHARTS, followed, sections
from rnnbench.storage.results_file import attach, empty_document, write_document

HOSTILE = [
    "../../../etc/passwd",
    "<script>globalThis.ran=1</script>",
    "..",
    "/",
    "a\\..\\b\0",
    "javascript:alert(1)",
    "Ärger\u202e\n" * 40,
    "",
]


class Links(HTMLParser):
    """Where a page leads to, and which places it has."""

    def __init__(self, text):
        super().__init__()
        self.hrefs, self.ids = [], set()
        self.feed(text)

    def handle_starttag(self, _tag, attributes):
        known = dict(attributes)
        if "id" in known:
            self.ids.add(known["id"])
        if _tag == "a":
            self.hrefs.append(known["href"])


def write(path, run):
    document = empty_document()
    attach(document, run)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_document(path, document)


def silent(_what):
    """Hear nothing."""


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="session")
def night(make_sweep, simulate):
    """The run of a night; a GRU takes `factor` times as long as an LSTM."""
    cases = make_sweep(layer=["lstm", "gru"])

    def night(number=1, factor=1.2, **values):
        run = simulate(
            cases,
            lambda case: 1e-3 * (factor if case.layer == "gru" else 1),
            memory=lambda case: 4096,
            seed=1000 * number,
            noise=0.01,
        )
        created = f"2026-10-{number:02d}T02:00:00+00:00"
        return replace(run, created=created, commit=f"c{number}", **values)

    return night


@pytest.fixture
def results(tmp_path, night):
    """Two runs of two machines, one of them a reference run."""
    folder = tmp_path / "results"
    other = replace(night().environment, cpu_model="Other CPU")
    write(folder / "latest.json", night(1))
    write(folder / "reference" / "other.json", night(2, environment=other))
    return folder


@pytest.fixture(scope="session")
def long_history(tmp_path_factory, night):
    """Sixteen nights; from the ninth on a GRU is a tenth slower."""
    store = tmp_path_factory.mktemp("results") / "history"
    for number in range(1, 17):
        add(night(number, 1.1 if number >= 9 else 1.0), store)
    return store


def read_index(output):
    return json.loads((output / "index.json").read_text(encoding="utf-8"))


def test_the_index_lists_the_runs_with_what_they_answer(results, tmp_path):
    output = tmp_path / "reports"

    site = build(results, output, silent)

    text = (output / "index.html").read_text(encoding="utf-8")
    assert [run.created[:10] for run in site.runs] == ["2026-10-02", "2026-10-01"]
    for run in site.runs:
        assert f'href="{run.url}"' in text
        assert run.answer == "On this CPU, the LSTM is faster."
        assert run.answer in text.replace("&#39;", "'")
    assert "reference run" in text


def test_the_index_for_programs_is_strict_and_complete(results, tmp_path):
    output = tmp_path / "reports"

    build(results, output, silent)

    whole = read_index(output)
    assert whole["schema"] == 1
    assert [run["reference"] for run in whole["runs"]] == [True, False]
    assert [run["counts"] for run in whole["runs"]] == [{"ok": 2}] * 2
    for each in (*whole["runs"], *whole["machines"]):
        assert (output / each["url"]).is_file()
    for run in whole["runs"]:
        assert (output / run["results"]).is_file()
    made = set(contents(output)) - {"index.html", "index.json"}
    assert set(whole["files"]) == made


def test_addresses_do_not_depend_on_names_order_or_age(results, tmp_path):
    first = build(results, tmp_path / "a", silent)
    (results / "latest.json").rename(results / "zz.json")
    (results / "reference" / "other.json").rename(results / "0.json")
    for path in results.glob("*.json"):
        os.utime(path, (1, 1))

    second = build(results, tmp_path / "b", silent)

    assert [run.url for run in first.runs] == [run.url for run in second.runs]
    assert [one.url for one in first.machines] == [one.url for one in second.machines]


def test_a_run_that_lies_there_twice_is_one(results, tmp_path):
    shutil.copy(results / "reference" / "other.json", results / "copy.json")

    site = build(results, tmp_path / "reports", silent)

    assert [run.reference for run in site.runs] == [True, False]


def test_the_same_results_give_the_same_bytes(results, long_history, tmp_path):
    shutil.copytree(long_history, results / "history")
    build(results, tmp_path / "a", silent)
    build(results, tmp_path / "b", silent)
    once = contents(tmp_path / "a")

    build(results, tmp_path / "a", silent)

    assert contents(tmp_path / "a") == contents(tmp_path / "b") == once


def test_a_file_that_can_not_be_read_is_listed_and_the_rest_is_built(
    results, tmp_path, monkeypatch, capsys
):
    (results / "broken.json").write_text("{")
    (results / "history").mkdir()
    (results / "history" / "foreign.txt").write_text("x")
    output = tmp_path / "reports"
    monkeypatch.setattr("sys.argv", ["rnnbench", "site", str(results), str(output)])

    code = main()

    said, told = capsys.readouterr()
    assert code == 1
    assert said == (f"{output / 'index.html'}: 2 runs of 2 machines\n")
    names = ["broken.json", "history/foreign.txt"]
    assert [line.split(": ")[1] for line in told.splitlines()] == names
    assert [each["file"] for each in read_index(output)["unread"]] == names
    assert str(tmp_path) not in (output / "index.html").read_text(encoding="utf-8")


def test_an_empty_folder_gives_a_page_that_says_what_to_do(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "results").mkdir()
    arguments = ["site", str(tmp_path / "results"), str(tmp_path / "reports")]
    monkeypatch.setattr("sys.argv", ["rnnbench", *arguments])

    code = main()

    assert code == 0
    assert capsys.readouterr().out.count("\n") == 1
    text = (tmp_path / "reports" / "index.html").read_text(encoding="utf-8")
    assert "Measure one with" in text


def test_no_folder_and_a_folder_that_is_read_are_refused(results, tmp_path):
    with pytest.raises(ResultsError, match="no such folder"):
        build(tmp_path / "none", tmp_path / "reports", silent)
    with pytest.raises(ResultsError, match="choose another folder"):
        build(results, results / "reference", silent)


def test_pages_of_runs_that_have_gone_go_and_foreign_files_stay(results, tmp_path):
    output = tmp_path / "reports"
    gone = build(results, output, silent).runs[0]
    page = output / gone.url
    (output / "notes.md").write_text("mine")
    (output / "runs" / "mine").mkdir()
    (output / "runs" / "mine" / "index.html").write_text("mine")
    beside = output / "machines" / gone.machine / "mine.txt"
    beside.write_text("mine")
    (results / "reference" / "other.json").unlink()

    build(results, output, silent)

    assert not page.parent.exists()
    assert [path.name for path in beside.parent.iterdir()] == ["mine.txt"]
    assert (output / "notes.md").exists()
    assert (output / "runs" / "mine" / "index.html").exists()


@pytest.mark.parametrize(
    "name", ["../mine.html", "runs/../../x/index.html", "notes.md", "runs/x/a.html", 7]
)
def test_an_index_can_not_order_the_removal_of_other_files(results, tmp_path, name):
    output = tmp_path / "reports"
    output.mkdir()
    for path in (tmp_path / "mine.html", output / "notes.md"):
        path.write_text("mine")
    (output / "index.json").write_text(json.dumps({"schema": 1, "files": [name]}))

    build(results, output, silent)

    assert (tmp_path / "mine.html").exists()
    assert (output / "notes.md").exists()


def test_what_a_link_leads_to_is_not_removed(results, tmp_path):
    output, elsewhere = tmp_path / "reports", tmp_path / "elsewhere"
    (elsewhere / "x").mkdir(parents=True)
    (elsewhere / "x" / "index.html").write_text("mine")
    build(results, output, silent)
    (output / "runs" / "x").symlink_to(elsewhere / "x")
    whole = read_index(output)
    whole["files"].append("runs/x/index.html")
    (output / "index.json").write_text(json.dumps(whole))

    build(results, output, silent)

    assert (elsewhere / "x" / "index.html").exists()


def test_an_index_of_another_kind_is_not_overwritten(results, tmp_path):
    output = tmp_path / "reports"
    output.mkdir()
    (output / "index.json").write_text("[1]")

    with pytest.raises(ResultsError, match="no index of ours"):
        build(results, output, silent)

    assert contents(output) == {"index.json": b"[1]"}


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_in_the_folder_and_are_escaped(tmp_path, night, name):
    run = night()
    run = replace(
        run,
        created=name,
        sweep=replace(run.sweep, name=name, question=name),
        environment=replace(run.environment, cpu_model=name, gpu=name),
    )
    folder = tmp_path / "a" / "results"
    write(folder / "x.json", run)
    output = tmp_path / "a" / "b" / "reports"

    site = build(folder, output, silent)

    assert re.fullmatch(r"[a-z0-9-]{1,60}", site.runs[0].id)
    assert re.fullmatch(r"[a-z0-9-]{1,60}", site.machines[0].id)
    files = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert all(output in path.parents for path in files - {folder / "x.json"})
    for path in output.rglob("*.html"):
        assert "<script>globalThis" not in path.read_text(encoding="utf-8")


@given(text=st.text())
def test_an_address_is_one_plain_name(text, night):
    run = night()
    run = replace(run, created=text, sweep=replace(run.sweep, name=text))

    for made in (slug(text), machine_slug(text), run_slug(run, "0" * 64)):
        assert re.fullmatch(r"[a-z0-9-]{1,60}", made)


@given(
    st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps),
)
def test_an_index_is_read_or_refused(text):
    assert made_before(text) is None


def test_every_internal_link_leads_somewhere(results, long_history, tmp_path):
    shutil.copytree(long_history, results / "history")
    output = tmp_path / "reports"

    build(results, output, silent)

    pages = {
        path.resolve(): Links(path.read_text(encoding="utf-8"))
        for path in output.rglob("*.html")
    }
    for path, page in pages.items():
        assert page.hrefs
        for href in page.hrefs:
            assert ":" not in href
            target, _, place = href.partition("#")
            file = (path.parent / target).resolve() if target else path
            assert file.is_file(), href
            assert not place or place in pages[file].ids


def test_the_page_of_a_machine_marks_where_a_level_changed(long_history, tmp_path):
    output = tmp_path / "reports"

    site = build(long_history.parent, output, silent)

    (machine,) = site.machines
    text = (output / machine.url).read_text(encoding="utf-8")
    assert (machine.nights, machine.runs) == (16, ())
    assert machine.changes >= 1
    assert "c8 to c9" in text
    assert text.count("<svg") == 3
    assert ">2026-10-09</td>" in text


def test_the_largest_change_is_drawn_first(long_history):
    held = load(long_history)
    (own,) = followed(held).values()

    charts = sections(held, own)[1].blocks[0]

    assert len(charts.panels) <= MOST_CHARTS
    assert charts.panels[0].marks
    assert charts.panels[0].marks[0][1].startswith("+")
    assert len(charts.panels[0].points) == 16 >= LEAST_NIGHTS
    assert not charts.panels[-1].marks
    for _, level in charts.panels[0].points:
        assert level.low < level.estimate < level.high


def test_few_nights_are_no_chart(tmp_path, night):
    for number in (1, 2):
        add(night(number), tmp_path)
    held = load(tmp_path)
    (own,) = followed(held).values()

    (said,) = sections(held, own)[1].blocks

    assert "nights yet" in said.text


def test_a_failed_case_is_told_by_its_status(tmp_path, night):
    run = night()
    killed = replace(run.results[0], status=Status.KILLED, reason="x", turns=())
    write(tmp_path / "x.json", replace(run, results=(killed, run.results[1])))

    site = build(tmp_path, tmp_path / "reports", silent)

    assert site.runs[0].counts == (("ok", 1), ("killed", 1))
    text = (tmp_path / "reports" / "index.html").read_text(encoding="utf-8")
    assert "1 ok, 1 killed" in text


def give_up(reason):
    """Without a browser this says nothing: where it must, that is a failure."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.mark.parametrize("width", [390, 1440])
def test_a_reader_finds_no_fault(results, long_history, tmp_path, width):
    for name in ("playwright", "axe_playwright_python"):
        if importlib.util.find_spec(name) is None:
            give_up(f"no {name}: pip install 'rnnbench[browser]'")
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        give_up("no Chromium: apt-get install chromium")
    shutil.copytree(long_history, results / "history")
    site = build(results, tmp_path / "reports", silent)
    urls = ["index.html", site.runs[0].url, *(one.url for one in site.machines)]
    axe = importlib.import_module("axe_playwright_python.sync_playwright").Axe()
    start = importlib.import_module("playwright.sync_api").sync_playwright
    with start() as driver:
        chromium = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": width, "height": 900})
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))

        for url in urls:
            page.goto((tmp_path / "reports" / url).as_uri())

            assert page.evaluate("document.documentElement.scrollWidth") <= width
            answer = axe.run(page).response
            assert [one["id"] for one in answer["violations"]] == []
        chromium.close()
    assert said == []
    assert all(url.startswith("file:") for url in asked)
    assert len(asked) == len(urls)
