"""The command line as a whole: help, version, errors, interrupts, closed output."""

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import rnnbench
from rnnbench.model.errors import RnnbenchError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("arguments", "taught"),
    [
        (["--help"], "rnnbench run --layer lstm,gru --hidden-size 256 --phase train"),
        (["cases", "--help"], "rnnbench cases nightly --plain | grep lstm"),
        (["report", "--help"], "--output reports/latest --format markdown"),
    ],
)
def test_help_teaches_by_examples(run, arguments, taught):
    code, out, _ = run(*arguments)

    assert code == 0
    assert taught in out


def test_help_loads_nothing_heavy():
    program = (
        "import sys, rnnbench.cli.main;"
        "heavy = {'torch', 'numpy', 'scipy', 'pandas', 'matplotlib', 'pydantic',"
        " 'ruamel.yaml', 'jinja2', 'pytest'};"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize("arguments", [["cass"], ["gate"], ["report", "x.json"], []])
def test_a_command_that_is_none_is_explained(run, arguments):
    code, out, err = run(*arguments)

    assert code == 2
    assert "Usage: rnnbench" in out + err
    assert "Traceback" not in err


def test_the_version_is_printed(run):
    assert run("--version") == (0, f"rnnbench {rnnbench.__version__}\n", "")


def test_python_m_rnnbench_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "rnnbench", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == f"rnnbench {rnnbench.__version__}\n"


def test_every_command_says_how_to_complete_it_in_a_shell(run):
    code, out, _ = run("--help")

    assert code == 0
    assert "--install-completion" in out


@pytest.fixture
def fail(run, monkeypatch):
    """Run `compare`, which raises `error`."""

    def run_failing(error):
        def load_run(path):
            raise error

        monkeypatch.setattr("rnnbench.storage.results_file.load_run", load_run)
        return run("compare", "a.json", "b.json")

    return run_failing


def test_a_user_s_mistake_is_one_line_and_2(fail):
    assert fail(RnnbenchError("a.json: empty")) == (2, "", "a.json: empty\n")


@pytest.mark.parametrize("error", [ValueError("x"), OSError(5, "x"), MemoryError()])
def test_an_uncaught_error_is_never_1_which_means_worse(fail, error):
    code, out, err = fail(error)

    assert (code, out) == (3, "")
    assert "Traceback" in err
    assert err.endswith("rnnbench: internal error, please report the above\n")


def test_an_interrupt_is_130_without_a_traceback(fail):
    handler = signal.getsignal(signal.SIGINT)
    try:
        code, _, err = fail(KeyboardInterrupt())
    finally:
        signal.signal(signal.SIGINT, handler)

    assert code == 130
    assert err == "interrupted\n"


# Runs a command as its script does, or `python -m`, and interrupts it where it imports
# a module, or at its exit.
INTERRUPTED = """
import atexit, importlib.abc, os, runpy, signal, sys

entry, moment, *arguments = sys.argv[1:]

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

class Interrupter(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == moment:
            interrupt()
        if f"destructor in {name}" == moment:
            Interrupting()

class Interrupting:
    def __del__(self):
        interrupt()

sys.meta_path.insert(0, Interrupter())
if moment == "exit":
    atexit.register(interrupt)
sys.argv = ["rnnbench", *arguments]
module, _, function = entry.partition(":")
if function:
    sys.exit(getattr(__import__(module, fromlist=[function]), function)())
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.mark.parametrize("entry", ["rnnbench", PROJECT["scripts"]["rnnbench"]])
@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("rnnbench.cli.main", ""),
        ("typer", ""),
        ("rnnbench.regression.compare", "interrupted\n"),
        ("destructor in rnnbench.regression.compare", ""),
        ("exit", "a.json: No such file or directory\n"),
    ],
)
def test_an_interrupt_while_python_imports_or_exits_is_130(
    tmp_path, entry, moment, said
):
    arguments = [entry, moment, "compare", "a.json", "b.json"]

    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (130, "", said)


@pytest.mark.parametrize("arguments", [["--help"], ["sweeps"], ["sweeps", "quick"]])
def test_a_closed_standard_output_gives_no_traceback(arguments):
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "rnnbench", *arguments],
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(write)

    assert done.stderr == ""
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("command", "status", "error"),
    [
        ("sweeps >&-", 0, ""),
        ("sweeps >&- <&- 2>&-", 0, ""),
        ("--help > /dev/full", 2, "standard output: can't be written: No space left"),
        ("sweeps quick > /dev/full", 2, "standard output: can't be written: No space"),
        ("compare a b 2> /dev/full", 2, ""),
        ("nosuch 2> /dev/full", 2, ""),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_streams_that_take_no_output_give_no_traceback(command, status, error):
    program = f"{sys.executable} -u -m rnnbench {command}"

    done = subprocess.run(
        program, shell=True, capture_output=True, text=True, check=False
    )

    assert (done.returncode, "Traceback" in done.stderr) == (status, False)
    assert done.stderr.startswith(error)
    assert done.stderr.count("\n") == bool(error)


def test_sweeps_lists_questions_and_prints_a_sweep_to_start_from(run, tmp_path):
    listed = run("sweeps")
    printed = run("sweeps", "quick")
    unknown = run("sweeps", "quik")

    assert [line.split()[0] for line in listed[1].splitlines()].count("quick") == 1
    assert printed[1].startswith("# ")
    assert unknown[:2] == (2, "")
    assert "(quick?)" in unknown[2]


def test_a_sweep_that_can_t_be_printed_is_one_line(run, tmp_path):
    pipe, image = tmp_path / "pipe.yaml", tmp_path / "image.yaml"
    os.mkfifo(pipe)
    image.write_bytes(b"# a\n\xff")

    missing = tmp_path / "missing.yaml"

    assert run("sweeps", missing)[0] == 2
    for path, what in (
        (pipe, f"{pipe}: can't be read: not a regular file"),
        (image, f"{image}:2: byte 0xff is not UTF-8"),
    ):
        assert run("sweeps", path) == (2, "", f"{what}\n")


@pytest.mark.parametrize(
    ("words", "completed"),
    [("rnnbench bis", "bisect"), ("rnnbench bisect --layer-r", "--layer-repo")],
)
def test_a_shell_completes_commands_and_options(words, completed):
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run(
        [sys.executable, "-m", "rnnbench"],
        env={**os.environ, **asked, "_RNNBENCH_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert completed in done.stdout.split()
