"""Types of values in a sweep file, for pydantic: layers, lists, strict models."""

from importlib.metadata import entry_points
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from rnnbench.model.case import LAYER_NAME, TORCH_LAYERS
from rnnbench.model.case_limits import LEAST_DROPOUT
from rnnbench.model.runtimes import RUNTIMES
from rnnbench.sweep.yaml_file import nearest

ENTRY_POINTS = "rnnbench.layers"


class Strict(BaseModel):
    """A section of the file: no other keys, and no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def as_list(value: Any) -> Any:
    """A single value as a list of it."""
    return value if isinstance(value, list) else [value]


def each_once(values: list[Any]) -> list[Any]:
    """The values; ValueError where one is there twice."""
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{value} is there twice")
        seen.add(value)
    return values


def several(item: Any, *resolve: Any) -> Any:
    """The type of a value or a list of values; `resolve` changes the list first."""
    return Annotated[
        list[item],
        Field(min_length=1),
        *map(BeforeValidator, resolve),
        BeforeValidator(as_list),
        AfterValidator(each_once),
    ]


def known_layer(name: str) -> str:
    """The name of a layer; ValueError has the nearest one that is known."""
    known = [*TORCH_LAYERS, *(one.name for one in entry_points(group=ENTRY_POINTS))]
    if LAYER_NAME.fullmatch(name) and (":" in name or name in known):
        return name
    raise ValueError(
        f"{name[:60]!r} is none of {', '.join(known)}, "
        f"and no package.module:factory{nearest(name, known)}"
    )


def known_runtime(name: str) -> str:
    """The name of a runtime; ValueError has the nearest one that is known."""
    if LAYER_NAME.fullmatch(name) and (":" in name or name in RUNTIMES):
        return name
    raise ValueError(
        f"{name[:60]!r} is none of {', '.join(RUNTIMES)}, "
        f"and no package.module:make_runtime{nearest(name, RUNTIMES)}"
    )


def known_dropout(value: float) -> float:
    """The probability of dropout; ValueError for one that drops nothing."""
    if 0 < value < LEAST_DROPOUT:
        raise ValueError(f"{value} is neither 0 nor between {LEAST_DROPOUT} and 1")
    return value
