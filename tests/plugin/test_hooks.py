import errno
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from rnnbench.model.status import Status
from rnnbench.plugin.refusals import IGNORED_OPTIONS
from rnnbench.plugin.replay import ReplayClock
from rnnbench.runner import worker_process as process
from rnnbench.storage.results_file import load_run

FAKE = (sys.executable, str(Path(__file__).parents[1] / "data" / "fake_worker.py"))
SUITE = """
import pytest

@pytest.mark.sweep(phase="{phase}")
def test_{phase}(case, measure):
    measure(case)
"""
SWEEP = """\
# Which layer?
axes:
  layer: {layers}
  input_size: 8
  hidden_size: [8, 16]
  seq_len: 4
  batch_size: 2
  phase: [inference, train]
policy:
  launches: 2
  budget: 60
  time_limit: 2
"""


@pytest.fixture
def project(pytester, monkeypatch):
    """A folder with two suites, a sweep, and workers that need no torch."""
    monkeypatch.setattr(process, "COMMAND", FAKE)
    # Two launches are enough for narrow intervals, and for a test.
    monkeypatch.setenv("FAKE_NOISE", "0.0001")
    (pytester.path / "bench").mkdir()
    (pytester.path / "configs").mkdir()
    for phase in ("inference", "train"):
        suite = pytester.path / "bench" / f"test_{phase}.py"
        suite.write_text(SUITE.format(phase=phase))
    write_sweep(pytester, "[lstm, gru]")
    return pytester


def write_sweep(project, layers):
    text = SWEEP.format(layers=layers)
    (project.path / "configs" / "quick.yaml").write_text(text)


def bench(project, *options):
    return project.runpytest_inprocess("bench", "-p", "no:cacheprovider", *options)


def test_each_case_is_collected_once_and_no_worker_starts(project, monkeypatch):
    monkeypatch.setattr(process, "COMMAND", ("/nonexistent",))

    found = bench(project, "--collect-only", "-q")

    ids = [line for line in found.outlines if "::" in line]
    assert len(ids) == len(set(ids)) == 8
    assert (
        "bench/test_train.py::test_train[gru-train-i8-h16-l1-t4-b2-cpu]"
        in found.outlines
    )


def test_a_suite_without_a_case_in_the_sweep_is_not_shown(project):
    suite = project.path / "bench" / "test_step.py"
    suite.write_text(SUITE.format(phase="step"))

    bench(project).assert_outcomes(passed=8)


def test_the_file_holds_turns_of_every_case_and_theirs_is_readable(project):
    found = bench(project, "--benchmark-json=out.json")

    found.assert_outcomes(passed=8)
    found.stdout.fnmatch_lines(["rnnbench: *out.json: 8 cases, 8 ok"])
    run = load_run(project.path / "out.json")
    assert {result.status for result in run.results} == {Status.OK}
    assert all(len(result.turns) == 2 for result in run.results)
    document = json.loads((project.path / "out.json").read_text())
    assert document["machine_info"]["node"] == ""
    for benchmark in document["benchmarks"]:
        axes = benchmark["params"]
        assert f"{axes['layer']}-{axes['phase']}" in benchmark["extra_info"]["case"]
        assert axes["hidden_size"] in {8, 16}
    assert [path.name for path in project.path.glob("out.json*")] == ["out.json"]
    compared = project.run("pytest-benchmark", "compare", "out.json")
    assert compared.ret == 0
    compared.stdout.fnmatch_lines(["*test_train*gru-train-i8-h16*"])


def test_axes_are_params_to_group_by_and_columns_of_a_csv(project):
    found = bench(
        project, "--benchmark-json=out.json", "--benchmark-group-by=param:hidden_size"
    )
    command = ("pytest-benchmark", "compare", "out.json")
    grouped = project.run(*command, "--group-by=param:hidden_size", "--csv=out.csv")

    for shown in (found, grouped):
        shown.stdout.fnmatch_lines(["*hidden_size=16': 4 tests*"])
    header, *rows = (project.path / "out.csv").read_text().splitlines()
    assert "param:layer" in header
    assert len(rows) == 8


def test_turns_are_replayed_to_the_last_bit(project):
    bench(project, "--benchmark-json=out.json")

    document = json.loads((project.path / "out.json").read_text())
    run = load_run(project.path / "out.json")
    seconds = {
        result.case.id: [value for turns in result.turns for value in turns.seconds]
        for result in run.results
    }
    for benchmark in document["benchmarks"]:
        assert benchmark["stats"]["data"] == seconds[benchmark["extra_info"]["case"]]


def test_layers_of_a_workload_are_grouped_and_the_answer_printed_below(project):
    found = bench(project)

    found.stdout.fnmatch_lines(
        [
            "*benchmark 'inference-i8-h8-l1-t4-b2-cpu': 2 tests*",
            "*rnnbench: the answer*",
            "*On this CPU, the LSTM is faster.*",
            "*inference*LSTM at 2 of 2*",
        ]
    )
    assert "GRU / LSTM, oneDNN on" not in found.stdout.str()


def test_every_ratio_is_printed_where_more_is_asked_for(project):
    found = bench(project, "-v")

    found.stdout.fnmatch_lines(["*rnnbench: ratios*", "*GRU / LSTM*slower*"])


def test_a_failed_case_fails_its_item_alone(project):
    write_sweep(project, '[lstm, gru, "fake:segfault"]')

    found = bench(project, "--benchmark-json=out.json")

    found.assert_outcomes(passed=8, failed=4)
    assert found.ret == pytest.ExitCode.TESTS_FAILED
    found.stdout.fnmatch_lines(["*killed: killed by SIGSEGV*"])
    run = load_run(project.path / "out.json")
    assert [one.status for one in run.results].count(Status.KILLED) == 4
    assert len(run.results) == 12


def test_where_nothing_was_measured_the_file_still_lists_every_case(project):
    write_sweep(project, '["fake:raises"]')

    found = bench(project, "--benchmark-json=out.json")

    found.assert_outcomes(failed=4)
    run = load_run(project.path / "out.json")
    assert {result.reason for result in run.results} == {"ValueError: no"}


def test_the_first_failure_ends_it_with_x(project):
    write_sweep(project, '["fake:raises", lstm]')

    found = bench(project, "-x", "--benchmark-json=out.json")

    assert found.ret == pytest.ExitCode.TESTS_FAILED
    run = load_run(project.path / "out.json")
    statuses = [result.status for result in run.results]
    assert statuses.count(Status.ERROR) >= 1
    assert Status.SKIPPED in statuses


def test_k_narrows_what_is_measured(project):
    found = bench(project, "-k", "gru and h16", "--benchmark-json=out.json")

    found.assert_outcomes(passed=2, deselected=6)
    run = load_run(project.path / "out.json")
    assert {one.case.layer for one in run.results} == {"gru"}


def test_benchmark_only_keeps_our_items_and_skip_drops_them(project):
    bench(project, "--benchmark-only").assert_outcomes(passed=8)
    bench(project, "--benchmark-skip").assert_outcomes(skipped=8)


def test_disabled_benchmarks_run_each_case_once(project):
    found = bench(project, "--benchmark-disable", "--benchmark-json=out.json")

    found.assert_outcomes(passed=8)
    assert not list(project.path.glob("out.json*"))
    assert not list((project.path / "results").glob("*"))


def test_saved_runs_can_be_compared(project):
    bench(project, "--benchmark-save=first").assert_outcomes(passed=8)

    found = bench(project, "--benchmark-compare=0001")

    found.assert_outcomes(passed=8)
    found.stdout.fnmatch_lines(["*(NOW)*"])


def test_options_overrule_the_sweep(project):
    found = bench(
        project,
        "--rnn-launches=3",
        "--rnn-precision=0.00001",
        "--benchmark-json=out.json",
    )

    found.assert_outcomes(passed=8)
    run = load_run(project.path / "out.json")
    assert run.sweep.policy.precision == 0.00001
    assert all(len(result.turns) == 3 for result in run.results)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--rnn-launches=0"], "*launches: 0 is not between 1 and 10,000*"),
        (["--rnn-profile=("], "*--rnn-profile: a '(' without its ')'*"),
        (["--rnn-sweep=missing.yaml"], "*missing.yaml*"),
        (["--benchmark-cprofile=tottime"], "*--benchmark-cprofile*worker processes*"),
    ],
)
def test_what_would_not_measure_is_refused_in_a_line(project, options, line):
    found = bench(project, *options)

    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines([line])
    assert "Traceback" not in found.stderr.str() + found.stdout.str()


def test_profiles_are_taken_of_what_is_asked_for(project):
    found = bench(project, "--rnn-profile=gru-train", "--benchmark-json=out.json")

    found.assert_outcomes(passed=8)
    run = load_run(project.path / "out.json")
    for result in run.results:
        asked = "gru-train" in result.case.id
        assert (result.profile is not None) is asked
        assert bool(result.profile_reason) is not asked
    assert len(run.ceilings) == 1


def test_every_fault_of_a_sweep_is_a_line(project):
    write_sweep(project, "[lstm, gruu]\n  hiden_size: 3")

    found = bench(project)

    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines(["*quick.yaml:3:*gruu*", "*quick.yaml:4:*hiden_size*"])


def test_a_worker_that_cannot_start_is_a_line(project, monkeypatch):
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", "exit(9)"))

    found = bench(project, "--benchmark-json=out.json")

    assert found.ret != 0
    found.stdout.fnmatch_lines(["*rnnbench: worker: can't be started*exit code 9*"])
    assert not (project.path / "out.json").exists()


def test_a_disk_that_is_full_at_the_end_keeps_the_journal(project, monkeypatch):
    monkeypatch.setattr(os, "fsync", no_space_for("out.json", os.fsync))

    found = bench(project, "--benchmark-json=out.json")

    assert found.ret == pytest.ExitCode.INTERRUPTED
    found.stdout.fnmatch_lines(["rnnbench: out.json: *No space left*journal has*"])
    assert "Traceback" not in found.stdout.str() + found.stderr.str()
    assert not (project.path / "out.json").exists()
    assert (project.path / "out.json.journal").exists()


def no_space_for(name, fsync):
    def full(descriptor):
        written = Path(f"/proc/self/fd/{descriptor}").readlink()
        if written.name.startswith(f".{name}."):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return fsync(descriptor)

    return full


@pytest.mark.parametrize(
    "target",
    ["folder", "file/out.json", "read_only/out.json", f"{'x' * 250}.json"],
)
def test_a_target_that_cannot_be_written_is_refused_before_anything_is_measured(
    project, monkeypatch, target
):
    monkeypatch.setattr(process, "COMMAND", ("/nonexistent",))
    (project.path / "folder").mkdir()
    (project.path / "file").touch()
    (project.path / "read_only").mkdir(mode=0o555)
    if os.access(project.path / "read_only", os.W_OK) and "read_only" in target:
        pytest.skip("this user writes where nobody may")

    found = bench(project, f"--benchmark-json={target}")

    assert found.ret == pytest.ExitCode.INTERRUPTED
    found.stdout.fnmatch_lines(["*rnnbench: *can't be written*"])
    assert "Traceback" not in found.stdout.str() + found.stderr.str()
    assert not list(project.path.glob("**/*.journal"))


STRICT = ("-W", "error", "--benchmark-json=out.json")


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--rnn-sweep=missing.yaml"], pytest.ExitCode.USAGE_ERROR),
        (["--rnn-sweep=nosuch"], pytest.ExitCode.USAGE_ERROR),
        (["--rnn-sweep=bad.yaml"], pytest.ExitCode.USAGE_ERROR),
        (["-k", "nosuch"], pytest.ExitCode.NO_TESTS_COLLECTED),
        (["--collect-only"], pytest.ExitCode.OK),
    ],
)
def test_bad_input_is_a_line_and_leaves_earlier_results_alone(project, options, status):
    (project.path / "bad.yaml").write_text("axes: [")
    (project.path / "out.json").write_text("results of an earlier run")
    (project.path / "out.json.partial").write_text("left by a full disk")

    found = bench(project, *STRICT, *options)

    assert found.ret == status
    said = found.stdout.str() + found.stderr.str()
    assert "Traceback" not in said
    assert "Warning" not in said
    assert (project.path / "out.json").read_text() == "results of an earlier run"
    assert (project.path / "out.json.partial").read_text() == "left by a full disk"


def test_xdist_is_refused_in_a_line(project):
    found = bench(project, "-n", "2", "--rnn-sweep=configs/quick.yaml")

    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines(["*xdist*without -n*"])
    assert "Traceback" not in found.stdout.str() + found.stderr.str()


def test_under_xdist_suites_are_left_out_and_other_tests_run(project):
    (project.path / "test_other.py").write_text("def test_other(): pass")

    found = project.runpytest_subprocess("-n", "2", "-p", "no:cacheprovider")

    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.assert_outcomes(passed=1)
    found.stdout.fnmatch_lines(["rnnbench: xdist*without -n*"])
    assert "INTERNALERROR" not in found.stdout.str()


TIME_LIMITS = """
def pytest_addoption(parser):
    parser.addoption("--timeout", type=float)
    parser.addoption("--session-timeout", type=float)
"""


@pytest.mark.parametrize("option", ["--timeout", "--session-timeout"])
def test_a_time_limit_shorter_than_the_measuring_is_refused(project, option):
    project.makeconftest(TIME_LIMITS)

    refused = bench(project, f"{option}=0.001")
    allowed = bench(project, f"{option}=1000")

    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines([f"*{option}: measuring may take*--rnn-budget*"])
    allowed.assert_outcomes(passed=8)


@pytest.mark.parametrize("option", IGNORED_OPTIONS)
def test_an_option_of_pytest_benchmark_without_effect_is_refused(project, option):
    values = {"disable-gc": "", "timer": "=time.time", "cprofile": "=tottime"}
    value = values.get(option.removeprefix("--benchmark-"), "=1")

    found = bench(project, f"{option}{value}")

    assert found.ret == pytest.ExitCode.USAGE_ERROR
    assert option in found.stderr.str()
    assert "Traceback" not in found.stdout.str() + found.stderr.str()


def test_a_killed_run_is_resumed_and_gives_the_same_cases(project):
    script = (
        "import os, signal, threading, time, pytest\n"
        "from rnnbench.runner import worker_process as process\n"
        f"process.COMMAND = {FAKE!r}\n"
        "def kill():\n"
        "    path = 'out.json.journal'\n"
        "    while not os.path.exists(path) or open(path).read().count('Pass') < 5:\n"
        "        time.sleep(0.005)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "threading.Thread(target=kill, daemon=True).start()\n"
        "pytest.main(['bench', '--benchmark-json=out.json'])\n"
    )
    killed = project.run(sys.executable, "-c", script)
    assert killed.ret == -signal.SIGKILL
    assert not (project.path / "out.json").exists()
    before = (project.path / "out.json.journal").read_text().count('"kind":"Pass"')

    found = bench(project, "--rnn-resume", "--benchmark-json=out.json")

    found.assert_outcomes(passed=8)
    run = load_run(project.path / "out.json")
    assert {result.status for result in run.results} == {Status.OK}
    assert before >= 5
    assert not (project.path / "out.json.journal").exists()


def test_an_interrupt_writes_what_is_there_and_keeps_the_journal(project):
    (project.path / "interrupted.py").write_text(
        "import pytest\n"
        "from rnnbench.runner import progress, worker_process as process\n"
        f"process.COMMAND = {FAKE!r}\n"
        "show = progress.ProgressLine.show\n"
        "def interrupt(self, now):\n"
        "    if now.done == 3:\n"
        "        import os, signal\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "progress.ProgressLine.show = interrupt\n"
        "raise SystemExit(pytest.main(['bench', '--benchmark-json=out.json']))\n"
    )

    found = project.run(sys.executable, "interrupted.py")

    assert found.ret == pytest.ExitCode.INTERRUPTED
    run = load_run(project.path / "out.json")
    assert len(run.results) == 8
    assert (project.path / "out.json.journal").exists()


def test_other_suites_are_left_alone(pytester):
    pytester.makepyfile("def test_it(benchmark): benchmark(int)")

    found = pytester.runpytest_inprocess("--benchmark-json=theirs.json")

    found.assert_outcomes(passed=1)
    document = json.loads((pytester.path / "theirs.json").read_text())
    assert "rnnbench" not in document
    assert document["machine_info"]["node"]
    assert not list(pytester.path.glob("theirs.json.*"))


def test_no_option_of_ours_lacks_the_prefix(pytester):
    found = pytester.runpytest_inprocess("--help")

    ours = found.stdout.str().partition("recurrent layers, measured")[2]
    ours = ours.partition("\n\n")[0]
    names = re.findall(r"^  (--\S+)", ours, re.MULTILINE)
    assert names
    assert all(name.startswith("--rnn-") for name in names)


def test_a_replayed_round_lasts_as_long_as_its_turn():
    clock = ReplayClock()
    clock.load([0.1, 1e-9])

    durations = []
    for _ in range(2):
        start = clock()
        clock.advance()
        durations.append(clock() - start)

    assert durations == [0.1, 1e-9]
