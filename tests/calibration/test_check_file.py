import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnbench.calibration.check_file import SCHEMA, load_self_check, save_self_check
from rnnbench.model.errors import ResultsError

REUSE = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def saved(make_self_check, tmp_path):
    path = tmp_path / "deep" / "calibration.json"
    save_self_check(path, make_self_check(launches=2))
    return path


def test_what_is_saved_is_loaded_with_five_digits(saved, make_self_check):
    check = make_self_check(launches=2)

    loaded = load_self_check(saved)

    assert loaded.environment == check.environment
    for shape, original in zip(loaded.shapes, check.shapes, strict=True):
        for member, before in zip(shape.members, original.members, strict=True):
            assert member.case == before.case
            for turns, old in zip(member.turns, before.turns, strict=True):
                assert turns.launch == old.launch
                assert turns.seconds == pytest.approx(old.seconds, rel=1e-4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": SCHEMA + 1}, "schema: this version reads 1, not 2"),
        ({"other": 1}, "no such key: other"),
        ({"shapes": {}}, "shapes: {} is not of type list"),
        ({"shapes": [{}]}, "shapes[0]: members is missing"),
        ({"set_launches": 1}, "a set has at least two launches"),
        ({"seconds": "3"}, "seconds: '3' is not of type float"),
    ],
)
def test_a_wrong_file_is_one_line_with_the_place(saved, change, said):
    saved.write_text(json.dumps(json.loads(saved.read_text()) | change))

    with pytest.raises(ResultsError) as caught:
        load_self_check(saved)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_file_is_one_line(tmp_path):
    with pytest.raises(ResultsError, match="No such file"):
        load_self_check(tmp_path / "none.json")


def test_what_cannot_be_written_is_one_line(make_self_check, tmp_path):
    (tmp_path / "a file").touch()

    with pytest.raises(ResultsError, match="not written: "):
        save_self_check(tmp_path / "a file" / "c.json", make_self_check(launches=1))


@REUSE
@given(content=st.binary(max_size=200))
def test_bytes_that_are_no_self_check_are_one_line(content, tmp_path):
    path = tmp_path / "calibration.json"
    path.write_bytes(content)

    with pytest.raises(ResultsError) as caught:
        load_self_check(path)

    assert "\n" not in str(caught.value)


@REUSE
@given(data=st.data())
def test_a_damaged_self_check_is_read_or_refused(saved, data):
    document = json.loads(saved.read_text())
    place = data.draw(st.sampled_from(sorted(document)))
    document[place] = data.draw(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=8,
        )
    )
    damaged = Path(saved).with_name("damaged.json")
    damaged.write_text(json.dumps(document))

    message = ""
    try:
        save_self_check(damaged, load_self_check(damaged))
    except ResultsError as error:
        message = str(error)

    assert "\n" not in message
