"""What the page says of profiles, provenance and ceilings equals the facts."""

import re
from dataclasses import replace

import pytest

from rnnbench.analysis.ratio import absolute
from rnnbench.model.cost import least_bytes, step_flops
from rnnbench.model.profile import Kind, Span
from rnnbench.model.run import Status
from rnnbench.report import RENDERERS
from rnnbench.report.content import Bars, Listing, Roof, Sheet, Table, Text, Timeline
from rnnbench.report.run_page import page
from rnnbench.storage.compact import lighter
from rnnbench.storage.results_file import (
    attach,
    empty_document,
    load_run,
    write_document,
)


def truth(case):
    seconds = {"lstm": 1e-4, "gru": 2e-4, "rnn_tanh": 0.5e-4}.get(case.layer, 4e-4)
    off = 3 if case.layer == "lstm" and not case.onednn else 1
    return seconds * case.hidden_size * off


@pytest.fixture(scope="module")
def cases(make_sweep):
    return [
        case
        for case in make_sweep(
            layer=["lstm", "gru", "rnn_tanh"],
            onednn=[True, False],
            hidden_size=[16, 32],
            phase=["inference", "train"],
        )
        if case.onednn or case.layer == "lstm"
    ]


@pytest.fixture(scope="module")
def profile_of(make_profile):
    """As the rules would have it: the LSTM with oneDNN on is fused, nothing else is."""

    def profile_of(case, **values):
        name = "lstm" if case.layer == "lstm" and case.onednn else "gru"
        seconds = 2 * truth(case)
        return make_profile(
            name, seconds=seconds, peak=2**10 * case.hidden_size, **values
        )

    return profile_of


@pytest.fixture(scope="module")
def run(cases, simulate, profile_of, make_ceiling):
    plain = simulate(cases, truth)
    results = tuple(replace(one, profile=profile_of(one.case)) for one in plain.results)
    return replace(plain, results=results, ceilings=(make_ceiling(),))


def section(run, name="why"):
    return next((each for each in page(run).sections if each.id == name), None)


def blocks(run, kind, name="why"):
    found = section(run, name)
    return [each for each in found.blocks if isinstance(each, kind)] if found else []


def table(run, start):
    return next(one for one in blocks(run, Table) if one.title.startswith(start))


def dicts(one):
    titles = [column.title for column in one.columns]
    return [dict(zip(titles, [c.text for c in row], strict=True)) for row in one.rows]


def said(run, name="why"):
    texts = []
    for block in section(run, name).blocks:
        if isinstance(block, Text):
            texts.append(f"{block.label} {block.text}")
        elif isinstance(block, Listing):
            texts += [f"{item.label}: {item.text}" for item in block.items]
    return "\n".join(texts)


def test_without_profiles_and_ceilings_there_is_no_section(cases, simulate):
    assert section(simulate(cases, truth)) is None


def test_profiles_and_ceilings_survive_the_results_file(run, tmp_path):
    document = empty_document()
    attach(document, run)
    write_document(tmp_path / "run.json", document)

    assert load_run(tmp_path / "run.json") == lighter(run)


def test_why_comes_after_the_backend_and_before_every_case(run):
    ids = [each.id for each in page(run).sections]

    assert ids == [
        *("answer", "tradeoff", "backend", "why"),
        *("claims", "cases", "method"),
    ]


def test_the_layers_stand_side_by_side_in_one_order(run):
    bars = blocks(run, Bars)[0]

    assert len(bars.panels) == 8  # shares and times of four workloads
    for panel in bars.panels:
        assert [bar.label for bar in panel.bars] == [
            "RNN tanh",
            "GRU",
            "LSTM, oneDNN on",
            "LSTM, oneDNN off",
        ]
    assert {panel.title for panel in bars.panels} == {
        f"hidden_size {size}, {phase}"
        for size in (16, 32)
        for phase in ("inference", "training")
    }


def test_bars_of_shares_sum_to_100_and_bars_of_time_to_the_profiled_time(run):
    by_title = {}
    for panel in blocks(run, Bars)[0].panels:
        by_title.setdefault(panel.title, []).append(panel)

    for shares, times in by_title.values():
        assert shares.x_label == "share of the call, %"
        for bar in shares.bars:
            assert sum(part.value for part in bar.parts) == pytest.approx(100)
        unit = times.x_label.rpartition(", ")[2]
        factor = {"ms": 1e-3, "s": 1}[unit]
        gru = next(bar for bar in times.bars if bar.label == "GRU")
        size = int(re.search(r"\d+", times.title)[0])
        whole = sum(part.value for part in gru.parts) * factor
        assert whole == pytest.approx(2 * 2e-4 * size)


def test_profiled_time_stands_beside_unprofiled_time(run):
    rows = dicts(table(run, "Time by kind"))

    assert len(rows) == len(run.results)
    for row in rows:
        assert float(row["times as long"]) == pytest.approx(2, rel=0.5)
        assert float(row["framework overhead, %"]) == 25
        shares = [float(value) for name, value in row.items() if name.endswith(", %")]
        assert sum(shares) == pytest.approx(100, abs=0.2)
    one = run.results[0]
    assert rows[-1]["under the profiler"] != rows[-1]["time per call"]
    assert absolute(one.turns).estimate < one.profile.seconds * 1.5


def test_a_kind_that_took_no_time_anywhere_has_no_column(run):
    titles = [column.title for column in table(run, "Time by kind").columns]

    assert "pointwise, %" in titles
    assert "idle, %" not in titles


def test_the_operators_are_those_that_take_the_most_time(run, make_profile):
    rows = dicts(table(run, "The 6 operators"))

    gru = [row for row in rows if row["layer"] == "GRU"][:2]
    assert [row["operator"] for row in gru] == ["aten::addmm", "aten::mul"]
    assert [row["of the call, %"] for row in gru] == ["50.0", "25.0"]
    assert [row["kind"] for row in gru] == ["matrix products", "pointwise"]
    assert gru[0]["allocated"] == "4.00 KiB"
    assert gru[0]["own time, device"] == "none"


def test_memory_parts_sum_to_the_peak_in_the_bars_and_in_the_table(run):
    bars = blocks(run, Bars)[1]

    rows = dicts(table(run, "Memory at the peak"))

    assert [name for _, name in bars.legend] == ["parameters", "other"]
    for panel in bars.panels:
        size = int(re.search(r"hidden_size (\d+)", panel.title)[1])
        for bar in panel.bars:
            assert panel.x_label == "memory at the peak, KiB"
            assert sum(part.value for part in bar.parts) == size
    for row in rows:
        size = int(re.search(r"hidden_size (\d+)", row["workload"])[1])
        assert row["peak"] == f"{size}.0 KiB"
        assert row["parameters"] == f"{size / 4:.2f} KiB"
        assert row["other"] == ("12.0 KiB" if size == 16 else "24.0 KiB")


def test_what_the_method_can_t_see_is_said_once(run):
    text = "Not seen by this method what libraries keep to themselves."

    assert said(run).count(text) == 1


def test_what_a_gpu_says_of_its_memory_has_a_column(run, profile_of):
    first, *others = run.results
    profile = replace(first.profile, device_memory=(("reserved", 2**21),))

    found = replace(run, results=(replace(first, profile=profile), *others))

    readings = [row["reserved"] for row in dicts(table(found, "Memory at the peak"))]
    assert sorted(readings) == [""] * 15 + ["2.00 MiB"]


def test_the_timeline_has_a_lane_for_each_thread_and_counts_what_is_left_out(run):
    drawn = blocks(run, Timeline)

    assert len(drawn) == 3
    first = drawn[0]
    assert [lane.label for lane in first.lanes] == [
        f"{label}, thread 1"
        for label in ("RNN tanh", "GRU", "LSTM, oneDNN on", "LSTM, oneDNN off")
    ]
    assert "7 of RNN tanh, 7 of GRU" in first.caption
    spans = sum(len(one) for lane in first.lanes for _, one in lane.stretches)
    assert spans == 4 * 2


def test_a_span_starts_and_ends_where_the_profile_says(run):
    lane = next(
        lane for lane in blocks(run, Timeline)[0].lanes if lane.label == "GRU, thread 1"
    )

    # 2 * 2e-4 * 16 seconds: the matrix products first, the pointwise from the middle.
    assert [[pytest.approx(span) for span in one] for _, one in lane.stretches] == [
        [(0.0, 3.2)],
        [(3.2, 1.6)],
    ]


def test_lanes_of_several_threads_and_streams_are_told_apart(run, profile_of):
    first, *others = run.results
    spans = tuple(
        Span(lane=lane, name="a", kind=Kind.MATRIX, start=0.0, seconds=1.0)
        for lane in ("thread 815", "thread 4711", "stream 7")
    )
    profile = replace(first.profile, timeline=spans)

    found = replace(run, results=(replace(first, profile=profile), *others))

    labels = [lane.label for lane in blocks(found, Timeline)[0].lanes]
    assert [label for label in labels if label.startswith("LSTM, oneDNN on")] == [
        "LSTM, oneDNN on, thread 1",
        "LSTM, oneDNN on, thread 2",
        "LSTM, oneDNN on, stream 7",
    ]


def test_spans_with_no_gap_that_could_be_seen_are_one_stretch(run):
    first, *others = run.results
    spans = tuple(
        Span(lane="t", name="a", kind=Kind.MATRIX, start=n * 1e-6, seconds=1e-6)
        for n in range(1000)
    )
    profile = replace(first.profile, timeline=spans)

    found = replace(run, results=(replace(first, profile=profile), *others))

    lanes = {lane.label: lane for lane in blocks(found, Timeline)[0].lanes}
    ((_, stretches),) = lanes["LSTM, oneDNN on, t"].stretches
    assert stretches == (pytest.approx((0.0, 1.0)),)


def test_a_prediction_that_came_true_is_counted(run):
    assert "seen in 16 of 16 profiles; none contradicts" in said(run)


def test_a_contradiction_is_shown_plainly_above_and_in_the_table(run):
    first, *others = run.results
    wrong = replace(first.profile, operators=(), seen=("aten::lstm",))
    found = replace(run, results=(replace(first, profile=wrong), *others))

    text = said(found)
    (sheet,) = blocks(found, Sheet, "cases")
    cases = sheet.table

    assert "Profiles that contradict the prediction: 1." in text
    assert f"{first.case.id}: oneDNN fused is predicted, but native was seen." in text
    bad = [cell for row in cases.rows for cell in row if cell.note == "contradicted"]
    assert [(cell.text, cell.tone) for cell in bad] == [("native", "bad")]


def test_every_timed_case_has_its_provenance(make_case, make_result, make_run):
    run = make_run(
        [
            make_result(make_case(hidden_size=16)),
            make_result(make_case(hidden_size=32, onednn=False)),
            make_result(make_case(layer="gru")),
            make_result(make_case(layer="mine:GRU")),
            make_result(make_case(hidden_size=64), status=Status.KILLED),
        ]
    )

    (sheet,) = blocks(run, Sheet, "cases")
    cases = sheet.table
    place = [column.title for column in cases.columns].index("provenance")

    assert [(row[place].text, row[place].note) for row in cases.rows] == [
        ("oneDNN fused", "predicted only"),
        ("native", "predicted only"),
        ("native", "predicted only"),
        ("unknown", "unknown"),
        ("", ""),
    ]


def test_the_charts_are_of_a_bounded_number_of_workloads_and_the_page_says_so(
    make_sweep, simulate, profile_of
):
    cases = make_sweep(
        layer=["lstm", "gru"], hidden_size=[16, 32, 48, 64, 80], seq_len=[4, 8, 16]
    )
    plain = simulate(cases, truth)
    run = replace(
        plain,
        results=tuple(
            replace(one, profile=profile_of(one.case)) for one in plain.results
        ),
    )

    kinds, memory = blocks(run, Bars)

    assert "The charts show 6 of 15 workloads" in said(run)
    assert len({panel.title for panel in kinds.panels}) == len(memory.panels) == 6
    assert kinds.panels[0].title == "hidden_size 16, seq_len 4, inference"
    assert kinds.panels[-1].title == "hidden_size 80, seq_len 16, inference"
    assert len(blocks(run, Timeline)) == 3
    assert len(table(run, "Time by kind").rows) == 30
    assert len(table(run, "Memory at the peak").rows) == 30


def test_workloads_with_all_layers_are_charted_first(make_case, simulate, profile_of):
    cases = [
        make_case(hidden_size=size, layer=layer)
        for size in (16, 32, 64)
        for layer in (("lstm", "gru") if size == 32 else ("lstm",))
    ]
    plain = simulate(cases, truth)
    run = replace(
        plain,
        results=tuple(
            replace(one, profile=profile_of(one.case)) for one in plain.results
        ),
    )

    (panel,) = blocks(run, Bars)[1].panels
    assert panel.title == "hidden_size 32, inference"
    assert [bar.label for bar in panel.bars] == ["GRU", "LSTM"]


def test_the_roofline_is_drawn_from_the_closed_forms_and_the_times(run):
    (roof,) = blocks(run, Roof)

    rows = {row["case"]: row for row in dicts(table(run, "Under the roof"))}

    assert (roof.flat, roof.slope) == (100, 10)
    points = {mark.label: mark.points for mark in roof.marks}
    assert {label: len(found) for label, found in points.items()} == {
        "LSTM": 8,
        "GRU": 4,
        "RNN tanh": 4,
    }
    for result in run.results:
        flops, moved = step_flops(result.case), least_bytes(result.case)
        seconds = absolute(result.turns).estimate
        row = rows[result.case.id]
        assert float(row["FLOP/B"]) == pytest.approx(flops / moved, rel=0.006)
        assert float(row["GFLOP/s"]) == pytest.approx(flops / seconds / 1e9, rel=0.006)
        drawn = [point for each in points.values() for point in each]
        assert pytest.approx((flops / moved, flops / seconds / 1e9)) in drawn
        assert row["verdict"] == "overhead-bound"
    assert "Of 16 cases 16 overhead-bound." in said(run)


def test_what_has_no_ceiling_is_unknown_with_its_reason(run, make_case, make_result):
    more = (
        make_result(make_case(threads=2)),
        make_result(make_case(layer="mine:GRU")),
    )

    found = replace(run, results=(*run.results, *more))
    rows = dicts(table(found, "Under the roof"))

    assert [row["verdict"] for row in rows[-2:]] == ["unknown", "unknown"]
    assert "no ceiling was measured for float32, 2 threads" in rows[-2]["because"]
    assert "not known" in rows[-1]["because"]
    assert "Of 2 more it is unknown." in said(found)


def test_a_case_above_its_roof_is_told(run, make_ceiling):
    low = make_ceiling(flops=1.0, bytes=1.0)

    text = said(replace(run, ceilings=(low,)))

    assert "16 are above it: their ceiling was found too low." in text


def test_a_drawing_of_thousands_of_cases_shows_some_and_says_so(
    make_sweep, simulate, make_ceiling
):
    cases = make_sweep(
        layer=["lstm", "gru"], hidden_size=[*range(8, 108)], seq_len=[2, 4]
    )
    run = simulate(cases, truth, launches=2, rounds=2)

    (roof,) = blocks(replace(run, ceilings=(make_ceiling(),)), Roof)

    assert sum(len(mark.points) for mark in roof.marks) == 200
    assert "One case of 2 is drawn." in roof.caption


def test_the_backend_s_part_of_the_ratio_is_told_first(run):
    first = section(run, "backend").blocks[1]

    assert [item.label for item in first.items] == ["CPU, inference", "CPU, training"]
    for item in first.items:
        default, alike, part = map(
            float, re.findall(r"([\d.]+) \([\d.]+ to [\d.]+\)", item.text)
        )
        assert default == pytest.approx(2, rel=0.03)
        assert alike == pytest.approx(2 / 3, rel=0.03)
        assert part == pytest.approx(default / alike, rel=0.01)
        assert "it turns the order of the two around" in item.text
        assert "the LSTM alone has a fused oneDNN kernel" in item.text


def test_a_part_of_the_difference_is_given_in_percent(make_sweep, simulate):
    """By default 4 times, on the same code 2 times: half of it in logarithms."""
    cases = [
        case
        for case in make_sweep(layer=["lstm", "gru"], onednn=[True, False])
        if case.onednn or case.layer == "lstm"
    ]

    run = simulate(
        cases,
        lambda case: 4e-3 if case.layer == "gru" else 1e-3 if case.onednn else 2e-3,
        noise=0.001,
    )

    assert ", 50% of the difference (in logarithms)" in said(run, "backend")


def test_many_settings_are_told_of_a_few_and_counted(make_sweep, simulate):
    cases = [
        case
        for case in make_sweep(
            layer=["lstm", "gru"],
            onednn=[True, False],
            bias=[True, False],
            batch_first=[True, False],
            bidirectional=[True, False],
            initial_state=["omitted", "given"],
        )
        if case.onednn or case.layer == "lstm"
    ]

    found = section(simulate(cases, truth, launches=2, rounds=2), "backend")

    assert len(found.blocks[1].items) == 12
    assert found.blocks[2].text.startswith("4 more settings")


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ([], "not measured: no case was measured"),
        ([(None, "no counter")] * 2, "not measured: no counter"),
        (
            [(None, "no counter"), (None, "none"), (None, "none")],
            "not measured: 2 cases: none; 1 case: no counter",
        ),
        (
            [(0.5, ""), (0.25, ""), (None, "none")],
            (
                "2 cases: NVML's counter of the whole GPU, while calls run back to "
                "back; the power that the GPU takes when idle is part of it; "
                "not measured of 1 case: none"
            ),
        ),
    ],
)
def test_energy_is_told_as_the_run_holds_it(
    make_case, make_result, make_run, held, told
):
    results = [
        make_result(
            make_case(hidden_size=8 + number), energy=energy, energy_reason=reason
        )
        for number, (energy, reason) in enumerate(held)
    ]

    rows = blocks(make_run(results), Table, "method")[0].rows

    assert {name.text: value.text for name, value in rows}["energy"] == told


@pytest.mark.parametrize(("energy", "texts"), [(0.0125, ["12.5 mJ"]), (None, [])])
def test_cases_have_a_column_of_energy_where_it_was_read(
    make_case, make_result, make_run, energy, texts
):
    run = make_run([make_result(make_case(), energy=energy)])

    table = blocks(run, Sheet, "cases")[0].table

    titles = [column.title for column in table.columns]
    found = [
        cell.text
        for row in table.rows
        for title, cell in zip(titles, row, strict=True)
        if title == "energy per call"
    ]
    assert found == texts


def test_the_whole_page_is_rendered_with_every_drawing(run):
    html = RENDERERS["html"](page(run))

    ids = re.findall(r'<title id="([^"]+)-title">', html)
    for name, count in (("why-kinds", 8), ("why-memory", 4), ("why-timeline", 3)):
        assert sum(each.startswith(name) for each in ids) == count
    assert "why-roof-0" in ids
    assert "How much of the ratio" in RENDERERS["markdown"](page(run))


def test_a_profile_with_nothing_in_it_is_shown_without_a_fault(run, make_profile):
    first = run.results[0]
    empty = make_profile(
        seconds=0.0, operators=(), kinds=(), memory=(), timeline=(), seen=(), unseen=""
    )

    found = replace(run, results=(replace(first, profile=empty),))

    assert "why-kinds" in RENDERERS["html"](page(found))


def test_a_page_of_150_workloads_stays_under_3_mb(make_sweep, simulate, profile_of):
    cases = make_sweep(
        phase=["inference", "train"],
        hidden_size=[32, 64, 128, 256, 512],
        seq_len=[16, 32, 64],
        num_layers=[1, 2],
        batch_size=[1, 8, 16, 32, 64],
        layer=["rnn_tanh", "gru", "lstm"],
    )
    plain = simulate(cases[:450], truth, launches=3, rounds=2)
    run = replace(
        plain,
        results=tuple(
            replace(one, profile=profile_of(one.case)) for one in plain.results
        ),
    )

    html = RENDERERS["html"](page(run))

    assert len({one.workload for one in run.results}) == 150
    assert len(html.encode()) < 3_000_000
