"""Layers that a calibration measures: plain, twice, or slowed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rnnbench.model.case import Allocator, Case, Phase
from rnnbench.model.workload import DEFAULT_COMPARE, Workload, group, workload_id
from rnnbench.runner.timing import MOST_ROUNDS, ROUND_SECONDS
from studies.calibration.samples import Part

# (phase, hidden_size, num_layers, seq_len); input_size 64, batch_size 4. A GRU's call
# takes under 0.5 ms, 0.5 to 1.5 ms, 2.5 to 10 ms (one thread of a Zen 5 core, torch
# 2.13).
_INFERENCE, _TRAIN = Phase.INFERENCE, Phase.TRAIN
_Shape = tuple[Phase, int, int, int]
_SMALL: tuple[_Shape, ...] = (
    (_INFERENCE, 32, 1, 16),
    (_INFERENCE, 64, 1, 16),
    (_INFERENCE, 128, 1, 16),
    (_INFERENCE, 32, 1, 32),
    (_INFERENCE, 64, 1, 32),
    (_TRAIN, 32, 1, 4),
    (_TRAIN, 64, 1, 4),
    (_TRAIN, 128, 1, 4),
)
_MIDDLE: tuple[_Shape, ...] = (
    (_INFERENCE, 64, 1, 64),
    (_INFERENCE, 128, 1, 64),
    (_INFERENCE, 256, 1, 16),
    (_INFERENCE, 128, 2, 32),
    (_TRAIN, 32, 1, 8),
    (_TRAIN, 64, 1, 8),
    (_TRAIN, 128, 1, 8),
    (_TRAIN, 64, 1, 16),
)
_LARGE: tuple[_Shape, ...] = (
    (_INFERENCE, 256, 1, 64),
    (_INFERENCE, 128, 1, 128),
    (_TRAIN, 128, 1, 32),
    (_TRAIN, 64, 2, 32),
)

SLOWDOWNS = (0.01, 0.02, 0.03, 0.05)
# A match of the gate has 0.5 s in a launch for two; a layer and its four slowdowns, no
# more than a share of that each: 0.2 s.
SLOWED_SECONDS, SLOWED_ROUNDS = 1.0, 20
_LAYERS = ("gru", "lstm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A case by its name within a cell; `slowdown`: the share by which it is slowed."""

    name: str
    case: Case
    slowdown: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A named log-ratio of two members."""

    name: str
    candidate: str
    baseline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Members that are measured side by side, and their comparisons.

    In one launch they take as many rounds as fit in `seconds`, and at most `most`.
    """

    id: str
    members: tuple[Member, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    seconds: float = ROUND_SECONDS
    most: int = MOST_ROUNDS


def cells_of(part: Part, allocator: Allocator) -> tuple[Cell, ...]:
    """The cells of a part, ordered so that the first ones are the best selection."""
    return tuple(_MAKERS[part](allocator))


def sweep_of(cells: Iterable[Cell]) -> tuple[Workload, ...]:
    """The members of cells as the workloads of a campaign: each case once."""
    cases = (member.case for cell in cells for member in cell.members)
    return group(dict.fromkeys(cases), DEFAULT_COMPARE)


def _twice(allocator: Allocator) -> Iterable[Cell]:
    """Each layer as two members, which are equal."""
    for shape in _mixed(len(_SMALL), len(_MIDDLE), len(_LARGE)):
        gru, lstm = (_case(layer, shape, allocator) for layer in _LAYERS)
        yield Cell(
            id=workload_id(gru, DEFAULT_COMPARE),
            members=(
                Member(name="gru", case=gru),
                Member(name="gru2", case=gru),
                Member(name="lstm", case=lstm),
                Member(name="lstm2", case=lstm),
            ),
            comparisons=(
                Comparison(name="gru/gru", candidate="gru2", baseline="gru"),
                Comparison(name="lstm/lstm", candidate="lstm2", baseline="lstm"),
                Comparison(name="gru/lstm", candidate="gru", baseline="lstm"),
                Comparison(name="gru2/lstm2", candidate="gru2", baseline="lstm2"),
            ),
        )


def _slowed(allocator: Allocator) -> Iterable[Cell]:
    """Each layer beside slowed copies of itself; a cell has one layer."""
    for shape in _mixed(8, 4, 1):
        for layer in _LAYERS:
            case = _case(layer, shape, allocator)
            slower = tuple(
                Member(name=f"{layer}+{share:.0%}", case=case, slowdown=share)
                for share in SLOWDOWNS
            )
            yield Cell(
                id=case.id,
                members=(Member(name=layer, case=case), *slower),
                comparisons=tuple(
                    Comparison(name=one.name, candidate=one.name, baseline=layer)
                    for one in slower
                ),
                seconds=SLOWED_SECONDS,
                most=SLOWED_ROUNDS,
            )


def _plain(allocator: Allocator, counts: tuple[int, int, int]) -> Iterable[Cell]:
    for shape in _mixed(*counts):
        gru, lstm = (_case(layer, shape, allocator) for layer in _LAYERS)
        yield Cell(
            id=workload_id(gru, DEFAULT_COMPARE),
            members=(Member(name="gru", case=gru), Member(name="lstm", case=lstm)),
            comparisons=(
                Comparison(name="gru/lstm", candidate="gru", baseline="lstm"),
            ),
        )


def _mixed(small: int, middle: int, large: int) -> list[_Shape]:
    """Shapes of each size in turn, so that the first ones have some of each size."""
    # From both ends: in each row inference comes before training.
    rows = [
        _from_both_ends(row)[:count]
        for row, count in ((_SMALL, small), (_MIDDLE, middle), (_LARGE, large))
    ]
    longest = max(map(len, rows))
    return [row[place] for place in range(longest) for row in rows if place < len(row)]


def _from_both_ends(row: tuple[_Shape, ...]) -> list[_Shape]:
    return [
        row[place // 2] if place % 2 == 0 else row[-1 - place // 2]
        for place in range(len(row))
    ]


def _case(layer: str, shape: _Shape, allocator: Allocator) -> Case:
    phase, hidden_size, num_layers, seq_len = shape
    return Case(
        layer=layer,
        input_size=64,
        hidden_size=hidden_size,
        num_layers=num_layers,
        seq_len=seq_len,
        batch_size=4,
        phase=phase,
        allocator=allocator,
    )


def _floor(_: Allocator) -> Iterable[Cell]:
    return (Cell(id="empty"),)


def _settle(allocator: Allocator) -> Iterable[Cell]:
    return _plain(allocator, (3, 3, 2))


def _repeat(allocator: Allocator) -> Iterable[Cell]:
    return _plain(allocator, (2, 2, 2))


_MAKERS: dict[Part, Callable[[Allocator], Iterable[Cell]]] = {
    Part.AA: _twice,
    Part.INJECTED: _slowed,
    Part.SETTLE: _settle,
    Part.FLOOR: _floor,
    Part.REPEAT: _repeat,
}
