"""The state of a machine that measuring depends on, as a run records it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class ConditionLevel(StrEnum):
    """How much a condition matters, the most important first."""

    WARNING = "warning"  # can move a ratio, or widens intervals
    NOTE = "note"  # moves times, but hardly a ratio of cases that take turns
    UNKNOWN = "unknown"  # can't be read here, as in many virtual machines
    OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One setting or event of the machine.

    `effect` says what the state does to what is measured; `fix` is the command, or the
    action, that changes it. Both are empty where nothing is to be done.
    """

    name: str
    level: ConditionLevel
    state: str
    effect: str = ""
    fix: str = ""

    @property
    def is_off(self) -> bool:
        """Whether a reader of the results should know of it."""
        return self.level is ConditionLevel.WARNING


def by_importance(conditions: Iterable[Condition]) -> list[Condition]:
    """Conditions with a problem first, otherwise in the given order."""
    order = list(ConditionLevel)
    return sorted(conditions, key=lambda each: order.index(each.level))
