"""The learning section of a sweep file: its types, and the plan that it describes."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from rnnbench.model.case import LAYER_NAME, Device, Phase
from rnnbench.model.case_limits import SIZE_LIMITS
from rnnbench.model.learning import LearningCase, LearningPlan, Match, OtherGoal
from rnnbench.model.runtimes import RUNTIMES
from rnnbench.model.task_table import TASKS
from rnnbench.sweep.value_types import (
    Strict,
    each_once,
    known_dropout,
    known_layer,
    known_runtime,
    several,
)
from rnnbench.sweep.yaml_file import Document, Route, SweepFault, nearest

# Seeds of the package's runs. Those with which targets and budgets were chosen are
# below: 0 to 4, 100 and 101 in the pilot, and some from 1000 and from 2000.
FIRST_SEED, FIRST_SEARCH_SEED = 3000, 4000
MOST_CASES = 2000

_AXES = (
    *("task", "seq_len", "layer", "hidden_size", "num_layers", "bidirectional"),
    *("dropout", "forget_bias", "device", "match"),
)


def _known_task(name: str) -> str:
    if name in TASKS or (":" in name and LAYER_NAME.fullmatch(name)):
        return name
    raise ValueError(
        f"{name[:60]!r} is none of {', '.join(TASKS)}, "
        f"and no package.module:function{nearest(name, TASKS)}"
    )


def _trains(runtime: str) -> str:
    known = RUNTIMES.get(runtime)
    if known is not None and Phase.TRAIN not in known.phases:
        raise ValueError(f"{known.label} does not train: {known.no_training}")
    return runtime


def _size(name: str) -> Any:
    return Annotated[int, Field(ge=1, le=SIZE_LIMITS[name])]


class LearningRule(Strict):
    """Cases that are trained: the product of the values; and the goal of their task."""

    task: several(Annotated[str, AfterValidator(_known_task)])  # type: ignore[valid-type]
    seq_len: several(_size("seq_len")) | None = None  # type: ignore[valid-type]
    layer: several(Annotated[str, AfterValidator(known_layer)]) = [  # type: ignore[valid-type]
        *("rnn_tanh", "gru", "lstm")
    ]
    hidden_size: several(_size("hidden_size")) = [32]  # type: ignore[valid-type]
    num_layers: several(_size("num_layers")) = [1]  # type: ignore[valid-type]
    bidirectional: several(bool) = [False]  # type: ignore[valid-type]
    dropout: several(  # type: ignore[valid-type]
        Annotated[float, Field(ge=0, le=1), AfterValidator(known_dropout)]
    ) = [0.0]
    forget_bias: several(  # type: ignore[valid-type]
        Literal["default"] | Annotated[float, Field(ge=-100, le=100)]
    ) = ["default"]
    device: several(Annotated[Device, Field(strict=False)]) = [Device.CPU]  # type: ignore[valid-type]
    match: several(Annotated[Match, Field(strict=False)]) = [Match.HIDDEN]  # type: ignore[valid-type]
    target: Annotated[float, Field(gt=0, le=1e9)] | None = None
    budget: Annotated[int, Field(ge=1, le=10**7)] | None = None


_Rate = Annotated[float, Field(ge=1e-7, le=10)]


class LearningSection(Strict):
    """Seeds and learning rates of the training runs, and the rules of their cases."""

    cases: Annotated[list[LearningRule], Field(min_length=1)]
    seeds: Annotated[int, Field(ge=1, le=900)] = 5
    search_seeds: Annotated[int, Field(ge=0, le=900)] = 2
    rates: Annotated[list[_Rate], Field(min_length=1), AfterValidator(each_once)] = [
        *(0.003, 0.01, 0.03)
    ]
    onednn: several(bool) = [True, False]  # type: ignore[valid-type]
    cudnn: several(bool) = [True]  # type: ignore[valid-type]
    runtimes: several(  # type: ignore[valid-type]
        Annotated[str, AfterValidator(known_runtime), AfterValidator(_trains)]
    ) = []


RULE_KEYS = tuple(LearningRule.model_fields)
SECTION_KEYS = tuple(LearningSection.model_fields)


def plan_of(section: LearningSection, document: Document) -> LearningPlan:
    """The plan that a section describes; its faults are added to the document."""
    cases: dict[LearningCase, None] = {}
    goals: dict[tuple[str, int], OtherGoal] = {}
    for number, rule in enumerate(section.cases):
        route: Route = ("learning", "cases", number)
        document.faults += [
            SweepFault(document.value((*route, key)), what, (*route, key))
            for key, what in _faults(rule)
        ]
        cases |= dict.fromkeys(_cases(rule))
        for goal in _goals(rule):
            known = goals.setdefault((goal.task, goal.seq_len), goal)
            if known != goal:
                key = "target" if known.target != goal.target else "budget"
                what = f"{goal.task} has another {key} in another rule"
                place = document.value((*route, key))
                document.faults.append(SweepFault(place, what, (*route, key)))
    if len(cases) > MOST_CASES:
        route = ("learning", "cases")
        what = f"{len(cases)} cases are more than {MOST_CASES}"
        document.faults.append(SweepFault(document.value(route), what, route))
    return LearningPlan(
        cases=tuple(cases),
        goals=tuple(goal for goal in goals.values() if goal.target or goal.budget),
        seeds=tuple(range(FIRST_SEED, FIRST_SEED + section.seeds)),
        search_seeds=tuple(
            range(FIRST_SEARCH_SEED, FIRST_SEARCH_SEED + section.search_seeds)
        ),
        rates=tuple(section.rates),
        onednn=tuple(section.onednn),
        cudnn=tuple(section.cudnn),
        runtimes=tuple(section.runtimes),
    )


def _faults(rule: LearningRule) -> Iterator[tuple[str, str]]:
    """The key and the fault of each value that makes no sense for a task."""
    for task in rule.task:
        if task not in TASKS:
            if rule.seq_len is None:
                yield "seq_len", f"is missing: {task} has no usual length"
            continue
        if True in rule.bidirectional and not TASKS[task].each_step:
            what = f"{task} reads the last output: there, a second direction has read "
            yield "bidirectional", f"{what}one input"


def _lengths(rule: LearningRule, task: str) -> list[int]:
    if rule.seq_len is not None:
        return list(rule.seq_len)
    return [TASKS[task].seq_len] if task in TASKS else []


def _cases(rule: LearningRule) -> Iterator[LearningCase]:
    """The cases of a rule; what does not apply to one is set to its default."""
    for task in rule.task:
        axes = {axis: getattr(rule, axis) for axis in _AXES}
        axes |= {"task": [task], "seq_len": _lengths(rule, task)}
        for values in product(*axes.values()):
            named = dict(zip(axes, values, strict=True))
            if named["forget_bias"] == "default" or named["layer"] != "lstm":
                named["forget_bias"] = None
            case = LearningCase(**named)
            if case.num_layers == 1:
                case = replace(case, dropout=0.0)
            # An LSTM of one layer and one direction has those parameters already.
            if (case.layer, case.num_layers, case.bidirectional) == ("lstm", 1, False):
                case = replace(case, match=Match.HIDDEN)
            yield case


def _goals(rule: LearningRule) -> Iterator[OtherGoal]:
    for task in rule.task:
        for seq_len in _lengths(rule, task):
            yield OtherGoal(
                task=task, seq_len=seq_len, target=rule.target, budget=rule.budget
            )
