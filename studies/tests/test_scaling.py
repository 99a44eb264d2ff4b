"""The script that says how the harness grows: its arithmetic, and what it counts on."""

from collections import Counter

import pytest

from rnnbench.model import workload
from rnnbench.storage import compact
from rnnbench.storage import results_file as store
from rnnbench.storage.compact import lighter
from rnnbench.storage.results_file import attach, load_run, write_document
from rnnbench.sweep import expand
from rnnbench.sweep.load import load_sweep
from studies.scaling import made, run


@pytest.fixture(scope="module")
def line():
    def made_line(what="read", cases=100, seconds=1.0, peak=2**20):
        return run.Line(what, cases, seconds, seconds, peak, f"do {what} {cases}")

    return made_line


@pytest.fixture
def sweep_of(tmp_path):
    def sweep(cases):
        path = tmp_path / f"{cases}.yaml"
        path.write_text(made.sweep_text(cases), encoding="utf-8")
        return load_sweep(path)

    return sweep


def test_growth_is_of_the_time_with_a_tenth_of_the_cases(line):
    lines = [line(), line(cases=1000, seconds=12.0), line("write", 1000), line("help")]

    grown = run.growth(lines)

    assert grown == {lines[1]: 12.0}


def test_the_table_has_a_row_for_each_line_with_its_command(line):
    text = run.table([line(), line(cases=1000, seconds=11.0, peak=2**30)])

    rows = text.splitlines()
    assert len(rows) == 4
    assert rows[2] == "| read | 100 | 1.00 s | 1.00 s |  | 1 MiB |  | `do read 100` |"
    assert rows[3].startswith(
        "| read | 1,000 | 11.00 s | 11.00 s | 11.0 x | 1024 MiB |"
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([("read", 100, 1.0), ("read", 1000, 10.0)], []),
        (
            [("read", 100, 1.0), ("read", 1000, 20.0)],
            ["read of 1,000: 20.0 x for 10 times as many"],
        ),
        ([("report", 10_000, 59.0)], []),
        (
            [("report", 10_000, 61.0)],
            ["report of 10,000: missed: 60 s and 1024 MiB"],
        ),
        (
            [("report", 10_000, 1.0, 2**31)],
            ["report of 10,000: missed: 60 s and 1024 MiB"],
        ),
        ([("help", 0, 0.4)], ["help of 0: missed: 0.3 s"]),
    ],
)
def test_what_is_wrong_is_named(line, lines, said):
    assert run.wrong([line(*each) for each in lines]) == said


@pytest.mark.parametrize("cases", [100, 1000, 10_000])
def test_a_made_sweep_has_as_many_cases(sweep_of, cases):
    assert len(sweep_of(cases).cases) == cases


def test_a_made_run_survives_the_file(tmp_path, sweep_of):
    of_numbers = made.made_run(sweep_of(100))
    document = made.document_of(of_numbers)

    attach(document, of_numbers)
    write_document(tmp_path / "run.json", document)

    assert load_run(tmp_path / "run.json") == lighter(of_numbers)


@pytest.mark.slow_study
@pytest.mark.parametrize(
    "work",
    [
        (expand, "_point"),
        (workload, "workload_id"),
        (compact, "_less"),
        (compact, "_columns"),
        (compact, "_rows"),
        (store, "_with_seconds"),
        (store, "_alike"),
    ],
)
def test_what_is_done_for_each_case_is_done_as_often_for_each_of_more(
    tmp_path, monkeypatch, sweep_of, work
):
    module, name = work
    counts = Counter()
    real = getattr(module, name)

    def counted(*arguments, **options):
        counts[size] += 1
        return real(*arguments, **options)

    monkeypatch.setattr(module, name, counted)
    for size in (40, 400):
        of_numbers = made.made_run(sweep_of(size))
        document = made.document_of(of_numbers)
        attach(document, of_numbers)
        write_document(tmp_path / "run.json", document)
        load_run(tmp_path / "run.json")

    assert counts[40] > 0
    assert counts[400] == 10 * counts[40]
