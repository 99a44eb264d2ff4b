"""The data of a page as columns of small numbers: what its script draws."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from rnnbench.analysis.labels import layer_name, words
from rnnbench.analysis.ratio import Ratio, Verdict
from rnnbench.analysis.roofline import Position
from rnnbench.model.case import Case
from rnnbench.model.status import Status
from rnnbench.model.workload import Pair
from rnnbench.report.island_axes import PageAxis, axes_of, fixed_sizes
from rnnbench.report.island_profiles import KINDS, profiles_of, why_of
from rnnbench.report.pools import default_map, half_width, pools_of, rounded
from rnnbench.report.tokens import hue_of
from rnnbench.report.view import CaseView, Contrast, RunView, contrast_of

SCHEMA = 1
_VERDICTS = (Verdict.FASTER, Verdict.SLOWER, Verdict.TIE, Verdict.UNDECIDED)
_LAYER_ORDER = ("lstm", "gru", "rnn_tanh", "rnn_relu")
# Beyond this many ratios their launches are left to the results file.
_MOST_WITH_LAUNCHES = 2000
# Below this share of measured combinations chips lead nowhere.
_SPARSE = 0.3

Columns = dict[str, list[Any]]


def island(view: RunView, traces: str = "") -> dict[str, Any]:
    """The data of a page. Half-widths are on logarithms, in 1e-5; -1: no interval.

    `traces`: the address of the folder where the traces of profiles are published.
    """
    shown = view.shown
    cases = [each.case for each in shown]
    axes = axes_of(cases)
    layers = _layers(cases)
    contrasts = view.contrasts
    reasons = _places(each.result.reason for each in shown if each.time is None)
    found = {
        "schema": SCHEMA,
        "run": {**_run(view), "traces": traces or None},
        "layers": [
            {"id": layer, "name": layer_name(layer), "tone": hue_of(layer)}
            for layer in layers
        ],
        "axes": [axis.document() for axis in axes],
        "fixed": fixed_sizes(cases, axes),
        "status": [str(each).replace("_", " ") for each in Status],
        "reasons": list(reasons),
        "kinds": [str(kind) for kind in KINDS],
        "pairs": [_pair(one, layers, contrasts) for one in contrasts],
    }
    found |= _case_columns(shown, axes, layers, reasons)
    found["ratios"] = _ratio_columns(view, contrasts)
    found |= profiles_of(view, with_traces=bool(traces))
    found["why"] = why_of(view)
    found["map"] = layout = default_map(view, axes)
    found["pooled"] = pools_of(view, axes, layout)
    found["sparse"] = _is_sparse(view, axes)
    found["uses"] = _uses(view)
    return found


def ratio_places(view: RunView) -> dict[Pair, int]:
    """The place of each ratio of time in the columns."""
    return {ratio.pair: place for place, ratio in enumerate(view.times)}


def island_text(data: dict[str, Any]) -> str:
    """JSON that cannot close the HTML element around it."""
    text = json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _run(view: RunView) -> dict[str, object]:
    run = view.run
    return {
        "sweep": run.sweep.name,
        "question": run.sweep.question,
        "created": run.created,
        "command": run.command,
        "precision": run.sweep.policy.precision,
        "turn": str(run.turn),
    }


def _layers(cases: Iterable[Case]) -> list[str]:
    found = dict.fromkeys(case.layer for case in cases)
    known = [layer for layer in _LAYER_ORDER if layer in found]
    return known + [layer for layer in found if layer not in known]


def _places(values: Iterable[str]) -> dict[str, int]:
    return {value: place for place, value in enumerate(dict.fromkeys(values))}


def _case_columns(
    views: Sequence[CaseView],
    axes: Sequence[PageAxis],
    layers: Sequence[str],
    reasons: dict[str, int],
) -> dict[str, Any]:
    cases = [each.case for each in views]
    layer_at = {layer: place for place, layer in enumerate(layers)}
    statuses = list(Status)
    labels = [f"{one.provenance.label} ({one.provenance.certainty})" for one in views]
    provenance = _places(labels)
    times = [each.time for each in views]
    columns: Columns = {
        "layer": [layer_at[case.layer] for case in cases],
        "axis": [axis.column(cases) for axis in axes],
        "t": [rounded(time.estimate * 1e9) if time else None for time in times],
        "h": [half_width(time) if time else -1 for time in times],
        "n": [time.count if time else 0 for time in times],
        "m": [each.result.peak_memory for each in views],
        "s": [statuses.index(each.result.status) for each in views],
        "p": [provenance[label] for label in labels],
        "q": [
            round(each.limit.share * 1000) if isinstance(each.limit, Position) else -1
            for each in views
        ],
    }
    if reasons:
        columns["e"] = [
            -1 if each.time else reasons[each.result.reason] for each in views
        ]
    energies = [each.result.energy for each in views]
    if any(energies):
        columns["j"] = [
            None if value is None else rounded(value * 1e9) for value in energies
        ]
    return {"prov": list(provenance), "cases": columns}


def _pair(
    contrast: Contrast, layers: Sequence[str], contrasts: Sequence[Contrast]
) -> dict[str, object]:
    candidate = words(contrast.axis, contrast.candidate)
    baseline = words(contrast.axis, contrast.baseline)
    name = f"{candidate} ÷ {baseline}"
    if not contrast.is_of_layers:
        name = f"{layer_name(contrast.layers[0])}: {name}"
    return {
        "id": _pair_id(contrast, contrasts),
        "name": name,
        "axis": contrast.axis,
        "a": layers.index(contrast.layers[0]),
        "b": layers.index(contrast.layers[1]),
        "candidate": candidate,
        "baseline": baseline,
    }


def _pair_id(contrast: Contrast, contrasts: Sequence[Contrast]) -> str:
    """A name for addresses, unique on the page."""
    if not contrast.is_of_layers:
        value = str(contrast.candidate).lower()
        return f"{contrast.layers[0]}-{contrast.axis}-{value}"
    alike = [
        one
        for one in contrasts
        if one.is_of_layers and one.layers[0] == contrast.layers[0]
    ]
    return contrast.layers[0] if len(alike) == 1 else "-".join(contrast.layers)


def _ratio_columns(view: RunView, contrasts: Sequence[Contrast]) -> Columns:
    case_at = {each.case: place for place, each in enumerate(view.shown)}
    pair_at = {contrast: place for place, contrast in enumerate(contrasts)}
    verdict_at = {verdict: place for place, verdict in enumerate(_VERDICTS)}
    times = view.times
    columns: Columns = {
        "k": [pair_at[contrast_of(ratio)] for ratio in times],
        "a": [case_at[ratio.pair.candidate] for ratio in times],
        "b": [case_at[ratio.pair.baseline] for ratio in times],
        "r": [rounded(ratio.interval.estimate) for ratio in times],
        "h": [half_width(ratio.interval) for ratio in times],
        "n": [ratio.interval.count for ratio in times],
        "v": [verdict_at[ratio.verdict] for ratio in times],
    }
    if len(times) <= _MOST_WITH_LAUNCHES:
        columns["l"] = [_launches(ratio) for ratio in times]
    return columns


def _launches(ratio: Ratio) -> list[int]:
    """The ratio of each launch as a logarithm around the mean, in 1e-4."""
    logs = [value for _, value in ratio.logs]
    mean = sum(logs) / len(logs) if logs else 0.0
    return [round((value - mean) * 1e4) for value in logs]


def _is_sparse(view: RunView, axes: Sequence[PageAxis]) -> bool:
    """Whether few combinations of the values of the main pair were measured."""
    first = next(iter(view.contrasts), None)
    group = [each for each in view.times if contrast_of(each) == first]
    shown = [axis for axis in axes if first is None or axis.id != first.axis]
    columns = [axis.column([one.pair.baseline for one in group]) for axis in shown]
    whole = math.prod(len({*column} - {-1}) or 1 for column in columns)
    measured = len(set(zip(*columns, strict=True))) if columns else len(group)
    return bool(group) and measured < _SPARSE * whole


def _uses(view: RunView) -> list[list[object]]:
    """The named uses of the sweep, each with the places of its cases."""
    if not view.run.sweep.uses:
        return []
    place_of = {each.case.id: place for place, each in enumerate(view.shown)}
    return [
        [use.name, [place_of[name] for name in use.cases if name in place_of]]
        for use in view.run.sweep.uses
    ]
