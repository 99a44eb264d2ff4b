"""Damaged journals and histories: a run resumes, or one line says why it can't.

The seed is drawn and repeated as in `test_readers`.
"""

import json
import os
import random
from dataclasses import replace

import pytest

from rnnbench.cli.main import main
from rnnbench.model.errors import ResultsError
from rnnbench.model.policy import Policy
from rnnbench.model.run import YardstickTurns
from rnnbench.model.status import Status
from rnnbench.model.workload import DEFAULT_COMPARE, group
from rnnbench.regression.changes import find_changes
from rnnbench.regression.changes_table import changes_table
from rnnbench.regression.history import nights, series_text
from rnnbench.regression.history_merge import merge
from rnnbench.regression.history_store import Entry, HistoryRow, add, load
from rnnbench.runner.journal import Ended, Header, Journal, Pass, Remembered
from rnnbench.runner.launch import Order
from rnnbench.runner.results import JournalReader
from rnnbench.storage.results_file import save_run

SEED = int(os.environ.get("RNNBENCH_FUZZ_SEED") or random.randrange(2**32))
HEADER = Header(sweep="s", digest="d", policy="p", machine="m")
NASTY = [
    *(None, True, "", "x" * 10_000, "\x1b[31m", "\ud800", 0, -1, 2**63, 10**400),
    *(0.0, -0.0, 5e-324, 1e308, -1.5, [], {}, [[]], {"": 0}, ["a", 1]),
]
ENTRY = Entry(
    created="2026-11-23T02:00:00+00:00",
    commit="abcdef0",
    version="0.1.0",
    sweep="nightly",
    torch="2.13.0+cpu",
    torch_git=None,
    machine="example-0123456789ab",
    parts=(("cpu_model", "Example"),),
)


@pytest.fixture
def chance(record_property):
    record_property("seed", SEED)
    print(f"RNNBENCH_FUZZ_SEED={SEED}")  # noqa: T201 - pytest shows it on failure
    return random.Random(SEED)


def places(value, place=()):
    """Every place in nested lists and dicts, as the keys that lead there."""
    if place:
        yield place
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            yield from places(inner, (*place, key))


def damage(content, chance):
    """A journal in which a value, a line, or some bytes are changed."""
    lines = content.splitlines(keepends=True)
    number = chance.randrange(len(lines))
    kind = chance.choice(("value", "value", "value", "line", "bytes", "end"))
    if kind == "line":
        lines[number] = chance.choice((b"", b"\n", b"{}\n", b"[]\n", lines[-1] * 2))
    elif kind == "value":
        document = json.loads(lines[number])
        *way, last = chance.choice(list(places(document)))
        spot = document
        for key in way:
            spot = spot[key]
        if chance.random() < 0.3:
            del spot[last]
        else:
            spot[last] = chance.choice(NASTY)
        lines[number] = json.dumps(document).encode() + b"\n"
    content = bytearray(b"".join(lines))
    if kind == "bytes":
        start = chance.randrange(len(content) + 1)
        content[start : start + chance.choice((0, 1, 5))] = chance.choice(
            (
                b"",
                b"[",
                b"}",
                b'"',
                b"\\",
                b"\0",
                b"\xff",
                b"\n",
                b"e999",
                b"\xef\xbb\xbf",
            )
        )
    elif kind == "end":
        del content[chance.randrange(len(content) + 1) :]
    return bytes(content)


@pytest.fixture(scope="module")
def order(make_case):
    cases = [
        make_case(layer=layer, hidden_size=size)
        for size in (8, 16)
        for layer in ("lstm", "gru", "rnn_tanh")
    ]
    workloads = group(cases, DEFAULT_COMPARE)
    return Order(workloads=workloads, policy=Policy(launches=3), command=("x",))


@pytest.fixture(scope="module")
def journal(order, make_turns, tmp_path_factory):
    """The bytes of a journal of a run that is half done."""
    path = tmp_path_factory.mktemp("journal") / "run.json.journal"
    made = make_turns(launches=2)
    turns = [replace(each, launch=launch) for launch, each in enumerate(made)]
    with Journal.start(path, HEADER, resume=False) as kept:
        for workload in order.workloads:
            for launch in range(2):
                found = {case.id: turns[launch] for case in workload.members[:2]}
                kept.record(
                    Pass(
                        launch=launch,
                        workload=workload.id,
                        turns=found,
                        yardstick=turns[launch],
                        inside_turns=0.1,
                        wall=0.2,
                    )
                )
            last = workload.members[-1].id
            kept.record(Ended(case=last, status=Status.ERROR, reason="r"))
            kept.record(Remembered(case=workload.members[0].id, peak_memory=5))
    return path.read_bytes()


def test_a_damaged_journal_is_resumed_or_one_line(
    tmp_path, order, journal, chance, make_run
):
    path = tmp_path / "run.json.journal"
    resumed, faults = 0, []

    for number in range(300):
        path.write_bytes(journal if not number else damage(journal, chance))
        try:
            with Journal.start(path, HEADER, resume=True) as kept:
                reader = JournalReader(order, kept, "not begun")
                results, yardsticks = reader.results(), reader.yardsticks()
        except ResultsError as error:
            faults.append(str(error))
            continue
        assert [result.case for result in results] == list(order.cases)
        assert all(isinstance(each, YardstickTurns) for each in yardsticks)
        # What is resumed can be written and read again at the end.
        run = make_run(results)
        save_run(tmp_path / "run.json", replace(run, yardsticks=tuple(yardsticks)))
        resumed += 1

    assert resumed > 1
    for fault in faults:
        assert fault.startswith(f"{path}:")
        assert "\n" not in fault
        assert len(fault) < 500


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "store"
    for night in range(6):
        rows = [
            HistoryRow(case, quantity, "", "ok", 1.0 + night, 0.5, 1.5, 6)
            for case in ("gru", "lstm")
            for quantity in ("time", "normalised time", "peak memory")
        ]
        created = f"2026-11-{night + 1:02}T02:00:00+00:00"
        add(folder, replace(ENTRY, created=created), rows)
    return folder


def test_a_damaged_history_is_read_without_the_damaged_file(tmp_path, store, chance):
    files = sorted(store.rglob("*.parquet"))
    content = {path: path.read_bytes() for path in files}

    for _ in range(50):
        path = chance.choice(files)
        damaged = bytearray(content[path])
        start = chance.randrange(len(damaged))
        damaged[start : start + chance.choice((1, 1, 4, 1000))] = chance.randbytes(
            chance.choice((0, 1, 3))
        )
        path.write_bytes(damaged)

        history = load(store)
        changes_table(find_changes(history), history)
        series_text(nights(history, "gru"))
        found = merge(store, tmp_path / "merged")

        is_same = bytes(damaged) == content[path]
        assert len(history.skipped) == (0 if is_same else 1)
        assert len(history.entries) == len(files) - len(history.skipped)
        assert len(found.refused) == len(history.skipped)
        assert all("\n" not in line for line in history.skipped)
        path.write_bytes(content[path])


def test_what_a_killed_writer_left_in_a_history_is_no_run(store, monkeypatch, capsys):
    (night, *_) = store.rglob("*.parquet")
    for name in (f".{night.name}.1.abc.tmp", f"{night.name}.tmp", ".DS_Store"):
        (night.parent / name).write_bytes(night.read_bytes()[:100])
    os.mkfifo(night.parent / "waits")
    (night.parent / "lost").symlink_to("nowhere")
    command = ["rnnbench", "history", "changes", "--store", str(store)]
    monkeypatch.setattr("sys.argv", command)

    assert main() == 0
    assert "6 runs" in capsys.readouterr().out
