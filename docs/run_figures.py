"""Figures computed from the results files in results/reference/."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from markdown_tables import table

import rnnbench
from rnnbench.analysis.labels import span
from rnnbench.analysis.ratio import Ratio, backend, pooled, ratios
from rnnbench.analysis.stats import Interval
from rnnbench.model.metric import TIME, significant
from rnnbench.model.run import Run
from rnnbench.storage.results_file import load_run

REFERENCE = Path(__file__).parents[1] / "results" / "reference"

# The rows of the table of answers: what it is called, the run, and which cases of it.
_ANSWERS = (
    ("CPU with AVX-512, oneDNN on (default)", "quick-epyc-2-cores", "onednn=true"),
    ("the same, oneDNN off", "quick-epyc-2-cores", "onednn=false"),
    ("CPU with AVX2, oneDNN on (default)", "quick-epyc-avx2-2-cores", "onednn=true"),
    ("the same, oneDNN off", "quick-epyc-avx2-2-cores", "onednn=false"),
    ("NVIDIA H200, float32", "cuda-h200", "dtype=float32 cudnn=true"),
    ("NVIDIA H200, float16", "cuda-h200", "dtype=float16 cudnn=true"),
)


@cache
def _run(name: str) -> Run:
    return load_run(REFERENCE / f"{name}.json")


@cache
def _times(name: str) -> tuple[Ratio, ...]:
    return tuple(ratio for ratio in ratios(_run(name)) if ratio.metric is TIME)


def chosen(name: str, *conditions: str) -> list[Ratio]:
    """The GRU/LSTM ratios of time in a run whose LSTM meets every `axis=value`."""
    wanted = [condition.split("=") for condition in conditions]
    found = [
        ratio
        for ratio in _times(name)
        if ratio.pair.is_gru_to_lstm
        and all(
            _text(getattr(ratio.pair.baseline, axis)) == value for axis, value in wanted
        )
    ]
    if not found:
        raise LookupError("no ratio of the run meets the conditions")
    return found


def mean(name: str, *conditions: str) -> str:
    """The pooled ratio, rounded to two digits for a sentence."""
    return significant(_pooled(chosen(name, *conditions)).estimate, 2)


def interval(name: str, *conditions: str) -> str:
    """The pooled ratio with its 95 % interval."""
    return span(_pooled(chosen(name, *conditions)))


def span_of_sizes(name: str, *conditions: str) -> str:
    """The smallest and the largest ratio among the sizes."""
    values = [ratio.interval.estimate for ratio in chosen(name, *conditions)]
    return f"{significant(min(values))} to {significant(max(values))}"


def widths(name: str) -> str:
    """How many of the run's ratios of time have an interval within ±2 %."""
    found = [relative(ratio.interval) for ratio in _times(name)]
    # The widths are stored with few digits: what rounds to 2.0 % counts as reached.
    narrow = sum(round(width, 3) <= 0.02 for width in found)
    return f"{narrow} of {len(found)}"


def launches(name: str) -> str:
    """The smallest and the largest number of launches behind a ratio."""
    counts = [ratio.interval.count for ratio in _times(name)]
    return f"{min(counts)} to {max(counts)}"


def seconds(name: str) -> str:
    """Wall time of measuring."""
    return f"{_run(name).effort.wall:.0f}"


def cases(name: str) -> str:
    """How many cases the run has."""
    return str(len(_run(name).results))


def by_backend(name: str) -> str:
    """A table with a row for each backend and phase."""
    rows = []
    firsts = _first_of_each(chosen(name), _backend_and_phase)
    for first in sorted(firsts, key=_backend_and_phase, reverse=True):
        group = _like(name, first, _backend_and_phase)
        ordered = sorted(group, key=lambda ratio: ratio.interval.estimate)
        low, high = ordered[0].interval, ordered[-1].interval
        base = first.pair.baseline
        rows.append(
            (
                backend(base),
                str(base.phase),
                span(_pooled(group)),
                span(low),
                span(high),
            )
        )
    return table(("backend", "phase", "mean", "smallest", "largest"), rows)


def by_size(name: str, *conditions: str) -> str:
    """A table with a row for each hidden size and a column for each type of number."""
    found = chosen(name, *conditions)
    types = list(dict.fromkeys(str(ratio.pair.baseline.dtype) for ratio in found))
    sizes = sorted({ratio.pair.baseline.hidden_size for ratio in found})
    rows = []
    for size in sizes:
        row = [str(size)]
        for dtype in types:
            group = [
                ratio
                for ratio in found
                if ratio.pair.baseline.hidden_size == size
                and ratio.pair.baseline.dtype == dtype
            ]
            row.append(span(_pooled(group)) if group else "")
        rows.append(tuple(row))
    return table(("hidden_size", *types), rows)


def by_use(name: str) -> str:
    """A table with a row for each use that the sweep names."""
    run = _run(name)
    found = {ratio.pair.candidate.id: ratio for ratio in chosen(name)}
    rows = [
        (use.name, use.said_of, span(found[case].interval))
        for use in run.sweep.uses
        for case in use.cases
        if case in found and not found[case].pair.candidate.bidirectional
    ]
    return table(("use", "layer named for it", "time of a GRU ÷ LSTM"), rows)


def answers() -> str:
    """The table of the README: a row for each machine and backend."""
    rows = [
        (
            what,
            _cell(name, *conditions.split(), "phase=inference"),
            _cell(name, *conditions.split(), "phase=train"),
        )
        for what, name, conditions in _ANSWERS
    ]
    return table(("GRU ÷ LSTM, time", "inference", "training"), rows)


def terminal(name: str) -> str:
    """The answer that `rnnbench run` prints at the end of such a run."""
    answer = str(rnnbench.load(REFERENCE / f"{name}.json"))
    return f"```text\n{answer.rstrip()}\n```"


def provenance() -> str:
    """A table with a row for each results file: where, when, with what, how."""
    rows = []
    for path in sorted(REFERENCE.glob("*.json")):
        run, name = _run(path.stem), path.stem
        found = sorted(relative(ratio.interval) for ratio in _times(name))
        rows.append(
            (
                f"`{name}.json`",
                run.created[:10],
                machine(run),
                f"{run.environment.torch}, Python {run.environment.python}",
                f"`{(run.commit or 'unknown')[:7]}`",
                f"`{run.command}`",
                f"{launches(name)}",
                f"±{100 * found[len(found) // 2]:.1f} %, ±{100 * found[-1]:.1f} %",
            )
        )
    heads = ("file", "date", "machine", "PyTorch", "commit", "command")
    return table((*heads, "launches", "half-width: median, widest"), rows)


def versions() -> str:
    """A table with a row for each version of PyTorch that a committed run has."""
    files: dict[tuple[str, str, str], list[str]] = {}
    for path in sorted(REFERENCE.glob("*.json")):
        run = _run(path.stem)
        key = (run.environment.torch, run.environment.python, machine(run))
        files.setdefault(key, []).append(f"`{path.stem}`")
    rows = [(*key, ", ".join(names)) for key, names in sorted(files.items())]
    return table(("PyTorch", "Python", "machine", "results/reference/"), rows)


def machine(run: Run) -> str:
    """The device that was measured, in a few words."""
    found = run.environment
    if found.gpu:
        return f"{found.gpu}, cuDNN {found.cudnn}"
    return f"{found.cpu_model}, {found.cpu_capability}, {found.physical_cores} cores"


def relative(interval: Interval) -> float:
    """Half of the interval's width as a share of the ratio."""
    return interval.half_width / interval.estimate


def _cell(name: str, *conditions: str) -> str:
    found = chosen(name, *conditions)
    return (
        f"{significant(_pooled(found).estimate)}× ({span_of_sizes(name, *conditions)})"
    )


def _pooled(group: Sequence[Ratio]) -> Interval:
    found = pooled(group)
    if found is None:
        raise LookupError("no launch has half of the ratios")
    return found


def _backend_and_phase(ratio: Ratio) -> tuple[str, str]:
    """Sorted backwards: on before off, training before inference."""
    base = ratio.pair.baseline
    return backend(base), str(base.phase)


def _first_of_each(found: Iterable[Ratio], key: Any) -> list[Ratio]:
    firsts: dict[Any, Ratio] = {}
    for ratio in found:
        firsts.setdefault(key(ratio), ratio)
    return list(firsts.values())


def _like(name: str, first: Ratio, key: Any) -> list[Ratio]:
    return [ratio for ratio in chosen(name) if key(ratio) == key(first)]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
