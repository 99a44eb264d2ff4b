"""Every command and every piece of code in the documentation works.

A command that can run offline in seconds is run, in a folder with an example of each
file that the pages name. Of the others the command, its options and its files are
checked. A command that this file doesn't know fails.
"""

import configparser
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from typer.main import get_command
from typer.testing import CliRunner

import rnnbench
from rnnbench import api
from rnnbench.cli.main import app
from rnnbench.sweep.arguments import sweep_of_axes, sweep_of_task
from rnnbench.sweep.load import load_sweep
from rnnbench.sweep.shipped import find_sweep

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "results/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
# Commands of ours that measure, or that need two interpreters or two measurements of
# one sweep: checked, not run.
MEASURES = {"run", "gate", "bisect", "night", "calibrate", "doctor", "node", "fleet"}
MEASURES |= {"merge"}
# Of others: nothing here could say whether they would work.
FOREIGN = {
    *("docker", "export", "kubectl", "openssl", "srun", "ssh", "tensorboard", "uv"),
}
EXAMPLE = ROOT / "results" / "reference" / "quick-epyc-2-cores.json"
# Files of another machine than the example, by the name that a page gives them.
OTHERS = {"epyc_avx2": EXAMPLE.with_name("quick-epyc-avx2-2-cores.json")}


@dataclass(frozen=True)
class Block:
    """A fenced block: its language and its text."""

    language: str
    text: str


def blocks(page):
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [Block(*one) for one in found]


def commands(page):
    """Every command of the page as words, without the folder of its interpreter."""
    for block in blocks(page):
        if block.language not in ("bash", "console"):
            continue
        lines = block.text.replace("\\\n", " ").splitlines()
        if block.language == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        for line in lines:
            for command in line.split(" && "):
                # What follows `>` is the file that a shell writes.
                words = shlex.split(command.partition(" > ")[0], comments=True)
                if words:
                    yield [Path(words[0]).name, *words[1:]]


def pages_with(language):
    return [page for page in PAGES if any(b.language == language for b in blocks(page))]


@pytest.fixture
def project(page, tmp_path, monkeypatch):
    """A folder with an example of each file that the page names."""
    for name in ("configs", "bench", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "results" / "dataset", tmp_path / "results" / "dataset")
    for name in set(re.findall(r"results/(\w+)\.json", page.read_text("utf-8"))):
        source = OTHERS.get(name, EXAMPLE)
        shutil.copy(source, tmp_path / "results" / f"{name}.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", pages_with("bash"), ids=lambda page: page.name)
def test_each_command_works_or_names_what_there_is(page, project, pytestconfig):
    for number, block in enumerate(sweep_blocks(page)):
        (project / "my-sweep.yaml").write_text(block.text, encoding="utf-8")
        assert number == 0, "my-sweep.yaml would be ambiguous"
    for block in blocks(page):
        if block.language == "python" and "def " in block.text:
            (project / "my_layers.py").write_text(block.text, encoding="utf-8")

    for words in commands(page):
        check(words, pytestconfig)


def check(words, pytestconfig):
    head, *rest = words
    if head in ("python", "python3") and rest[:1] == ["-m"]:
        check_module(rest[1], rest[2:], pytestconfig)
    elif head in ("python", "python3"):
        assert (ROOT / rest[0]).is_file(), words
    elif head == "rnnbench":
        check_rnnbench(rest)
    elif head == "pytest":
        check_pytest(rest, pytestconfig)
    elif head == "pytest-benchmark":
        run([sys.executable, "-m", "pytest_benchmark", *rest])
    else:
        assert head in FOREIGN, f"{words}: no test knows this command"


def check_module(module, rest, pytestconfig):
    if module == "tox":
        check_tox(rest, pytestconfig)
    elif module == "pip":
        check_pip(rest)
    elif module in ("pytest", "rnnbench"):
        check([module, *rest], pytestconfig)
    else:
        assert module == "venv"


def check_tox(words, pytestconfig):
    assert words[:2] in (["run", "-e"], ["exec", "-e"])
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    assert f"testenv:{words[2]}" in tox or words[2] == "tests"
    rest = words[4:]
    assert words[3:4] == (["--"] if rest else [])
    if words[0] == "exec":
        check(rest, pytestconfig)
    elif words[2] == "tests":
        assert all((ROOT / word).exists() for word in rest)
    elif rest:
        check_pytest(rest, pytestconfig)


def check_pip(words):
    assert words[0] == "install"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for word in words[1:]:
        if extras := re.search(r"\[(.*)\]", word):
            known = project["project"]["optional-dependencies"]
            assert set(extras[1].split(",")) <= set(known)
        elif word.endswith(".txt"):
            assert (ROOT / word).is_file()


def check_rnnbench(words):
    if words == ["--install-completion"]:
        # It would change the shell of whoever runs the tests.
        assert words[0] in our_options(words)
        return
    if words[0] in MEASURES:
        command = get_command(app)
        name, child, rest = command.resolve_command(
            command.make_context("rnnbench", words, resilient_parsing=True), words
        )
        child.make_context(name, rest)
        return
    quick = ["--no-survey"] if words[0] == "cases" else []
    done = CliRunner().invoke(app, [*words, *quick], catch_exceptions=False)
    assert done.exit_code == 0, f"{words}: {done.output}"


def check_pytest(words, pytestconfig):
    if "--collect-only" in words:
        run([sys.executable, "-m", "pytest", *words, "-p", "no:cacheprovider"])
        return
    known = option_names(pytestconfig)
    options = [word.partition("=")[0] for word in words if word.startswith("-")]
    assert [option for option in options if option not in known] == []
    if "--rnn-sweep" in words:
        load_sweep(find_sweep(words[words.index("--rnn-sweep") + 1]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_in_running_text_has_its_name_and_options(page, pytestconfig):
    # A figure is of the past: it quotes the command of the version that measured.
    ignored = r"^```.*?^```$|<!-- figure:.*?<!-- / -->"
    flags = re.DOTALL | re.MULTILINE
    text = re.sub(ignored, "", page.read_text("utf-8"), flags=flags)
    for found in re.findall(r"`((?:rnnbench|pytest) [^`]+)`", text):
        head, *words = shlex.split(found)
        options = {word.partition("=")[0] for word in words if word.startswith("-")}
        known = option_names(pytestconfig) if head == "pytest" else our_options(words)
        assert options <= known, found


def our_options(words):
    """The options of the command that `words` name; KeyError if there is none."""
    command = get_command(app)
    if not words[0].startswith("-"):
        command = command.commands[words[0]]
    if hasattr(command, "commands") and words[1:]:
        command = command.commands[words[1]]
    return {name for parameter in command.params for name in parameter.opts}


def option_names(pytestconfig):
    """Every option that pytest and the installed plugins take."""
    parser = pytestconfig._parser
    groups = [parser._anonymous, *parser._groups]
    return {name for group in groups for one in group.options for name in one.names()}


def run(command):
    done = subprocess.run(
        command,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def sweep_blocks(page):
    return [
        block
        for block in blocks(page)
        if block.language == "yaml"
        and re.search(r"^(axes|learning):", block.text, re.MULTILINE)
    ]


@pytest.mark.parametrize(
    ("page", "block"),
    [(page, block) for page in PAGES for block in sweep_blocks(page)],
    ids=lambda value: value.name if isinstance(value, Path) else "sweep",
)
def test_each_sweep_is_valid(page, block, tmp_path):
    path = tmp_path / f"{page.stem}.yaml"
    path.write_text(block.text, encoding="utf-8")

    sweep = load_sweep(path)
    assert sweep.cases or sweep.record.learning.cases


@pytest.mark.parametrize("page", pages_with("python"), ids=lambda page: page.name)
def test_each_piece_of_python_runs(page, project, capsys, monkeypatch):
    monkeypatch.setattr(rnnbench, "run", run_nothing, raising=False)
    for block in blocks(page):
        if block.language == "python":
            names = {}
            exec(compile(block.text, page.name, "exec"), names)
            check_layer(names)
    capsys.readouterr()


def run_nothing(sweep=None, **arguments):
    """`rnnbench.run` without measuring: its arguments are checked."""
    options = inspect.signature(api.run).parameters
    axes = {name: arguments[name] for name in arguments if name not in options}
    if "task" in axes:
        assert sweep_of_task(axes).record.learning.cases
    else:
        assert (load_sweep(find_sweep(sweep)) if sweep else sweep_of_axes(axes)).cases
    return rnnbench.load("results/latest.json")


def check_layer(names):
    """A factory of a layer answers as nn.GRU does."""
    if factory := names.get("narrow_gru"):
        layer = factory(input_size=3, hidden_size=4, batch_first=True)

        output, _ = layer(torch.zeros(2, 5, 3))

        assert output.shape == (2, 5, 4)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_leads_to_a_file(page):
    targets = re.findall(
        r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")
    )
    local = [target for target in targets if "://" not in target]

    assert [one for one in local if not (page.parent / one).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_path_that_is_named_is_there(page):
    text = page.read_text(encoding="utf-8")
    shipped = (
        r"(?:configs|bench|docs|examples|rnnbench|studies|tests|results/reference)"
    )
    named = re.findall(rf"`({shipped}/[\w./-]*)`", text)

    assert [name for name in named if not (ROOT / name).exists()] == []
