"""A file of ours read as strict JSON, and what is wrong with it in one line."""

import json
from pathlib import Path
from typing import Any


def read_strict(path: Path, most_bytes: int, what: str) -> Any:
    """The JSON in `path`, which is `what` and holds at most `most_bytes`.

    OSError or ValueError where it is not: NaN and infinity are refused, too.
    """
    with path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ValueError(f"larger than {most_bytes} bytes: no {what} of ours")
    return json.loads(content, parse_constant=_refuse_constant)


def one_line(error: BaseException) -> str:
    """Why a file could not be read or written, without its name."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, json.JSONDecodeError):
        return f"no whole JSON: {error}"
    return " ".join(str(error).split())[:300]


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")
