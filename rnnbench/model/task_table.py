"""The learning tasks of the package: their questions, targets and budgets.

Targets and budgets were chosen in a pilot on other seeds and are frozen: a change makes
earlier steps incomparable. The file of each task is `worker/learning/NAME.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rnnbench.model.learning import Quality


@dataclass(frozen=True, slots=True)
class Goal:
    """Quality to be reached, or None; and the steps after which a run ends."""

    target: float | None
    budget: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A task of the package.

    Attributes:
        question: what it asks of the layers.
        quality: what an evaluation gives.
        seq_len: the usual sequence length.
        goals: by the greatest sequence length that each is for; the last one also for
            any longer sequence.
        each_step: whether every output is read: the tasks that a second direction
            makes sense for.
        control: whether layers are expected not to differ.
        needs: the package that has the data, an extra of ours of the task's name.

    """

    question: str
    quality: Quality
    seq_len: int
    goals: Mapping[int, Goal] = field(default_factory=dict)
    each_step: bool = False
    control: bool = False
    needs: str = ""

    def goal(self, seq_len: int) -> Goal:
        """The goal at a sequence length."""
        fitting = [longest for longest in self.goals if seq_len <= longest]
        return self.goals[min(fitting, default=max(self.goals))]

    def facts(self, seq_len: int) -> dict[str, Any]:
        """The fields of the task that the table decides."""
        goal = self.goal(seq_len)
        return {
            "question": self.question,
            "quality": self.quality,
            "target": goal.target,
            "budget": goal.budget,
            "control": self.control,
        }


_ERRORS, _BITS = Quality.ERROR_RATE, Quality.BITS
_SQUARED = Quality.SQUARED_ERROR

TASKS: dict[str, TaskRow] = {
    "gradient_profile": TaskRow(
        question="How fast does the gradient shrink with the distance in time?",
        quality=Quality.GRADIENT,
        seq_len=100,
        goals={100: Goal(None, 0)},
    ),
    "adding": TaskRow(
        question="Can it add two marked numbers of a sequence?",
        quality=_SQUARED,
        seq_len=50,
        goals={10: Goal(0.05, 600), 50: Goal(0.05, 1000), 200: Goal(0.05, 1500)},
    ),
    "copy": TaskRow(
        question="Can it repeat three symbols after a delay?",
        quality=_ERRORS,
        seq_len=26,
        goals={26: Goal(0.01, 1500)},
        each_step=True,
    ),
    "recall": TaskRow(
        question="Can it name the first symbol after many others?",
        quality=_ERRORS,
        seq_len=26,
        goals={51: Goal(0.01, 800)},
    ),
    "digits": TaskRow(
        question="Can it read a digit pixel by pixel?",
        quality=_ERRORS,
        seq_len=64,
        goals={64: Goal(0.15, 2000)},
        needs="sklearn",
    ),
    "parity": TaskRow(
        question="Can it count ones modulo 2, and go on when sequences are longer?",
        quality=_ERRORS,
        seq_len=16,
        goals={16: Goal(0.005, 600)},
        each_step=True,
    ),
    "flip_flop": TaskRow(
        question="Can it keep a bit, and go on when sequences are longer?",
        quality=_ERRORS,
        seq_len=64,
        goals={64: Goal(0.002, 400)},
        each_step=True,
    ),
    "characters": TaskRow(
        question="Can it predict the next character of a text?",
        quality=_BITS,
        seq_len=64,
        goals={64: Goal(2.3, 500)},
        each_step=True,
    ),
    "tags_assignment": TaskRow(
        question="Can it tell from what follows that a statement is an assignment?",
        quality=_ERRORS,
        seq_len=32,
        goals={32: Goal(0.05, 150)},
        each_step=True,
    ),
    "tags_depth": TaskRow(
        question="Can it keep the depth of brackets, which the past alone decides?",
        quality=_ERRORS,
        seq_len=32,
        goals={32: Goal(0.02, 250)},
        each_step=True,
        control=True,
    ),
    "sunspots": TaskRow(
        question="Does it forecast next year's sunspots better than autoregression?",
        quality=_SQUARED,
        seq_len=30,
        goals={30: Goal(None, 300)},
        needs="statsmodels",
    ),
}
