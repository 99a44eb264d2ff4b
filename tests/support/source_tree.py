"""The package's source, read once for the tests of its structure and form."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# The source, not what is installed: tests of imports use what is installed.
ROOT = Path(__file__).parents[2]


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
    is_package: bool

    @property
    def folder(self):
        return self.name.partition(".")[0]

    def is_in(self, places):
        return any(f"{self.name}.".startswith(f"{place}.") for place in places)


def read_modules() -> Iterator[Module]:
    """Every module of the package; links to bench/ and configs/ are not followed."""
    for path in sorted((ROOT / "rnnbench").rglob("*.py")):
        parts = path.relative_to(ROOT / "rnnbench").with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        text = path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        yield Module(name, ast.parse(text), lines, path.name == "__init__.py")


MODULES = {module.name: module for module in read_modules()}


def imports_in(tree: ast.AST, *, late: bool = False) -> Iterator[Import]:
    """Every import in `tree`, wherever it stands."""
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
    """For each module, the modules of the package that it imports."""
    found = {name: set() for name in MODULES}
    for module, each in IMPORTS:
        if target := module_of(each.target):
            found[module.name].add(target)
    return found


def reached_from(names):
    """The modules of `names` and all that they import, directly or not."""
    reached, new = set(), set(names)
    while new:
        reached |= new
        new = set().union(*(graph()[name] for name in new)) - reached
    return reached


def offences(of_import):
    """The imports for which `of_import(module, import)` is true, as text."""
    return [
        f"{module.name}:{found.line}: {found.target}"
        for module, found in IMPORTS
        if of_import(module, found)
    ]


def calls_in(tree):
    """Line and function of every call in `tree`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)
