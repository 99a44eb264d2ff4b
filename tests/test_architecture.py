"""Which folder may import which, and which library is imported where.

Change a table in the same commit as the import that needs it, and say why there.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

# The source, not what is installed: the tests of imports below take what is installed.
ROOT = Path(__file__).parents[1]

# A folder of the package and the folders that it may import from.
FOLDERS = {
    "model": set(),
    "worker": {"model"},
    "sweep": {"model"},
    "storage": {"model"},
    "analysis": {"model"},
    # Of the worker only what both sides must agree on: see PROTOCOL.
    "runner": {"model", "worker", "storage", "analysis"},
    "regression": {"model", "worker", "sweep", "storage", "analysis", "runner"},
    "report": {"model", "storage", "analysis", "regression"},
    "plugin": {"model", "sweep", "storage", "analysis", "runner"},
    "cli": {"model", "sweep", "storage", "analysis", "runner", "regression", "report"},
}

# All that may be imported of the worker from outside.
PROTOCOL = {"worker.protocol", "worker.announcements"}

# What reads results imports nothing that measures, and neither torch nor pytest.
READING = {"model", "storage", "analysis", "report"}
MEASURING = {"worker", "runner", "plugin", "sweep"}

# Where a library may be imported: a folder, or one module of it. `json` is listed
# because each JSON format has one module that defines it.
LIBRARIES = {
    "torch": {"worker"},
    "numpy": {"worker", "regression"},
    "pynvml": {"runner.energy"},
    "pytest": {"plugin"},
    "pydantic": {"sweep.schema"},
    "ruamel": {"sweep.yaml_file"},
    "pandas": {"regression"},
    "pyarrow": {"regression.history_store"},
    "scipy": {"analysis.stats", "regression.changepoint"},
    "typer": {"cli"},
    "rich": {"cli"},
    "matplotlib": {"report.charts"},
    "jinja2": {"report.html"},
    "markupsafe": {"report.html"},
    "json": {"worker.protocol", "storage", "regression", "report"},
}

# `--help` is quick because a command imports what it needs when it is called; the
# worker sets its limits before torch is imported.
LATE_IMPORTS = {"cli", "worker.__main__"}

# Foreign code runs only in the worker, and may raise anything. The command line turns
# an uncaught error into a status that is not 1, which means "worse".
CATCHES_ALL = {"worker", "cli.main"}

# The clock of a step, and what must be read by the same clock.
READS_THE_CLOCK = {
    "worker.timing.clock",
    "worker.timing.rounds",
    "worker.timing.canary",
    "worker.timing.slowdown",
    "worker.timing.floor",
}

# Everything that runs inside a turn: no profiler can be reached from there.
TIMED = {"turn", "rounds", "clock", "canary", "yardstick"}

MOST_LINES_OF_A_MODULE = 300
MOST_LINES_OF_A_FUNCTION = 40

# Classes of one name in two modules, still to be renamed.
TO_RENAME = {
    "Verdict",
    "Row",
    "Cell",
    "Outcome",
    "Series",
}

# Data that can run code when it is read, and code made from text.
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
UNSAFE_CALLS = {
    *("eval", "exec", "compile", "__import__"),
    *("torch.load", "torch.jit.load", "torch.hub.load"),
    *("numpy.load", "np.load", "pandas.read_pickle", "pd.read_pickle"),
}


@dataclass(frozen=True)
class Import:
    """One import: `target` is a module or a name in one; `late` inside a function."""

    line: int
    target: str
    late: bool


@dataclass(frozen=True)
class Module:
    """A module of the package; its name without the leading `rnnbench.`."""

    name: str
    tree: ast.Module
    lines: int

    @property
    def folder(self):
        return self.name.partition(".")[0]

    def is_in(self, places):
        return any(f"{self.name}.".startswith(f"{place}.") for place in places)


def read_modules() -> Iterator[Module]:
    for path in sorted((ROOT / "rnnbench").rglob("*.py")):
        parts = path.relative_to(ROOT / "rnnbench").with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        text = path.read_text(encoding="utf-8")
        yield Module(name, ast.parse(text), len(text.splitlines()))


MODULES = {module.name: module for module in read_modules()}


def imports_in(tree: ast.AST, *, late: bool = False) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        inside = late or isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, inside)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            for alias in node.names:
                yield Import(node.lineno, f"{origin}.{alias.name}", inside)
        yield from imports_in(node, late=inside)


IMPORTS = [
    (module, found) for module in MODULES.values() for found in imports_in(module.tree)
]


def module_of(target):
    """The module of the package that an import reaches; None for other packages."""
    package, _, name = target.partition(".")
    if package != "rnnbench":
        return None
    return name if name in MODULES else name.rpartition(".")[0]


@cache
def graph():
    found = {name: set() for name in MODULES}
    for module, each in IMPORTS:
        if target := module_of(each.target):
            found[module.name].add(target)
    return found


def reached_from(names):
    reached, new = set(), set(names)
    while new:
        reached |= new
        new = set().union(*(graph()[name] for name in new)) - reached
    return reached


def offences(of_import):
    return [
        f"{module.name}:{found.line}: {found.target}"
        for module, found in IMPORTS
        if of_import(module, found)
    ]


def calls_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def test_imports_are_found_wherever_they_stand():
    tree = ast.parse(
        "import torch.nn as nn\n"
        "from rnnbench.model.case import Case\n"
        "class A:\n"
        "    def f(self):\n"
        "        if True:\n"
        "            from . import step\n"
    )

    assert list(imports_in(tree)) == [
        Import(1, "torch.nn", late=False),
        Import(2, "rnnbench.model.case.Case", late=False),
        Import(6, "..step", late=True),
    ]


def test_the_table_has_each_folder_and_no_circle():
    folders = {m.folder for m in MODULES.values()} - {"", "__main__"}

    assert folders == FOLDERS.keys()
    TopologicalSorter(FOLDERS).prepare()


def test_a_folder_imports_only_what_the_table_allows():
    def is_wrong(module, found):
        target = module_of(found.target)
        folder = (target or "").partition(".")[0]
        if not folder or folder == module.folder or not module.folder:
            return False
        hidden = folder == "worker" and target not in PROTOCOL
        return folder not in FOLDERS.get(module.folder, FOLDERS) or hidden

    assert offences(is_wrong) == []


def test_modules_import_each_other_in_no_circle():
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_reading_never_reaches_what_measures():
    readers = [m.name for m in MODULES.values() if m.folder in READING]

    reached = {name.partition(".")[0] for name in reached_from(readers)}

    assert reached & MEASURING == set()


def test_each_library_is_imported_where_the_table_says():
    def is_wrong(module, found):
        library = found.target.partition(".")[0]
        known = library in LIBRARIES or library not in sys.stdlib_module_names
        ours = library in {"rnnbench", ""}
        return known and not ours and not module.is_in(LIBRARIES.get(library, ()))

    assert offences(is_wrong) == []


def test_imports_are_absolute_and_at_the_top_and_never_for_type_checkers_alone():
    def is_wrong(module, found):
        late = found.late and not module.is_in(LATE_IMPORTS)
        return late or found.target.startswith(".") or "TYPE_CHECKING" in found.target

    assert offences(is_wrong) == []


def test_names_are_plain_and_unique():
    nameless = {"utils", "util", "helpers", "helper", "common", "base", "misc", "core"}
    # A module of `cli` is named for its command.
    names = [n.rpartition(".")[2] for n in MODULES if not n.startswith("cli.")]
    files = [name for name in names if not (name.startswith("__") or is_folder(name))]
    classes = [
        node.name
        for module in MODULES.values()
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]

    assert nameless & set(names) == set()
    assert repeated(files) == set()
    assert repeated(classes) <= TO_RENAME
    assert [m.name for m in MODULES.values() if not ast.get_docstring(m.tree)] == []


def is_folder(name):
    return any(path.is_dir() for path in (ROOT / "rnnbench").rglob(name))


def repeated(names):
    return {name for name in names if names.count(name) > 1}


def test_modules_and_functions_are_short():
    long_modules = [
        m.name for m in MODULES.values() if m.lines > MOST_LINES_OF_A_MODULE
    ]
    long_functions = [
        f"{module.name}:{node.lineno}: {node.name}"
        for module in MODULES.values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    ]

    assert long_modules + long_functions == []


def test_the_package_has_at_most_sixteen_entries_at_its_top():
    entries = {path.name for path in (ROOT / "rnnbench").iterdir()} - {"__pycache__"}

    assert len(entries) <= 16


def test_nothing_that_is_read_can_run():
    def is_wrong(_, found):
        unsafe = found.target.partition(".")[0] in {*UNSAFE_MODULES, "yaml"}
        return unsafe or found.target in UNSAFE_CALLS

    called = [
        f"{module.name}:{line}: {name}"
        for module in MODULES.values()
        for line, name in calls_in(module.tree)
        if name in UNSAFE_CALLS
    ]

    assert offences(is_wrong) + called == []


def test_only_the_command_line_prints():
    found = [
        f"{module.name}:{line}"
        for module in MODULES.values()
        for line, name in calls_in(module.tree)
        if name == "print" and module.folder != "cli"
    ]

    assert found == []


def test_everything_is_caught_only_around_foreign_code():
    found = [
        f"{module.name}:{node.lineno}"
        for module in MODULES.values()
        if not module.is_in(CATCHES_ALL)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or "Exception" in names_in(node.type))
        # Cleaning up and raising the same error again hides nothing.
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    ]

    assert found == []


def names_in(tree):
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | ({"Exception"} if "BaseException" in names else set())


def test_few_modules_read_the_clock_of_a_step():
    users = {
        module.name
        for module in MODULES.values()
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr.startswith("perf_counter"))
        or (
            isinstance(node, ast.ImportFrom)
            and any(alias.name.startswith("perf_counter") for alias in node.names)
        )
    }

    assert users <= READS_THE_CLOCK


def test_nothing_that_is_timed_can_start_a_profiler():
    timed = {f"worker.timing.{name}" for name in TIMED} | {"worker.layers.step"}
    reached = reached_from(timed)

    called = [
        f"{name}:{line}: {call}"
        for name in reached
        for line, call in calls_in(MODULES[name].tree)
        if "profiler" in call
    ]
    imported = offences(
        lambda m, found: m.name in reached and "profiler" in found.target
    )

    assert imported + called == []


# Blocks libraries as if they were not installed, then imports what is named. In another
# process, and isolated: it takes the package as installed, and no folder by accident.
BLOCKED_IMPORTS = """
import importlib, importlib.abc, sys

blocked, names = (argument.split(",") for argument in sys.argv[1:3])

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"blocked: {name}")

sys.meta_path.insert(0, Blocker())
for name in names:
    importlib.import_module(name)
"""


def import_without(blocked, modules):
    names = [f"rnnbench.{m.name}".rstrip(".") for m in modules]
    options = [sys.executable, "-I", "-c", BLOCKED_IMPORTS]
    return subprocess.run(
        [*options, ",".join(blocked), ",".join(names)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    ).stderr


@pytest.mark.parametrize(
    ("blocked", "folders"),
    [
        (["torch"], FOLDERS.keys() - {"worker"}),
        (["torch", "pytest", "pydantic", "ruamel"], READING),
        (["pydantic", "pytest", "pandas", "scipy", "matplotlib"], {"worker"}),
        (LIBRARIES.keys() - {"typer", "rich", "json"}, {"cli.main"}),
    ],
)
def test_folders_import_without_the_libraries_that_they_do_not_need(blocked, folders):
    modules = [m for m in MODULES.values() if m.is_in(folders)]

    assert import_without(blocked, modules) == ""


def test_a_blocked_library_can_not_be_imported():
    said = import_without(["torch"], [MODULES["worker.layers.step"]])

    assert "blocked: torch" in said
