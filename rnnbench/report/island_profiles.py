"""Profiles for the page: kinds, memory, operators, a timeline, and the cause."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rnnbench.analysis.labels import nominal
from rnnbench.model.case import Case
from rnnbench.model.formatting import counted
from rnnbench.model.profile import Kind, MemoryPart, Operator, Profile, Span
from rnnbench.report.sections.fused import fused_share, is_fused
from rnnbench.report.sentences import Phrase, Sentence, named, say
from rnnbench.report.view import RunView

KINDS = tuple(Kind)
_MOST_OPERATORS = 6
# Times of a timeline are counted in this many a second.
_TICKS = 1e8


def profiles_of(view: RunView, *, with_traces: bool) -> dict[str, Any]:
    """The profiles of a run, each with the place of its case, and the parts' names."""
    found = [
        (place, each.result.profile)
        for place, each in enumerate(view.shown)
        if each.result.profile
    ]
    parts = list(
        dict.fromkeys(
            [*map(str, MemoryPart)]
            + [name for _, one in found for name, _ in one.memory]
        )
    )
    return {
        "parts": parts,
        "profiles": [
            _profile(place, profile, parts)
            | ({"trace": profile.trace} if with_traces and profile.trace else {})
            for place, profile in found
        ],
    }


def why_of(view: RunView) -> list[dict[str, Any]]:
    """Profiles that belong together, and a sentence on them where two layers differ."""
    groups: dict[Case, list[tuple[int, str, Profile]]] = {}
    profiled = [each for each in view.shown if each.result.profile]
    for place, each in enumerate(profiled):
        if each.result.profile:
            key = _apart_from_code(each.case)
            groups.setdefault(key, []).append((place, each.layer, each.result.profile))
    return [
        {
            "p": [place for place, _, _ in members],
            "say": [
                [phrase.text, phrase.layer, int(phrase.strong)]
                for phrase in _cause(view, [(layer, one) for _, layer, one in members])
            ],
        }
        for members in groups.values()
    ]


def operator_calls(profile: Profile) -> int:
    """The number of operators that one call runs."""
    return sum(operator.calls for operator in profile.operators)


def _apart_from_code(case: Case) -> Case:
    """The workload of a case, whichever layer does it and by which backend."""
    size = nominal(case, "hidden_size")
    return replace(
        case,
        layer="lstm",
        hidden_size=max(size, case.proj_size + 1),
        cudnn=True,
        onednn=True,
        parameters_of=0,
    )


def _cause(view: RunView, members: Sequence[tuple[str, Profile]]) -> Sentence:
    """How many operators two layers run, and which of them has a fused kernel."""
    if view.main is None:
        return ()
    fewest: dict[str, Profile] = {}
    for layer, profile in members:
        known = fewest.get(layer)
        if known is None or operator_calls(profile) < operator_calls(known):
            fewest[layer] = profile
    candidate, baseline = view.main.layers
    if candidate not in fewest or baseline not in fewest:
        return ()
    return say(
        "One call of the {candidate} runs {calls}{fused}. The {baseline} runs "
        "{others}{others_fused}.",
        candidate=named(candidate),
        calls=_strong(counted(operator_calls(fewest[candidate]), "operator")),
        fused=_share(fewest[candidate]),
        baseline=named(baseline),
        others=_strong(f"{operator_calls(fewest[baseline]):,}"),
        others_fused=_share(fewest[baseline]),
    )


def _share(profile: Profile) -> Sentence:
    if not is_fused(profile):
        return ()
    fused = sum(one.calls for one in profile.operators if one.kind is Kind.FUSED)
    return say(
        ", and spends {share} of its time in {kernels}",
        share=_strong(f"{100 * fused_share(profile):.0f} %"),
        kernels="one fused kernel" if fused == 1 else "fused kernels",
    )


def _strong(text: str) -> Phrase:
    return Phrase(text, strong=True)


def _profile(place: int, profile: Profile, parts: Sequence[str]) -> dict[str, Any]:
    kinds, memory = dict(profile.kinds), dict(profile.memory)
    ordered = sorted(profile.operators, key=_seconds, reverse=True)
    lanes = _lanes(profile.timeline)
    found = {
        "c": place,
        "s": _nanoseconds(profile.seconds),
        "k": [_nanoseconds(kinds.get(kind, 0.0)) for kind in KINDS],
        "m": [memory.get(part, 0) for part in parts],
        "calls": operator_calls(profile),
        "ops": [
            [
                operator.name.removeprefix("aten::"),
                KINDS.index(operator.kind),
                operator.calls,
                _nanoseconds(_seconds(operator)),
            ]
            for operator in ordered[:_MOST_OPERATORS]
        ],
        "tl": lanes[0][1] if lanes else [],
        "left": profile.left_out,
    }
    if len(lanes) > 1:
        found["lanes"] = lanes
    return found


def _seconds(operator: Operator) -> float:
    return max(operator.host_seconds, operator.device_seconds)


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)


def _lanes(timeline: Iterable[Span]) -> list[tuple[str, list[int]]]:
    """For each thread or stream its spans: start after the last, length, kind."""
    lanes: dict[str, list[int]] = {}
    last: dict[str, int] = {}
    for span in sorted(timeline, key=lambda each: each.start):
        start = round(span.start * _TICKS)
        spans = lanes.setdefault(span.lane, [])
        length = max(1, round(span.seconds * _TICKS))
        spans += [start - last.get(span.lane, 0), length, KINDS.index(span.kind)]
        last[span.lane] = start
    return list(lanes.items())
