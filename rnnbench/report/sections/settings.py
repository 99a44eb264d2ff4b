"""The cost of each setting, compared with the same layer without it."""

import math
from dataclasses import dataclass
from typing import Any

from rnnbench.analysis.labels import words
from rnnbench.analysis.ratio import TIE, Verdict
from rnnbench.model.metric import TIME, Metric
from rnnbench.report.sentences import (
    Phrase,
    Sentence,
    capitalized,
    from_to,
    listed,
    say,
)
from rnnbench.report.view import RatioGroup, RunView

_MOST_NAMED = 3
_HERE = {"cpu": "this CPU", "cuda": "this GPU"}


@dataclass(frozen=True, slots=True)
class SettingCost:
    """One setting against its plain value: groups of every layer and condition."""

    axis: str
    candidate: Any
    baseline: Any
    groups: tuple[RatioGroup, ...]

    @property
    def name(self) -> str:
        """The setting in words."""
        return words(self.axis, self.candidate)

    @property
    def plain_name(self) -> str:
        """What it is compared with, in words."""
        return words(self.axis, self.baseline)

    def usual(self) -> tuple[RatioGroup, ...]:
        """The groups under the conditions nearest to PyTorch's defaults."""
        default = tuple(one for one in self.groups if one.conditions.is_default)
        return default or self.groups

    @property
    def is_certain(self) -> bool:
        """Whether each group of the usual conditions has a ratio with a verdict."""
        return all(
            any(ratio.verdict is not Verdict.UNDECIDED for ratio in group.ratios)
            for group in self.usual()
        )

    def range(self) -> tuple[float, float]:
        """The range of its ratios under the usual conditions."""
        low, high = zip(*(group.ends for group in self.usual()), strict=True)
        return min(low), max(high)


def settings_of(view: RunView, metric: Metric = TIME) -> tuple[SettingCost, ...]:
    """Every setting that the run compares with its plain value."""
    gathered: dict[tuple[str, Any, Any], list[RatioGroup]] = {}
    for contrast in view.contrasts:
        if not contrast.is_of_layers:
            key = (contrast.axis, contrast.candidate, contrast.baseline)
            gathered.setdefault(key, []).extend(view.groups_of(contrast, metric))
    return tuple(
        SettingCost(*key, tuple(groups)) for key, groups in gathered.items() if groups
    )


def settings_answer(view: RunView) -> tuple[Sentence, tuple[Sentence, ...]]:
    """The headline and the sentences of a run that compares settings alone."""
    every = settings_of(view)
    if not every:
        return say("This run compares no times."), ()
    costs = tuple(one for one in every if one.is_certain)
    dear = sorted(
        (one for one in costs if one.range()[0] > TIE),
        key=lambda one: -math.prod(one.range()),
    )
    cheap = [one for one in costs if one.range()[1] < 1 / TIE]
    even = [one for one in costs if 1 / TIE <= one.range()[0] <= one.range()[1] <= TIE]
    lead = [
        _sentence("{items} as long{rest}.", dear),
        _sentence("These save time: {items}{rest}.", cheap, verb=False),
    ]
    if even:
        names = listed([one.name for one in even])
        lead.append(say("No effect beyond ±2 %: {names}.", names=names))
    known = (*dear, *cheap, *even)
    if mixed := [one for one in costs if one not in known]:
        lead.append(
            say(
                "It depends on layer and phase for {names}.",
                names=listed([one.name for one in mixed]),
            )
        )
    if unsure := [one for one in every if not one.is_certain]:
        names = listed([one.name for one in unsure])
        lead.append(say("No difference is certain for {names}.", names=names))
    return _headline(view, costs, dear), tuple(filter(None, lead))


def _headline(
    view: RunView, costs: tuple[SettingCost, ...], dear: list[SettingCost]
) -> Sentence:
    here = _HERE[view.cases[0].case.device]
    if not costs:
        return say("On {here}, no difference is certain yet.", here=here)
    if len(costs) == 1:
        said = _with_range(costs[0], verb=True)
        return say("On {here}, {said} as long.", here=here, said=said)
    if {one.axis for one in costs} == {"runtime"}:
        return _fastest_runtime(here, costs)
    if dear:
        name = Phrase(dear[0].name, strong=True)
        return say("On {here}, {name} costs the most time.", here=here, name=name)
    return say("On {here}, no setting costs more time at every size.", here=here)


def _fastest_runtime(here: str, costs: tuple[SettingCost, ...]) -> Sentence:
    """Which runtime to choose, and not which to avoid."""
    best = min(costs, key=lambda one: math.prod(one.range()))
    if best.range()[1] * TIE >= 1:
        return say(
            "On {here}, no runtime is faster than {plain} at every size.",
            here=here,
            plain=Phrase(best.plain_name, strong=True),
        )
    return say(
        "On {here}, {name} is the fastest: {factors} of {plain}’s time.",
        here=here,
        name=Phrase(best.name, strong=True),
        factors=from_to(*best.range()),
        plain=best.plain_name,
    )


def _sentence(pattern: str, costs: list[SettingCost], *, verb: bool = True) -> Sentence:
    if not costs:
        return ()
    shown = [_with_range(one, verb=verb) for one in costs[:_MOST_NAMED]]
    more = len(costs) - len(shown)
    rest = f" ({more} more below)" if more > 0 else ""
    return capitalized(say(pattern, items=listed(shown), rest=rest))


def _with_range(cost: SettingCost, *, verb: bool) -> Sentence:
    factors = from_to(*cost.range())
    if not verb:
        return say("{name} {factors}", name=cost.name, factors=factors)
    return say(
        "{name} takes {factors}",
        name=Phrase(cost.name),
        factors=factors,
    )
