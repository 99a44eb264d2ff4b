"""Digests of the measuring code: launches of two versions of it don't belong together.

Each part of a calibration has its own digest, so that a change voids only the parts
that depend on it. A digest changes with what the code does to a measurement, and with
nothing else: it ignores docstrings, comments, annotations, texts of errors, imports,
names of local variables, and which module a definition stands in.
"""

import ast
import hashlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from studies.calibration.samples import Part

# Modules that the value of every sample depends on; `module:name` is one definition.
COMMON = (
    "rnnbench.analysis.launch_estimate",
    "rnnbench.model.machine:physical_cores",
    "rnnbench.model.turn_plan",
    # How launches are scheduled and journaled changes no turn.
    "rnnbench.runner.timing:ROUND_SECONDS",
    "rnnbench.runner.timing:LEAST_ROUNDS, MOST_ROUNDS",
    # Without the table of variables: a row acts only where a user sets one of them.
    "rnnbench.runner.worker_env",
    "rnnbench.worker.layers.calls",
    "rnnbench.worker.layers.factory",
    "rnnbench.worker.layers.inputs",
    "rnnbench.worker.layers.step",
    "rnnbench.worker.timing.canary",
    "rnnbench.worker.timing.clock",
    "rnnbench.worker.timing.rounds",
    "rnnbench.worker.timing.turn",
    "rnnbench.worker.timing.yardstick",
    "studies.calibration.cells",
)
# Further modules that the samples of one part depend on.
OWN: Mapping[Part, tuple[str, ...]] = {
    Part.AA: (),
    Part.INJECTED: ("rnnbench.worker.timing.slowdown",),
    Part.SETTLE: ("rnnbench.worker.timing.blocks",),
    Part.FLOOR: ("rnnbench.worker.timing.floor",),
    # A whole re-run ends when its intervals are narrow.
    Part.REPEAT: (
        "rnnbench.analysis.stats",
        "rnnbench.runner.stop_rule",
    ),
}

_IGNORED_FIELDS = frozenset(
    {"annotation", "returns", "ctx", "type_comment", "kind", "type_params"}
)
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef

Source = Callable[[str], str]


def source_of(module: str) -> str:
    """The source of a module, by its name."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise LookupError(f"{module}: no such module")
    return Path(spec.origin).read_text("utf-8")


def digests(source: Source = source_of) -> dict[Part, str]:
    """The digest of each part's code; `source`: the source of a module by its name."""
    common = _codes(COMMON, source)
    return {
        part: _digest([*common, *_codes(modules, source)])
        for part, modules in OWN.items()
    }


def definitions(source: str) -> Iterator[tuple[str, ast.AST]]:
    """The definitions of a module by name: functions, methods, constants, classes.

    A class without its methods is one, each method is another.
    """
    for node in _without_docstring(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Expr):
            continue
        if not isinstance(node, ast.ClassDef):
            yield _name(node), node
            continue
        body = _without_docstring(node)
        methods = [each for each in body if isinstance(each, _FUNCTION)]
        node.body = [each for each in body if not isinstance(each, _FUNCTION)]
        yield node.name, node
        for method in methods:
            yield f"{node.name}.{method.name}", method


def code_of(definition: ast.AST) -> str:
    """A definition as text that changes with what it does, and with nothing else."""
    return repr(_facts(_Canonical().visit(definition)))


def measuring_code(
    entries: Iterable[str], source: Source = source_of
) -> Iterator[tuple[str, ast.AST]]:
    """The definitions of `entries`, each a module or `module:name`."""
    for entry in entries:
        module, _, only = entry.partition(":")
        for name, node in definitions(source(module)):
            if not only or name == only:
                yield name, node


def _codes(entries: Iterable[str], source: Source) -> list[str]:
    return [f"{name} {code_of(node)}" for name, node in measuring_code(entries, source)]


def _digest(codes: Iterable[str]) -> str:
    # Sorted: a definition counts, and not where it stands.
    return hashlib.sha256("\n".join(sorted(codes)).encode()).hexdigest()[:12]


def _name(node: ast.AST) -> str:
    if isinstance(node, _FUNCTION):
        return node.name
    stored = (
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    )
    return ", ".join(stored)


def _without_docstring(node: Any) -> list[ast.stmt]:
    body: list[ast.stmt] = node.body
    return body[1:] if ast.get_docstring(node, clean=False) is not None else body


class _Canonical(ast.NodeTransformer):
    """Drops what does not act, and numbers the local names of each function."""

    def __init__(self) -> None:
        self._locals: dict[str, str] = {}

    def visit_FunctionDef(self, node: Any) -> Any:
        node.body = _without_docstring(node)
        outermost = not self._locals
        for name in _local_names(node) if outermost else ():
            self._locals.setdefault(name, f"local{len(self._locals)}")
        self.generic_visit(node)
        if outermost:
            self._locals = {}
        else:
            node.name = self._locals.get(node.name, node.name)
        return node

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - ast's name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._locals.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self._locals.get(node.arg, node.arg)
        return node

    def visit_ExceptHandler(self, node: Any) -> Any:
        node.name = self._locals.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        return self.generic_visit(node)


def _local_names(function: ast.AST) -> Iterator[str]:
    """Names that are bound within a function, in the order of the source."""
    for node in _in_order(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, _FUNCTION) and node is not function
        ):
            yield node.name


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)


def _facts(node: Any) -> Any:
    """Nested tuples of a tree; unlike `ast.dump`, the same in every Python version."""
    if isinstance(node, ast.AST):
        fields = (
            (name, _facts(value))
            for name, value in ast.iter_fields(node)
            if name not in _IGNORED_FIELDS and value not in (None, [])
        )
        return (type(node).__name__, *fields)
    return tuple(map(_facts, node)) if isinstance(node, list) else node
