"""The form of the package's source: names, lengths, calls, clocks and profilers."""

import ast

from source_tree import MODULES, calls_in, offences, reached_from

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

LEAST_LINES_OF_A_MODULE, MOST_LINES_OF_A_MODULE = 40, 300
MOST_LINES_OF_A_FUNCTION = 40

# Modules that are short and stay alone, each with its reason.
SHORT = {
    "cli.output": "every command prints by it",
    "runner.other_python": "run and gate share it, and the digest holds worker_env",
    "__main__": "python -m needs it",
    "model.errors": "a table",
    "model.identified": "cases and workloads have it in common",
    "model.runtime_facts": "protocol, journal and results file have it in common",
    "model.status": "a table",
    "analysis.launch_estimate": "measuring code, which the calibration's digest holds",
}

# Data that can run code when it is read, and code made from text.
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
UNSAFE_CALLS = {
    *("eval", "exec", "compile", "__import__"),
    *("torch.load", "torch.jit.load", "torch.hub.load"),
    *("numpy.load", "np.load", "pandas.read_pickle", "pd.read_pickle"),
}


def test_names_are_plain_and_unique():
    nameless = {"utils", "util", "helpers", "helper", "common", "base", "misc", "core"}
    # A module of `cli` is named for its command.
    modules = [m for m in MODULES.values() if m.folder != "cli" and not m.is_package]
    names = [module.name.rpartition(".")[2] for module in modules]
    classes = [
        node.name
        for module in MODULES.values()
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]

    assert nameless & set(names) == set()
    assert repeated(names) <= {"__main__"}
    assert repeated(classes) == set()
    assert [m.name for m in MODULES.values() if not ast.get_docstring(m.tree)] == []


def repeated(names):
    return {name for name in names if names.count(name) > 1}


def test_modules_have_one_idea_each():
    too_short = {
        module.name
        for module in MODULES.values()
        if module.lines < LEAST_LINES_OF_A_MODULE
        and not module.is_package
        # A learning task and a runtime are files of their own, however short.
        and not module.is_in({"worker.learning", "worker.runtimes"})
    }

    assert too_short <= SHORT.keys()


def test_modules_and_functions_are_not_long():
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

    # Its own file, in memory, which it has written a moment before.
    own = [one for one in called if one.startswith("worker.runtimes.torchscript:")]
    assert len(own) == 1
    assert offences(is_wrong) + [one for one in called if one not in own] == []


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
