"""Numbers on the page against the raw turns of the file, by a way of their own.

Nothing here that measures or averages is taken from the package.
"""

import json
import math
import random
import re
from heapq import nsmallest
from html.parser import HTMLParser
from pathlib import Path
from statistics import fmean, stdev

import pytest
from scipy.stats import t

from rnnbench.model.case import decode_case
from rnnbench.report.html import render
from rnnbench.report.run_page import page
from rnnbench.storage.results_file import load_run

FOLDER = Path(__file__).parents[3] / "results" / "reference"
FILES = sorted(
    path for path in FOLDER.glob("*.json") if "benchmarks" in path.read_text()[:99999]
)
UNITS = {"s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}
BINARY = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
# Settings of a case as the page's decision tables say them.
PLACES = {
    "CPU, oneDNN on": {"device": "cpu", "onednn": True},
    "CPU, oneDNN off": {"device": "cpu", "onednn": False},
    "CUDA, cuDNN on": {"device": "cuda", "cudnn": True},
    "CUDA, cuDNN off": {"device": "cuda", "cudnn": False},
}


class Tables(HTMLParser):
    """Each table by its name: rows of cells, a cell the texts that stand in it."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.rows, self.cell = {}, None, None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.rows = self.tables.setdefault(dict(attrs)["aria-label"], [])
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.cell = []
            self.rows[-1].append(self.cell)

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None and data.strip():
            self.cell.append(data)


def read(path):
    """Results of a file with the seconds of each launch, as results/README.md says."""
    whole = json.loads(path.read_text(encoding="utf-8"))
    block = whole["rnnbench"]
    usual = block.get("usual", {})
    stored = {
        each["extra_info"]["case"]: each["stats"].get("data", [])
        for each in whole["benchmarks"]
    }
    results = []
    for short in block["results"]:
        result = usual.get("result", {}) | short
        result["case"] = usual.get("case", {}) | result["case"]
        name = decode_case(result["case"]).id
        values = iter(stored.get(name, []))
        launches = {}
        for turns in rows_of(result["turns"], usual.get("turns", {})):
            seconds = turns.get("seconds") or [
                next(values) for _ in range(turns["count"])
            ]
            launches[turns["launch"]] = seconds, turns.get("rough", 0)
        results.append((result | {"id": name}, launches))
    return results


def rows_of(turns, usual):
    """Launch by launch, of columns or of rows."""
    if isinstance(turns, list):
        return turns
    return [
        usual | {name: column[place] for name, column in turns.items()}
        for place in range(len(turns.get("launch", ())))
    ]


def counting(launches, *others):
    """Launches of all of these that were calm, where these are at least half."""
    shared = [each for each in launches if all(each in other for other in others)]
    calm = [
        each
        for each in shared
        if all(
            2 * rough < len(seconds)
            for seconds, rough in (one[each] for one in (launches, *others))
        )
    ]
    return calm if 2 * len(calm) >= len(shared) else shared


def interval_of(logs):
    """Student's t interval of the mean, carried back from logarithms."""
    reach = t.ppf(0.975, len(logs) - 1) * stdev(logs) / math.sqrt(len(logs))
    return [math.exp(fmean(logs) + side * reach) for side in (0, -1, 1)]


def agrees(printed, truth):
    """Whether that is `truth`, at the digits that are printed."""
    decimals = len(printed.partition(".")[2])
    return abs(float(printed) - truth) <= 0.5001 * 10**-decimals


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem)
def both(request):
    run = load_run(request.param)
    return Tables(render(page(run))).tables, read(request.param)


def found(results, **wanted):
    """The one result whose case is so, and what is not said is as in its kin."""
    fitting = [
        (result, launches)
        for result, launches in results
        if all(result["case"][key] == value for key, value in wanted.items())
    ]
    assert len(fitting) == 1
    return fitting[0]


def test_every_cell_of_the_decision_tables_follows_from_the_turns_of_the_file(both):
    tables, results = both
    checked = 0

    for title, rows in tables.items():
        said = re.split(r": |, over ", title)[1] if ": " in title else ""
        where, _, dtype = said.removesuffix(", system allocator").partition(", float")
        if not title.startswith("The faster layer") or where not in PLACES:
            continue
        place = PLACES[where] | {"dtype": f"float{dtype or 32}"}
        place["allocator"] = "system" if ", system allocator" in said else "steady"
        header = [cell[0] for cell in rows[0]]
        for row in rows[1:]:
            sizes = {
                name: int(cell[0])
                for name, cell in zip(header, row, strict=True)
                if "seq_len" not in name
            }
            for name, cell in zip(header, row, strict=True):
                if "seq_len" not in name or len(cell) < 2:
                    continue
                phase, _, length = name.partition(", seq_len ")
                wanted = sizes | place | {"seq_len": int(length)}
                wanted["phase"] = {"training": "train"}.get(phase, phase)
                wanted |= {"parameters_of": 0, "bidirectional": False}
                checked += check_decision(results, wanted, cell)

    decides = any(title.startswith("The faster layer") for title in tables)
    assert checked >= 10 or not decides


def undisturbed(seconds):
    """The mean logarithm of the lower third of a launch's turns."""
    return fmean(nsmallest(math.ceil(len(seconds) / 3), map(math.log, seconds)))


def check_decision(results, wanted, cell):
    _, lstm = found(results, layer="lstm", **wanted)
    # oneDNN has no GRU of its own: the switch does nothing for it.
    rest = {key: value for key, value in wanted.items() if key != "onednn"}
    _, gru = found(results, layer="gru", **rest)
    logs = [
        undisturbed(gru[launch][0]) - undisturbed(lstm[launch][0])
        for launch in counting(gru, lstm)
    ]
    ratio, low, high = interval_of(logs)
    word, shown = cell[0].split()
    assert agrees(shown, ratio)
    for printed, truth in zip(cell[1].split(" to "), (low, high), strict=True):
        assert agrees(printed, truth)
    if word in ("GRU", "LSTM"):
        assert word == ("GRU" if high < 1 else "LSTM")
        assert high < 1 or low > 1
    else:
        assert word == ("tie" if low >= 1 / 1.02 and high <= 1.02 else "undecided")
    return 1


def test_ten_random_rows_of_the_case_table_follow_from_the_turns_of_the_file(both):
    tables, results = both
    rows = next(
        rows
        for title, rows in tables.items()
        if re.fullmatch(r"[0-9]+( of [0-9]+)? cases", title)
    )
    header = [cell[0] for cell in rows[0]]
    by_id = {row[0][0]: row for row in rows[1:]}
    measured = [pair for pair in results if len(pair[1]) > 1]

    for result, launches in random.Random(11).sample(measured, 10):
        values = dict(zip(header, by_id[result["id"]], strict=True))
        logs = [undisturbed(launches[launch][0]) for launch in counting(launches)]
        time, low, high = interval_of(logs)
        number, unit = values["time per call"][0].split()
        assert agrees(number, time / UNITS[unit])
        for text, truth in zip(
            values["95 % interval"][0].split(" to "), (low, high), strict=True
        ):
            number, unit = text.split()
            assert agrees(number, truth / UNITS[unit])
        assert values["launches"] == [str(len(launches))]
        turns = sum(len(seconds) for seconds, _ in launches.values())
        assert values["turns"] == [str(turns)]
        if result["peak_memory"] is not None:
            number, unit = values["peak memory"][0].split()
            assert agrees(number, result["peak_memory"] / BINARY[unit])
