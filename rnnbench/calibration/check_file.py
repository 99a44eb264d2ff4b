"""The file of a self-check: strict JSON, written completely or not at all."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from rnnbench.calibration.self_check import SelfCheck
from rnnbench.model.case import Case
from rnnbench.model.case_codec import encode_case
from rnnbench.model.codec import WrongValue, reader, typed
from rnnbench.model.errors import ResultsError
from rnnbench.storage.files import read_json, reason_of, write_whole

# 1: the first.
SCHEMA = 1
# The file of a five-minute check is smaller than a megabyte.
MAX_BYTES = 16 * 2**20
# A turn repeats itself to a percent at best: as in a results file.
_DIGITS = 5


def save_self_check(path: Path, check: SelfCheck) -> None:
    """Write the file; a one-line ResultsError if that fails."""
    try:
        document = {"schema": SCHEMA, **_plain(check)}
        text = json.dumps(document, allow_nan=False, separators=(",", ":"))
        write_whole(path, f"{text}\n".encode(), load_self_check)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: not written: {reason_of(error)}") from error


def load_self_check(path: Path) -> SelfCheck:
    """Read the file; ResultsError says in one line what is wrong with it, and where."""
    try:
        body = dict(typed(dict, read_json(path, MAX_BYTES)))
        schema = body.pop("schema", None)
        if type(schema) is not int or schema != SCHEMA:
            known = f"this version reads {SCHEMA}, not {schema!r}"
            raise WrongValue(known[:80], "schema")
        check: SelfCheck = reader(SelfCheck)(body)
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: {reason_of(error)}") from error
    return check


def _plain(value: Any) -> Any:
    if isinstance(value, Case):
        return encode_case(value)
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, str):
        # A lone surrogate (an argument that is not UTF-8) can't be read back.
        return str(value).encode(errors="replace").decode()
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
