"""The Python interface: lazy, typed like a case, and the same path as the command."""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import get_type_hints

import pandas as pd
import pytest

import rnnbench
from rnnbench import api
from rnnbench.model.case import AXES, Case
from rnnbench.model.errors import RnnbenchError, SweepError
from rnnbench.runner import worker_process
from rnnbench.sweep.axis_types import Axes

FAKE = (sys.executable, str(Path(__file__).parent / "data" / "fake_worker.py"))
REFERENCE = Path(__file__).parents[1] / "results" / "reference"
QUICK = REFERENCE / "quick-epyc-2-cores.json"


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(worker_process, "COMMAND", FAKE)


@pytest.fixture(scope="module")
def quick():
    return rnnbench.load(QUICK)


def python(program):
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )


def test_importing_the_package_imports_nothing_else():
    done = python(
        "import sys; before = set(sys.modules); import rnnbench;"
        "new = {name for name in set(sys.modules) - before if '.' not in name};"
        "print(*sorted(new - set(sys.stdlib_module_names)))"
    )

    assert done.stdout == "rnnbench\n"


def test_a_results_file_is_read_where_torch_is_not_installed():
    done = python(
        "import sys; sys.modules['torch'] = None; import rnnbench;"
        f"run = rnnbench.load({str(QUICK)!r});"
        "print(len(run.ratios()) > 0, len(run.cases()) > 0, run._repr_html_()[:5])"
    )

    assert done.stdout == "True True <pre>\n", done.stderr


def test_the_package_lists_its_names_and_refuses_others():
    public = [name for name in dir(rnnbench) if not name.startswith("_")]
    assert public == sorted(rnnbench.__all__)
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        rnnbench.no_such_name  # noqa: B018


def test_the_keywords_are_the_axes_of_a_case():
    hints = get_type_hints(Axes)
    assert tuple(hints) == (*AXES, "args")
    simple = {field.name: field.type for field in fields(Case)}
    for name in AXES:
        hint = hints[name]
        kind = str if issubclass(simple[name], str) else simple[name]
        assert kind in hint.__args__


def test_each_argument_of_a_layer_is_a_column_and_an_axis(fake):
    run = rnnbench.run(
        layer=["gru", "my_layers:wide"],
        hidden_size=4,
        args={"expansion": [1, 2]},
        launches=2,
        progress=False,
    )

    times = run.ratios().query("metric == 'time'")
    assert list(times["axis"]) == ["layer", "layer", "args.expansion"]
    assert list(times["args.expansion"]) == [1, 2, 2]
    assert list(times["candidate"])[-1] == 2
    assert list(times["baseline"])[-1] == 1
    assert list(run.cases()["args.expansion"].dropna()) == [1, 2]


def test_a_run_of_axes_gives_ratios_and_cases_as_frames(fake, capsys):
    run = rnnbench.run(
        layer=["lstm", "gru"], hidden_size=[4, 8], phase="train", launches=2
    )

    times = run.ratios().query("metric == 'time'")
    assert list(times["hidden_size"]) == [4, 8]
    assert set(times["candidate"]) == {"gru"}
    assert (times["low"] <= times["ratio"]).all()
    assert (times["ratio"] <= times["high"]).all()
    assert list(run.cases()["layer"]) == ["lstm", "gru"] * 2
    assert (run.cases()["seconds"] > 0).all()
    assert run.operators().empty
    assert capsys.readouterr().err.startswith("\nrnnbench 0/")


def test_without_progress_nothing_is_written(fake, capsys):
    rnnbench.run(layer="gru", launches=1, progress=False)

    assert capsys.readouterr() == ("", "")


def test_a_run_works_inside_a_running_loop_as_in_a_notebook(fake):
    async def cell():
        return rnnbench.run(layer="gru", launches=1, progress=False)

    assert len(asyncio.run(cell()).cases()) == 1


def test_ctrl_c_inside_a_running_loop_ends_the_workers(fake):
    started = threading.Event()

    def interrupt():
        started.wait(30)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    async def cell():
        rnnbench.run(layer="fake:hang", launches=1, progress=False)

    async def ask(worker, *arguments, **options):
        if worker.environment is not None:
            started.set()
        return await real_ask(worker, *arguments, **options)

    real_ask = worker_process.Worker.ask
    # Libraries that earlier tests of this process imported keep pools of their own.
    before = set(threading.enumerate())
    threading.Thread(target=interrupt).start()
    # A notebook's loop: no handler of its own for Ctrl-C.
    loop = asyncio.new_event_loop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker_process.Worker, "ask", ask)
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(cell())
    loop.close()

    assert time.monotonic() - began < 50  # the layer hangs for 60 s
    left = set(threading.enumerate()) - before
    assert [t for t in left if "ThreadPool" in t.name] == []


@pytest.mark.parametrize(
    ("arguments", "axes", "message"),
    [
        ((), {"hiden_size": 3}, "hiden_size: no such axis (hidden_size?)"),
        ((), {"phase": "trian"}, "phase: 'trian' is none of inference"),
        (("quik",), {}, "quik: no such file, and no shipped sweep"),
        (("quick",), {"layer": "gru"}, "quick: a sweep has its own axes"),
        ((), {"task": "ading"}, "task: 'ading' is none of "),
        ((), {"task": "adding", "reference": "gru"}, "reference: not with a task"),
        ((), {"task": "adding", "compare": ["layer"]}, "compare: not with a task"),
        ((), {"layer": "gru", "budget": -1}, "budget: "),
    ],
)
def test_a_mistake_is_an_error_that_names_it(fake, arguments, axes, message):
    with pytest.raises(RnnbenchError) as caught:
        rnnbench.run(*arguments, **axes)

    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_every_fault_is_a_line():
    with pytest.raises(SweepError) as caught:
        rnnbench.run(layer="x", seq_len=0)

    assert len(str(caught.value).splitlines()) == 2


def test_results_are_saved_loaded_and_reported(quick, tmp_path):
    saved = quick.save(str(tmp_path / "x.json"))
    page = quick.report(str(tmp_path / "page"))

    assert rnnbench.load(str(saved)).run == quick.run
    assert page == tmp_path / "page" / "index.html"
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_columns_say_what_they_hold(quick):
    frame = quick.ratios()

    assert not frame["ratio"].isna().any()
    known = {"faster", "slower", "tie", "undecided", "less", "more"}
    assert set(frame["verdict"]) <= known
    assert set(frame["metric"]) == {"time", "peak memory"}
    assert set(AXES) <= set(frame.columns)
    operators = quick.operators()
    assert {"operator", "kind", "host_seconds"} <= set(operators.columns)
    assert len(operators) > 0


def test_a_figure_is_svg_in_a_notebook_and_a_file_elsewhere(quick, tmp_path):
    picture = quick.plot("tradeoff")

    assert "<svg" in picture._repr_svg_()
    assert picture.save(str(tmp_path / "x.png")).read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(RnnbenchError, match="no figure 'x'"):
        quick.plot("x")


def test_a_notebook_shows_the_answer_and_a_figure(quick):
    shown = quick._repr_html_()

    assert "GRU ÷ LSTM" in shown
    assert shown.count("<svg") == 1


def test_foreign_text_is_escaped_in_a_notebook(quick):
    sweep = replace(quick.run.sweep, name="<script>")
    hostile = api.Results(replace(quick.run, sweep=sweep))

    shown = hostile._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_two_runs_are_compared(quick):
    found = rnnbench.compare(quick, str(QUICK))

    assert found.exit_code == 0
    assert str(found).startswith("Nothing is worse.")
    assert isinstance(found.rows(), pd.DataFrame)
    assert set(found.rows()["verdict"]) <= {"unchanged", "inconclusive"}
    assert "Nothing is worse." in found._repr_html_()


def test_what_was_learned_is_a_row_for_each_seed_and_each_pair(make_learning_run):
    results = api.Results(make_learning_run())

    seeds, pairs = results.learning(), results.learning_ratios()

    found = seeds[seeds["case"] == "adding_t50-rnn_tanh-h32"]
    assert list(found["seed"]) == [0, 1, 2, 3, 4]
    assert found["steps"].isna().all()
    rnn = pairs[pairs["candidate_case"] == "adding_t50-rnn_tanh-h32"]
    assert rnn["steps"].isna().all()
    gru = pairs[pairs["candidate_case"] == "adding_t50-gru-h32"].iloc[0]
    assert gru["low"] < gru["steps"] < gru["high"] < 1
    assert gru["seconds: oneDNN off"] < gru["seconds: oneDNN on"]


def test_a_run_that_trained_nothing_has_no_rows(quick):
    assert quick.learning().empty
    assert quick.learning_ratios().empty
