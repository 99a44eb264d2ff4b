"""The workflows of the documentation and of the example, the recipe, the Dockerfile."""

import re
import shlex
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from rnnbench.cli.main import app

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "nightly-project"
WORKFLOWS = EXAMPLE / ".github" / "workflows"
PAGE = (ROOT / "docs" / "nightly.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def load(text):
    return YAML(typ="safe").load(text)


def uses(tree):
    """Every value of `uses` in a workflow or an action."""
    if isinstance(tree, list):
        return [each for item in tree for each in uses(item)]
    if not isinstance(tree, dict):
        return []
    own = [tree["uses"]] if isinstance(tree.get("uses"), str) else []
    return own + [each for value in tree.values() for each in uses(value)]


def check_command(line):
    """The command of a line, with its options parsed by rnnbench itself."""
    words = shlex.split(re.split(r"\|\||&&", line)[0])
    command = get_command(app)
    context = command.make_context("rnnbench", words[1:2], resilient_parsing=True)
    rest = words[1:]
    while hasattr(command, "resolve_command") and rest:
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, [*rest], resilient_parsing=True)
    known = {option for each in command.params for option in each.opts}
    options = {word for word in rest if word.startswith("--")}
    assert options <= known, line


@pytest.mark.parametrize(
    ("place", "name"),
    list(enumerate(["nightly.yml", "pull-request.yml", "comment.yml"])),
)
def test_the_page_shows_the_workflows_of_the_example_in_eight_lines(place, name):
    text = (WORKFLOWS / name).read_text(encoding="utf-8")

    assert load(BLOCKS[place]) == load(text)
    assert len(BLOCKS[place].strip().splitlines()) <= 8


@pytest.mark.parametrize(
    "path", sorted(WORKFLOWS.iterdir()), ids=lambda path: path.name
)
def test_the_example_gives_the_action_inputs_that_it_has(path):
    inputs = load((ROOT / "action.yml").read_text("utf-8"))["inputs"]
    (job,) = load(path.read_text("utf-8"))["jobs"].values()

    for step in job["steps"]:
        given = step.get("with", {})
        assert given.keys() <= inputs.keys()
        assert not (sweep := given.get("sweep")) or (EXAMPLE / sweep).is_file()


def test_the_page_names_each_input_of_the_action():
    inputs = load((ROOT / "action.yml").read_text("utf-8"))["inputs"]

    assert {name for name in inputs if f"| `{name}` |" in PAGE} == inputs.keys()


def test_actions_are_pinned_by_hash_and_renewed():
    files = [ROOT / "action.yml", *(ROOT / ".github" / "workflows").glob("*.yml")]
    found = [each for path in files for each in uses(load(path.read_text("utf-8")))]
    foreign = [each for each in found if not each.startswith("./")]

    assert foreign
    assert [one for one in foreign if not re.search(r"@[0-9a-f]{40}$", one)] == []
    renewed = load((ROOT / ".github" / "dependabot.yml").read_text("utf-8"))
    assert [one["package-ecosystem"] for one in renewed["updates"]] == [
        "github-actions"
    ]


def test_commands_of_workflows_have_their_names_and_options():
    files = [ROOT / "action.yml", *(ROOT / ".github" / "workflows").glob("*.yml")]
    text = "\n".join(path.read_text("utf-8") for path in files)
    lines = re.findall(r"(?:^|[ /])(rnnbench (?:[a-z]+ ).*)$", text, re.MULTILINE)
    commands = [line for line in lines if " --" in line or " fetch " in line]

    assert len(commands) >= 5
    for line in commands:
        check_command(re.sub(r"\$\{(\w+):\+([^}]*)\}", r"\2", line))


def test_the_gitlab_recipe_has_commands_that_there_are():
    (job,) = load(BLOCKS[3]).values()
    ours = [line for line in job["script"] if line.startswith("rnnbench ")]

    assert len(ours) == 3
    for line in ours:
        check_command(line)


def test_the_dockerfile_copies_what_is_there_and_runs_a_command():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    entry = re.search(r"^ENTRYPOINT (\[.*\])$", text, re.MULTILINE)[1]
    default = re.search(r"^CMD (\[.*\])$", text, re.MULTILINE)[1]

    check_command(shlex.join([*load(entry), *load(default)]))
    for name in re.findall(r"--constraint (\S+)", text):
        assert (ROOT / name).is_file()
        # What the image is built from must have it.
        assert name not in (ROOT / ".dockerignore").read_text("utf-8").split()
