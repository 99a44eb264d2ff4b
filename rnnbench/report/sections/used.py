"""The uses that layers are said to be good for: what each costs, layer by layer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rnnbench.analysis.labels import NO_INTERVAL, layer_name, setting, sizes, words
from rnnbench.analysis.ratio import Ratio, absolute
from rnnbench.analysis.stats import Interval
from rnnbench.model.case import Case
from rnnbench.model.formatting import significant
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.model.run import Result, Run, Use
from rnnbench.report.content import Cell, Column, Listing, Section, Table, Text
from rnnbench.report.sections.tones import winner_cell

_OPENING = (
    "Each use as a workload of the size that its source gives, or that we chose. "
    "Where a use is a stream, latency is the time of one step of one sequence, and "
    "throughput stands beside it: time steps of all sequences in a second. Below "
    "each number is its 95 % interval."
)


@dataclass(frozen=True, slots=True)
class _Row:
    """One workload of a use: the layer's results at one size and setting."""

    use: Use
    case: Case
    results: Mapping[str, Result]

    @property
    def is_stream(self) -> bool:
        return self.case.seq_len == 1 and self.case.batch_size == 1

    @property
    def setting(self) -> str:
        return f"{words('phase', self.case.phase)}, {setting(self.case)}"


def uses(run: Run, found: Sequence[Ratio]) -> Section | None:
    """What each use costs; None where the sweep names no use."""
    rows = _rows(run)
    if not rows:
        return None
    layers = list(dict.fromkeys(layer for row in rows for layer in row.results))
    return Section(
        "uses",
        "The uses",
        (
            Text(_OPENING),
            _times(rows, layers, found),
            _rates(rows, layers),
            _memory(rows, layers),
            Listing(tuple(map(_origin, run.sweep.uses))),
        ),
    )


def _rows(run: Run) -> list[_Row]:
    results = {result.case.id: result for result in run.results}
    rows: list[_Row] = []
    for use in run.sweep.uses:
        alike: dict[Case, dict[str, Result]] = {}
        # A run that was narrowed by -k holds some cases alone.
        for result in filter(None, map(results.get, use.cases)):
            shape = replace(result.case, layer="lstm")
            alike.setdefault(shape, {})[result.case.layer] = result
        rows += [_Row(use, shape, group) for shape, group in alike.items()]
    return rows


def _times(
    rows: Iterable[_Row], layers: Sequence[str], found: Sequence[Ratio]
) -> Table:
    """Seconds of a call, and the ratio that the choice is made by."""
    return Table(
        "Time of one call of each use",
        (
            Column("use"),
            Column("said of"),
            Column("sizes"),
            *(Column(layer_name(layer), number=True) for layer in layers),
            Column("GRU / LSTM"),
        ),
        tuple(
            (
                *_heading(row),
                *(_time_cell(row.results.get(layer)) for layer in layers),
                _ratio_cell(row, found),
            )
            for row in rows
        ),
    )


def _heading(row: _Row) -> tuple[Cell, ...]:
    return (
        Cell(row.use.name),
        Cell(row.use.said_of),
        Cell(sizes(row.case), note=row.setting),
    )


def _rates(rows: Iterable[_Row], layers: Sequence[str]) -> Table:
    """Time steps in a second."""
    return Table(
        "Time steps of all sequences in a second",
        (
            Column("use"),
            Column("read as"),
            *(Column(layer_name(each), number=True) for each in layers),
        ),
        tuple(
            (
                Cell(row.use.name),
                Cell("latency" if row.is_stream else "throughput", note=row.setting),
                *(_rate_cell(row.results.get(layer)) for layer in layers),
            )
            for row in rows
        ),
    )


def _memory(rows: Iterable[_Row], layers: Sequence[str]) -> Table:
    """What a call adds to memory, at its peak."""
    return Table(
        "Peak memory of one call of each use",
        (
            Column("use"),
            Column("setting"),
            *(Column(layer_name(each), number=True) for each in layers),
        ),
        tuple(
            (
                Cell(row.use.name),
                Cell(row.setting),
                *(_memory_cell(row.results.get(layer)) for layer in layers),
            )
            for row in rows
        ),
    )


def _time_cell(result: Result | None) -> Cell:
    time = absolute(result.turns) if result else None
    if time is None:
        return _absent(result)
    if time.count < 2:
        return Cell(TIME.format(time.estimate), note=NO_INTERVAL)
    note = f"{TIME.format(time.low)} to {TIME.format(time.high)}"
    return Cell(TIME.format(time.estimate), note=note)


def _rate_cell(result: Result | None) -> Cell:
    time = absolute(result.turns) if result else None
    if result is None or time is None:
        return _absent(result)
    steps = result.case.seq_len * result.case.batch_size
    if time.count < 2:
        return Cell(_count(steps / time.estimate), note=NO_INTERVAL)
    rate = Interval(
        steps / time.estimate, steps / time.high, steps / time.low, time.count
    )
    note = f"{_count(rate.low)} to {_count(rate.high)}"
    return Cell(_count(rate.estimate), note=note)


def _count(value: float) -> str:
    """A rate that is mostly large: 12,345, or 1.23."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 1000 else significant(value)


def _memory_cell(result: Result | None) -> Cell:
    if result is None or result.peak_memory is None:
        return Cell("not read")
    return Cell(PEAK_MEMORY.format(result.peak_memory))


def _absent(result: Result | None) -> Cell:
    status = f": {result.status}" if result and result.reason else ""
    return Cell(f"not measured{status}")


def _ratio_cell(row: _Row, found: Sequence[Ratio]) -> Cell:
    for ratio in found:
        if ratio.metric is TIME and _is_of(ratio, row):
            return winner_cell(ratio)
    return Cell("not measured")


def _is_of(ratio: Ratio, row: _Row) -> bool:
    ours, theirs = row.results.get("gru"), row.results.get("lstm")
    if ours is None or theirs is None:
        return False
    return (ratio.pair.candidate, ratio.pair.baseline) == (ours.case, theirs.case)


def _origin(use: Use) -> Text:
    """Where the sizes of a use are from."""
    origin = "Our choice" if use.our_choice else "Source"
    text = f"{origin}: {use.source}{'' if use.source.endswith('.') else '.'}"
    return Text(f"{text} {use.why}".strip(), use.name)
