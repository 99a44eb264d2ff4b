"""The Python interface: `rnnbench.run`, `rnnbench.load` and `rnnbench.compare`."""

import html
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Unpack

import pandas as pd

from rnnbench.analysis.learning_rows import learning_ratio_rows, learning_rows
from rnnbench.analysis.rows import case_rows, operator_rows, ratio_rows
from rnnbench.model.errors import ResultsError, RnnbenchError
from rnnbench.model.run import Run
from rnnbench.regression.compare import TOLERANCE, RunComparison
from rnnbench.regression.compare import compare as compare_runs
from rnnbench.regression.compare_table import compare_table
from rnnbench.regression.verdict_table import as_summary
from rnnbench.report.charts.gallery import FIGURES, draw_figure
from rnnbench.report.parts_page import write_pages
from rnnbench.report.run_page import Surroundings
from rnnbench.report.terminal import summary
from rnnbench.report.view import view
from rnnbench.runner.foreign_layers import LayerChecks, refuse_broken_layers
from rnnbench.runner.measure import MeasureOptions, measure
from rnnbench.runner.origin import origin
from rnnbench.runner.progress import ProgressLine, Stream
from rnnbench.storage.files import write_bytes
from rnnbench.storage.results_file import load_run, save_run
from rnnbench.sweep.arguments import sweep_of_axes, sweep_of_task
from rnnbench.sweep.axis_types import LearningAxes
from rnnbench.sweep.load import Sweep, load_sweep
from rnnbench.sweep.shipped import find_sweep


def run(  # noqa: PLR0913 - keywords, as the options of the command
    sweep: str | Path | None = None,
    *,
    compare: Sequence[str] = (),
    reference: str | Mapping[str, str] = "",
    precision: float | None = None,
    launches: int | None = None,
    budget: float | None = None,
    profile: str | None = None,
    progress: bool = True,
    **axes: Unpack[LearningAxes],
) -> "Results":
    """Measure a sweep, or the product of `axes`, and return the results.

    Args:
        sweep: name of a shipped sweep, or a YAML file; "quick" if there are no axes.
        compare: axes to measure side by side; by default `layer`, else all that vary.
        reference: the layer whose answers layers of your own must give, or a mapping.
        precision: half-width that each 95 % interval is to reach, as a share.
        launches: the most fresh processes for each case.
        budget: the most time for measuring, in seconds.
        profile: cases to profile: "all", "none", or a regular expression on their ids.
        progress: whether progress is written to standard error.
        axes: values of each axis, or a default; with `task`, layers are trained on it.

    RnnbenchError: the sweep or an option has a fault, or no worker can be started.

    >>> rnnbench.run(layer=["lstm", "gru"], hidden_size=[128, 256])
    >>> rnnbench.run(task="adding", seq_len=50, layer=["gru", "lstm"])

    """
    chosen = _sweep(sweep, compare, axes, reference)
    options = MeasureOptions(
        precision=precision,
        launches=launches,
        budget=budget,
        profile=profile,
        **origin("rnnbench.run"),
    )
    return Results(_measure(chosen, options, is_shown=progress))


def load(path: str | Path) -> "Results":
    """Read a results file; torch is not needed. ResultsError if it can't be read.

    >>> rnnbench.load("results/quick.json").ratios()
    """
    return Results(load_run(Path(path)))


def compare(
    baseline: "Results | str | Path",
    candidate: "Results | str | Path",
    *,
    tolerance: float = TOLERANCE,
) -> "Comparison":
    """Compare two runs of one machine, each given as results or as a file.

    `tolerance`: the relative change that still counts as unchanged.
    IncomparableError: the two are of different machines or have no case in common.

    >>> print(rnnbench.compare("monday.json", "tuesday.json"))
    """
    runs = [
        (each if isinstance(each, Results) else load(each)).run
        for each in (baseline, candidate)
    ]
    return Comparison(compare_runs(*runs, tolerance=tolerance))


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as SVG; a notebook shows it."""

    name: str
    svg: str = field(repr=False)
    run: Run = field(repr=False)

    def save(self, path: str | Path) -> Path:
        """Write the figure to a .svg, .png or .pdf file."""
        target = Path(path)
        suffix = target.suffix.removeprefix(".").lower()
        write_bytes(target, draw_figure(self.run, self.name, suffix))
        return target

    def _repr_svg_(self) -> str:
        return self.svg


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a run. In a notebook it shows the answer and one figure."""

    run: Run

    def ratios(self) -> pd.DataFrame:
        """One row for each ratio: candidate divided by baseline, of time or memory.

        Columns: `axis` in which the two differ, its value in both (`candidate`,
        `baseline`), `metric`, `ratio` with its 95 % interval (`low`, `high`),
        `verdict`, `launches`, every axis of the candidate, and the ids of both cases.

        >>> run.ratios().query("metric == 'time' and verdict == 'faster'")
        """
        return pd.DataFrame(ratio_rows(self.run))

    def cases(self) -> pd.DataFrame:
        """One row for each case: axes, `status`, `seconds` per call, `peak_bytes`.

        `low` and `high` are the ends of the 95 % interval of `seconds`.
        """
        return pd.DataFrame(case_rows(self.run))

    def operators(self) -> pd.DataFrame:
        """One row for each operator of each profiled case; empty without profiles."""
        return pd.DataFrame(operator_rows(self.run))

    def learning(self) -> pd.DataFrame:
        """One row for each seed that was trained; `steps` to the target, or missing."""
        return pd.DataFrame(learning_rows(self.run))

    def learning_ratios(self) -> pd.DataFrame:
        """One row for each pair of cases of one task: ratios of steps and seconds."""
        return pd.DataFrame(learning_ratio_rows(self.run))

    def plot(self, name: str = "forest") -> Picture:
        """A figure: forest, ratio, tradeoff, time, operators, memory, roofline, knobs.

        Of a run that learned also steps, curves, fronts and gradient.
        ResultsError if the run lacks the data for it.

        >>> run.plot("tradeoff").save("tradeoff.pdf")
        """
        return Picture(name, draw_figure(self.run, name, "svg").decode(), self.run)

    def save(self, path: str | Path) -> Path:
        """Write a results file, which `load` and every command reads."""
        save_run(Path(path), self.run)
        return Path(path)

    def report(self, folder: str | Path) -> Path:
        """Write the report to `folder`, and return the path of its first page."""
        target = Path(folder) / "index.html"
        write_pages(target, view(self.run), Surroundings())
        return target

    def __str__(self) -> str:
        """The answer in a few lines."""
        return "\n".join(summary(view(self.run)))

    def _repr_html_(self) -> str:
        """The answer, and the first figure that the run has data for."""
        answer = f"<pre>{html.escape(str(self))}</pre>"
        for name in FIGURES:
            try:
                return answer + self.plot(name).svg
            except ResultsError:
                continue
        return answer


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs compared. `found` has every detail."""

    found: RunComparison

    @property
    def exit_code(self) -> int:
        """0 if nothing is worse, 1 if something is, 2 if a measured case now fails."""
        return self.found.exit_code

    def rows(self) -> pd.DataFrame:
        """One row for each metric of each case, what is worse first.

        `ratio` is candidate divided by baseline, with its interval (`low`, `high`).
        """
        rows = []
        for value in self.found.rows:
            row = asdict(value)
            interval = row.pop("interval") or {}
            ends = {name: interval.get(name) for name in ("low", "high")}
            rows.append({**row, "ratio": interval.get("estimate"), **ends})
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        """The answer in at most 25 lines, as `rnnbench compare` prints it."""
        return as_summary(compare_table(self.found))

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def _measure(sweep: Sweep, options: MeasureOptions, *, is_shown: bool) -> Run:
    record = sweep.record
    checks = LayerChecks(record.policy.time_limit, references=record.references)
    refuse_broken_layers(sweep.cases, checks)
    if not is_shown:
        return measure(sweep.workloads, sweep.record, options)
    with closing(ProgressLine(Stream(sys.stderr))) as line:
        return measure(sweep.workloads, sweep.record, options, line.show)


def _sweep(
    sweep: str | Path | None,
    compare: Sequence[str],
    axes: LearningAxes,
    reference: str | Mapping[str, str],
) -> Sweep:
    if not axes and not compare and not reference:
        return load_sweep(find_sweep(sweep or "quick"))
    if sweep is not None:
        given = ", ".join(axes) or ("compare" if compare else "reference")
        raise RnnbenchError(f"{sweep}: a sweep has its own axes: leave out {given}")
    if "task" in axes:
        if compare or reference:
            name = "compare" if compare else "reference"
            raise RnnbenchError(f"{name}: not with a task, which trains every layer")
        return sweep_of_task(dict(axes))
    names = [compare] if isinstance(compare, str) else compare
    return sweep_of_axes(dict(axes), names, reference=reference)
