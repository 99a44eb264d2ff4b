import json
from copy import deepcopy
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from rnnbench.model.errors import SweepError
from rnnbench.sweep.json_schema import json_schema
from rnnbench.sweep.load import load_sweep
from rnnbench.sweep.shipped import shipped_sweeps

CONFIGS = Path(__file__).parents[2] / "configs"

PLAIN = {
    "axes": {
        "layer": "lstm",
        "input_size": 8,
        "hidden_size": 8,
        "seq_len": 4,
        "batch_size": 2,
    }
}


@pytest.fixture(scope="module")
def validate():
    library = pytest.importorskip("fastjsonschema", reason="of the extra `test`")
    # It knows draft 7, which these keywords mean the same in.
    schema = {**json_schema(), "$schema": "http://json-schema.org/draft-07/schema#"}
    check = library.compile(schema)

    def is_valid(data):
        try:
            check(deepcopy(data))
        except library.JsonSchemaValueException:
            return False
        return True

    return is_valid


def test_the_shipped_schema_is_the_one_of_this_version():
    shipped = json.loads((CONFIGS / "sweep.schema.json").read_text(encoding="utf-8"))

    assert shipped == json_schema(), (
        "run: python -m rnnbench.sweep.json_schema > configs/sweep.schema.json"
    )


@pytest.mark.parametrize("sweep", shipped_sweeps(), ids=lambda sweep: sweep.name)
def test_each_shipped_sweep_names_the_schema_and_fits_it(sweep, validate):
    text = sweep.path.read_text(encoding="utf-8")

    assert "\n# yaml-language-server: $schema=sweep.schema.json\n" in text
    assert validate(YAML(typ="safe", pure=True).load(text))


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"hidden_size": [8, 16]}, True),
        ({"threads": "all"}, True),
        ({"threads": [1, "all"]}, True),
        ({"layer": ["my.layers:gru", "gru"]}, True),
        ({"hidden_size": 0}, False),
        ({"hidden_size": []}, False),
        ({"hidden_size": "8"}, False),
        ({"bias": 1}, False),
        ({"dropout": 1.5}, False),
        ({"phase": "backward"}, False),
        ({"layer": "../gru"}, False),
        ({"hiden_size": 8}, False),
    ],
    ids=str,
)
def test_the_schema_and_the_reader_take_the_same_axes(change, fits, validate, tmp_path):
    data = {"axes": {**PLAIN["axes"], **change}}
    path = tmp_path / "sweep.yaml"
    # JSON is YAML.
    path.write_text(f"# Which?\n{json.dumps(data)}\n", encoding="utf-8")

    assert validate(data) is fits
    try:
        load_sweep(path)
    except SweepError:
        assert not fits
    else:
        assert fits
