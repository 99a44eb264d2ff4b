import json
import lzma
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnbench.model.case import Allocator
from rnnbench.model.errors import ResultsError
from studies.calibration.samples import Condition, Part, Sample
from studies.calibration.samples_file import (
    SCHEMA,
    load_calibration,
    write_calibration,
)

REUSE = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def make_sample(**values):
    whole = {
        "part": Part.AA,
        "condition": Condition.IDLE,
        "allocator": Allocator.STEADY,
        "launch": 3,
        "cell": "inference-i64-h64",
        "values": {"gru/gru": 0.00123456789},
        "calls": {"gru": 1e-3},
        "wall": 0.5,
        "inside": 0.4,
    }
    return Sample(**(whole | values))


def document_of(path):
    return json.loads(lzma.decompress(path.read_bytes()))


def put(path, document):
    path.write_bytes(lzma.compress(json.dumps(document).encode()))


@pytest.fixture
def small(make_calibration):
    return replace(
        make_calibration(cells=0), samples=(make_sample(), make_sample(launch=4))
    )


def test_what_is_written_is_read_with_six_digits(small, tmp_path):
    path = tmp_path / "deep" / "machine.json.xz"

    write_calibration(path, small)

    expected = [replace(one, values={"gru/gru": 0.00123457}) for one in small.samples]
    assert load_calibration(path) == replace(small, samples=tuple(expected))


def test_samples_with_different_names_come_back_as_they_were(small, tmp_path):
    path = tmp_path / "machine.json.xz"
    samples = (
        make_sample(values={"gru/gru": 0.5}, rough=("gru/gru",)),
        make_sample(part=Part.FLOOR, values={"empty": 1e-7}, calls={}),
    )

    write_calibration(path, replace(small, samples=samples))

    assert load_calibration(path).samples == samples


def test_what_can_not_be_written_leaves_what_was_there(small, tmp_path):
    path = tmp_path / "machine.json.xz"
    write_calibration(path, small)
    before = path.read_bytes()
    broken = make_sample()
    object.__setattr__(broken, "wall", float("nan"))

    with pytest.raises(ResultsError, match="not written"):
        write_calibration(path, replace(small, samples=(broken,)))

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": SCHEMA + 1}, f"schema: this version reads {SCHEMA}, not "),
        ({"schema": True}, f"schema: this version reads {SCHEMA}, not True"),
        ({"other": 1}, "no such key: other"),
        ({"samples": []}, "samples: [] is not of type dict"),
        ({"samples": {}}, "samples: part is missing"),
        ({"measuring": "d"}, "measuring: 'd' is not of type dict"),
        ({"measuring": {"ab": "d"}}, "measuring.'ab': 'ab' is not a valid Part"),
    ],
)
def test_a_wrong_file_is_one_line(small, tmp_path, change, said):
    path = tmp_path / "machine.json.xz"
    write_calibration(path, small)
    put(path, document_of(path) | change)

    with pytest.raises(ResultsError) as caught:
        load_calibration(path)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"values": {"gru/gru": 1e9}},
        {"values": {"gru/gru": float("nan")}},
        {"calls": {"gru": 0.0}},
        {"wall": -1.0},
        {"launch": -1},
        {"cell": ""},
    ],
)
def test_no_sample_is_made_of_what_no_launch_gives(change):
    with pytest.raises(ValueError, match=r"no |sample|seconds"):
        make_sample(**change)


def test_columns_of_different_lengths_are_refused(small, tmp_path):
    path = tmp_path / "machine.json.xz"
    write_calibration(path, small)
    document = document_of(path)
    document["samples"]["wall"].pop()
    put(path, document)

    with pytest.raises(ResultsError, match="samples: the columns differ in length"):
        load_calibration(path)


def test_a_truncated_file_is_one_line(small, tmp_path):
    path = tmp_path / "machine.json.xz"
    write_calibration(path, small)
    path.write_bytes(path.read_bytes()[:-40])

    with pytest.raises(ResultsError, match="not a whole compressed file"):
        load_calibration(path)


def test_a_launch_of_a_cell_counts_once(small):
    with pytest.raises(ValueError, match="twice"):
        replace(small, samples=(make_sample(), make_sample()))


def test_no_file_is_one_line(tmp_path):
    with pytest.raises(ResultsError, match="No such file"):
        load_calibration(tmp_path / "none.json")


@REUSE
@given(content=st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_one_line(content, tmp_path):
    path = tmp_path / "machine.json.xz"
    path.write_bytes(content)

    with pytest.raises(ResultsError) as caught:
        load_calibration(path)

    assert "\n" not in str(caught.value)


@pytest.mark.slow_study
@REUSE
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(small, tmp_path, data):
    path = Path(tmp_path) / "machine.json.xz"
    write_calibration(path, small)
    document = document_of(path)
    place = data.draw(st.sampled_from(sorted(document)))
    document[place] = data.draw(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=8,
        )
    )
    put(path, document)

    message = ""
    try:
        write_calibration(path, load_calibration(path))
    except ResultsError as error:
        message = str(error)

    assert "\n" not in message
