"""Layers that a self-check measures: each twice, and one of them slowed."""

from collections.abc import Iterator
from dataclasses import dataclass

from rnnbench.model.case import Case, Phase

SLOWDOWNS = (0.01, 0.02, 0.03, 0.05)
_LAYERS = ("gru", "lstm")
# Phase, hidden_size and seq_len. A call of a GRU takes 0.1 to 1.5 ms on one core, so
# that a launch of all shapes takes about 3 s.
_SHAPES = (
    (Phase.INFERENCE, 64, 16),
    (Phase.INFERENCE, 128, 16),
    (Phase.INFERENCE, 64, 64),
    (Phase.TRAIN, 32, 4),
    (Phase.TRAIN, 64, 8),
    (Phase.TRAIN, 128, 8),
)


@dataclass(frozen=True, slots=True)
class KnownMember:
    """A case by its name within a shape; it is made slower by the share `slowdown`."""

    name: str
    case: Case
    slowdown: float = 0.0


Shape = tuple[KnownMember, ...]


def known_shapes() -> tuple[Shape, ...]:
    """Members of each shape; GRU and LSTM take turns in being slowed."""
    return tuple(
        tuple(_members(shape, slowed=_LAYERS[place % 2]))
        for place, shape in enumerate(_SHAPES)
    )


def _members(shape: tuple[Phase, int, int], slowed: str) -> Iterator[KnownMember]:
    phase, hidden_size, seq_len = shape
    for layer in _LAYERS:
        case = Case(
            layer=layer,
            input_size=64,
            hidden_size=hidden_size,
            seq_len=seq_len,
            batch_size=4,
            phase=phase,
        )
        yield KnownMember(layer, case)
        yield KnownMember(f"{layer} again", case)
        for share in SLOWDOWNS if layer == slowed else ():
            yield KnownMember(f"{layer} +{100 * share:g} %", case, share)
