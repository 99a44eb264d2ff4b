"""A gate end to end: two processes, by fake workers and once by real ones."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from rnnbench.cli import main as cli
from rnnbench.model.case import Allocator, Case
from rnnbench.model.errors import CampaignError, ResultsError
from rnnbench.model.run import Policy
from rnnbench.regression import gate_output as bulletin
from rnnbench.regression import interleave as duel
from rnnbench.regression.gate_decision import Verdict
from rnnbench.regression.gate_run import Trial, matches, this_package
from rnnbench.regression.pair import Side

DATA = Path(__file__).parents[1] / "data"
FAKE = (sys.executable, str(DATA / "fake_duelist.py"))


@pytest.fixture(autouse=True)
def few_exchanges(monkeypatch):
    monkeypatch.setattr(duel, "MATCH_SECONDS", 0.01)


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


def decide(members, *arguments, base=FAKE, show=lambda _: None, **policy):
    trial = Trial(
        sweep="some",
        matches=matches(members),
        commands={Side.BASE: base, Side.CANDIDATE: (*FAKE, *arguments)},
        policy=Policy(**{"budget": 60, "time_limit": 2, **policy}),
    )
    return asyncio.run(trial.run(show))


def found(decision):
    return {
        (one.match.candidate.layer, one.match.candidate.hidden_size): one.verdict
        for one in decision.judgements
    }


def test_exactly_the_slow_case_is_flagged_and_confirmed():
    decision = decide(cases("lstm", "gru")[1:], "--factor", "1.05")

    assert found(decision) == {
        ("lstm", 64): Verdict.REGRESSION,
        ("gru", 8): Verdict.UNCHANGED,
        ("gru", 64): Verdict.REGRESSION,
    }
    assert decision.exit_code == 1
    for one in decision.judgements:
        assert one.verdict is Verdict.UNCHANGED or 1.04 < one.confirmed.estimate < 1.06


def test_equal_versions_are_not_flagged():
    decision = decide(cases("lstm", "gru", "rnn_tanh"))

    assert set(found(decision).values()) == {Verdict.UNCHANGED}
    assert decision.exit_code == 0


def test_exchanges_that_were_disturbed_do_not_count_where_others_are_left(monkeypatch):
    monkeypatch.setattr(duel, "MATCH_SECONDS", 0.05)

    decision = decide(cases("gru", "lstm"), "--disturbed")

    ratios = [one.first.estimate for one in decision.judgements]
    assert all(abs(ratio - 1) < 0.02 for ratio in ratios)


@pytest.mark.parametrize(
    ("fault", "verdict", "reason"),
    [
        ("killed", Verdict.BROKEN, "candidate: killed: killed by SIGKILL"),
        ("raising", Verdict.BROKEN, "candidate: error: ValueError"),
        ("lacking", Verdict.UNMEASURED, "candidate: skipped: not implemented"),
    ],
)
def test_a_fault_of_one_side_costs_the_case_alone(fault, verdict, reason):
    decision = decide(cases("lstm", f"some_{fault}", "gru"), "--faulty")

    for one in decision.judgements:
        if one.match.candidate.layer == f"some_{fault}":
            assert one.verdict is verdict
            assert one.reason.startswith(reason)
        else:
            assert one.verdict is Verdict.UNCHANGED


def test_what_neither_side_can_run_is_not_the_candidate_s_fault():
    decision = decide(cases("a_killed"), "--faulty", base=(*FAKE, "--faulty"))

    assert set(found(decision).values()) == {Verdict.UNMEASURED}
    assert "base: killed" in decision.judgements[0].reason
    assert decision.exit_code == 2


def test_a_case_of_the_system_s_allocator_has_its_processes_to_itself(monkeypatch):
    started = []
    start = duel.Worker.start

    async def counted(setting, job, command=()):
        started.append(setting.allocator)
        return await start(setting, job, command)

    monkeypatch.setattr(duel.Worker, "start", counted)

    decide(cases("lstm", allocator=Allocator.SYSTEM))

    # Two to meet, then two for each of 7 launches of each of 2 cases.
    assert started.count(Allocator.SYSTEM) == 2 * 7 * 2


def test_progress_counts_up_to_what_is_due():
    seen = []

    decide(cases("lstm"), show=seen.append)

    assert [one.done for one in seen] == list(range(1, 15))
    assert all(one.done <= one.total for one in seen)


def test_a_budget_that_ends_judges_nothing():
    decision = decide(cases("lstm"), budget=0.01)

    assert set(found(decision).values()) == {Verdict.INCONCLUSIVE}
    assert decision.exit_code == 2


@pytest.mark.parametrize(
    ("base", "why"),
    [
        ((*FAKE, "--schema", "99"), "speaks schema 99"),
        ((sys.executable, "-c", ""), "exit code 0"),
        (("no-such-python",), "no such interpreter"),
    ],
)
def test_an_interpreter_that_can_t_serve_is_refused_in_one_line(base, why):
    with pytest.raises(CampaignError, match=rf"^base: .*: .*{why}.*$"):
        decide(cases("lstm"), base=base)


def test_two_layers_are_held_against_each_other_once_in_each_shape():
    (first, second) = matches(cases("lstm", "gru"), "gru", "my.layers:gru")

    assert (first.base.layer, first.candidate.layer) == ("gru", "my.layers:gru")
    assert first.id == "my.layers:gru-inference-i8-h8-l1-t4-b2-cpu against gru"
    assert second.base.hidden_size == second.candidate.hidden_size == 64


def test_a_name_that_is_no_layer_s_is_refused():
    with pytest.raises(CampaignError, match="is not a layer's name"):
        matches(cases("lstm"), "gru", "<b>")


def test_a_budget_that_is_none_is_one_line(monkeypatch, capsys, some_sweep):
    code = run(monkeypatch, some_sweep, "--candidate", "python", "--budget", "-1")

    assert code == 2
    assert capsys.readouterr().err == "budget: -1.0 is not a time in seconds\n"


def test_nothing_of_ours_but_the_package_is_on_the_other_s_path():
    with this_package() as folder:
        assert [path.name for path in folder.iterdir()] == ["rnnbench"]
        assert (folder / "rnnbench" / "worker").is_dir()
    assert not folder.exists()


HOSTILE = "<script>x</script>|`a`\n[l](http://x) @me \x1b[31m"


@pytest.fixture
def decision():
    return decide(cases("lstm", "a_raising"), "--faulty", "--torch", HOSTILE)


def test_markdown_is_inert(decision):
    text = bulletin.markdown(decision)

    assert "<" not in text
    assert "@" not in text
    assert "://" not in text
    assert "1 case" not in text
    assert "4 cases: 2 broken, 2 unchanged" in text


def test_a_terminal_is_told_the_worst_first_and_nothing_that_moves_it(decision):
    lines = bulletin.text(decision).splitlines()
    table = [line.split()[0] for line in lines if line[:6] in ("broken", "unchan")]

    assert table == ["broken", "broken", "unchanged", "unchanged"]
    assert lines[-1] == "The candidate is worse. 4 cases: 2 broken, 2 unchanged"
    assert "\x1b" not in "".join(lines)


def test_each_form_is_written_whole_by_its_name(decision, tmp_path):
    for form in bulletin.FORMS:
        bulletin.write(tmp_path / "new" / f"gate{form}", decision)

    document = json.loads((tmp_path / "new" / "gate.json").read_text("utf-8"))
    assert document["exit_code"] == 1
    assert [one["verdict"] for one in document["judgements"]].count("broken") == 2
    assert len(list((tmp_path / "new").iterdir())) == 3


def test_a_file_that_can_t_be_written_is_one_line(decision, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ResultsError, match="can't be written"):
        bulletin.write(tmp_path / "file" / "gate.json", decision)


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
        ([], "name --candidate, or both layers"),
        (["--base-layer", "gru"], "name --candidate, or both layers"),
        (["--candidate", "python", "--output", "gate.pdf"], "it ends in none of"),
    ],
)
def test_a_gate_that_makes_no_sense_is_explained(
    monkeypatch, capsys, some_sweep, arguments, taught
):
    code = run(monkeypatch, some_sweep, *arguments)

    assert code == 2
    assert taught in " ".join(capsys.readouterr().err.replace("│", " ").split())


@pytest.mark.slow
def test_a_layer_that_is_a_fifth_slower_is_found_by_real_workers(
    monkeypatch, capsys, tmp_path, some_sweep
):
    monkeypatch.setattr(duel, "MATCH_SECONDS", 0.5)
    # A worker takes a user's layers from the folder that it is started in.
    monkeypatch.chdir(DATA)
    layers = ["--base-layer", "spinning:gru", "--candidate-layer", "spinning:slow_gru"]

    code = run(monkeypatch, some_sweep, *layers, "--output", tmp_path / "gate.json")

    document = json.loads((tmp_path / "gate.json").read_text("utf-8"))
    (judgement,) = document["judgements"]
    assert code == 1, capsys.readouterr().out
    assert judgement["verdict"] == "regression"
    # Less is for a calibration to find: a busy machine's interval was ±7 %.
    assert 1.1 < judgement["confirmed"]["estimate"] < 1.3
