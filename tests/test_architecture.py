"""The rooms of the house, and who may import what: held against the code.

Change a table in the same commit as the import that needs it, and say why.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

# The source, and not what is installed: the tests of imports below take that.
ROOT = Path(__file__).parents[1]

FACTS = {"errors", "metric", "case", "workload", "profile", "record"}

# A room, and the rooms that it may import from. `worker` and `report` are folders:
# inside one, modules may import each other, in no circle.
ROOMS = {
    # What every side knows.
    "errors": set(),
    "metric": set(),
    "case": {"errors"},
    "workload": {"case"},
    "profile": set(),
    "record": {"case", "metric", "profile"},
    # Pure arithmetic. The worker shares `cost`: it makes the lengths that are counted.
    "reduction": set(),
    "stats": set(),
    "looks": set(),
    "cost": {"case"},
    "guess": FACTS | {"cost"},
    # A sweep's file, from its characters to its cases. `schema` asks `process` for the
    # number of cores that `threads: all` stands for.
    "yaml_file": {"errors"},
    "expand": FACTS | {"cost"},
    "fault_words": FACTS | {"yaml_file"},
    "schema": FACTS | {"yaml_file", "expand", "fault_words", "setting"},
    "sweep": FACTS | {"yaml_file", "schema", "expand"},
    # Measuring, from one worker to the campaign.
    "protocol": FACTS | {"decode"},
    "announcing": set(),
    "setting": FACTS,
    "process": FACTS | {"protocol", "announcing", "setting"},
    "decode": FACTS,
    "append_only": {"errors"},
    "journal": FACTS | {"append_only", "decode"},
    "precision": FACTS | {"journal", "reduction", "stats"},
    "room": set(),
    "launch": FACTS | {"protocol", "process", "setting", "journal", "room"},
    "probe": FACTS | {"protocol", "process", "journal", "launch"},
    "timing": FACTS | {"protocol", "process", "journal", "launch", "guess"},
    "energy": FACTS | {"protocol", "process", "journal", "launch", "probe"},
    "campaign": FACTS
    | {
        "protocol",
        "process",
        "setting",
        "journal",
        "launch",
        "looks",
        "precision",
        "probe",
        "timing",
    }
    | {"guess", "energy"},
    "outcome": FACTS | {"journal", "launch", "precision"},
    "estimate": FACTS | {"guess", "looks", "timing", "campaign"},
    # A gate: its facts, one launch, the rule, the whole of it, what is said of it.
    "match": FACTS,
    "duel": FACTS | {"match", "protocol", "process", "setting", "reduction"},
    "gate": FACTS | {"match", "stats"},
    "trial": FACTS | {"match", "campaign", "duel", "gate", "sweep"},
    "bulletin": FACTS | {"match", "gate", "stats", "inert", "whole"},
    "inert": set(),
    "whole": {"errors"},
    # pytest and the terminal.
    "replay": set(),
    "progress": FACTS | {"campaign"},
    "suites": FACTS | {"sweep", "replay"},
    "session": FACTS
    | {"campaign", "fingerprint", "journal", "launch", "outcome", "ratio", "store"}
    | {"summary"},
    "plugin": FACTS | {"campaign", "launch", "progress", "session", "suites", "sweep"},
    # The only user of torch.
    "worker": FACTS | {"protocol", "cost"},
    # Reading.
    "compact": FACTS | {"decode"},
    "strict": set(),
    "store": FACTS | {"compact", "decode", "strict", "whole"},
    "ratio": FACTS | {"reduction", "stats", "cost"},
    "naming": FACTS | {"ratio", "stats"},
    "attribution": FACTS | {"ratio", "stats"},
    "rules": FACTS,
    "provenance": FACTS | {"rules"},
    "roofline": FACTS | {"cost", "ratio"},
    "summary": FACTS | {"ratio", "naming"},
    # Two runs: what may be compared, what is known of a cell, the verdict, the words.
    "fingerprint": FACTS,
    "cell": FACTS | {"ratio", "reduction", "stats"},
    "compare": FACTS | {"cell", "fingerprint", "stats"},
    "comparison": FACTS | {"cell", "compare", "inert", "stats"},
    # Many nights: the files, what goes into them, where a level changed, the words.
    "archive": FACTS | {"decode", "whole"},
    "history": FACTS | {"archive", "cell", "fingerprint", "inert", "ratio", "stats"},
    "shifts": set(),
    "alarm": {"shifts"},
    "changes": FACTS | {"alarm", "archive", "history", "shifts"},
    "chronicle": FACTS | {"archive", "changes", "history", "inert"},
    # The harness itself: what was measured, its file, sets of launches, the findings.
    "calibration": FACTS,
    "calibration_file": FACTS | {"calibration", "decode", "strict", "whole"},
    "arms": FACTS | {"calibration"},
    "resampling": {"gate", "stats"},
    "reliability": FACTS
    | {"arms", "calibration", "gate", "looks", "resampling", "stats"},
    "coverage": FACTS | {"arms", "calibration", "reliability", "resampling", "stats"},
    "steadiness": FACTS | {"arms", "calibration", "reliability", "stats"},
    "findings": FACTS
    | {"arms", "calibration", "coverage", "reliability", "steadiness"},
    "goals": FACTS
    | {"arms", "calibration", "findings", "reliability", "stats", "steadiness"},
    # What the article claims: the words, how ratios are weighed, what a run says.
    "claim_words": set(),
    "claim_rules": FACTS | {"cost", "ratio", "naming", "reduction", "stats"},
    "claims": FACTS | {"claim_words", "claim_rules", "naming", "ratio"},
    "report": FACTS
    | {"claim_rules", "claims"}
    | {"arms", "calibration", "coverage", "findings", "goals", "reliability"}
    | {"steadiness", "scaling", "fingerprint", "measuring"}
    | {"stats", "cost", "ratio", "naming", "attribution", "provenance", "roofline"}
    | {"inert"},
    # Measuring the harness: a load, what is measured, its journal, a launch, the whole.
    "burst": set(),
    "measuring": FACTS | {"calibration"},
    "calibration_cells": FACTS | {"calibration", "timing"},
    "calibration_plan": FACTS
    | {"calibration", "calibration_cells", "campaign", "estimate", "guess", "timing"},
    "calibration_journal": FACTS | {"append_only", "calibration", "decode"},
    "calibration_pass": FACTS
    | {"calibration", "calibration_cells", "calibration_plan"}
    | {"process", "protocol", "reduction", "timing"},
    "rerun": FACTS
    | {"calibration", "calibration_cells", "calibration_plan"}
    | {"campaign", "journal", "launch", "outcome", "ratio"},
    "calibrate": FACTS
    | {"burst", "calibration", "calibration_cells", "calibration_journal"}
    | {"calibration_pass", "calibration_plan", "campaign", "process", "protocol"}
    | {"rerun", "setting"},
    "calibration_place": FACTS
    | {"calibration", "calibration_file", "calibration_journal"}
    | {"calibration_plan", "measuring"}
    | {"fingerprint"},
    "calibration_session": FACTS
    | {
        "calibrate",
        "calibration",
        "calibration_file",
        "calibration_journal",
        "calibration_place",
    }
    | {"calibration_plan", "campaign", "progress", "report", "setting", "whole"},
    "cli_calibrate": FACTS
    | {"calibration", "calibration_place", "calibration_plan"}
    | {"calibration_session", "campaign", "progress"},
    # The command; both sides, and neither pytest nor torch.
    "listing": FACTS | {"cost", "estimate", "sweep"},
    # A site: what nights say, what there is and where, its pages, its folder.
    "trends": FACTS | {"archive", "changes", "history", "report", "stats"},
    "scaling": FACTS | {"decode", "strict"},
    "site": FACTS | {"fingerprint", "report"},
    "site_pages": FACTS | {"report", "site"},
    "site_calibrations": FACTS
    | {"calibration", "calibration_file", "report", "scaling", "site", "store"},
    "site_folder": FACTS
    | {"archive", "fingerprint", "report", "site", "site_calibrations", "site_pages"}
    | {"store", "trends", "whole"},
    "cli_site": {"inert", "site_folder", "site_pages"},
    "cli_nights": FACTS
    | {"store", "compare", "comparison", "archive", "history", "changes"}
    | {"chronicle", "inert"},
    "cli_plot": FACTS | {"inert", "report", "store", "whole"},
    "cli": FACTS
    | {"cli_calibrate", "cli_nights", "cli_plot", "cli_site"}
    | {"sweep", "setting", "campaign", "estimate", "listing", "store", "report"}
    | {"trial", "bulletin", "progress", "whole", "calibration_file"},
}

READING = (
    *(
        "store",
        "strict",
        "compact",
        "decode",
        "ratio",
        "stats",
        "cost",
        "naming",
        "attribution",
    ),
    *("provenance", "roofline", "summary", "report"),
    *("claim_words", "claim_rules", "claims"),
    *("fingerprint", "cell", "compare", "comparison"),
    *("archive", "history", "shifts", "alarm", "changes", "chronicle"),
    *("trends", "site", "site_pages", "site_calibrations", "site_folder", "scaling"),
    *("calibration", "calibration_file", "coverage", "reliability", "goals"),
    *("arms", "resampling", "steadiness", "findings"),
)

# Where a library may be imported: a room, or one module of a folder. `json` is here
# because what is written as JSON has a form, and each form has one keeper.
LIBRARIES = {
    "torch": {"worker"},
    "pynvml": {"energy"},
    "numpy": {"worker", "shifts", "alarm", "changes"} | {"resampling", "coverage"},
    "pytest": {"plugin", "suites"},
    "pydantic": {"schema"},
    "ruamel": {"yaml_file"},
    "pandas": {"archive", "changes"},
    "pyarrow": {"archive"},
    "typer": {"cli_calibrate", "cli", "cli_nights", "cli_plot", "cli_site"},
    "rich": {"cli"},
    "scipy": {"stats", "shifts"},
    "matplotlib": {"report.charts", "report.drawing", "report.figures", "report.trend"}
    | {"report.forests", "report.planes", "report.saving", "report.scales"},
    "jinja2": {"report.html"},
    "markupsafe": {"report.html"},
    "json": {
        "append_only",
        "protocol",
        "strict",
        "store",
        "bulletin",
        "cli",
        "report",
    }
    | {"comparison", "archive", "chronicle", "calibration_file", "site", "scaling"},
}

# `--help` is quick because a command imports what it needs when it is called; the
# worker has to set its limits before torch is imported.
LATE_IMPORTS = {
    "cli_calibrate",
    "cli",
    "cli_nights",
    "cli_plot",
    "cli_site",
    "worker.__main__",
}

# Foreign code runs there, and may raise anything.
CATCHES_ALL = {"worker"}

# `clock` times a step, `slowed` spins by it, `floor` reads what it costs itself;
# `watch` what else the core does; `turns` adds up how much of the
# wall time went into turns.
READS_THE_CLOCK = {
    "worker.clock",
    "worker.turns",
    "worker.watch",
    "worker.slowed",
    "worker.floor",
}

# The house says 250 and 30, and means it; a module or a function that is over this is
# two things for certain.
LINES_OF_A_MODULE = 300
LINES_OF_A_FUNCTION = 40

# Data that can run code when it is read, and code made from text.
UNSAFE_MODULES = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
    "yaml",
}
UNSAFE_CALLS = {
    *("eval", "exec", "compile", "__import__"),
    *("torch.load", "torch.jit.load", "torch.hub.load"),
    *("numpy.load", "np.load", "pandas.read_pickle", "pd.read_pickle"),
}


@dataclass(frozen=True)
class Import:
    """One imported name: `target` is its module; `late` inside a function."""

    line: int
    target: str
    name: str
    late: bool


@dataclass(frozen=True)
class Module:
    """A module of the package; its name is less the leading `rnnbench.`."""

    name: str
    tree: ast.Module
    lines: int

    @property
    def room(self):
        return self.name.partition(".")[0]

    def __str__(self):
        return f"rnnbench.{self.name}" if self.name else "rnnbench"


def modules() -> Iterator[Module]:
    for path in sorted((ROOT / "rnnbench").rglob("*.py")):
        parts = path.relative_to(ROOT / "rnnbench").with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        text = path.read_text(encoding="utf-8")
        yield Module(name, ast.parse(text), len(text.splitlines()))


MODULES = {str(module): module for module in modules()}


def imports(tree: ast.AST, *, late: bool = False) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        inside = late or isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, "", inside)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            for alias in node.names:
                whole = f"{origin}.{alias.name}"
                is_module = whole in MODULES
                name = "" if is_module else alias.name
                yield Import(node.lineno, whole if is_module else origin, name, inside)
        yield from imports(node, late=inside)


IMPORTS = [
    (module, found) for module in MODULES.values() for found in imports(module.tree)
]


def is_ours(target):
    return target == "rnnbench" or target.startswith("rnnbench.")


def is_in(module, places):
    return module.name in places or module.room in places


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def reached(rooms):
    """The rooms that importing these may bring along."""
    found, new = set(), set(rooms)
    while new:
        found |= new
        new = set().union(*(ROOMS[room] for room in new)) - found
    return found


def test_imports_are_seen_wherever_they_stand():
    tree = ast.parse(
        "import torch.nn as nn\n"
        "from rnnbench import case\n"
        "from rnnbench.case import Case\n"
        "class A:\n"
        "    def f(self):\n"
        "        if True:\n"
        "            from . import step\n"
    )

    found = list(imports(tree))

    assert found == [
        Import(1, "torch.nn", "", late=False),
        Import(2, "rnnbench.case", "", late=False),
        Import(3, "rnnbench.case", "Case", late=False),
        Import(7, ".", "step", late=True),
    ]


def test_the_table_has_every_room_and_no_other():
    rooms = {module.room for module in MODULES.values()} - {""}

    assert (rooms - ROOMS.keys(), ROOMS.keys() - rooms) == (set(), set())


def test_a_room_imports_only_from_the_rooms_that_it_may():
    offences = [
        f"{module}:{found.line}: {found.target}"
        for module, found in IMPORTS
        if is_ours(found.target)
        and found.target != "rnnbench"
        # A folder's own modules; `rnnbench` itself is a docstring and the version.
        and (room := found.target.split(".")[1]) != module.room
        and room not in ROOMS.get(module.room, ())
    ]

    assert offences == []


def test_the_table_itself_has_no_circle():
    TopologicalSorter(ROOMS).prepare()


def test_modules_import_each_other_in_no_circle():
    graph = {name: set() for name in MODULES}
    for module, found in IMPORTS:
        if found.target in MODULES:
            graph[str(module)].add(found.target)

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_reading_side_never_reaches_what_measures():
    measuring = {"worker", "protocol", "process", "journal", "campaign", "plugin"}

    assert reached(READING) & measuring == set()


def test_the_worker_reaches_nothing_but_facts_the_protocol_and_cost():
    assert reached({"worker"}) == {"worker", "protocol", "decode", "cost", *FACTS}


def test_each_library_is_imported_where_the_table_says():
    offences = [
        f"{module}:{found.line}: {found.target}"
        for module, found in IMPORTS
        if not is_ours(found.target)
        and (library := found.target.partition(".")[0])
        and (library in LIBRARIES or library not in sys.stdlib_module_names)
        and not is_in(module, LIBRARIES.get(library, ()))
    ]

    assert offences == []


def test_imports_are_absolute():
    offences = [
        f"{module}:{found.line}: {found.target}"
        for module, found in IMPORTS
        if found.target.startswith(".")
    ]

    assert offences == []


def test_a_name_is_imported_from_where_it_is_defined():
    defined = {name: set(defined_by(module.tree)) for name, module in MODULES.items()}

    offences = [
        f"{module}:{found.line}: {found.name} from {found.target}"
        for module, found in IMPORTS
        if is_ours(found.target)
        and found.name
        and found.name not in defined.get(found.target, ())
    ]

    assert offences == []


def defined_by(tree):
    """The names that a module's own statements make; imports don't make any."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        else:
            yield from defined_by(node)


def test_imports_stand_at_the_top_of_a_module():
    offences = [
        f"{module}:{found.line}: {found.target}"
        for module, found in IMPORTS
        if found.late and not is_in(module, LATE_IMPORTS)
    ]

    assert offences == []


def test_no_import_is_for_type_checkers_alone():
    offences = [
        f"{module}:{found.line}"
        for module, found in IMPORTS
        if found.name == "TYPE_CHECKING"
    ]

    assert offences == []


def test_each_module_says_what_it_is_about():
    nameless = {"utils", "util", "helpers", "helper", "common", "base", "misc", "core"}

    assert [m for m in MODULES if m.rpartition(".")[2] in nameless] == []
    assert [str(m) for m in MODULES.values() if not ast.get_docstring(m.tree)] == []


def test_modules_and_functions_are_short():
    modules_over = [
        f"{module}: {module.lines} lines"
        for module in MODULES.values()
        if module.lines > LINES_OF_A_MODULE
    ]
    functions_over = [
        f"{module}:{node.lineno}: {node.name} has {lines} lines"
        for module in MODULES.values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and (lines := node.end_lineno - node.lineno + 1) > LINES_OF_A_FUNCTION
    ]

    assert modules_over + functions_over == []


def test_nothing_that_is_read_can_run():
    imported = [
        f"{module}:{found.line}: {found.target}"
        for module, found in IMPORTS
        if found.target.partition(".")[0] in UNSAFE_MODULES
        or f"{found.target}.{found.name}" in UNSAFE_CALLS
    ]
    called = [
        f"{module}:{line}: {name}"
        for module in MODULES.values()
        for line, name in calls(module.tree)
        if name in UNSAFE_CALLS
    ]

    assert imported + called == []


def test_nothing_but_the_command_speaks_to_the_terminal_by_print():
    offences = [
        f"{module}:{line}"
        for module in MODULES.values()
        for line, name in calls(module.tree)
        if name == "print" and module.name != "cli"
    ]

    assert offences == []


def test_everything_is_caught_only_around_foreign_code():
    offences = [
        f"{module}:{node.lineno}"
        for module in MODULES.values()
        if not is_in(module, CATCHES_ALL)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        and catches_all(node)
        # Cleaning up and handing the same error on hides nothing.
        and not is_reraise(node.body[-1])
    ]

    assert offences == []


def catches_all(handler):
    kinds = {"Exception", "BaseException"}
    return handler.type is None or any(
        isinstance(node, ast.Name) and node.id in kinds
        for node in ast.walk(handler.type)
    )


def is_reraise(statement):
    return isinstance(statement, ast.Raise) and statement.exc is None


def test_one_room_reads_the_clock_of_a_step():
    users = {
        module.name
        for module in MODULES.values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr.startswith("perf_counter")
    }

    assert users <= READS_THE_CLOCK


# Everything that a turn runs: what is timed is never watched.
TIMED = {
    f"rnnbench.worker.{name}"
    for name in ("turn", "turns", "clock", "step", "watch", "yardstick")
}


def test_nothing_that_is_timed_can_start_a_profiler():
    reachable, new = set(), set(TIMED)
    while new:
        reachable |= new
        targets = {found.target for module, found in IMPORTS if str(module) in new}
        new = (targets & MODULES.keys()) - reachable

    offences = [
        f"{module}:{found.line}: {found.target}"
        for module, found in IMPORTS
        if str(module) in reachable and "profiler" in found.target
    ]
    called = [
        f"{name}:{line}: {call}"
        for name in reachable
        for line, call in calls(MODULES[name].tree)
        if "profiler" in call
    ]

    assert MODULES.keys() >= TIMED
    assert offences + called == []


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


def import_without(blocked, names):
    return subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            BLOCKED_IMPORTS,
            ",".join(blocked),
            ",".join(names),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_is_blocked_can_not_be_imported():
    done = import_without(["torch"], ["rnnbench.worker.step"])

    assert done.returncode == 1
    assert "blocked: torch" in done.stderr


def test_all_but_the_worker_imports_without_torch():
    names = [name for name, module in MODULES.items() if module.room != "worker"]

    done = import_without(["torch"], names)

    assert done.stderr == ""
    assert done.returncode == 0


def test_the_reading_side_imports_without_torch_or_pytest():
    readers = {*reached(READING), "cli"}
    names = [name for name, module in MODULES.items() if module.room in readers]

    done = import_without(["torch", "pytest", "pydantic", "ruamel"], names)

    assert done.stderr == ""
    assert done.returncode == 0


def test_the_command_is_there_before_anything_heavy_is_imported():
    heavy = [*(name for name in LIBRARIES if name not in ("typer", "rich", "json"))]

    done = import_without([*heavy, "pandas"], ["rnnbench.cli"])

    assert done.stderr == ""
    assert done.returncode == 0
