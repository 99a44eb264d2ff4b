import base64
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from rnnbench.model.run import Status
from rnnbench.report import RENDERERS
from rnnbench.report.html import render
from rnnbench.report.run_page import page

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></svg><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "line\nbreak\r\x00\x1b[31m",
    "javascript:alert(1)",
)
VOID = {"meta", "br", "link", "img", "input"}


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
def run(make_sweep, make_case, make_result, simulate):
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
    return replace(whole, results=(*whole.results, failed))


def test_the_document_is_balanced_and_its_links_resolve(run):
    read = Reader(render(page(run)))

    assert read.open == []
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    assert {"answer", "tradeoff", "knobs", "cases", "method"} <= set(ids)
    for target in read.values("href") + read.values("xlink:href"):
        assert target.removeprefix("#") in ids
    for name in read.values("aria-labelledby"):
        assert name in ids


def policy_of(read):
    return next(value for value in read.values("content") if "default-src" in value)


def test_nothing_is_fetched_and_nothing_is_run_but_what_the_policy_names(run):
    text = render(page(run))
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
    text = render(page(run))

    (found,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()

    assert f"{tag}-src 'sha256-{digest}'" in policy_of(Reader(text))


def test_a_page_without_a_table_to_sort_has_no_script(make_run):
    read = Reader(render(page(make_run())))

    assert "script" not in read.tags
    assert "script-src 'none'" in policy_of(read)


def test_the_script_reads_the_raw_figures_of_every_case(run):
    text = render(page(run))

    (island,) = re.findall(r'<script type="application/json">(.*?)</script>', text)
    data = json.loads(island)

    varying = [name for name in data["columns"] if name not in data["same"]]
    found = [
        data["same"] | dict(zip(varying, record, strict=True))
        for record in data["records"]
    ]
    assert [one["case"] for one in found] == [one.case.id for one in run.results]
    assert [one["status"] for one in found] == [one.status for one in run.results]
    for one, result in zip(found, run.results, strict=True):
        assert one.keys() == set(data["columns"])
        assert one["peak_memory_bytes"] == result.peak_memory
        assert one["reason"] == result.reason
        assert one["turns"] == sum(len(turns.seconds) for turns in result.turns)
        assert one["hidden_size"] == result.case.hidden_size
        assert one["bias"] is result.case.bias


def test_each_table_row_and_chart_of_the_page_is_in_the_document(run):
    read = Reader(render(page(run)))

    assert read.tags.count("svg") >= 4
    words = " ".join(read.words)
    for result in run.results:
        assert result.case.id in words
    assert "a reason" in words


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", sorted(RENDERERS))
def test_a_hostile_string_stays_inert_wherever_it_comes_from(run, text, form):
    failed = replace(run.results[-1], reason=text, memory_reason=text)
    environment = replace(run.environment, cpu_model=text, gpu=text, kernel=text)
    sweep = replace(run.sweep, name=text, question=text, digest=text)
    hostile = replace(
        run,
        commit=text,
        command=text,
        created=text,
        version=text,
        environment=environment,
        sweep=sweep,
        results=(*run.results[:-1], failed),
    )

    document = RENDERERS[form](page(hostile))

    plain = RENDERERS[form](page(run))
    assert document.count("<script") == plain.count("<script")
    assert "alert(1)</script" not in document
    assert "<img" not in document
    if form == "html":
        read, before = Reader(document), Reader(plain)
        assert read.open == []
        assert set(read.tags) == set(before.tags)
        assert {key for _, key, _ in read.attributes} == {
            key for _, key, _ in before.attributes
        }


def test_the_same_run_gives_the_same_document(run):
    assert render(page(run)) == render(page(run))


def test_a_report_is_made_without_torch_and_without_pytest():
    code = (
        "import sys\n"
        "for name in ('torch', 'pytest', 'pydantic', 'pytest_benchmark'):\n"
        "    sys.modules[name] = None\n"
        "import rnnbench.storage.results_file, rnnbench.report\n"
        "import rnnbench.report.run_page\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
