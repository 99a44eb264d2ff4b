"""A run as plain rows: one for each ratio, case or operator, axes as columns."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from rnnbench.analysis.ratio import absolute, ratios
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import Case
from rnnbench.model.case_codec import encode_case
from rnnbench.model.layer_arguments import PREFIX, value_of
from rnnbench.model.run import Run
from rnnbench.model.runtime_facts import RuntimeFacts

Row = dict[str, Any]


def ratio_rows(run: Run) -> Iterator[Row]:
    """One row for each ratio of time or memory: candidate divided by baseline.

    `axis` is the axis in which the two differ; its column holds the candidate's value,
    which is repeated as `candidate` beside `baseline`. `low` and `high` are the ends of
    the 95 % interval, None where a single launch gives none.
    """
    for ratio in ratios(run):
        pair, interval = ratio.pair, ratio.interval
        yield {
            "axis": pair.axis,
            "candidate": plain(value_of(pair.candidate, pair.axis)),
            "baseline": plain(value_of(pair.baseline, pair.axis)),
            "metric": ratio.metric.name,
            "ratio": interval.estimate,
            **ends_of(interval),
            "verdict": str(ratio.verdict),
            "launches": interval.count,
            **axes_of(pair.candidate),
            "workload": ratio.workload,
            "candidate_case": pair.candidate.id,
            "baseline_case": pair.baseline.id,
        }


def case_rows(run: Run) -> Iterator[Row]:
    """One row for each case: status, seconds per call, peak memory, energy.

    `seconds` is the time per call with the ends of its 95 % interval. `peak_bytes` is
    the memory that a call adds at its peak; `joules` is the energy per call. The
    columns `build_seconds` to `runtime_note` are None in eager.
    """
    for result in run.results:
        time = absolute(result.turns)
        first = [t.first_call for t in result.turns if t.first_call is not None]
        yield {
            **axes_of(result.case),
            "status": str(result.status),
            "reason": result.reason,
            "seconds": time.estimate if time else None,
            **ends_of(time),
            "launches": time.count if time else 0,
            "first_call_seconds": first[0] if first else None,
            "peak_bytes": result.peak_memory,
            "joules": result.energy,
            **_runtime_columns(result.facts),
            "workload": result.workload,
            "case": result.case.id,
        }


def _runtime_columns(facts: RuntimeFacts | None) -> Row:
    """Build, size and error of a runtime; `eager_error`: difference from eager."""
    return {
        "build_seconds": facts and facts.build_seconds,
        "load_seconds": facts and facts.load_seconds,
        "artefact_bytes": facts and facts.artefact_bytes,
        "eager_error": facts and facts.error,
        "busy_threads": facts and facts.threads,
        "runtime_note": facts and facts.note,
    }


def operator_rows(run: Run) -> Iterator[Row]:
    """One row for each operator of each profiled case."""
    for result in run.results:
        if result.profile is None:
            continue
        for operator in result.profile.operators:
            yield {
                **axes_of(result.case),
                "operator": operator.name,
                "kind": str(operator.kind),
                "calls": operator.calls,
                "host_seconds": operator.host_seconds,
                "device_seconds": operator.device_seconds,
                "allocated_bytes": operator.allocated_bytes,
                "case": result.case.id,
            }


def plain(value: Any) -> Any:
    """The value of an axis without its enumeration."""
    return str(value) if isinstance(value, str) else value


def axes_of(case: Case) -> Mapping[str, Any]:
    """Every axis of a case as a plain value; each argument is an axis, too."""
    values = encode_case(case)
    arguments = dict(values.pop("args"))
    return {name: plain(value) for name, value in values.items()} | {
        f"{PREFIX}{name}": value for name, value in arguments.items()
    }


def ends_of(interval: Interval | None) -> Mapping[str, float | None]:
    """Both ends of an interval, None where a single launch gives none."""
    if interval is None or not math.isfinite(interval.high):
        return {"low": None, "high": None}
    return {"low": interval.low, "high": interval.high}
