import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnbench.report.site.index_file import Previous, decode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.text() | JSON.map(json.dumps))
def test_any_text_is_refused_or_read(text):
    assert decode(text) is None or isinstance(decode(text), Previous)


def test_other_json_is_no_index():
    for text in ("[1]", "{}", '{"schema": "2"}', '{"schema": 2}', "[" * 100_000):
        assert decode(text) is None


def test_an_index_of_the_first_schema_names_its_files():
    text = json.dumps({"schema": 1, "files": ["runs/a/index.html", "../x", 7]})

    assert decode(text) == Previous({"runs/a/index.html": ""})


@pytest.fixture
def index(results, tmp_path, make_site):
    make_site(results, tmp_path / "reports")
    return json.loads((tmp_path / "reports" / "index.json").read_text(encoding="utf-8"))


def test_an_index_is_read_back_as_it_was_written(index):
    previous = decode(json.dumps(index))

    assert [run.id for run in previous.runs.values()] == [
        run["id"] for run in index["runs"]
    ]
    assert previous.files == index["files"]
    assert previous.keys == index["keys"]


@given(data=st.data())
def test_a_damaged_entry_only_costs_what_was_kept(index_text, data):
    whole = json.loads(index_text)
    run = whole["runs"][0]
    name = data.draw(st.sampled_from(sorted(run)))
    run[name] = data.draw(JSON)

    previous = decode(json.dumps(whole))

    assert previous is not None
    assert previous.files == whole["files"]


@pytest.fixture(scope="module")
def index_text(tmp_path_factory, night, save_run, make_site):
    folder = tmp_path_factory.mktemp("site")
    save_run(folder / "results" / "a.json", night())
    make_site(folder / "results", folder / "reports")
    return (folder / "reports" / "index.json").read_text(encoding="utf-8")
