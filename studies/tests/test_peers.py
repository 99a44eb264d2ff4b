import importlib
import json
import math
import random
import sys
from pathlib import Path

import pytest
from torch import nn

from rnnbench.model.case_codec import decode_case
from studies.peers import chart, counts, many, rules, run, sweeps, table, tools

PEERS = Path(__file__).parents[1] / "peers"
ROOT = PEERS.parents[1]
SUITES = PEERS / "suites"
CELL = "small/lstm"


@pytest.fixture
def import_suite(monkeypatch):
    """Imports a script that the peers run, and forgets it again."""
    monkeypatch.syspath_prepend(str(SUITES))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(SUITES) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


def said(rule, base, new):
    return rule({CELL: base}, CELL, {CELL: new}, CELL)


@pytest.mark.parametrize(
    ("new", "verdict"),
    [(1.00, "same"), (1.04, "same"), (1.06, "slower"), (0.5, "same")],
)
def test_pytest_benchmark_fails_on_what_is_worse_by_its_percent(new, verdict):
    rule = rules.compare_fail("median", 5)

    assert said(rule, {"median": 1.0}, {"median": new}) == verdict


@pytest.mark.parametrize(
    ("base", "new", "verdict"),
    [
        (1.00, 1.009, "same"),
        (1.00, 1.02, "slower"),
        (1.02, 1.00, "faster"),
        (1e-6, 1.09e-6, "same"),
    ],
)
def test_torch_sets_apart_what_is_beyond_a_percent_and_100_ns(base, new, verdict):
    rule = rules.torch_compare

    assert said(rule, {"median": base}, {"median": new}) == verdict


@pytest.mark.parametrize(
    ("shift", "verdict"), [(0.0, "same"), (0.1, "slower"), (-0.1, "faster")]
)
def test_pyperf_compares_the_means_of_all_values(shift, verdict):
    base = [[1.00, 1.02], [0.98, 1.01]]
    new = [[value + shift for value in process] for process in base]

    found = said(rules.pyperf_compare, {"processes": base}, {"processes": new})

    assert found == verdict


@pytest.mark.parametrize(
    ("factor", "times", "verdict"),
    [
        (1.1, 1.20, "slower"),
        (1.1, 0.80, "faster"),
        (1.1, 1.05, "same"),
        (1.02, 1.05, "slower"),
    ],
)
def test_asv_asks_for_the_factor_where_the_samples_differ(factor, times, verdict):
    rule = rules.asv_compare(factor)
    base = asv_values(count=10)

    assert said(rule, base, asv_values(count=10, times=times)) == verdict


def test_asv_finds_nothing_in_samples_that_overlap():
    rule = rules.asv_compare(1.1)
    base = asv_values(count=10)
    wide = asv_values(count=10) | {"median": 2.0}

    assert said(rule, base, wide) == "same"


@pytest.mark.parametrize(("high", "verdict"), [(1.1, "same"), (0.9, "slower")])
def test_asv_compares_intervals_where_samples_are_few(high, verdict):
    rule = rules.asv_compare(1.1)
    base = asv_values(count=3) | {"ci": [0.5, high]}
    new = asv_values(count=3, times=1.2) | {"ci": [1.0, 1.3]}

    assert said(rule, base, new) == verdict


def asv_values(*, count, times=1.0):
    samples = [times * (1 + 0.001 * place) for place in range(count)]
    middle = samples[count // 2]
    return {"median": middle, "ci": [samples[0], samples[-1]], "samples": samples}


@pytest.mark.parametrize(
    ("percent", "times", "verdict"),
    [(5, 1.03, "same"), (2, 1.03, "slower"), (5, 1.10, "slower"), (5, 0.90, "faster")],
)
def test_benchmatrix_asks_that_the_whole_interval_is_beyond(percent, times, verdict):
    rule = rules.benchmatrix_compare(percent)
    base = [1.000, 1.001, 1.002, 1.003, 1.004]

    found = said(rule, {"runs": base}, {"runs": [times * value for value in base]})

    assert found == verdict


@pytest.mark.parametrize(
    ("gap", "verdict"), [(0.005, "same"), (0.03, "slower"), (-0.03, "faster")]
)
def test_rnnbench_compares_over_launches_beyond_its_band(gap, verdict):
    base = [0.001 * place for place in range(6)]
    new = [value + gap for value in base]

    found = said(rules.rnnbench_compare, {"sticks": base}, {"sticks": new})

    assert found == verdict


@pytest.mark.parametrize(
    ("verdict", "found"),
    [
        ("slower", "slower"),
        ("faster", "faster"),
        ("tie", "same"),
        ("undecided", "same"),
    ],
)
def test_a_ratio_that_is_no_difference_is_the_same(verdict, found):
    values = {CELL: {}, "small/twin": {"verdict": verdict}}

    assert rules.rnnbench_ratio(values, CELL, values, "small/twin") == found


def lines_of(medians, *, tool="pytest-benchmark", slow=1.03, load="idle"):
    """A line for each repeat; of each workload the LSTM takes what is given."""
    return [
        {
            "load": load,
            "tool": tool,
            "repeat": repeat,
            "wall": 6.0,
            "command": "COMMAND",
        }
        | {
            "values": {
                f"{workload}/{layer}": dict.fromkeys(
                    ("median", "min", "mean"), times * value
                )
                for workload in ("small", "middle", "large")
                for layer, times in (("lstm", 1.0), ("gru", 2.0), ("lstm_slow", slow))
            }
        }
        for repeat, value in enumerate(medians)
    ]


def test_a_false_alarm_is_counted_in_disjoint_pairs_and_in_all():
    lines = lines_of([1.0, 1.2, 1.0, 1.0])

    disjoint, every = counts.false_alarms(
        lines, "median:5%", rules.compare_fail("median", 5)
    )

    assert disjoint == (3, 6)
    assert every == (3, 18)


def test_a_pair_that_lacks_a_repeat_is_no_trial():
    lines = [line for line in lines_of([1.0] * 4) if line["repeat"] != 1]

    disjoint, _ = counts.false_alarms(
        lines, "median:5%", rules.compare_fail("median", 5)
    )

    assert disjoint == (0, 3)


@pytest.mark.parametrize(("slow", "found"), [(1.03, 0), (1.06, 6)])
def test_a_slowdown_is_found_within_a_repeat(slow, found):
    lines = lines_of([1.0, 2.0], slow=slow)

    assert counts.slowdowns(lines, rules.compare_fail("min", 5)) == (found, 6)


def test_the_spread_is_of_the_ratio_and_not_of_the_times():
    lines = lines_of([1.0, 5.0, 3.0])
    estimate = rules.field("median")

    sd, far = counts.spread(lines, estimate, "small")

    assert sd == pytest.approx(0.0)
    assert far == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("sd", "seconds"),
    [(0.001, 10.0), (2 * 0.02 / 1.96, 40.0), (math.nan, None)],
)
def test_time_for_two_percent_grows_with_the_variance(sd, seconds):
    found = counts.needed(10.0, sd)

    assert found == (None if seconds is None else pytest.approx(seconds))


def test_a_rate_has_its_trials_and_its_interval():
    assert table.rate(0, 30) == "0/30 = 0% [0%, 12%]"
    assert table.rate(0, 0) == "no trial"


def test_page_and_chart_are_of_the_lines_alone(tmp_path):
    machine = {"date": "2026-01-01", "machine": "a machine", "versions": {"torch": "1"}}
    lines = lines_of([1.0, 1.1, 0.9]) + lines_of([1.0, 2.0], load="bursts")
    for number, line in enumerate(lines):
        line["values"]["small/gru"]["median"] += 0.01 * number
        line["values"]["middle/gru"]["median"] += 0.02 * number
        line["values"]["large/gru"]["median"] += 0.03 * number
    text = "\n".join(map(json.dumps, [machine, *lines]))
    (tmp_path / "lines.jsonl").write_text(text, encoding="utf-8")
    drawn = []

    for name in ("once.svg", "twice.svg"):
        read = table.load(tmp_path / "lines.jsonl")
        table.draw(read[1], tmp_path / name)
        drawn.append((table.markdown(*read), (tmp_path / name).read_bytes()))

    assert drawn[0] == drawn[1]
    assert "a machine" in drawn[0][0]
    assert "bursts" in drawn[0][0]
    assert "COMMAND" in drawn[0][0]


def test_the_axes_of_one_decade_have_plain_numbers(tmp_path):
    lines = lines_of([1.0, 1.1, 0.9]) + lines_of([1.0, 1.2, 1.1], tool="asv")
    for number, line in enumerate(lines):
        line["wall"] *= 1 + 4 * (line["tool"] == "asv")
        for workload in ("small", "middle", "large"):
            line["values"][f"{workload}/gru"]["median"] += 0.01 * number

    chart.draw(lines, tmp_path / "chart.svg")

    drawn = (tmp_path / "chart.svg").read_text("utf-8")
    assert ">5</text>" in drawn
    assert "×" not in drawn


def test_no_label_of_the_chart_stands_on_another():
    heights = chart.label_heights({"a": 1.0, "b": 1.01, "c": 0.2}, apart=1.2)

    assert heights["b"] == 1.01
    assert heights["a"] == pytest.approx(1.01 / 1.2)
    assert heights["c"] == 0.2


def test_every_tool_has_a_rule_and_an_estimate():

    assert list(tools.TOOLS) == list(rules.RULES)
    assert set(tools.TOOLS) == set(rules.ESTIMATES)


def test_a_line_that_was_cut_off_is_measured_again(tmp_path):
    file = tmp_path / "peers.jsonl"
    line = {"load": "idle", "tool": "asv", "repeat": 0}
    file.write_text(json.dumps(line) + "\n" + json.dumps(line)[:9], encoding="utf-8")

    known = run.known_of(file)

    assert known == {("idle", "asv", 0)}
    assert file.read_text("utf-8") == json.dumps(line) + "\n"


def test_what_is_measured_already_is_in_no_block():
    names = ["rnnbench", "asv"]

    parts = run.blocks_of("idle", 2, names, {("idle", "asv", 0)})

    assert sorted(job for part in parts for job in part) == [
        ("idle", "asv", 1),
        ("idle", "rnnbench", 0),
        ("idle", "rnnbench", 1),
    ]
    assert all(len({job[1] for job in part}) == 1 for part in parts)


def test_cells_are_those_of_the_sweep_but_for_the_twin():

    cells = sweeps.cases_of(PEERS / "sweep.yaml")

    assert set(cells) == {
        f"{workload}/{layer}"
        for workload in ("small", "middle", "large")
        for layer in ("lstm", "gru", "lstm_slow")
    }
    assert cells["large/gru"]["hidden_size"] == 128


def test_each_nth_workload_is_taken_whole():
    sixty = ROOT / "configs" / "sixty.yaml"

    every, sixth = sweeps.cases_of(sixty), sweeps.cases_of(sixty, 6)

    assert (len(every), len(sixth)) == (180, 30)
    assert sixth.keys() <= every.keys()


def test_a_peer_builds_the_case_that_rnnbench_measures(
    import_suite, tmp_path, monkeypatch
):
    work = sweeps.work_in(tmp_path, PEERS / "sweep.yaml")
    monkeypatch.setenv("PEERS_CELLS", str(work.file))

    step = import_suite("work").make("middle/gru")

    names = import_suite("names")
    assert work.cells == names.CELLS
    assert names.WORKLOADS == ("small", "middle", "large")
    assert step.case == decode_case(names.CASES["middle/gru"])
    assert type(step.module) is nn.GRU


def test_asv_times_call_after_call_of_one_layer(import_suite, monkeypatch, tmp_path):
    """Where a class has `setup`, it times the first call of a new layer each time."""
    work = sweeps.work_in(tmp_path, PEERS / "sweep.yaml")
    monkeypatch.setenv("PEERS_CELLS", str(work.file))
    monkeypatch.syspath_prepend(str(SUITES / "asv_suite"))
    cells = import_suite("cells")
    made = []
    make = cells.make
    monkeypatch.setattr(cells, "make", lambda cell: made.append(cell) or make(cell))

    with cells.ENTERED:
        for _ in range(3):
            cells.Cells().time_cell("small/lstm")

    assert made == ["small/lstm"]
    assert not hasattr(cells.Cells, "setup")


def test_cells_that_are_not_named_are_asked_for(import_suite, monkeypatch):
    monkeypatch.delenv("PEERS_CELLS", raising=False)

    with pytest.raises(SystemExit, match=r"PEERS_CELLS .* run\.py"):
        import_suite("names")


def test_a_command_is_told_without_this_machine_s_folders(tmp_path):
    work = sweeps.work_in(tmp_path, PEERS / "sweep.yaml")

    folder = tmp_path / "one"

    for name in tools.TOOLS.keys() - {"asv"}:  # that one asks git for a commit
        said = run.shown(tools.TOOLS[name].command(folder, work), folder, work)
        assert str(tmp_path) not in said
        assert str(ROOT) not in said
        assert "PEERS_CELLS=cells-9.json" in said


def many_lines(tool, noise, wall, *, repeats=2, workloads=40):
    """Ratios of 1.5 and 0.8; a repeat moves each by normal noise of that deviation."""
    generator = random.Random(tool)
    lines = []
    for repeat in range(repeats):
        values = {}
        for workload in range(workloads):
            for layer, times in (("lstm", 1.0), ("gru", 1.5), ("rnn_tanh", 0.8)):
                moved = times * math.exp(generator.gauss(0, noise) * (layer != "lstm"))
                values[f"w{workload}/{layer}"] = (
                    {"ratio": [math.log(moved)]}
                    if tool == "rnnbench"
                    else dict.fromkeys(("median", "min", "mean"), moved)
                )
        lines.append(
            {"load": "idle", "tool": tool, "repeat": repeat, "wall": wall}
            | {"values": values, "command": "COMMAND"}
        )
    return lines


def times_of(many, theirs, ours):
    rules = many.ESTIMATES
    found = many.Found.of(theirs, rules["pytest-benchmark"]["median"])
    return many.times(found, many.Found.of(ours, rules["rnnbench"]["ratio"]))


def test_four_times_the_spread_takes_sixteen_times_the_time():
    ours = many_lines("rnnbench", 0.01, 800.0)
    theirs = many_lines("pytest-benchmark", 0.04, 400.0)

    estimate, low, high = times_of(many, theirs, ours)

    assert low < 8.0 < high
    assert low < estimate < high
    assert 4 < low < high < 16


def test_less_spread_than_ours_takes_one_run_all_the_same():
    ours = many_lines("rnnbench", 0.02, 800.0)
    theirs = many_lines("pytest-benchmark", 0.01, 400.0)

    assert list(times_of(many, theirs, ours)) == [0.5, 0.5, 0.5]


def test_a_tool_with_some_of_the_workloads_is_held_against_the_same_of_ours():
    ours = many_lines("rnnbench", 0.01, 800.0)
    for line in ours:
        for layer in ("gru", "rnn_tanh"):
            line["values"][f"w39/{layer}"] = {"ratio": [10.0 * line["repeat"]]}
    theirs = many_lines("pytest-benchmark", 0.01, 40.0, workloads=4)

    estimate, _, _ = times_of(many, theirs, ours)

    assert 0.5 <= estimate < 5


def test_a_ratio_that_a_repeat_lacks_is_left_out():
    ours = many_lines("rnnbench", 0.01, 800.0, workloads=2)
    del ours[1]["values"]["w0/gru"]["ratio"]

    found = many.Found.of(ours, many.ESTIMATES["rnnbench"]["ratio"])

    assert {name: len(rows) for name, rows in found.logs.items()} == {"w0": 1, "w1": 2}


def test_the_page_of_many_ratios_says_what_one_repeat_does_not_tell():
    machine = {"date": "2026-01-01", "machine": "a machine", "versions": {"torch": "1"}}
    lines = [
        *many_lines("rnnbench", 0.01, 800.0),
        *many_lines("pytest-benchmark", 0.02, 400.0),
        *many_lines("torch blocked_autorange", 0.02, 400.0, repeats=1),
    ]

    page = many.markdown(machine, lines)

    (one,) = (
        line for line in page.splitlines() if line[7:].startswith("| torch blocked")
    )
    assert one.count("unknown") == 4
    assert "| idle | rnnbench | ratio | 2 | 40 | 10.0 |" in page


def test_what_the_tools_disagree_on_most_is_told_first():
    theirs = many_lines("pytest-benchmark", 0.01, 400.0)
    for line in theirs:
        line["values"]["w7/gru"]["median"] /= 3

    lines = [*many_lines("rnnbench", 0.01, 800.0), *theirs]

    first, *others = many.disagreements(lines, ["rnnbench", "pytest-benchmark"])
    assert first[:2] == ["idle", "gru, w7"]
    assert float(first[2]) == pytest.approx(1.5, rel=0.05)
    assert float(first[3]) == pytest.approx(0.5, rel=0.05)
    assert len(others) == many.MOST - 1
