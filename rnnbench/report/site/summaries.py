"""The summary of a run, for other pages of the site and for programs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from math import isfinite
from typing import Any

from rnnbench.analysis.labels import SIZES, conditions_of, nominal, words
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import Case
from rnnbench.model.codec import WrongValue, reader, typed
from rnnbench.model.machine import environment_facts
from rnnbench.model.metric import TIME
from rnnbench.report.sections.outcomes import usual_of
from rnnbench.report.view import FOR_BASELINE, FOR_CANDIDATE, RunView

# 1: the first.
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """A measured case: its id, where and at which size, and seconds per call."""

    id: str
    layer: str
    where: str
    size: str
    seconds: float
    low: float
    high: float | None


@dataclass(frozen=True, slots=True)
class RatioSummary:
    """A ratio of the run's two layers, by the places of its cases in the summary.

    `side`: 0 where the candidate wins, 1 where the baseline does, -1 where neither.
    `phase`: its place among the run's phases in the index, -1 for other conditions.
    """

    candidate: int
    baseline: int
    ratio: float
    low: float
    high: float | None
    side: int
    phase: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """The part of a run that is kept. `layers`: candidate and baseline of `ratios`."""

    layers: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    cases: tuple[CaseSummary, ...]
    ratios: tuple[RatioSummary, ...]


def summary_of(view: RunView) -> RunSummary:
    """The times of all measured cases, and the ratios of the two layers."""
    cases = {each.case: each.time for each in view.cases if each.time is not None}
    return RunSummary(
        layers=view.main.layers if view.main else (),
        environment=environment_facts(view.run.environment),
        cases=tuple(
            CaseSummary(case.id, case.layer, _where(case), _size(case), *_ends(time))
            for case, time in cases.items()
        ),
        ratios=tuple(_ratios(view, {case: at for at, case in enumerate(cases)})),
    )


def _ratios(view: RunView, places: Mapping[Case, int]) -> Iterator[RatioSummary]:
    groups = view.groups_of(view.main, TIME) if view.main else ()
    usual = usual_of(groups) if groups else []
    for group in groups:
        phase = usual.index(group) if group in usual else -1
        for ratio in group.ratios:
            side = 0 if ratio.verdict in FOR_CANDIDATE else -1
            yield RatioSummary(
                places[ratio.pair.candidate],
                places[ratio.pair.baseline],
                *_ends(ratio.interval),
                1 if ratio.verdict in FOR_BASELINE else side,
                phase,
            )


def _ends(interval: Interval) -> tuple[float, float, float | None]:
    """Five digits; an interval of one launch has no end, which JSON can't say."""
    ends = (interval.estimate, interval.low, interval.high)
    estimate, low, high = (float(f"{value:.5g}") for value in ends)
    return estimate, low, high if isfinite(high) else None


def _where(case: Case) -> str:
    return conditions_of(case).words(with_device=True)


def _size(case: Case) -> str:
    return ", ".join(words(axis, nominal(case, axis)) for axis in SIZES)


def encode(summary: RunSummary) -> bytes:
    """Strict JSON: rows as lists, in the order of the fields of their types."""
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "layers": summary.layers,
        "environment": dict(summary.environment),
        "case_fields": [each.name for each in fields(CaseSummary)],
        "cases": [astuple(each) for each in summary.cases],
        "ratio_fields": [each.name for each in fields(RatioSummary)],
        "ratios": [astuple(each) for each in summary.ratios],
    }
    text = json.dumps(whole, allow_nan=False, separators=(",", ":"))
    return f"{text}\n".encode()


def decode(content: bytes) -> RunSummary:
    """Read what `encode` wrote; ValueError where it is something else."""
    whole = typed(dict, json.loads(content))
    if whole.get("schema") != SCHEMA:
        raise WrongValue(f"this version reads {SCHEMA}", "schema")
    return RunSummary(
        layers=reader(tuple[str, ...])(whole.get("layers")),
        environment=tuple(typed(dict, whole.get("environment")).items()),
        cases=tuple(
            CaseSummary(*row) for row in _rows(CaseSummary, whole.get("cases"))
        ),
        ratios=tuple(
            RatioSummary(*row) for row in _rows(RatioSummary, whole.get("ratios"))
        ),
    )


def _rows(kind: Any, value: Any) -> Any:
    types = tuple(each.type for each in fields(kind))
    return reader(tuple[tuple[types], ...])(value)  # type: ignore[valid-type]
