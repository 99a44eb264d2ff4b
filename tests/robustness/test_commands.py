"""Every command with targets that can't be written, and with text that is hostile."""

import io
import json
import os
import sys
from pathlib import Path

import pytest

import rnnbench
from rnnbench.cli.main import main
from rnnbench.model.formatting import for_markdown
from rnnbench.storage.results_file import load_run, save_run

# Clears the screen, resets the terminal, reverses text, rings, and hides a line.
HOSTILE = "a\x1b[2Jb\x1bcc\u202ed\x07e\rf\x9bg"
SMALL = ("--layer", "gru", "--hidden-size", "8")
NIGHT = ("night", "quick", "--candidate", "python")
LONG = "n" * 300 + ".json"


class Terminal(io.StringIO):
    """A stream that claims to be a terminal: nothing is taken out for a file."""

    def isatty(self):
        return True


@pytest.fixture
def run(monkeypatch):
    """The exit status of a command, and all that it prints on a terminal."""

    def run_main(*arguments):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setattr(sys, "argv", ["rnnbench", *map(str, arguments)])
        return main(), terminal.getvalue()

    return run_main


@pytest.fixture
def measured(monkeypatch):
    """What was measured, by the name of the function; it then raises."""
    found = []
    for target in (
        "rnnbench.regression.gate_run.run_gate",
        "rnnbench.runner.measure.measure",
        "rnnbench.runner.foreign_layers.refuse_broken_layers",
        "rnnbench.calibration.measure_check.measure_self_check",
        "rnnbench.cli.night_steps.run_command",
    ):
        monkeypatch.setattr(target, lambda *_, name=target: found.append(name))
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, with places where nothing can be written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "full").symlink_to("/proc")
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        ("gate", "quick", "--candidate", "python", "--output"),
        ("run", *SMALL, "--output"),
        ("run", *SMALL, "--force", "--output"),
        ("calibrate", "--output"),
        (*NIGHT, "--output"),
        (*NIGHT, "--output", "night", "--store"),
        (*NIGHT, "--output", "night", "--store", "history", "--publish"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize(
    "target",
    ["file/x.json", "full/run.json", LONG],
    ids=["in a file", "in proc", "too long"],
)
def test_a_target_that_can_not_be_written_is_one_line_before_measuring(
    run, measured, folder, command, target
):

    status, printed = run(*command, target)

    assert measured == []
    assert (status, printed.count("\n")) == (2, 1)
    assert "can't be written" in printed
    assert {path.name for path in folder.iterdir()} == {"file", "full"}


@pytest.mark.parametrize("name", ["run.json", "run.html", "gate.json", "summary.md"])
def test_a_folder_in_the_place_of_a_file_is_one_line(run, measured, tmp_path, name):
    (tmp_path / name).mkdir()
    commands = {
        "run.json": ("run", *SMALL, "--force", "--output", tmp_path / name),
        "run.html": ("run", *SMALL, "--output", tmp_path / "run.json"),
        "gate.json": (*NIGHT, "--output", tmp_path, "--store", tmp_path / "store"),
        "summary.md": (*NIGHT, "--output", tmp_path, "--store", tmp_path / "store"),
    }

    status, printed = run(*commands[name])

    assert measured == []
    assert (status, printed) == (
        2,
        f"{tmp_path / name}: can't be written: Is a directory\n",
    )


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory, make_case, make_result, make_run):
    """A results file in a folder, with hostile text in its names and in its values."""
    folder = tmp_path_factory.mktemp("hostile") / HOSTILE
    path = folder / "run.json"
    path.parent.mkdir()
    results = [
        make_result(make_case(layer=layer), status="error", turns=(), reason=HOSTILE)
        if layer == "gru"
        else make_result(make_case(layer=layer))
        for layer in ("lstm", "gru", "rnn_tanh")
    ]
    save_run(path, make_run(results))
    document = json.loads(path.read_text())
    for block, key in (
        ("sweep", "question"),
        ("sweep", "name"),
        ("environment", "torch"),
        ("environment", "cpu_model"),
    ):
        document["rnnbench"][block][key] = HOSTILE
    path.write_text(json.dumps(document))
    load_run(path)
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "{run}", "--output", "{folder}/page"),
        ("plot", "{run}", "ratio", "--output", "{folder}/a.svg"),
        ("plot", "{run}", "--list"),
        ("plot", "{run}", "{hostile}"),
        ("compare", "{run}", "{run}", "--verbose"),
        ("compare", "{run}", "{run}", "--format", "markdown", "--verbose"),
        ("compare", "{run}", "{run}", "--format", "json"),
        ("compare", "{folder}/missing", "{run}"),
        ("export", "{run}", "--output", "{folder}/launches.parquet"),
        ("merge", "{run}", "{run}", "--output", "{folder}/merged.json"),
        ("compare", "{run}", "{run}", "{run}"),
        ("history", "add", "{run}", "--store", "{folder}/store"),
        ("history", "show", "{hostile}", "--store", "{folder}"),
        ("history", "changes", "--store", "{folder}"),
        ("history", "merge", "{folder}", "--store", "{folder}/merged"),
        ("site", "{folder}", "{folder}/site"),
        ("site", "{folder}/missing", "{folder}/site"),
        ("cases", "{hostile}"),
        ("cases", "{run}", "--no-survey"),
        ("run", "{hostile}"),
        ("run", "--layer", "{hostile}"),
        ("run", "--hidden-size", "{hostile}"),
        ("run", "--precision", "{hostile}"),
        ("gate", "quick", "--candidate", "{hostile}"),
        ("gate", "quick", "--candidate", "x", "--output", "{hostile}"),
        ("night", "quick", "--candidate", "{hostile}"),
        ("init", "{folder}/init"),
        ("sweeps", "{hostile}"),
        ("{hostile}",),
    ],
    ids=" ".join,
)
def test_hostile_text_can_not_control_a_terminal(
    run, hostile_run, monkeypatch, tmp_path, arguments
):
    monkeypatch.chdir(tmp_path)
    names = {"run": hostile_run, "folder": hostile_run.parent, "hostile": HOSTILE}

    status, printed = run(*(each.format(**names) for each in arguments))

    shown = printed.replace("\r\x1b[K", "")  # of the line that shows the progress
    assert status in (0, 1, 2)
    assert {letter for letter in shown if not letter.isprintable()} <= {"\n"}


def test_commands_print_only_through_the_function_that_makes_text_harmless():
    folder = Path(rnnbench.__file__).parent / "cli"
    printing = {
        path.name
        for path in folder.glob("*.py")
        if "typer.echo(" in path.read_text("utf-8")
    }

    # The site moves the cursor itself, to show its progress.
    assert printing == {"output.py", "site.py"}


def test_hostile_text_can_not_control_a_terminal_from_markdown():
    assert for_markdown(HOSTILE).isprintable()


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_a_report_has_no_control_characters(run, hostile_run, tmp_path, form):
    run("report", hostile_run, "--format", form, "--output", tmp_path)

    (page,) = (path for path in tmp_path.iterdir() if path.is_file())
    found = {letter for letter in page.read_text("utf-8") if ord(letter) < 32}
    assert found == {"\n"}


def test_the_site_is_told_of_a_file_that_it_can_not_read(run, tmp_path):
    os.mkfifo(tmp_path / "waits.json")
    Path(tmp_path / "bad.json").write_text("{")

    status, printed = run("site", tmp_path, tmp_path / "site")

    assert status == 2
    assert "bad.json" in printed
    assert "waits.json" in printed
