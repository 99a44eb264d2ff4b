"""The data island of the page that compares two runs: ids and words are said once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rnnbench.analysis.labels import layer_name
from rnnbench.report.site.entries import ListedRun, Machine
from rnnbench.report.site.summaries import RatioSummary, RunSummary
from rnnbench.report.tokens import hue_of

# Ratios and times that the page holds, some 20 bytes each; older runs are left out.
MOST_VALUES = 40_000
# Number of runs that are searched for the first pair.
_MOST_PAIRED = 50


@dataclass(frozen=True, slots=True)
class WordTable:
    """Words in the order of their first use, and the place of each."""

    places: dict[str, int] = field(default_factory=dict)

    def place(self, word: str) -> int:
        """The place of a word, which is added where it is new."""
        return self.places.setdefault(word, len(self.places))


def chosen_runs(
    machines: Sequence[Machine], summary: Callable[[ListedRun], RunSummary]
) -> list[tuple[ListedRun, RunSummary]]:
    """The runs that fit on the page; the newest of each machine come first."""
    depth = max((len(machine.runs) for machine in machines), default=0)
    ordered = [
        machine.runs[place]
        for place in range(depth)
        for machine in machines
        if place < len(machine.runs)
    ]
    chosen: list[tuple[ListedRun, RunSummary]] = []
    left = MOST_VALUES
    for run in ordered:
        found = summary(run)
        left -= len(found.cases) + len(found.ratios)
        if left < 0 and chosen:
            break
        chosen.append((run, found))
    return chosen


def compare_data(chosen: Iterable[tuple[ListedRun, RunSummary]]) -> dict[str, Any]:
    """The times and ratios of all runs, for a script that only selects and counts."""
    tables = {name: WordTable() for name in ("ids", "wheres", "sizes", "layers")}
    cases: dict[int, list[int]] = {}
    runs = []
    for run, found in chosen:
        places = [tables["ids"].place(case.id) for case in found.cases]
        for place, case in zip(places, found.cases, strict=True):
            cases[place] = [
                tables["wheres"].place(case.where),
                tables["sizes"].place(case.size),
                tables["layers"].place(case.layer),
            ]
        entry = {
            "id": run.id,
            "layers": [tables["layers"].place(layer) for layer in found.layers],
            "times": [
                [place, case.seconds]
                for place, case in zip(places, found.cases, strict=True)
            ],
            "ratios": [
                [places[each.candidate], places[each.baseline], *_values(each)]
                for each in found.ratios
            ],
        }
        runs.append(entry)
    return {
        "cases": [cases[place] for place in range(len(cases))],
        "wheres": list(tables["wheres"].places),
        "sizes": list(tables["sizes"].places),
        "layers": [[layer_name(one), hue_of(one)] for one in tables["layers"].places],
        "runs": runs,
    }


def _values(ratio: RatioSummary) -> tuple[float | None, ...]:
    return ratio.ratio, ratio.low, ratio.high, ratio.side


def first_pair(chosen: Sequence[tuple[ListedRun, RunSummary]]) -> tuple[str, str]:
    """The two runs shown first: one sweep on two machines, or the nearest match."""
    runs = [run for run, found in chosen if found.cases][:_MOST_PAIRED]
    pairs = [(one, other) for at, one in enumerate(runs) for other in runs[at + 1 :]]
    if not pairs:
        every = [run.id for run in runs] or [""]
        return every[0], every[-1]
    one, other = min(pairs, key=_distance)
    return one.id, other.id


def _distance(pair: tuple[ListedRun, ListedRun]) -> tuple[bool, bool]:
    one, other = pair
    return one.sweep_digest != other.sweep_digest, one.machine == other.machine
