import math
import random
from dataclasses import replace
from heapq import nsmallest
from statistics import fmean, stdev

import pytest
from scipy.stats import t

from rnnbench.model.run import Status
from rnnbench.report.content import (
    Chart,
    Listing,
    Page,
    Rows,
    Section,
    Sheet,
    Table,
    Text,
)
from rnnbench.report.html import render
from rnnbench.report.run_page import page


def truth(case):
    """A GRU takes 1.5 times an LSTM's time with oneDNN on, 0.75 times with it off."""
    seconds = {"lstm": 1e-5, "gru": 1.5e-5, "rnn_tanh": 0.5e-5}.get(case.layer, 4e-5)
    off = 2 if case.layer == "lstm" and not case.onednn else 1
    wide = 1.1 if case.bidirectional else 1.0
    return seconds * case.hidden_size * case.seq_len * off * wide


def memory(case):
    return case.hidden_size * 100 * (1 if case.layer == "gru" else 2)


@pytest.fixture(scope="module")
def quick(make_sweep, simulate):
    cases = [
        case
        for case in make_sweep(
            phase=["inference", "train"],
            hidden_size=[32, 64, 128],
            seq_len=[16, 32],
            layer=["rnn_tanh", "gru", "lstm"],
            onednn=[True, False],
        )
        if case.onednn or case.layer == "lstm"
    ]
    return simulate(cases, truth, memory=memory, noise=0.01)


def section(run, name):
    return next((each for each in page(run).sections if each.id == name), None)


def blocks(run, name, kind):
    found = section(run, name)
    return [each for each in found.blocks if isinstance(each, kind)] if found else []


def said(run, name="answer"):
    texts = []
    for block in section(run, name).blocks:
        if isinstance(block, Text):
            texts.append(block.text)
        elif isinstance(block, Listing):
            texts += [f"{item.label}: {item.text}" for item in block.items]
    return "\n".join(texts)


def case_table(run):
    (sheet,) = blocks(run, "cases", Sheet)
    return sheet.table


def rows(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_the_order_is_that_of_the_readers_questions(quick):
    ids = [each.id for each in page(quick).sections]

    assert ids == ["answer", "tradeoff", "backend", "claims", "cases", "method"]


def test_the_answer_is_said_for_each_backend_and_phase(quick):
    text = said(quick)

    assert "CPU, oneDNN on, inference: The LSTM is faster at all 6 sizes." in text
    assert "CPU, oneDNN on, training: The LSTM is faster at all 6 sizes." in text
    assert "CPU, oneDNN off, inference: The GRU is faster at all 6 sizes." in text
    assert "Peak memory of its call: 0.500 times an LSTM's." in text
    assert "95 % intervals over 6 launches" in text


def test_the_boundary_between_two_answers_is_named(make_sweep, simulate):
    sizes = [16, 32, 64, 128]

    run = simulate(
        make_sweep(hidden_size=sizes, layer=["lstm", "gru"]),
        lambda c: 1e-3 * (2 if (c.layer == "gru") == (c.hidden_size < 64) else 1),
    )

    assert "from hidden_size 64 on always the GRU" in said(run)
    assert "the LSTM is faster at 2" in said(run)


def test_no_boundary_is_claimed_where_the_winner_comes_and_goes(make_sweep, simulate):
    run = simulate(
        make_sweep(hidden_size=[16, 32, 64, 128], layer=["lstm", "gru"]),
        lambda c: 1e-3 * (2 if c.layer == "gru" and c.hidden_size in (32, 128) else 1),
    )

    assert "always the GRU" not in said(run)
    assert "from hidden_size 32 on" not in said(run)


def test_no_boundary_is_claimed_of_the_largest_size_alone(make_sweep, simulate):
    run = simulate(
        make_sweep(hidden_size=[16, 32, 64, 128], layer=["lstm", "gru"]),
        lambda c: 1e-3 * (2 if (c.layer == "gru") == (c.hidden_size < 128) else 1),
    )

    assert "the LSTM is faster at 3, the GRU is faster at 1" in said(run)
    assert " on always " not in said(run)


def undisturbed(seconds):
    """An independent way from turns to what a call takes: their lower third's mean."""
    third = math.ceil(len(seconds) / 3)
    return fmean(nsmallest(third, map(math.log, seconds)))


def interval_by_hand(lstm, gru):
    """An independent way from raw turns to a ratio and its interval."""
    logs = [
        undisturbed(y.seconds) - undisturbed(x.seconds)
        for x, y in zip(lstm.turns, gru.turns, strict=True)
    ]
    reach = t.ppf(0.975, len(logs) - 1) * stdev(logs) / len(logs) ** 0.5
    return [math.exp(fmean(logs) + side * reach) for side in (0, -1, 1)]


def test_every_cell_of_the_decision_table_follows_from_the_raw_turns(quick):
    results = {result.case.id: result for result in quick.results}
    checked = 0

    tables = blocks(quick, "answer", Table)
    for table, onednn in zip(tables, ["", "-no_onednn"], strict=True):
        for row in table.rows:
            for column, cell in list(zip(table.columns, row, strict=True))[1:]:
                phase, length = column.title.split(", seq_len ")
                phase = {"training": "train"}.get(phase, phase)
                rest = f"{phase}-i8-h{row[0].text}-l1-t{length}-b2-cpu"
                ratio, low, high = interval_by_hand(
                    results[f"lstm-{rest}{onednn}"], results[f"gru-{rest}"]
                )
                word, shown = cell.text.split()
                assert float(shown) == pytest.approx(ratio, rel=0.006)
                assert [float(x) for x in cell.note.split(" to ")] == pytest.approx(
                    [low, high], rel=0.006
                )
                assert word == ("LSTM" if low > 1 else "GRU")
                checked += 1

    assert checked == 24


def test_random_rows_of_the_case_table_follow_from_the_file(quick):
    table = case_table(quick)
    titles = [column.title for column in table.columns]
    by_id = {result.case.id: result for result in quick.results}

    for row in random.Random(3).sample(rows(table), 10):
        values = dict(zip(titles, row, strict=True))
        result = by_id[values["case"]]
        logs = [undisturbed(turns.seconds) for turns in result.turns]
        number, unit = values["time per call"].split()
        seconds = float(number) * {"s": 1, "ms": 1e-3, "µs": 1e-6}[unit]
        assert seconds == pytest.approx(math.exp(fmean(logs)), rel=0.006)
        assert values["turns"] == str(sum(len(each.seconds) for each in result.turns))
        assert values["launches"] == "6"
        assert values["hidden_size"] == str(result.case.hidden_size)


def ratio_charts(run):
    """Charts of time and of memory over the sizes."""
    charts = blocks(run, "tradeoff", Chart)
    return [each for each in charts if each.id.startswith(("tradeoff-", "memory-"))]


def test_charts_are_only_of_axes_that_vary(quick):
    charts = ratio_charts(quick)

    assert {panel.x_label for chart in charts for panel in chart.panels} == {
        "hidden_size",
        "seq_len",
    }
    assert [chart.id for chart in charts] == [
        *("tradeoff-0", "memory-0", "tradeoff-1", "memory-1"),  # oneDNN on, and off
    ]


def test_a_chart_has_the_rnn_as_a_second_line_and_holds_every_pair_of_the_gru(quick):
    for chart in ratio_charts(quick):
        for panel in chart.panels:
            lines = [line for line in panel.lines if not line.guide]
            assert [line.label for line in lines if line.label] == ["RNN tanh", "GRU"]
            gru = [line for line in lines if line.label != "RNN tanh"]
            assert sum(len(line.points) for line in gru) == 6


def test_charts_of_time_have_the_operations_of_the_closed_form(quick):
    for chart in ratio_charts(quick):
        guides = [line for panel in chart.panels for line in panel.lines if line.guide]
        assert {line.label for line in guides} == (
            {"FLOPs 0.75"} if chart.id.startswith("tradeoff") else set()
        )
        for line in guides:
            assert {point.interval.estimate for point in line.points} == {0.75}


def test_each_chart_has_its_numbers_in_a_table_beside_it(quick):
    tables = blocks(quick, "tradeoff", Table)[:2]

    assert [len(table.rows) for table in tables] == [24, 24]


def test_the_backend_is_told_beside_the_cell(quick):
    summary = blocks(quick, "backend", Table)[0]

    assert {row[0] for row in rows(summary)} == {"inference, CPU", "training, CPU"}
    for row in rows(summary):
        # On: what a user gets; off: the cell alone; last: what the switch does.
        for text, factor in zip(row[1:4], (1.5, 0.75, 2), strict=True):
            assert float(text.split()[0]) == pytest.approx(factor, rel=0.02)
    assert blocks(quick, "backend", Chart)


def test_both_sides_of_a_switch_are_means_over_the_same_sizes(make_sweep, simulate):
    off = make_sweep(hidden_size=[16], layer=["lstm"], onednn=[False])
    on = make_sweep(hidden_size=[16, 32, 64], layer=["gru", "lstm"])

    run = simulate(
        on + off,
        lambda c: 1e-3 * (c.hidden_size / 8 if c.layer == "gru" else 1),
        memory=lambda c: 1024 * (c.hidden_size // 8 if c.layer == "gru" else 1),
    )

    # Over all sizes it would be 4 with the switch on, and 2 with it off.
    for table in blocks(run, "backend", Table):
        assert [float(text.split()[0]) for text in rows(table)[0][1:3]] == [
            pytest.approx(2, rel=0.02)
        ] * 2


def test_a_knob_is_told_with_its_interval_by_layer_and_phase(make_sweep, simulate):
    cases = make_sweep(
        phase=["inference", "train"], layer=["gru", "lstm"], bidirectional=[False, True]
    )

    run = simulate(cases, truth, compare=("bidirectional",), noise=0.01)
    summary = rows(blocks(run, "knobs", Table)[0])
    panels = blocks(run, "knobs", Chart)[0].panels

    assert [row[:2] for row in summary] == [
        ["bidirectional / one direction", f"{phase}, CPU"]
        for phase in ("inference", "training")
    ]
    effects = [
        effect
        for panel in panels
        if isinstance(panel, Rows) and panel.x_label.startswith("time")
        for row in panel.rows
        for effect in row.effects
    ]
    assert len(effects) == 4
    for effect in effects:
        assert effect.interval.low < 1.1 < effect.interval.high


def test_a_layer_of_equal_parameters_is_told_apart_from_one_of_equal_size(
    make_case, simulate
):
    cases = [
        make_case(hidden_size=64),
        make_case(hidden_size=64, layer="gru"),
        make_case(hidden_size=75, layer="gru", parameters_of=64),
    ]

    run = simulate(cases, truth)

    labels = [
        item.label for block in blocks(run, "answer", Listing) for item in block.items
    ]
    assert labels == [
        "CPU, oneDNN on, inference",
        "CPU, oneDNN on, at equal parameters, inference",
    ]


@pytest.mark.parametrize("layers", [["lstm"], ["gru"], ["gru", "rnn_tanh"]])
def test_without_the_pair_no_answer_is_made_up(make_sweep, simulate, layers):
    run = simulate(make_sweep(layer=layers), truth)

    assert "does not say which is faster" in said(run)
    assert not blocks(run, "answer", Table)
    assert len(case_table(run).rows) == len(layers)


def test_one_launch_is_said_to_decide_nothing(make_sweep, simulate):
    run = simulate(make_sweep(layer=["lstm", "gru"]), truth, launches=1)

    text = said(run)
    assert "(no interval)" in text
    assert "one launch: no interval" in text
    assert "It is undecided" in text
    assert "faster" not in text.replace("they decide nothing", "")


def test_without_memory_the_page_stands_and_says_why(make_sweep, simulate):
    run = simulate(make_sweep(layer=["lstm", "gru"], hidden_size=[16, 32]), truth)
    run = replace(
        run,
        results=tuple(replace(one, memory_reason="no glibc") for one in run.results),
    )

    assert "Peak memory" not in said(run)
    assert [chart.id for chart in ratio_charts(run)] == ["tradeoff-0"]
    assert "no glibc" in rows(case_table(run))[0]


def test_failures_and_skips_alone_give_a_page_with_their_reasons(
    make_case, make_result, make_run
):
    run = make_run(
        [
            make_result(
                make_case(layer="gru"), status=Status.SKIPPED, reason="no CUDA device"
            ),
            make_result(make_case(), status=Status.KILLED, reason="signal 9"),
        ]
    )

    assert "Of its 2 cases none was measured, and 1 failed." in said(run)
    assert {tuple(row) for row in rows(blocks(run, "method", Table)[1])} == {
        ("skipped", "1", "no CUDA device"),
        ("killed", "1", "signal 9"),
    }
    cases = rows(case_table(run))
    assert ["signal 9" in row for row in cases] == [False, True]


def test_an_empty_run_has_a_page(make_run):
    run = make_run()

    assert "Of its 0 cases none was measured." in said(run)
    assert "holds no case" in said(run, "cases")


def test_first_calls_are_told_apart_only_for_layers_of_the_users_own(
    make_sweep, simulate
):
    run = simulate(make_sweep(layer=["lstm", "gru", "mine.compiled:GRU"]), truth)

    (table,) = blocks(run, "first-calls", Table)

    assert [row[0].split("-")[0] for row in rows(table)] == ["mine.compiled:GRU"]
    assert "mine.compiled:GRU" in {
        line.label
        for chart in blocks(run, "tradeoff", Chart)
        for panel in chart.panels
        for line in panel.lines
    } | {row[0] for table in blocks(run, "tradeoff", Table) for row in rows(table)}


@pytest.mark.parametrize("axis", ["threads", "allocator"])
def test_what_a_process_is_started_with_is_a_knob_too(make_sweep, simulate, axis):
    values = {"threads": [1, 2], "allocator": ["steady", "system"]}[axis]

    run = simulate(make_sweep(**{axis: values}, hidden_size=[16, 32]), truth)

    summary = rows(blocks(run, "knobs", Table)[0])
    assert [row[0].rpartition("hidden_size ")[2] for row in summary] == ["16", "32"]


def test_how_it_was_measured_is_told(quick):
    text = said(quick, "method")
    facts = dict(rows(blocks(quick, "method", Table)[0]))
    machine = dict(rows(blocks(quick, "method", Table)[-1]))

    assert "pytest bench/ --sweep configs/quick.yaml" in text
    assert f"{len(quick.results)} cases: {len(quick.results)} ok." in text
    assert facts["share of that time inside turns"] == "60%"
    assert facts["commit"] == "abcdef0"
    assert machine["torch"] == "2.13.0+cpu"
    assert machine["memory"] == "16.0 GiB"
    assert machine["gpu"] == "unknown"


@pytest.mark.parametrize(("lanes", "said"), [(0.99928, "1"), (1.7432, "1.7")])
def test_launches_at_a_time_are_no_more_exact_than_they_matter(make_run, lanes, said):
    run = make_run()
    effort = replace(run.effort, wall=100.0, lanes=lanes, waiting=25.0 * lanes)

    facts = dict(rows(blocks(replace(run, effort=effort), "method", Table)[0]))

    assert facts["launches at a time"] == said
    assert facts["share spent waiting for a calm core"] == "25%"


def test_how_much_was_disturbed_is_told(make_case, make_result, make_turns, make_run):
    calm, rough = make_turns(launches=4, rounds=5), make_turns(launches=4, rounds=5)
    rough = (replace(rough[0], rough=5, retaken=30), *rough[1:])
    run = make_run(
        [
            make_result(make_case(layer="lstm"), turns=calm),
            make_result(make_case(layer="gru"), turns=rough),
        ]
    )

    facts = dict(rows(blocks(run, "method", Table)[0]))

    told = facts["disturbed by what else ran on the core"]
    assert told.startswith("30 timed calls were taken again; 12.5% of the turns")
    assert "12.5% of the launches of a case" in told


def test_thousands_of_cases_are_charted_in_a_bounded_number(make_sweep, simulate):
    cases = make_sweep(
        phase=["inference", "forward", "train", "step"],
        dtype=["float32", "float64", "bfloat16", "float16"],
        batch_first=[False, True],
        bias=[False, True],
        bidirectional=[False, True],
        hidden_size=[16, 32, 64],
        seq_len=[4, 8],
        layer=["lstm", "gru", "rnn_tanh"],
    )

    run = simulate(cases, truth, launches=2, rounds=2)
    found = page(run)

    panels = [
        panel
        for each in found.sections
        for block in each.blocks
        if isinstance(block, Chart)
        for panel in block.panels
    ]
    assert 0 < len(panels) <= 60
    assert "more charts are not drawn" in said(run, "tradeoff")
    assert len(cases) == 2304
    (sheet,) = blocks(run, "cases", Sheet)
    assert len(sheet.table.rows) == len(sheet.shown) == 2000
    assert len(sheet.ledger.records) == 2304
    assert "The table holds 2,000 of 2,304 cases" in said(run, "cases")


def test_ten_thousand_cases_give_a_whole_page_with_a_table_of_bounded_length(
    make_case, make_result, make_run
):
    turns = make_result().turns[:2]
    results = [
        make_result(make_case(hidden_size=size, seq_len=length), turns=turns)
        for size in range(1, 101)
        for length in range(1, 101)
    ]
    results[-1] = replace(
        results[-1], status=Status.KILLED, reason="signal 9", turns=()
    )

    (sheet,) = blocks(make_run(results), "cases", Sheet)

    assert len(sheet.table.rows) == 2000
    assert sheet.table.rows[-1][0].text == results[-1].case.id
    assert len(sheet.ledger.records) == 10_000
    document = render(Page("t", "s", (Section("cases", "Every case", (sheet,)),)))
    assert len(document) < 6_000_000
    assert document.count("<tr>") == 2001
