"""A gate end to end: two processes, with fake workers and once with real ones."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from rnnbench.cli import main as cli
from rnnbench.model.case import Allocator, Case
from rnnbench.model.errors import CampaignError
from rnnbench.model.policy import Policy
from rnnbench.regression import gate_run, interleave
from rnnbench.regression.case_pair import Side
from rnnbench.regression.gate_decision import GateVerdict
from rnnbench.regression.gate_run import Gate, case_pairs
from rnnbench.regression.gate_table import gate_table
from rnnbench.regression.verdict_table import as_markdown, as_summary, as_text
from rnnbench.runner.other_python import isolated_package

DATA = Path(__file__).parents[1] / "data"
FAKE = (sys.executable, str(DATA / "fake_gate_worker.py"))


@pytest.fixture(autouse=True)
def few_exchanges(monkeypatch):
    monkeypatch.setattr(interleave, "PAIR_SECONDS", 0.01)


def cases(*layers, hidden_sizes=(8, 64), **changes):
    return [
        Case(
            layer=layer,
            input_size=8,
            hidden_size=hidden_size,
            seq_len=4,
            batch_size=2,
            **changes,
        )
        for layer in layers
        for hidden_size in hidden_sizes
    ]


def decide(members, *arguments, baseline=FAKE, show=lambda _: None, **policy):
    gate = Gate(
        sweep="some",
        pairs=case_pairs(members),
        commands={Side.BASELINE: baseline, Side.CANDIDATE: (*FAKE, *arguments)},
        policy=Policy(**{"budget": 60, "time_limit": 2, **policy}),
    )
    return asyncio.run(gate.run(show))


def found(decision):
    return {
        (one.pair.candidate.layer, one.pair.candidate.hidden_size): one.verdict
        for one in decision.judgements
    }


def test_exactly_the_slow_case_is_flagged_and_confirmed():
    decision = decide(cases("lstm", "gru")[1:], "--factor", "1.05")

    assert found(decision) == {
        ("lstm", 64): GateVerdict.REGRESSION,
        ("gru", 8): GateVerdict.UNCHANGED,
        ("gru", 64): GateVerdict.REGRESSION,
    }
    assert decision.exit_code == 1
    for one in decision.judgements:
        assert (
            one.verdict is GateVerdict.UNCHANGED or 1.04 < one.confirmed.estimate < 1.06
        )


def test_equal_versions_are_not_flagged():
    decision = decide(cases("lstm", "gru", "rnn_tanh"))

    assert set(found(decision).values()) == {GateVerdict.UNCHANGED}
    assert decision.exit_code == 0


def test_disturbed_turns_do_not_count_while_enough_others_are_left(monkeypatch):
    # So many turns, however long they take: four in nine are calm on both sides.
    monkeypatch.setattr(interleave, "PAIR_SECONDS", 600)
    monkeypatch.setattr(interleave, "MOST_TURNS", 40)

    decision = decide(cases("gru", "lstm"), "--disturbed")

    ratios = [one.first.estimate for one in decision.judgements]
    assert all(abs(ratio - 1) < 0.02 for ratio in ratios)


@pytest.mark.parametrize(
    ("fault", "verdict", "reason"),
    [
        ("killed", GateVerdict.BROKEN, "candidate: killed: killed by SIGKILL"),
        ("raising", GateVerdict.BROKEN, "candidate: error: ValueError"),
        ("lacking", GateVerdict.UNMEASURED, "candidate: skipped: not implemented"),
    ],
)
def test_a_fault_of_one_side_costs_the_case_alone(fault, verdict, reason):
    decision = decide(cases("lstm", f"some_{fault}", "gru"), "--faulty")

    for one in decision.judgements:
        if one.pair.candidate.layer == f"some_{fault}":
            assert one.verdict is verdict
            assert one.reason.startswith(reason)
        else:
            assert one.verdict is GateVerdict.UNCHANGED


def test_a_case_that_neither_side_can_run_is_unmeasured():
    decision = decide(cases("a_killed"), "--faulty", baseline=(*FAKE, "--faulty"))

    assert set(found(decision).values()) == {GateVerdict.UNMEASURED}
    assert "baseline: killed" in decision.judgements[0].reason
    assert decision.exit_code == 2


def test_a_case_with_the_system_allocator_runs_alone_in_its_processes(monkeypatch):
    started = []
    start = interleave.Worker.start

    async def counted(setting, job, command=()):
        started.append(setting.allocator)
        return await start(setting, job, command)

    monkeypatch.setattr(interleave.Worker, "start", counted)

    decide(cases("lstm", allocator=Allocator.SYSTEM))

    # Two to read the environments, then two for each of 7 launches of each of 2 cases.
    assert started.count(Allocator.SYSTEM) == 2 * 7 * 2


def test_progress_counts_up_to_what_is_due():
    seen = []

    decide(cases("lstm"), show=seen.append)

    assert [one.done for one in seen] == list(range(1, 15))
    assert all(one.done <= one.total for one in seen)


def test_nothing_is_judged_when_the_budget_ends_early():
    decision = decide(cases("lstm"), budget=0.01)

    assert set(found(decision).values()) == {GateVerdict.INCONCLUSIVE}
    assert decision.exit_code == 2


@pytest.mark.parametrize(
    ("baseline", "why"),
    [
        ((*FAKE, "--schema", "99"), "speaks schema 99"),
        ((sys.executable, "-c", ""), "exit code 0"),
        (("no-such-python",), "no such interpreter"),
    ],
)
def test_an_interpreter_that_can_t_serve_is_refused_in_one_line(baseline, why):
    with pytest.raises(CampaignError, match=rf"^baseline: .*: .*{why}.*$"):
        decide(cases("lstm"), baseline=baseline)


def test_two_layers_are_paired_once_in_each_shape():
    (first, second) = case_pairs(cases("lstm", "gru"), "gru", "my.layers:gru")

    assert (first.baseline.layer, first.candidate.layer) == ("gru", "my.layers:gru")
    assert first.id == "my.layers:gru-inference-i8-h8-l1-t4-b2-cpu over gru"
    assert second.baseline.hidden_size == second.candidate.hidden_size == 64


def test_an_invalid_layer_name_is_refused():
    with pytest.raises(CampaignError, match="is not the name of a layer"):
        case_pairs(cases("lstm"), "gru", "<b>")


def test_a_negative_budget_is_one_line(monkeypatch, capsys, some_sweep):
    code = run(monkeypatch, some_sweep, "--candidate", "python", "--budget", "-1")

    assert code == 2
    assert capsys.readouterr().err.startswith("budget: -1 is not between ")


def test_the_other_interpreter_sees_only_our_package():
    with isolated_package() as folder:
        assert [path.name for path in folder.iterdir()] == ["rnnbench"]
        assert (folder / "rnnbench" / "worker").is_dir()
    assert not folder.exists()


HOSTILE = "<script>x</script>|`a`\n[l](http://x) @me \x1b[31m"


def test_hostile_text_does_nothing_in_any_form(tmp_path):
    decision = decide(cases("lstm", "a_raising"), "--faulty", "--torch", HOSTILE)
    table = gate_table(decision)

    for text in (as_text(table), as_summary(table)):
        assert "\x1b" not in text
    markdown = as_markdown(table)
    assert not {"<", "@", "://"} & {*markdown, *(["://"] if "://" in markdown else [])}


def test_the_table_has_the_answer_first_and_the_worst_pair_first():
    decision = decide(cases("lstm", "a_raising"), "--faulty")

    table = gate_table(decision)

    assert table.answer == "The candidate is worse. 4 cases: 2 broken, 2 unchanged."
    assert [row[0] for row in table.rows] == ["broken"] * 2 + ["unchanged"] * 2
    assert table.notable == 2
    assert [line.partition(": ")[0] for line in table.reasons] == [
        one.pair.id for one in decision.judgements if one.verdict == "broken"
    ]
    assert table.document["exit_code"] == 1


SWEEP = """\
# Slower?
axes:
  layer: gru
  input_size: 64
  hidden_size: 128
  seq_len: 16
  batch_size: 8
"""


@pytest.fixture
def some_sweep(tmp_path):
    path = tmp_path / "some.yaml"
    path.write_text(SWEEP, encoding="utf-8")
    return path


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rnnbench", "gate", *map(str, arguments)])
    return cli.main()


@pytest.mark.parametrize(
    ("arguments", "taught"),
    [
        ([], "give --baseline, --candidate, or a layer for each side"),
        (
            ["--base-layer", "gru"],
            "give --baseline, --candidate, or a layer for each side",
        ),
        (
            ["--candidate", "python", "--output", "gate.pdf"],
            "must end in .json, .md or .txt",
        ),
    ],
)
def test_contradictory_options_are_explained(
    monkeypatch, capsys, some_sweep, arguments, taught
):
    code = run(monkeypatch, some_sweep, *arguments)

    assert code == 2
    assert taught in " ".join(capsys.readouterr().err.replace("│", " ").split())


@pytest.mark.slow
def test_a_layer_that_takes_twenty_times_as_long_is_found_by_real_workers(
    monkeypatch, capsys, tmp_path, some_sweep
):
    monkeypatch.setattr(interleave, "PAIR_SECONDS", 0.5)
    # Each launch starts two processes that import torch.
    monkeypatch.setattr(gate_run, "LOOKS", (3,))
    # A worker imports foreign layers from its working directory.
    monkeypatch.chdir(DATA)
    layers = ["--base-layer", "spinning:gru", "--candidate-layer", "spinning:slow_gru"]

    code = run(monkeypatch, some_sweep, *layers, "--output", tmp_path / "gate.json")

    document = json.loads((tmp_path / "gate.json").read_text("utf-8"))
    (judgement,) = document["judgements"]
    assert code == 1, capsys.readouterr().out
    assert judgement["verdict"] == "regression"
    # Far from 20, too: the machine may be busy.
    assert judgement["confirmed"]["estimate"] > 2
