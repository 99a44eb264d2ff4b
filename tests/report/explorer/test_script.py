"""The page's script as it is shipped: its types, its tests and its size."""

import json
import os
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from rnnbench.report.explorer.assets import ENTRY, script, style
from rnnbench.report.explorer.modules import join_modules

ROOT = Path(__file__).parents[3]
# The sources, not what is installed: node finds package.json and tsconfig.json there.
FOLDER = ROOT / "rnnbench" / "report" / "explorer"
TYPESCRIPT = ROOT / "build" / "explorer" / "node_modules" / "typescript"
MODULES = sorted(FOLDER.glob("*.js"))
# What a page may cost before it holds any data.
MOST_BYTES = 120_000
MOST_LINES = 300


def give_up(reason):
    """Where these tests must run, a missing tool is a failure."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="module")
def node():
    if (path := shutil.which("node")) is None:
        give_up("no node: apt-get install nodejs")
    return path


@pytest.fixture(scope="module")
def typescript(node):
    if not TYPESCRIPT.exists():
        give_up(
            "no TypeScript: npm install --prefix build/explorer typescript@"
            + json.loads((FOLDER / "package.json").read_text())["devDependencies"][
                "typescript"
            ]
        )
    return [node, str(TYPESCRIPT / "bin" / "tsc")]


def run(*command):
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("ci", ["", "true"])
def test_without_node_they_skip_but_fail_where_they_must_run(monkeypatch, ci):
    monkeypatch.setenv("CI", ci)
    ends = pytest.fail.Exception if ci else pytest.skip.Exception

    with pytest.raises(ends, match="apt-get install nodejs"):
        give_up("no node: apt-get install nodejs")


def test_the_modules_pass_their_own_tests(node):
    status, said = run(node, "--test", "tests/report/explorer/")

    assert status == 0, said
    assert int(re.search(r"(?m)^# tests (\d+)", said)[1]) > 50
    assert re.search(r"(?m)^# (skipped|todo) [1-9]", said) is None


def test_the_types_of_the_modules_agree(typescript):
    status, said = run(*typescript, "--project", str(FOLDER))

    assert (status, said) == (0, "")


def test_a_wrong_type_would_be_found(typescript, tmp_path):
    for path in FOLDER.iterdir():
        if path.suffix in {".js", ".ts", ".json"}:
            shutil.copy(path, tmp_path)
    (tmp_path / "wrong.js").write_text(
        'import { plural } from "./format.js";\nplural("1", "case");\n'
    )

    status, said = run(*typescript, "--project", str(tmp_path))

    assert status != 0
    assert said.startswith("wrong.js(2,") or "wrong.js(2," in said


# Tokens as TypeScript reads them: a slash is a division or begins an expression.
TOKENS = """
const [where, ...files] = process.argv.slice(1);
const ts = require(where), fs = require("fs");
const tokensOf = (file) => {
  const source = ts.createSourceFile(file, fs.readFileSync(file, "utf8"), 99, true);
  const found = [];
  const visit = (node) => {
    const kids = node.getChildren(source).filter((kid) => !ts.isJSDoc(kid));
    if (kids.length) kids.forEach(visit);
    else found.push(node.getText(source));
  };
  visit(source);
  return found.filter(Boolean);
};
console.log(JSON.stringify(files.map(tokensOf)));
"""


def test_squeezing_leaves_every_token_of_the_script(node, typescript, tmp_path):
    joined = join_modules({one.name: one.read_text() for one in MODULES}, ENTRY)
    (tmp_path / "joined.js").write_text(joined)
    inner = re.fullmatch(r'"use strict";\(\(\)=>\{(.*)\}\)\(\);', script(), re.DOTALL)
    (tmp_path / "shipped.js").write_text(inner[1])
    names = [str(tmp_path / name) for name in ("joined.js", "shipped.js")]

    status, said = run(node, "-e", TOKENS, str(TYPESCRIPT), *names)

    assert status == 0, said
    written, shipped = map(meant, json.loads(said))
    assert shipped == written
    assert len(shipped) > 10_000


def meant(tokens):
    """Tokens less those that change nothing before a bracket."""
    pairs = zip(tokens, [*tokens[1:], ""], strict=True)
    return [
        "let" if token == "const" else token
        for token, following in pairs
        if token + following not in {",)", ",]", ",}", ";}"}
    ]


def test_the_script_cannot_end_its_element_and_is_not_too_large():
    assert not re.search(r"</script|<!--", script(), re.IGNORECASE)
    assert not re.search(r"</style", style(), re.IGNORECASE)
    assert len(script().encode()) <= MOST_BYTES


def test_nothing_in_the_script_reads_markup_or_makes_code():
    unsafe = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\("
    )

    assert re.findall(unsafe, script()) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_each_module_is_short_and_says_what_it_is_for(path):
    text = path.read_text()

    assert text.count("\n") <= MOST_LINES
    assert text.startswith("/**")


def test_what_is_installed_has_every_module_and_the_style_sheet():
    installed = files("rnnbench.report.explorer")

    names = {path.name for path in installed.iterdir()}

    assert {path.name for path in MODULES} | {"page.css"} <= names
