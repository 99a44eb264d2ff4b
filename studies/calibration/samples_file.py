"""The file of a calibration: compressed JSON, its samples as columns."""

import json
import lzma
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from rnnbench.model.case import Allocator
from rnnbench.model.codec import WrongValue, reader, typed
from rnnbench.model.errors import ResultsError
from rnnbench.storage.files import reason_of, write_whole
from studies.calibration.samples import Calibration, Condition, Part, Sample

# 1: the first. 2: what a stage took is the sum over its samples. 3: a digest of the
# code of each part. 4: columns, compressed.
SCHEMA = 4
SUFFIX = ".json.xz"

# A full calibration has some 3 MB uncompressed.
MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Samples by field, all of one length; None where a sample lacks a name."""

    part: tuple[Part, ...]
    condition: tuple[Condition, ...]
    allocator: tuple[Allocator, ...]
    launch: tuple[int, ...]
    cell: tuple[str, ...]
    values: Mapping[str, tuple[float | None, ...]]
    calls: Mapping[str, tuple[float | None, ...]]
    wall: tuple[float, ...]
    inside: tuple[float, ...]
    rough: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        """Refuse columns that no samples can have."""
        named = (*self.values.values(), *self.calls.values())
        plain = (getattr(self, field.name) for field in fields(self))
        lengths = {len(each) for each in (*plain, *named) if isinstance(each, tuple)}
        if len(lengths) > 1:
            raise ValueError("the columns differ in length")

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> "_Columns":
        """The columns of samples."""
        scalars = {
            field.name: tuple(getattr(sample, field.name) for sample in samples)
            for field in fields(cls)
        }
        named = {name: _by_name(scalars[name]) for name in ("values", "calls")}
        return cls(**{**scalars, **named})

    def samples(self) -> tuple[Sample, ...]:
        """The samples, in the order of the rows."""
        rows = [
            {
                field.name: getattr(self, field.name)[place]
                for field in fields(self)
                if field.name not in ("values", "calls")
            }
            | {
                "values": _at(self.values, place),
                "calls": _at(self.calls, place),
            }
            for place in range(len(self.part))
        ]
        return tuple(Sample(**row) for row in rows)


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Put the whole file at `path`, or raise and leave what was there.

    Floats are rounded to 6 significant digits: no clock gives more.
    """
    try:
        columns = _Columns.of(calibration.samples)
        document = {"schema": SCHEMA, **_plain(calibration), "samples": _plain(columns)}
        text = json.dumps(document, allow_nan=False, separators=(",", ":"))
        content = lzma.compress(text.encode(), preset=9)
        write_whole(path, content, lambda aside: _decode(_read(aside)))
    except (OSError, TypeError, ValueError) as error:
        raise ResultsError(f"{path}: not written: {reason_of(error)}") from error


def load_calibration(path: Path) -> Calibration:
    """Read a calibration; whatever is wrong with the file is one line."""
    try:
        return _decode(_read(path))
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: {reason_of(error)}") from error


def _by_name(
    mappings: Sequence[Mapping[str, float]],
) -> dict[str, tuple[float | None, ...]]:
    names = dict.fromkeys(name for mapping in mappings for name in mapping)
    return {name: tuple(mapping.get(name) for mapping in mappings) for name in names}


def _at(columns: Mapping[str, tuple[float | None, ...]], place: int) -> Any:
    values = ((name, column[place]) for name, column in columns.items())
    return {name: value for name, value in values if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Calibration):
        names = [field.name for field in fields(value) if field.name != "samples"]
        return {name: _plain(getattr(value, name)) for name in names}
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
    """The strict JSON in `path`; OSError or ValueError where there is none."""
    try:
        with lzma.open(path) as file:
            content = file.read(MAX_BYTES + 1)
    except (lzma.LZMAError, EOFError) as error:
        raise ValueError(f"not a whole compressed file: {error}") from error
    if len(content) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES} bytes: not a calibration")
    return json.loads(content, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _decode(document: Any) -> Calibration:
    body = dict(typed(dict, document))
    schema = body.pop("schema", None)
    if type(schema) is not int or schema != SCHEMA:
        raise WrongValue(f"this version reads {SCHEMA}, not {schema!r}"[:80], "schema")
    try:
        samples = reader(_Columns)(body.pop("samples", None)).samples()
    except ValueError as error:
        raise WrongValue.at("samples", error) from error
    calibration: Calibration = reader(Calibration)({**body, "samples": []})
    return replace(calibration, samples=samples)
