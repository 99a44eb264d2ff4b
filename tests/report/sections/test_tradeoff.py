import pytest

from rnnbench.analysis.ratio import ratios
from rnnbench.model.metric import PEAK_MEMORY, TIME
from rnnbench.report.content import Chart, Plane, Table
from rnnbench.report.sections.tradeoff import tradeoff


def seconds(case):
    slow = 2 if case.layer == "lstm" and not case.onednn else 1
    return {"lstm": 1e-6, "gru": 1.5e-6}[case.layer] * case.hidden_size * slow


@pytest.fixture(scope="module")
def charts(make_sweep, simulate):
    cases = [
        case
        for case in make_sweep(
            hidden_size=[16, 32, 64],
            phase=["inference", "train"],
            layer=["lstm", "gru"],
            onednn=[True, False],
        )
        if case.onednn or case.layer == "lstm"
    ]
    run = simulate(cases, seconds, memory=lambda case: 1000 * case.hidden_size)
    blocks = tradeoff(ratios(run), run).blocks
    tables = [block for block in blocks if isinstance(block, Table)]
    return {block.id: block for block in blocks if isinstance(block, Chart)}, tables


def test_each_layer_is_shown_by_itself_too_with_the_backend_on_and_off_in_one(charts):
    time, memory = (charts[0][name] for name in ("absolute-0", "bytes-0"))

    assert time.panels[0].metric is TIME
    assert memory.panels[0].metric is PEAK_MEMORY
    lines = time.panels[0].lines
    assert {(line.label, line.hollow) for line in lines} == {
        ("GRU", False),
        ("LSTM, oneDNN on", False),
        ("LSTM, oneDNN off", True),
    }
    for line in lines:
        assert [point.x for point in line.points] == [16, 32, 64]
        for point in line.points:
            assert point.interval.low <= point.interval.estimate <= point.interval.high
    gru = next(line for line in lines if line.label == "GRU")
    assert gru.points[-1].interval.estimate == pytest.approx(96e-6, rel=0.2)


def test_the_numbers_of_each_layer_by_itself_are_in_a_table(charts):
    table = charts[1][-1]

    assert table.folded
    assert len(table.rows) == 18
    assert {row[-1].text for row in table.rows} == {"15.6 KiB", "31.2 KiB", "62.5 KiB"}


def test_time_stands_against_memory_for_each_workload(charts):
    chart = charts[0]["pareto"]

    assert [plane.title for plane in chart.panels] == [
        "CPU, oneDNN on",
        "CPU, oneDNN off",
    ]
    for plane, share in zip(chart.panels, (1.5, 0.75), strict=True):
        assert isinstance(plane, Plane)
        assert [cloud.label for cloud in plane.clouds] == [
            "GRU, inference",
            "GRU, training",
        ]
        assert len({cloud.shape for cloud in plane.clouds}) == 2
        for time, memory in plane.clouds[0].spots:
            assert time.estimate == pytest.approx(share, rel=0.05)
            assert memory.estimate == 1


def test_a_layer_sized_to_the_parameters_has_a_chart_and_operations_of_its_own(
    make_case, simulate
):
    cases = [
        make_case(hidden_size=hidden, layer=layer, parameters_of=of)
        for nominal, matched in ((64, 75), (128, 149))
        for hidden, layer, of in (
            (nominal, "lstm", 0),
            (nominal, "gru", 0),
            (matched, "gru", nominal),
        )
    ]

    run = simulate(cases, seconds)
    section = tradeoff(ratios(run))

    charts = [block for block in section.blocks if isinstance(block, Chart)]
    assert [chart.title.partition(": ")[2] for chart in charts] == [
        "CPU, oneDNN on",
        "CPU, oneDNN on, at equal parameters",
    ]
    panel = charts[1].panels[0]
    (guide,) = [line for line in panel.lines if line.guide]
    assert all(0.95 < point.interval.estimate < 1.05 for point in guide.points)
    assert [point.x for point in guide.points] == [64, 128]


@pytest.mark.parametrize("layers", [["gru"], ["lstm", "gru"]])
def test_one_size_or_one_layer_draws_no_empty_chart(make_sweep, simulate, layers):
    run = simulate(make_sweep(layer=layers), seconds)

    section = tradeoff(ratios(run), run)

    drawn = (
        [block for block in section.blocks if isinstance(block, Chart)]
        if section
        else []
    )
    assert drawn == []
