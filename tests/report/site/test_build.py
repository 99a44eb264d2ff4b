"""A site on the disk: what is made, what is kept, what is removed, what is refused."""

import json
import os
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from rnnbench.model.errors import ResultsError
from rnnbench.model.status import Status
from rnnbench.report.site import build as building
from rnnbench.report.site import index_file, run_pages
from rnnbench.report.site.build import SiteOptions

HOSTILE = [
    "../../../etc/passwd",
    "<script>globalThis.ran=1</script>",
    "..",
    "/",
    "a\\..\\b\0",
    "javascript:alert(1)",
    "Ärger\u202e\n" * 40,
    "]]>&lt;" * 5,
    "",
]


class Links(HTMLParser):
    """Where a page leads to, and which places it has."""

    def __init__(self, text):
        super().__init__()
        self.hrefs, self.ids = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        if "id" in known:
            self.ids.add(known["id"])
        if tag in ("a", "link"):
            self.hrefs.append(known["href"])


def read_index(output):
    return json.loads((output / "index.json").read_text(encoding="utf-8"))


def text_of(path):
    return path.read_text(encoding="utf-8")


@pytest.fixture
def rendered(monkeypatch):
    """Names of the pages that are rendered, as they are."""
    pages = []

    def counting(name, render):
        def wrapped(*arguments):
            pages.append(name)
            return render(*arguments)

        return wrapped

    monkeypatch.setattr(
        run_pages, "render_page", counting("run", run_pages.render_page)
    )
    for name in ("index_page", "machine_page", "compare_page"):
        page = counting(name.partition("_")[0], getattr(building, name))
        monkeypatch.setattr(building, name, page)
    return pages


def test_index_shows_each_machine_with_its_verdict_and_runs(
    results, tmp_path, make_site
):
    output = tmp_path / "reports"

    site = make_site(results, output)

    text = text_of(output / "index.html")
    assert [run.created[:10] for run in site.runs] == ["2026-10-02", "2026-10-01"]
    for run in site.runs:
        assert f'href="runs/{run.id}/index.html"' in text
    for machine in site.machines:
        assert f'href="machines/{machine.id}/index.html"' in text
    assert "It depends on the machine." in text
    assert text.count('<h3><a href="machines/') == 2
    assert "GRU faster at 1 of 1" in text
    assert "LSTM faster at 1 of 1" in text


def test_index_for_programs_names_every_file(results, tmp_path, make_site, contents):
    output = tmp_path / "reports"

    make_site(results, output)

    whole = read_index(output)
    assert whole["schema"] == 2
    assert [run["is_reference"] for run in whole["runs"]] == [True, False]
    assert [run["counts"] for run in whole["runs"]] == [[["ok", 2]]] * 2
    for each in (*whole["runs"], *whole["machines"]):
        assert (output / each["url"]).is_file()
    assert [run["answer"] for run in whole["runs"]] == [
        "On this CPU, the GRU is faster.",
        "On this CPU, the LSTM is faster.",
    ]
    assert set(whole["files"]) == set(contents(output)) - {"index.json"}


def test_addresses_do_not_depend_on_names_order_or_age(results, tmp_path, make_site):
    first = make_site(results, tmp_path / "a")
    (results / "latest.json").rename(results / "zz.json")
    (results / "reference" / "other.json").rename(results / "0.json")
    for path in results.glob("*.json"):
        os.utime(path, (1, 1))

    second = make_site(results, tmp_path / "b")

    assert [run.id for run in first.runs] == [run.id for run in second.runs]
    assert [one.id for one in first.machines] == [one.id for one in second.machines]


def test_a_copy_of_a_run_is_listed_once(results, tmp_path, make_site):
    shutil.copy(results / "reference" / "other.json", results / "copy.json")

    site = make_site(results, tmp_path / "reports")

    assert [run.is_reference for run in site.runs] == [True, False]


def test_same_results_give_the_same_bytes(
    results, long_history, tmp_path, make_site, contents
):
    shutil.copytree(long_history, results / "history")
    make_site(results, tmp_path / "a")
    make_site(results, tmp_path / "b")
    once = contents(tmp_path / "a")

    make_site(results, tmp_path / "a")

    assert contents(tmp_path / "a") == contents(tmp_path / "b") == once


def test_unchanged_results_render_no_page(
    results, long_history, tmp_path, rendered, make_site
):
    shutil.copytree(long_history, results / "history")
    output = tmp_path / "reports"
    make_site(results, output)
    assert sorted(rendered) == ["compare", "index", *["machine"] * 2, *["run"] * 2]
    rendered.clear()

    site = make_site(results, output)

    assert rendered == []
    assert site.rendered == ()


def test_unchanged_history_is_not_read(
    results, long_history, tmp_path, monkeypatch, make_site
):
    shutil.copytree(long_history, results / "history")
    output = tmp_path / "reports"
    before = make_site(results, output)
    monkeypatch.setattr("rnnbench.regression.history_store.load", None)

    assert make_site(results, output).machines == before.machines


def test_forty_runs_and_a_new_one_render_one_run(
    tmp_path, night, rendered, make_site, save_run
):
    results, output = tmp_path / "results", tmp_path / "reports"
    for number in range(1, 29):
        save_run(results / f"{number}.json", night(number % 28 + 1, 1 + number / 100))
    make_site(results, output)
    rendered.clear()
    save_run(results / "new.json", night(28, 1.5))

    make_site(results, output)

    assert sorted(rendered) == ["compare", "index", "machine", "run"]


def test_new_code_renders_every_page(
    results, tmp_path, rendered, monkeypatch, make_site
):
    output = tmp_path / "reports"
    make_site(results, output)
    rendered.clear()
    monkeypatch.setattr(index_file, "code_digest", lambda: "other")

    make_site(results, output)

    assert len(rendered) == 6


@pytest.mark.parametrize("name", ["index.html", "summary.json", "run.json"])
def test_damaged_files_of_the_site_are_made_again(
    results, tmp_path, contents, make_site, name
):
    output = tmp_path / "reports"
    changed, removed = make_site(results, output).runs
    whole = contents(output)
    (output / "runs" / changed.id / name).write_text("damaged")
    (output / "runs" / removed.id / name).unlink()

    make_site(results, output)

    assert contents(output) == whole


def test_a_site_built_in_steps_is_the_site_built_at_once(
    results, night, make_site, save_run, contents
):
    tmp_path = results.parent
    output = tmp_path / "reports"
    make_site(results, output)
    save_run(results / "new.json", night(28, 1.5))
    (results / "latest.json").unlink()

    make_site(results, output)

    make_site(results, tmp_path / "fresh")
    assert contents(output) == contents(tmp_path / "fresh")


def test_a_run_that_changed_moves_to_a_new_address(
    results, tmp_path, night, make_site, save_run
):
    output = tmp_path / "reports"
    before = make_site(results, output)
    save_run(results / "latest.json", night(1, 1.4))

    after = make_site(results, output)

    assert before.runs[0].id == after.runs[0].id
    assert before.runs[1].id != after.runs[1].id
    assert not (output / "runs" / before.runs[1].id).exists()


def test_large_results_files_are_not_copied(results, tmp_path, make_site):
    output = tmp_path / "reports"
    make_site(results, output)
    assert len(list(output.rglob("run.json"))) == 2

    make_site(results, output, SiteOptions(copy_bytes=10))

    assert not list(output.rglob("run.json"))
    for path in output.glob("runs/*/index.html"):
        assert "run.json" not in text_of(path)


def test_files_that_cannot_be_read_are_listed_with_their_reason(
    results, tmp_path, make_site
):
    (results / "broken.json").write_text("{")
    (results / "history").mkdir()
    (results / "history" / "foreign.txt").write_text("x")
    output = tmp_path / "reports"

    site = make_site(results, output)

    names = ["broken.json", "history/foreign.txt"]
    assert [each.file for each in site.unread] == names
    assert [each["file"] for each in read_index(output)["unread"]] == names
    text = text_of(output / "index.html")
    assert all(each.reason in text.replace("&#39;", "'") for each in site.unread)
    assert str(tmp_path) not in text
    # The next build says so again, though nothing has changed.
    assert make_site(results, output).unread == site.unread


def test_special_files_are_listed_and_not_opened(results, tmp_path, make_site):
    os.mkfifo(results / "fifo.json")
    (results / "folder.json").mkdir()
    (results / "lost.json").symlink_to(results / "nowhere")
    (results / "link.json").symlink_to(results / "fifo.json")

    site = make_site(results, tmp_path / "reports")

    assert len(site.runs) == 2
    reasons = {each.file: each.reason for each in site.unread}
    assert reasons.pop("lost.json") == "No such file or directory"
    assert reasons.pop("folder.json") == "Is a directory"
    assert reasons == dict.fromkeys(("fifo.json", "link.json"), "not a regular file")


def test_an_empty_folder_gives_a_page_that_says_what_to_do(tmp_path, make_site):
    (tmp_path / "results").mkdir()

    make_site(tmp_path / "results", tmp_path / "reports")

    assert "rnnbench run" in text_of(tmp_path / "reports" / "index.html")


def test_folders_that_do_not_fit_are_refused(results, tmp_path, make_site):
    with pytest.raises(ResultsError, match="no such folder"):
        make_site(tmp_path / "none", tmp_path / "reports")
    with pytest.raises(ResultsError, match="choose another folder"):
        make_site(results, results / "reference")


def test_pages_of_removed_runs_go_and_foreign_files_stay(results, tmp_path, make_site):
    output = tmp_path / "reports"
    gone = make_site(results, output).runs[0]
    (output / "notes.md").write_text("mine")
    (output / "runs" / "mine").mkdir()
    (output / "runs" / "mine" / "index.html").write_text("mine")
    beside = output / "machines" / gone.machine / "mine.txt"
    beside.write_text("mine")
    (results / "reference" / "other.json").unlink()

    make_site(results, output)

    assert not (output / "runs" / gone.id).exists()
    assert [path.name for path in beside.parent.iterdir()] == ["mine.txt"]
    assert (output / "notes.md").exists()
    assert (output / "runs" / "mine" / "index.html").exists()


@pytest.mark.parametrize(
    "name", ["../mine.html", "runs/../../x/index.html", "notes.md", "runs/x/a.html", 7]
)
@pytest.mark.parametrize("schema", [1, 2])
def test_an_index_cannot_order_the_removal_of_other_files(
    results, tmp_path, make_site, name, schema
):
    output = tmp_path / "reports"
    output.mkdir()
    for path in (tmp_path / "mine.html", output / "notes.md"):
        path.write_text("mine")
    files = [name] if schema == 1 else {str(name): "0" * 64}
    (output / "index.json").write_text(json.dumps({"schema": schema, "files": files}))

    make_site(results, output)

    assert (tmp_path / "mine.html").exists()
    assert (output / "notes.md").exists()


def test_what_a_link_leads_to_is_not_removed(results, tmp_path, make_site):
    output, elsewhere = tmp_path / "reports", tmp_path / "elsewhere"
    (elsewhere / "x").mkdir(parents=True)
    (elsewhere / "x" / "index.html").write_text("mine")
    make_site(results, output)
    (output / "runs" / "x").symlink_to(elsewhere / "x")
    whole = read_index(output)
    whole["files"]["runs/x/index.html"] = "0" * 64
    (output / "index.json").write_text(json.dumps(whole))

    make_site(results, output)

    assert (elsewhere / "x" / "index.html").exists()


def test_an_index_of_another_kind_is_not_overwritten(
    results, tmp_path, make_site, contents
):
    output = tmp_path / "reports"
    output.mkdir()
    (output / "index.json").write_text("[1]")

    with pytest.raises(ResultsError, match="not a site's index"):
        make_site(results, output)

    assert contents(output) == {"index.json": b"[1]"}


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_in_the_folder_and_are_escaped(
    tmp_path, night, make_site, save_run, name
):
    run = night()
    run = replace(
        run,
        created=name,
        sweep=replace(run.sweep, name=name, question=name),
        environment=replace(run.environment, cpu_model=name, gpu=name, torch=name),
    )
    folder = tmp_path / "a" / "results"
    save_run(folder / "x.json", run)
    output = tmp_path / "a" / "b" / "reports"

    site = make_site(folder, output)

    assert re.fullmatch(r"[a-z0-9-]{1,60}", site.runs[0].id)
    assert re.fullmatch(r"[a-z0-9-]{1,60}", site.machines[0].id)
    files = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert all(output in path.parents for path in files - {folder / "x.json"})
    for path in output.rglob("*.html"):
        assert "<script>globalThis" not in text_of(path)
    ET.fromstring((output / "feed.xml").read_bytes())


def test_every_internal_link_leads_somewhere(
    results, long_history, tmp_path, make_site
):
    shutil.copytree(long_history, results / "history")
    output = tmp_path / "reports"

    make_site(results, output)

    pages = {path.resolve(): Links(text_of(path)) for path in output.rglob("*.html")}
    for path, page in pages.items():
        assert page.hrefs
        for href in page.hrefs:
            assert ":" not in href
            target, _, place = href.partition("#")
            file = (path.parent / target).resolve() if target else path
            assert file.is_file(), href
            # `a=` asks the page that compares runs for a run.
            if place and not place.startswith("a="):
                assert place in pages[file].ids, href


def test_failed_cases_are_counted_by_their_status(tmp_path, night, make_site, save_run):
    run = night()
    killed = replace(run.results[0], status=Status.KILLED, reason="x", turns=())
    save_run(tmp_path / "x.json", replace(run, results=(killed, run.results[1])))

    site = make_site(tmp_path, tmp_path / "reports")

    assert site.runs[0].counts == (("ok", 1), ("killed", 1))
    text = text_of(tmp_path / "reports" / "index.html")
    assert "2 cases: 1 ok, 1 killed" in text
    assert "No run here compares two layers yet." in text


def test_a_run_of_settings_is_listed_without_a_ratio(
    tmp_path, make_sweep, simulate, make_site, save_run
):
    run = simulate(
        make_sweep(layer=["lstm"], bias=[True, False]),
        lambda case: 1e-3 if case.bias else 9e-4,
        compare=("bias",),
    )
    save_run(tmp_path / "x.json", run)

    site = make_site(tmp_path, tmp_path / "reports")

    assert site.runs[0].phases == ()
    assert site.machines[0].best is None
    badge = json.loads(text_of(tmp_path / "reports" / "badge.json"))
    assert badge["message"] == "not measured"


def test_a_run_that_learned_is_found_however_old_it_is(
    tmp_path, night, make_learning_run, make_site, save_run
):
    run = make_learning_run()
    sweep = replace(run.sweep, question="What does each layer learn?")
    created = "2026-09-01T02:00:00+00:00"
    save_run(tmp_path / "old.json", replace(run, sweep=sweep, created=created))
    for number in range(1, 11):
        save_run(tmp_path / f"{number}.json", night(number))

    site = make_site(tmp_path, tmp_path / "reports")

    (learned,) = (run for run in site.runs if run.learned)
    text = text_of(tmp_path / "reports" / "index.html")
    assert f"runs/{learned.id}/index.html" in text
    assert "What does each layer learn?" in text
    assert 'class="said"' in text
    assert "learns in fewer steps" in "".join(one.text for one in learned.headline)


def test_a_site_of_learning_alone_answers_with_what_was_learned(
    tmp_path, make_learning_run, make_site, save_run
):
    run = make_learning_run()
    save_run(tmp_path / "run.json", replace(run, results=()))

    make_site(tmp_path, tmp_path / "reports")

    text = text_of(tmp_path / "reports" / "index.html")
    assert "No run here compares two layers yet" not in text
    assert "learns in fewer steps" in text
