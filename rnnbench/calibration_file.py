"""The file of a calibration: its JSON, whole and strict."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from rnnbench.calibration import Calibration
from rnnbench.decode import WrongValue, reader, typed
from rnnbench.errors import ResultsError
from rnnbench.whole import put_whole

# 1: the first.
SCHEMA = 1

# A full calibration takes some 5 MB.
MAX_BYTES = 64 * 2**20


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Put the whole file at `path`, or raise and leave what was there.

    Floats are rounded to 6 significant digits: no clock gives more.
    """
    try:
        document = {"schema": SCHEMA, **_plain(calibration)}
        text = json.dumps(document, allow_nan=False, separators=(",", ":"))
        # A line for each sample: a change of one is a line of a diff.
        content = text.replace('{"part":', '\n{"part":').encode() + b"\n"
        put_whole(path, content, lambda aside: _decode(_read(aside)))
    except (OSError, TypeError, ValueError) as error:
        raise ResultsError(f"{path}: not written: {_one_line(error)}") from error


def load_calibration(path: Path) -> Calibration:
    """Read a calibration; whatever is wrong with the file is one line."""
    try:
        return _decode(_read(path))
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: {_one_line(error)}") from error


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


def _read(path: Path) -> Any:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES} bytes: no calibration of ours")
    return json.loads(content, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _decode(document: Any) -> Calibration:
    body = dict(typed(dict, document))
    schema = body.pop("schema", None)
    if type(schema) is not int or schema != SCHEMA:
        raise WrongValue(f"this version reads {SCHEMA}, not {schema!r}"[:80], "schema")
    calibration: Calibration = reader(Calibration)(body)
    return calibration


def _one_line(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, json.JSONDecodeError):
        return f"no whole JSON: {error}"
    return " ".join(str(error).split())[:300]
