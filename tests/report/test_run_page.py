"""The page of a run as a document: balanced, harmless, and whole for every run."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rnnbench.calibration.check_section import CheckSection
from rnnbench.model.status import Status
from rnnbench.report.markdown import render_markdown
from rnnbench.report.run_page import Surroundings, render_page
from rnnbench.report.terminal import summary
from rnnbench.report.view import view
from rnnbench.storage.results_file import load_run

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></svg><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "line\nbreak\r\x00\x1b[31m",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066",
    "{} %s ${x} `x`",
)
VOID = {"meta", "br", "link", "img", "input", "col"}
RENDERERS = {
    "page": render_page,
    "markdown": render_markdown,
    "terminal": lambda found: "\n".join(summary(found)),
}


class Reader(HTMLParser):
    """What a browser would see: balance, tags, attributes, links, text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes = [], [], []
        self.words = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def values(self, name):
        return [value for _, key, value in self.attributes if key == name]


@pytest.fixture(scope="module")
def profiled(make_profile, make_ceiling):
    """A run with a profile of its first case, and a ceiling."""

    def of(run):
        first = replace(run.results[0], profile=make_profile("lstm"))
        results = (first, *run.results[1:])
        return replace(run, results=results, ceilings=(make_ceiling(),))

    return of


@pytest.fixture(scope="module")
def run(make_sweep, make_case, make_result, profiled, simulate):
    cases = make_sweep(hidden_size=[16, 32], layer=["lstm", "gru"], bias=[True, False])
    whole = simulate(
        cases,
        lambda case: 1e-3 if case.layer == "gru" else 2e-3,
        memory=lambda case: case.hidden_size,
        compare=("layer", "bias"),
    )
    failed = make_result(
        make_case(hidden_size=999, layer="gru"),
        compare=("layer", "bias"),
        status=Status.ERROR,
    )
    results = (*whole.results, failed)
    return profiled(replace(whole, results=results))


def render(run, around=None):
    return render_page(view(run), around)


def island(text):
    (found,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL
    )
    return json.loads(found)


def test_the_document_is_balanced_and_its_links_resolve(run):
    read = Reader(render(run))

    assert read.open == []
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    assert {"answer", "size", "why", "explore", "more", "method", "failures"} <= set(
        ids
    )
    for target in read.values("href"):
        assert target.removeprefix("#") in ids


def policy_of(read):
    return next(value for value in read.values("content") if "default-src" in value)


def test_nothing_is_fetched_and_nothing_is_run_but_what_the_policy_names(run):
    text = render(run)
    read = Reader(text)

    assert not {"link", "img", "iframe", "object", "base"} & set(read.tags)
    assert not [name for _, name, _ in read.attributes if name.startswith("on")]
    assert not read.values("src")
    assert not read.values("style")
    assert "default-src 'none'" in policy_of(read)
    assert "unsafe" not in policy_of(read)
    assert "@import" not in text
    assert "url(http" not in text


@pytest.mark.parametrize("tag", ["style", "script"])
def test_the_policy_names_the_one_style_and_the_one_script_by_their_hash(run, tag):
    text = render(run)

    (found,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()

    assert f"{tag}-src 'sha256-{digest}'" in policy_of(Reader(text))


def test_sections_without_content_are_left_out(make_run, make_case, make_result):
    one = Reader(render(make_run([make_result(make_case())])))
    nothing = Reader(render(make_run()))

    assert not {"size", "why"} & set(one.values("id"))
    assert {"answer", "explore", "method"} <= set(one.values("id"))
    assert not {"size", "why", "explore"} & set(nothing.values("id"))


def test_what_surrounds_a_page_is_on_it(run):
    check = CheckSection(
        "Is it right here?",
        ("Equal layers are not called different.",),
        (),
        (("equal layers called different", 1, 20, 0.05, 0.0, 0.25),),
    )
    around = Surroundings(
        links=(("All runs", "../../index.html"),),
        results="run.json",
        traces="traces/",
        check=check,
    )

    text = render(run, around)
    read = Reader(text)

    assert {"../../index.html", "run.json"} <= set(read.values("href"))
    assert island(text)["run"]["traces"] == "traces/"
    assert "self-check" in read.values("id")
    assert {"equal layers called different", "1 of 20", "5%"} <= set(read.words)


def test_what_can_not_run_is_counted_and_not_explored(run, make_case, make_result):
    skipped = make_result(
        make_case(hidden_size=77), status=Status.SKIPPED, reason="no such device"
    )
    more = replace(run, results=(*run.results, skipped))

    text = render(more)

    assert "no such device" in text
    assert "1 skipped" in " ".join(Reader(text).words)
    assert len(island(text)["cases"]["layer"]) == len(run.results)


@pytest.fixture(params=HOSTILE)
def hostile(request, run):
    text = request.param
    failed = replace(run.results[-1], reason=text, memory_reason=text)
    operators = tuple(
        replace(one, name=text) for one in run.results[0].profile.operators
    )
    spans = tuple(
        replace(one, name=text, lane=text) for one in run.results[0].profile.timeline
    )
    profile = replace(
        run.results[0].profile,
        operators=operators,
        timeline=spans,
        trace=text,
        memory=((text, 5),),
        seen=(text,),
    )
    first = replace(run.results[0], profile=profile)
    environment = replace(
        run.environment, cpu_model=text, kernel=text, cpu_flags=text, torch=text
    )
    return replace(
        run,
        commit=text,
        command=text,
        created=text,
        version=text,
        environment=environment,
        sweep=replace(run.sweep, name=text, question=text, digest=text),
        results=(first, *run.results[1:-1], failed),
    )


@pytest.mark.parametrize("form", sorted(RENDERERS))
def test_a_hostile_string_stays_inert_wherever_it_comes_from(run, hostile, form):
    document = RENDERERS[form](view(hostile))

    plain = RENDERERS[form](view(run))
    if form == "terminal":
        assert all(line.isprintable() for line in document.splitlines())
        return
    assert document.count("<script") == plain.count("<script")
    assert "alert(1)</script" not in document
    assert "<img" not in document
    if form == "page":
        read, before = Reader(document), Reader(plain)
        assert read.open == []
        assert set(read.tags) == set(before.tags)
        assert {key for _, key, _ in read.attributes} == {
            key for _, key, _ in before.attributes
        }


def test_the_data_of_a_page_holds_a_hostile_string_as_it_is(hostile):
    data = island(render(hostile))

    assert data["run"]["sweep"] == hostile.sweep.name
    assert data["reasons"] == [hostile.results[-1].reason]


def test_the_same_run_gives_the_same_document(run):
    assert render(run) == render(run)


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("*.json")), ids=lambda p: p.stem)
def test_every_reference_run_has_a_whole_page_of_bounded_size(path):
    text = render_page(view(load_run(path)))

    assert Reader(text).open == []
    # The full learning sweep has a plot for each of its thirteen tasks.
    limits = {"quick-epyc": 200_000, "learning-xeon": 650_000}
    limit = next((most for name, most in limits.items() if name in path.stem), 400_000)
    assert len(text.encode()) <= limit


def test_a_report_is_made_without_torch_and_without_pytest():
    code = (
        "import sys\n"
        "names = ('torch', 'pytest', 'pydantic', 'pytest_benchmark', 'matplotlib')\n"
        "for name in names:\n"
        "    sys.modules[name] = None\n"
        "import rnnbench.storage.results_file, rnnbench.report.markdown\n"
        "import rnnbench.report.run_page, rnnbench.report.terminal\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
