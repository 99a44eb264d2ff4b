"""The axes that vary in a run, and the position of each case on them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rnnbench.analysis.labels import BACKENDS, SIZES, nominal, words
from rnnbench.model.case import AXES, DEFAULTS, Case, applies
from rnnbench.model.layer_arguments import PREFIX, argument_axes, value_of

# How an axis is called on the page; others keep torch's name.
_NAMES = {
    "hidden_size": "hidden",
    "num_layers": "layers",
    "seq_len": "steps",
    "batch_size": "batch",
    "input_size": "input",
    "onednn": "backend",
    "cudnn": "backend",
    "bidirectional": "direction",
    "parameters_of": "size of the GRU",
}
_TITLES = {
    "hidden_size": "hidden size",
    "num_layers": "number of layers",
    "seq_len": "time steps",
    "batch_size": "batch size",
    "input_size": "input size",
}
_FIRST = (*SIZES, *BACKENDS, "phase")
# Equality of layers is no axis of a sweep, but a page is filtered by it.
_EQUALITY = "parameters_of"


@dataclass(frozen=True, slots=True)
class PageAxis:
    """One axis that varies. `values` in the order in which the page shows them."""

    id: str
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        """Its short name."""
        return _NAMES.get(self.id, self.id.removeprefix(PREFIX))

    @property
    def is_size(self) -> bool:
        """Whether it is a size, over which means are taken."""
        return self.id in SIZES

    @property
    def is_backend(self) -> bool:
        """Whether it switches the code under the layers."""
        return self.id in BACKENDS

    def words(self) -> list[str]:
        """The text of each value on its filter chip."""
        if all(type(value) is int for value in self.values):
            return [str(value) for value in self.values]
        return [words(self.id, value) for value in self.values]

    def default(self) -> int:
        """The place of PyTorch's default, or -1."""
        default = DEFAULTS.get(self.id)
        found = [place for place, value in enumerate(self.values) if value == default]
        return found[0] if found and self.id in DEFAULTS else -1

    def column(self, cases: Iterable[Case]) -> list[int]:
        """The place of each case's value; -1 where the axis means nothing for it."""
        places = {value: place for place, value in enumerate(self.values)}
        read = _reader(self.id)
        return [places[read(case)] if applies(self.id, case) else -1 for case in cases]

    def document(self) -> dict[str, object]:
        """As the data island has it."""
        return {
            "id": self.id,
            "name": self.name,
            "title": _TITLES.get(self.id, self.name),
            "values": [
                value if isinstance(value, int | float) else str(value)
                for value in self.values
            ],
            "words": self.words(),
            "size": self.is_size,
            "backend": self.is_backend,
            "default": self.default(),
        }


def axes_of(cases: Sequence[Case]) -> tuple[PageAxis, ...]:
    """Sizes first, then backend and phase, then the rest."""
    names = [axis for axis in AXES if axis != "layer"]
    names += [_EQUALITY, *argument_axes(cases)]
    names.sort(key=lambda axis: _FIRST.index(axis) if axis in _FIRST else len(_FIRST))
    found = []
    for name in names:
        read = _reader(name)
        values = dict.fromkeys(read(case) for case in cases if applies(name, case))
        if len(values) > 1:
            found.append(PageAxis(name, _sorted(name, values)))
    return tuple(found)


def fixed_sizes(cases: Sequence[Case], axes: Iterable[PageAxis]) -> dict[str, int]:
    """The sizes that are the same in every case."""
    varying = {axis.id for axis in axes}
    return {
        name: nominal(cases[0], name) for name in SIZES if cases and name not in varying
    }


def _reader(axis: str) -> Callable[[Case], Any]:
    if axis == _EQUALITY:
        return lambda case: bool(case.parameters_of)
    if axis == "hidden_size":
        return lambda case: nominal(case, axis)
    return lambda case: value_of(case, axis)


def _sorted(axis: str, values: Iterable[Any]) -> tuple[Any, ...]:
    """Numbers by size, other values with PyTorch's default first."""
    found = list(values)
    if all(
        isinstance(value, int | float) and type(value) is not bool for value in found
    ):
        return tuple(sorted(found))
    return tuple(sorted(found, key=lambda value: value != DEFAULTS.get(axis)))
