"""ES modules as one script that needs no loader."""

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

_IMPORT = re.compile(r'^import \{([^{}]*)\} from "\./([a-z]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async function|function|const|class) )", re.MULTILINE
)
_DEFINITION = re.compile(
    r"^(?:async function|function|const|let|class) ([A-Za-z_$][\w$]*)", re.MULTILINE
)
_LEFT_OVER = re.compile(r"^(?:import|export)\b[^\n]*", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")


class ScriptError(ValueError):
    """A module is written in a way that joining does not know."""


def join_modules(modules: Mapping[str, str], entry: str) -> str:
    """Join the module `entry` and all that it imports, each after its own imports.

    The modules share one scope afterwards, so no two may define the same name at
    their top. Only what the modules use is known: imports of names, as they are, from
    a file beside; exports of functions, constants and classes where they are defined.

    Raises ScriptError for any other form, a missing module, a missing export, a
    circle, or a name that is defined twice.
    """
    order = _sort(modules, entry)
    bodies = {name: _body(name, modules[name]) for name in order}
    _check_names(modules, bodies)
    return "\n".join(bodies.values())


def _sort(modules: Mapping[str, str], entry: str) -> list[str]:
    wanted: dict[str, list[str]] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in modules:
            raise ScriptError(f"{name}: there is no such module")
        if name not in wanted:
            wanted[name] = [found[2] for found in _IMPORT.finditer(modules[name])]
            waiting += wanted[name]
    try:
        return list(TopologicalSorter(wanted).static_order())
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ScriptError(f"modules import each other: {circle}") from error


def _body(name: str, text: str) -> str:
    body = _EXPORT.sub("", _IMPORT.sub("", text))
    if found := _LEFT_OVER.search(body):
        raise ScriptError(f"{name}: can't join {found[0]!r}")
    return body


def _check_names(modules: Mapping[str, str], bodies: Mapping[str, str]) -> None:
    defined: dict[str, str] = {}
    for module, body in bodies.items():
        for name in _DEFINITION.findall(body):
            if name in defined:
                raise ScriptError(f"{name}: in {defined[name]} and in {module}")
            defined[name] = module
    for module in bodies:
        for names, source in _IMPORT.findall(modules[module]):
            for part in filter(None, map(str.strip, names.split(","))):
                exported = re.search(
                    rf"^export (?:async )?(?:function|const|class) {re.escape(part)}\b",
                    modules[source],
                    re.MULTILINE,
                )
                if not _NAME.fullmatch(part) or not exported:
                    raise ScriptError(f"{module}: {source} does not export {part!r}")
