"""Runtimes, streaming and deployment: only where a run has them, with their figures."""

from dataclasses import replace

import pytest

from rnnbench.analysis.rows import case_rows
from rnnbench.model.case import Phase
from rnnbench.model.runtime_facts import RuntimeFacts
from rnnbench.model.serving import (
    DEADLINES,
    DeploymentCard,
    Part,
    ServedBy,
    Serving,
    StepLatency,
    StreamCapacity,
)
from rnnbench.report.claims.verdicts import claims
from rnnbench.report.markdown import render_markdown
from rnnbench.report.run_page import render_page
from rnnbench.report.sections.by_runtime import runtimes_fold
from rnnbench.report.sections.deployment import deployment_fold
from rnnbench.report.sections.provenance import provenance_fold
from rnnbench.report.sections.streaming import streaming_fold
from rnnbench.report.sentences import plain
from rnnbench.report.terminal import summary
from rnnbench.report.view import view

COMPARE = ("layer", "runtime")


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def lead(fold):
    return " ".join(plain(line) for line in fold.lead)


def serving(*, tail=4, reasons=()):
    """Readings of six processes; the n-th takes n microseconds more."""
    return Serving(
        latencies=tuple(
            StepLatency(
                launch=launch,
                steps=4000,
                seconds=tuple((10 * k + launch) * 1e-6 for k in (1, 2, 3, 9)[:tail]),
                empty=tuple((10 + k) * 1e-6 for k in (0, 1, 2, 3)[:tail]),
            )
            for launch in range(6)
        ),
        capacities=tuple(
            StreamCapacity(
                launch=launch,
                deadline=deadline,
                served_by=served_by,
                servers=2,
                streams=int(2e4 * deadline) * (2 if served_by == "processes" else 1),
                misses=0.0,
            )
            for launch in range(6)
            for deadline in DEADLINES
            for served_by in ServedBy
        ),
        cards=tuple(
            DeploymentCard(
                launch=launch,
                build=0.5 + launch / 100,
                load=None,
                first_call=0.1,
                call=0.001,
                whole_call=None,
                artefact=2048,
                base_memory=2**28,
                peak_memory=2**28 + 2**20,
                error=1e-7,
            )
            for launch in range(6)
        ),
        reasons=reasons,
    )


@pytest.fixture
def run(make_sweep, simulate):
    """In eager the GRU takes twice an LSTM's time, in the cell loop half."""
    cases = make_sweep(
        layer=["gru", "lstm"], runtime=["eager", "cell_loop"], hidden_size=[16, 32]
    )
    times = {
        ("gru", "eager"): 4e-3,
        ("lstm", "eager"): 2e-3,
        ("gru", "cell_loop"): 1e-3,
        ("lstm", "cell_loop"): 2e-3,
    }
    return simulate(
        cases, lambda c: times[c.layer, c.runtime], compare=COMPARE, noise=0.001
    )


@pytest.fixture
def served(make_case, make_result, make_run):
    def make(**readings):
        case = make_case(layer="gru", phase=Phase.STREAM, seq_len=1, batch_size=1)
        return make_run([make_result(case, serving=serving(**readings))])

    return make


def test_a_run_without_them_has_no_such_section(make_sweep, simulate):
    found = view(simulate(make_sweep(layer=["gru", "lstm"]), lambda _: 1e-3))

    assert runtimes_fold(found) is None
    assert streaming_fold(found) is None
    assert deployment_fold(found) is None


def test_the_ratio_of_layers_stands_beside_each_runtime(run):
    fold = runtimes_fold(view(run))

    ratios = {row[0]: row for row in texts(fold.tables[0])}
    assert float(ratios["eager"][3].removesuffix("×")) == pytest.approx(2, rel=0.02)
    assert ratios["eager"][4] == "LSTM at 2"
    assert ratios["cell loop"][4] == "GRU at 2"
    assert "2.0× as long as an LSTM in eager and 0.50× in cell loop" in lead(fold)
    (forest,) = fold.forests
    assert [row.label for row in forest.rows] == ["eager", "cell loop"]


def test_what_a_change_of_runtime_saves_is_said_at_each_size(run):
    table = runtimes_fold(view(run)).tables[1]

    assert len(table.rows) == 2
    _, _, gru, lstm = table.rows[0]
    assert gru.text.startswith("cell loop, ")
    assert gru.note.startswith("0.2")
    assert lstm.text.split(",")[0] in ("eager", "cell loop")


def test_the_advice_names_the_fastest_runtime_of_a_layer(run):
    assert "GRU: cell loop is the fastest in both cases" in lead(
        runtimes_fold(view(run))
    )


def test_each_percentile_has_its_interval_over_processes(served):
    latencies, _ = streaming_fold(view(served())).tables

    (row,) = latencies.rows
    assert [cell.text for cell in row[3:7]] == [
        *("12.5 µs", "22.5 µs", "32.5 µs", "92.5 µs")
    ]
    assert row[3].note == "10.0 to 15.0 µs"
    assert row[7].text == "12.0 µs"


def test_a_percentile_without_enough_steps_is_not_given(served):
    latencies, _ = streaming_fold(view(served(tail=2))).tables

    assert [cell.text for cell in latencies.rows[0][5:7]] == ["too few steps"] * 2


def test_streams_per_core_are_given_for_processes_and_threads(served):
    _, capacities = streaming_fold(view(served())).tables

    assert [column.title for column in capacities.columns[3:5]] == [
        *("1 ms, processes", "1 ms, threads")
    ]
    assert texts(capacities)[0][3:] == ["20", "10", "100", "50", "200", "100"]


def test_what_could_not_be_read_is_listed_with_its_reason(served):
    run = served(reasons=((Part.SERVE, "it hangs"), (Part.DEPLOY, "it crashes")))

    assert "it hangs" in [text for _, text in streaming_fold(view(run)).notes]
    assert "it crashes" in [text for _, text in deployment_fold(view(run)).notes]


def test_a_card_has_sizes_times_and_the_error(run):
    results = tuple(replace(one, serving=serving()) for one in run.results)

    starts, artefacts = deployment_fold(view(replace(run, results=results))).tables

    row = texts(starts)[0]
    assert row[3:7] == ["525 ms", "–", "100 ms", "625 ms"]
    assert {row[-1] for row in texts(starts)} == {"–", "never"}
    row = texts(artefacts)[1]
    assert row[3:5] == ["2.00 KiB", "257 MiB"]


def test_conversion_is_shown_once_with_the_share_that_it_adds(run):
    cards = tuple(replace(one, whole_call=0.00103) for one in serving().cards)
    readings = replace(serving(), cards=cards)
    results = tuple(replace(one, serving=readings) for one in run.results)

    starts, artefacts = deployment_fold(view(replace(run, results=results))).tables

    place = [column.title for column in starts.columns].index("with conversion")
    assert starts.rows[0][place].text == "1.03 ms"
    assert starts.rows[0][place].note == "+3.0%"
    assert "conversion" not in [column.title for column in artefacts.columns]


def test_a_single_size_without_a_winner_depends_on_nothing(make_sweep, simulate):
    cases = make_sweep(layer=["gru", "lstm"], runtime=["eager", "cell_loop"])
    found = simulate(cases, lambda _: 1e-3, compare=COMPARE, noise=0.2)

    table = runtimes_fold(view(found)).tables[0]

    assert {row[4] for row in texts(table)} <= {"tie", "undecided"}
    assert "depends on the size" not in render_markdown(view(found))


def test_page_markdown_and_terminal_say_it(served):
    found = view(served())

    page, text = render_page(found), render_markdown(found)
    lines = " ".join(" ".join(summary(found)).split())

    assert 'id="streaming"' in page
    for said in ("200 per core", "12.5 µs at p50"):
        assert said in " ".join(page.replace("<b>", "").replace("</b>", "").split())
        assert said in text
        assert said in lines


def with_facts(run, runtime, **changes):
    """`run` with its cell loop measured in `runtime`, each case with these facts."""
    facts = RuntimeFacts(
        **{
            "build_seconds": 30.0,
            "load_seconds": None,
            "artefact_bytes": 2048,
            "error": 1e-7,
            "threads": 1.0,
            **changes,
        }
    )
    results = tuple(
        one
        if one.case.runtime == "eager"
        else replace(one, case=replace(one.case, runtime=runtime), facts=facts)
        for one in run.results
    )
    return replace(run, results=results)


def test_what_a_runtime_built_has_a_row_for_each_case(run):
    found = view(with_facts(run, "onnxruntime"))

    table = runtimes_fold(found).tables[-1]

    rows = texts(table)
    assert len(rows) == 4
    assert rows[0][4:] == ["30.0 s", "–", "2.00 KiB", "1.0e-07", "1.0 of 1"]


def test_notes_and_errors_of_runtimes_are_said_on_the_page_and_in_markdown(run):
    noted = with_facts(run, "compile", note="torch.compile does nothing here")
    rounded = with_facts(run, "int8_dynamic", error=0.0123)

    text = render_markdown(view(noted))
    assert "torch.compile: torch.compile does nothing here" in lead(
        runtimes_fold(view(noted))
    )
    assert "torch.compile does nothing here" in text
    assert "1.23 % in int8 (PyTorch)" in lead(runtimes_fold(view(rounded)))
    assert "1.23 % in int8" in render_markdown(view(rounded))


def test_facts_are_columns_of_the_cases(run):
    rows = list(case_rows(with_facts(run, "onnxruntime")))

    assert {row["build_seconds"] for row in rows if row["runtime"] == "eager"} == {None}
    assert {row["eager_error"] for row in rows if row["runtime"] != "eager"} == {1e-7}


@pytest.fixture
def deployed(run):
    """Each case of one size with a card; a call in the cell loop takes half."""

    def make(**of_loop):
        results = []
        for one in run.results:
            if one.case.hidden_size == 16:
                is_loop = one.case.runtime == "cell_loop"
                cards = tuple(
                    replace(card, **(of_loop if is_loop else {}))
                    for card in serving().cards
                )
                results.append(replace(one, serving=Serving(cards=cards)))
        return replace(run, results=tuple(results))

    return make


def test_a_card_says_when_a_runtime_has_paid_for_itself(deployed):
    later = deployed(call=0.0005, build=1.525)

    said = lead(deployment_fold(view(later)))

    assert "500 µs for a GRU in cell loop (which pays after 2,000 calls)" in said


def test_a_runtime_that_is_never_faster_pays_for_nothing(deployed):
    said = lead(deployment_fold(view(deployed(call=0.002))))

    assert "1.00 ms for a GRU in eager and 1.00 ms for an LSTM in eager" in said
    assert "pays" not in said


def test_a_step_is_compared_with_eager_and_its_tail_with_an_empty_step(
    make_case, make_result, make_run
):
    stream = {"phase": Phase.STREAM, "seq_len": 1, "batch_size": 1}
    slow = tuple(
        replace(
            one,
            seconds=tuple(5 * value for value in one.seconds),
            empty=tuple(50 * value for value in one.empty),
        )
        for one in serving().latencies
    )
    results = [
        make_result(
            make_case(layer="gru", runtime="cell_loop", **stream), serving=serving()
        ),
        make_result(make_case(layer="gru", **stream), serving=Serving(latencies=slow)),
    ]

    said = lead(streaming_fold(view(make_run(results, compare=COMPARE))))
    disturbed = lead(streaming_fold(view(make_run(results[1:], compare=COMPARE))))

    assert "with cell loop: 12.5 µs at p50" in said
    assert "62.5 µs in eager" in said
    assert "the machine causes" not in said
    assert "the machine causes this tail" in disturbed


def test_claims_of_the_article_and_its_backends_are_those_of_eager(run):
    found = view(run)

    evidence = " ".join(text for one in claims(found) for text in one.evidence)
    code = {each.case.runtime: str(each.provenance.predicted) for each in found.cases}

    assert "slower at 2 of 2 pairs" in evidence
    assert code["cell_loop"] == "unknown"
    assert code["eager"] != "unknown"
    assert "unknown" not in str(provenance_fold(found).tables)


def test_a_run_without_eager_says_nothing_of_the_claims(run):
    results = tuple(one for one in run.results if one.case.runtime != "eager")

    found = claims(view(replace(run, results=results)))

    assert {one.standing for one in found if one.id in ("C5", "C6")} == {"not measured"}


def test_too_few_processes_for_intervals_are_told(make_case, make_result, make_run):
    case = make_case(phase=Phase.STREAM, seq_len=1, batch_size=1)
    few = Serving(latencies=serving().latencies[:2])

    short = lead(streaming_fold(view(make_run([make_result(case, serving=few)]))))
    whole = lead(streaming_fold(view(make_run([make_result(case, serving=serving())]))))

    assert "The budget ended after 2 of 6 processes, which give no interval" in short
    assert "The budget ended" not in whole
