"""The file of a calibration: its JSON, whole and strict."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from rnnbench.model.codec import WrongValue, reader, typed
from rnnbench.model.errors import ResultsError
from rnnbench.storage.files import put_whole
from rnnbench.storage.strict_json import one_line, read_strict
from studies.calibration.samples import Calibration

# 1: the first. 2: what a stage took is the sum over its samples, and said no more;
# `measuring` is there, so that a later call can go on with the file. 3: of each part.
SCHEMA = 3

# A full calibration takes some 5 MB.
MAX_BYTES = 64 * 2**20
_WHAT = "calibration"


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Put the whole file at `path`, or raise and leave what was there.

    Floats are rounded to 6 significant digits: no clock gives more.
    """
    try:
        document = {"schema": SCHEMA, **_plain(calibration)}
        text = json.dumps(document, allow_nan=False, separators=(",", ":"))
        # A line for each sample: a change of one is a line of a diff.
        content = text.replace('{"part":', '\n{"part":').encode() + b"\n"
        put_whole(
            path, content, lambda aside: _decode(read_strict(aside, MAX_BYTES, _WHAT))
        )
    except (OSError, TypeError, ValueError) as error:
        raise ResultsError(f"{path}: not written: {one_line(error)}") from error


def load_calibration(path: Path) -> Calibration:
    """Read a calibration; whatever is wrong with the file is one line."""
    try:
        return _decode(read_strict(path, MAX_BYTES, _WHAT))
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: {one_line(error)}") from error


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {_plain(name): _plain(each) for name, each in value.items()}
    if isinstance(value, str):
        # A lone surrogate (an argument that is not UTF-8) can't be read back.
        return str(value).encode(errors="replace").decode()
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _decode(document: Any) -> Calibration:
    body = dict(typed(dict, document))
    schema = body.pop("schema", None)
    if type(schema) is not int or schema != SCHEMA:
        raise WrongValue(f"this version reads {SCHEMA}, not {schema!r}"[:80], "schema")
    calibration: Calibration = reader(Calibration)(body)
    return calibration
