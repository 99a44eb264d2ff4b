"""Facts of a self-check: turns of layers whose difference in speed is known."""

from dataclasses import dataclass, field
from math import inf

from rnnbench.model.case import Case
from rnnbench.model.run import LATER, Environment, Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedMember:
    """Turns of a layer that was made slower by the share `slowdown`; 0: as it is.

    `name` tells apart members of the same case and slowdown.
    """

    name: str
    case: Case
    slowdown: float
    turns: tuple[Turns, ...]

    def __post_init__(self) -> None:
        """Refuse a slowdown that no member can have."""
        if not 0 <= self.slowdown < inf:
            raise ValueError(f"{self.name}: {self.slowdown} is not a slowdown")


@dataclass(frozen=True, slots=True)
class CheckedShape:
    """Members of one shape, whose turns of a launch are in the same rounds.

    Two members of a case with no slowdown are equal. A slowed member is compared with
    the first of them. The first members of two cases are different layers.
    """

    members: tuple[CheckedMember, ...]

    def __post_init__(self) -> None:
        """Refuse members that can't be compared."""
        names = [member.name for member in self.members]
        if len(set(names)) < len(names):
            raise ValueError("two members of a shape have the same name")
        plain = {member.case for member in self.members if not member.slowdown}
        if not all(member.case in plain for member in self.members):
            raise ValueError("a slowed member has none to be compared with")
        rounds: dict[int, int] = {}
        for member in self.members:
            for turns in member.turns:
                count = len(turns.seconds)
                if rounds.setdefault(turns.launch, count) != count:
                    raise ValueError(f"launch {turns.launch}: turns of unequal rounds")


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheck:
    """The measurements of one self-check.

    `set_launches`: launches that a verdict is taken of, as many as a run takes at
    least. `seconds`: wall time. `busy`: lanes that were busy in each launch, in the
    order of their numbers; older files have none.
    """

    created: str  # ISO 8601, UTC
    version: str
    command: str
    environment: Environment
    seconds: float
    set_launches: int
    shapes: tuple[CheckedShape, ...]
    busy: tuple[int, ...] = field(default=(), metadata=LATER)

    def __post_init__(self) -> None:
        """Refuse sets that have no interval, and launches without a lane."""
        if self.set_launches < 2:
            raise ValueError("a set has at least two launches")
        if min(self.busy, default=1) < 1:
            raise ValueError("a launch keeps at least one lane busy")

    @property
    def launches(self) -> int:
        """Number of fresh processes that measured something."""
        return len(
            {
                turns.launch
                for shape in self.shapes
                for member in shape.members
                for turns in member.turns
            }
        )
