"""Which folder may import which, and which library is imported where.

Change a table in the same commit as the import that needs it, and say why there.
"""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest
from source_tree import (
    MODULES,
    ROOT,
    Import,
    graph,
    imports_in,
    module_of,
    offences,
    reached_from,
)

# A folder of the package and the folders that it may import from.
FOLDERS = {
    "model": set(),
    "worker": {"model"},
    "sweep": {"model", "storage"},
    "storage": {"model"},
    "analysis": {"model"},
    # Of the worker only what both sides must agree on: see PROTOCOL.
    "runner": {"model", "worker", "storage", "analysis"},
    "regression": {"model", "worker", "sweep", "storage", "analysis", "runner"},
    "calibration": {"model", "worker", "storage", "analysis", "runner"},
    # Of the calibration only its facts and answers: see MEASURING.
    "report": {"model", "storage", "analysis", "regression", "calibration"},
    "api": {"model", "sweep", "storage", "analysis", "runner", "regression", "report"},
    # The end of a pytest run is the summary of the report.
    "plugin": {"model", "sweep", "storage", "analysis", "runner", "report"},
    "cli": {
        *("model", "sweep", "storage", "analysis", "runner", "regression"),
        *("calibration", "report"),
    },
}

# All that may be imported of the worker from outside.
PROTOCOL = {
    *("worker.protocol", "worker.learning_jobs", "worker.service_jobs"),
    "worker.announcements",
}

# What reads results imports nothing that measures, and neither torch nor pytest.
READING = {"model", "storage", "analysis", "report"}
MEASURING = {"worker", "runner", "plugin", "sweep"}

# Where a library may be imported: a folder, or one module of it. `json` is listed
# because each JSON format has one module that defines it.
LIBRARIES = {
    "torch": {"worker"},
    # In the runner: the stop rule of 50,000 workloads.
    "numpy": {"worker", "regression", "runner.wide_workloads"},
    "onnx": {"worker.runtimes.onnx_graph"},
    "onnxruntime": {"worker.runtimes.onnxruntime", "worker.runtimes.onnxruntime_int8"},
    "openvino": {"worker.runtimes.openvino", "worker.runtimes.openvino_bf16"},
    "jax": {"worker.runtimes.jax"},
    "pynvml": {"runner.readings.energy"},
    "dask": {"runner.fleet.dask_cluster", "runner.fleet.dask_head"},
    "distributed": {"runner.fleet.dask_cluster", "runner.fleet.dask_head"},
    "pytest": {"plugin"},
    "pydantic": {"sweep.schema", "sweep.learning_schema", "sweep.value_types"},
    "ruamel": {"sweep.yaml_file"},
    "pandas": {"regression", "api"},
    "pyarrow": {
        *("regression.history_store", "storage.parquet_file", "storage.turns_file"),
    },
    "scipy": {"analysis.stats", "regression.changepoint"},
    "packaging": {"regression.package_versions"},
    "typer": {"cli"},
    "rich": {"cli"},
    "matplotlib": {"report.charts"},
    "jinja2": {"report.html"},
    "markupsafe": {"report.html"},
    "json": {
        "worker.protocol",
        "storage",
        "regression",
        "calibration.check_file",
        *("runner.fleet.parcel", "runner.lane_limit"),
        "report",
        "sweep.json_schema",
        *("cli.run", "cli.doctor", "cli.ci_steps"),
    },
}

# Packages of other runtimes: each is imported by the modules of its runtime alone, when
# a case asks for it.
COMPILERS = ("compile", "compile_rnn", "aoti")
RUNTIME_PACKAGES = ("onnx", "onnxruntime", "openvino", "jax")

# `--help` is quick because a command imports what it needs when it is called; the
# worker sets its limits before torch is imported; Ctrl-C is handled before anything is;
# only a large run needs pyarrow.
LATE_IMPORTS = {"__main__", "cli", "worker.__main__", "storage.results_file"}


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
        # The lazy names of the package are imported for type checkers alone.
        checked = "TYPE_CHECKING" in found.target and module.name
        return late or found.target.startswith(".") or bool(checked)

    assert offences(is_wrong) == []


def test_the_package_has_at_most_sixteen_entries_at_its_top():
    entries = {path.name for path in (ROOT / "rnnbench").iterdir()} - {"__pycache__"}

    assert len(entries) <= 16


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
    of_runtimes = set().union(*(LIBRARIES[name] for name in RUNTIME_PACKAGES))
    # torch's compiler looks whether pandas is there, which the blocker does not allow.
    of_runtimes |= {f"worker.runtimes.{name}" for name in COMPILERS}
    modules = [
        m for m in MODULES.values() if m.is_in(folders) and m.name not in of_runtimes
    ]

    assert import_without(blocked, modules) == ""


def test_a_blocked_library_can_not_be_imported():
    said = import_without(["torch"], [MODULES["worker.layers.step"]])

    assert "blocked: torch" in said
